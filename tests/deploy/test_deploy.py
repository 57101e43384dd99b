"""The files of an installation: every one parses, names things that exist, and starts what the images start."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from pentaprism.settings import Settings
from pentaprism.settings.sources import fields, plain_names
from production_world import production
from running_server import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "pentaprism"
NAMES = {f"PENTAPRISM_{path.replace('.', '__').upper()}" for path, _ in fields(Settings)} | {name for name, _, _ in plain_names(Settings)}
FOREIGN = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def rendered(path: Path) -> dict[str, Any]:
    """A template of the chart, which uses nothing but values and the name of the release."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def value(match: re.Match[str]) -> str:
        if match[1] == ".Release.Name":
            return "shop"
        found: Any = {"Values": values}
        for name in match[1].strip(".").split("."):
            found = found[name]
        return str(found)

    text = re.sub(r"\{\{ (\S+) \}\}", value, path.read_text())
    assert "{{" not in text, path.name
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def templates() -> dict[str, dict[str, Any]]:
    return {path.stem: rendered(path) for path in sorted((CHART / "templates").glob("*.yaml"))}


def test_compose_names_only_settings_that_exist() -> None:
    for name, service in compose()["services"].items():
        if service["image"].startswith("pentaprism:"):
            assert set(service["environment"]) - NAMES - FOREIGN == set(), name


def test_every_platform_service_of_compose_is_confined() -> None:
    for name, service in compose()["services"].items():
        if service["image"].startswith("pentaprism:"):
            assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and service["user"] == "10001:10001", name
            assert [volume for volume in service["volumes"] if volume.endswith(":/data")], name


def test_compose_refers_to_services_volumes_and_files_that_are_there() -> None:
    whole = compose()
    services, volumes = whole["services"], whole["volumes"]
    for name, service in services.items():
        assert set(service.get("depends_on", [])) <= set(services), name
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in volumes, mount


def test_no_password_stands_in_a_file() -> None:
    for path in [ROOT / "compose.yaml", *DEPLOY.rglob("*.y*ml")]:
        for line in path.read_text().splitlines():
            if re.search(r"(PASSWORD|SECRET(_ACCESS_KEY)?): ", line) and not line.lstrip().startswith("#"):
                assert re.search(r": \$\{\w+:\?", line), line


def test_the_image_runs_as_nobody_special_and_holds_its_health_check() -> None:
    lines = (ROOT / "Dockerfile").read_text()
    instructions = re.findall(r"^([A-Z]+)\b", lines, re.MULTILINE)
    assert set(instructions) <= {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD", "ENTRYPOINT"}
    assert instructions.index("USER") > instructions.index("COPY") and "USER 10001:10001" in lines
    assert lines.count("\nFROM ") == 2 and "ADD " not in lines
    copied = re.search(r"^COPY (pyproject.*) \./$", lines, re.MULTILINE)
    assert copied is not None
    allowed = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name in [*copied[1].split(), "src"]:
        assert (ROOT / name).exists() and name in allowed, name
    environment = set(re.findall(r"(PENTAPRISM_\w+)=", lines))
    assert environment <= NAMES


def pinned(lock: str) -> set[str]:
    """Names and versions in a lock file."""
    return set(re.findall(r"^([a-z0-9][\w.-]*==\S+)", (ROOT / lock).read_text(), re.M))


def test_the_image_holds_exactly_what_was_tested() -> None:
    image, tested, run = (pinned(f"requirements{kind}.lock") for kind in ("-production", "-dev", ""))
    assert run < image < tested
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["production"]
    assert {name.partition("==")[0] for name in image} >= set(wanted)
    steps = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r requirements-production.lock" in steps
    assert "!requirements-production.lock" in (ROOT / ".dockerignore").read_text()


def test_the_chart_is_whole() -> None:
    found = templates()
    assert {body["kind"] for body in found.values()} == {"Deployment", "Service", "Ingress", "PodDisruptionBudget"}
    for body in found.values():
        assert body["apiVersion"] and body["metadata"]["name"].startswith("shop")
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["apiVersion"] == "v2" and chart["name"] == "pentaprism"


def test_the_deployments_of_the_chart_are_confined_and_found_by_their_labels() -> None:
    found = templates()
    for part in ("gateway", "worker"):
        spec = found[part]["spec"]
        pod = spec["template"]["spec"]
        (container,) = pod["containers"]
        assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/data", "/tmp"}
        assert {variable["name"] for variable in container["env"]} <= NAMES
        assert all(isinstance(argument, str) for argument in container["args"])
    assert found["service"]["spec"]["selector"] == found["gateway"]["spec"]["selector"]["matchLabels"]
    assert (
        found["service"]["spec"]["ports"][0]["targetPort"]
        == found["gateway"]["spec"]["template"]["spec"]["containers"][0]["ports"][0]["name"]
    )


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The metrics of a gateway and a worker that were started with the very arguments of compose.yaml."""
    services = compose()["services"]
    with production(tmp_path_factory.mktemp("deploy"), gateways=1, hosts=0) as world:
        arguments = services["worker-1"]["command"]
        assert services["gateway-1"]["command"] == ["serve"] and arguments[0] == "worker"
        data = world.folder / "worker"
        environment = {**os.environ, **world.environment, "PENTAPRISM_DATA_DIR": str(data)}
        worker = subprocess.Popen([sys.executable, "-m", "pentaprism", *arguments], env=environment, stderr=subprocess.DEVNULL)
        try:
            world.wait_for_workers(processes=2)
            httpx.get(f"{world.gateways[0].url}/spheroseg/api/health")
            yield httpx.get(f"{world.gateways[0].url}/metrics").text
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0


def test_rules_and_dashboard_ask_for_metrics_that_a_gateway_has(metrics: str) -> None:
    known = set(re.findall(r"^# TYPE (\w+) ", metrics, re.MULTILINE))
    known |= {f"{name}_bucket" for name in known} | {"up"}
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())
    expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    expressions += [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for expression in expressions:
        asked = set(re.findall(r"\b(pentaprism_\w+|up)\b", expression))
        assert asked and asked <= known, expression
        assert expression.count("(") == expression.count(")")
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    program = "/usr/sbin/nginx"
    if not Path(program).exists():
        pytest.skip("nginx is not installed")
    text = (DEPLOY / "nginx.conf").read_text().replace("gateway-1:", "127.0.0.1:").replace("gateway-2:", "127.0.0.2:")
    text = text.replace("/tmp/nginx", str(tmp_path / "nginx")).replace("listen 8080", f"listen 127.0.0.1:{free_port()}")
    (tmp_path / "nginx.conf").write_text(text)
    tested = subprocess.run([program, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stderr
