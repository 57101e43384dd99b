from openapi_spec_validator import validate

from faces.snapasset.conftest import Server
from pentaprism.faces.snapasset import openapi


def test_the_description_is_valid_and_names_every_operation(server: Server) -> None:
    document = server.call("GET", "/api-docs/openapi.json").json()
    validate(document)
    shown = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    assert shown == {(method, route.path) for route in openapi.api_routes(server.app) for method in route.methods}
    secured = document["paths"]["/api/jobs"]["post"]
    assert secured["security"] == [{"bearer": []}, {"apiKey": []}] and {"201", "400", "401", "413", "429"} <= set(secured["responses"])
    assert "security" not in document["paths"]["/api/platforms"]["get"]


def test_the_page_shows_every_operation_and_runs_nothing(server: Server) -> None:
    page = server.call("GET", "/api-docs")
    assert all(route.path in page.text for route in openapi.api_routes(server.app))
    assert "<script" not in page.text and "default-src 'none'" in page.headers["content-security-policy"]
