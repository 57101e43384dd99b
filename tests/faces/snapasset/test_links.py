import pytest

from pentaprism.core.errors import LinkInvalid
from pentaprism.core.signing import Signer
from pentaprism.faces.snapasset.links import check_link, links_at, ticket, ticket_fits

SIGNER = Signer(b"a secret that only these tests know", "links")
NOW = 1_800_000_100.0


def test_links_live_at_least_a_day_and_end_at_a_full_hour() -> None:
    links = links_at("http://snap.test/snapasset", SIGNER, 86_400, NOW)
    assert links.expires % 3600 == 0 and 0 <= links.expires - (NOW + 86_400) < 3600
    url = links.image("g", "og-image-1200x630.png")
    path, _, query = url.removeprefix("http://snap.test/snapasset").partition("?")
    given = dict(part.split("=") for part in query.split("&"))
    check_link(SIGNER, path, given, NOW)
    check_link(SIGNER, path, given, links.expires)
    for wrong in (
        {**given, "sig": "0" * 64},
        {**given, "exp": str(links.expires + 3600)},
        {},
        {"exp": given["exp"]},
        {**given, "exp": "x"},
    ):
        with pytest.raises(LinkInvalid):
            check_link(SIGNER, path, wrong, NOW)
    with pytest.raises(LinkInvalid):
        check_link(SIGNER, path, given, links.expires + 1)
    with pytest.raises(LinkInvalid):
        check_link(SIGNER, path.replace("og", "fg"), given, NOW)


def test_a_ticket_opens_one_stream_until_it_ends() -> None:
    made = ticket(SIGNER, "gen-1-a", int(NOW) + 10)
    assert ticket_fits(SIGNER, made, "gen-1-a", NOW) is True
    assert ticket_fits(SIGNER, made, "gen-1-b", NOW) is False
    assert ticket_fits(SIGNER, made, "gen-1-a", NOW + 11) is None
    for nonsense in ("", ".", "x.y", "٣.a", "1" * 40 + ".a"):
        assert ticket_fits(SIGNER, nonsense, "gen-1-a", NOW) is None
