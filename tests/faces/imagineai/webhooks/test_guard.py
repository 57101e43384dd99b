"""Where webhooks may go."""

from collections.abc import Sequence

import pytest

from pentaprism.faces.imagineai.webhooks.guard import ForbiddenAddress, is_public, judged


def answering(*addresses: str) -> object:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "no address",
    ],
)
def test_addresses_inside_are_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(ForbiddenAddress, match="Webhook URL is not allowed"):
        judged("https://hooks.example.org/x", http=False, resolver=answering(address))  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"])
def test_addresses_of_the_internet_are_reached_as_resolved(address: str) -> None:
    target = judged("https://hooks.example.org:8443/x?y=1", http=False, resolver=answering(address))  # type: ignore[arg-type]
    assert (target.host, target.port, target.address, target.path, target.secure) == ("hooks.example.org", 8443, address, "/x?y=1", True)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(ForbiddenAddress):
        judged("https://hooks.example.org", http=False, resolver=answering("93.184.215.14", "10.0.0.1"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "https://user:word@hooks.example.org/",
        "https://user@hooks.example.org/",
        "https:///x",
        "https://hooks.example.org:99999/",
        "https://[::1/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-Evil: 1",
        "hooks.example.org",
    ],
)
def test_urls_of_another_form_are_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        judged(url, http=False, resolver=answering("93.184.215.14"))  # type: ignore[arg-type]


def test_the_operator_may_admit_hosts_and_http() -> None:
    inside = answering("10.0.0.7")
    assert judged("http://hooks.internal/", http=True, hosts=("Hooks.Internal",), resolver=inside).address == "10.0.0.7"  # type: ignore[arg-type]
    with pytest.raises(ForbiddenAddress):
        judged("http://other.internal/", http=True, hosts=("hooks.internal",), resolver=inside)  # type: ignore[arg-type]
