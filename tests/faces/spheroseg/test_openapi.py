from typing import Any

from pentaprism.faces.spheroseg.openapi import api_routes
from pentaprism.faces.spheroseg.routes.common import is_open


def operations(server: Any) -> list[dict[str, Any]]:
    document = server.get("/api/openapi.json").json()
    return [operation for entry in document["paths"].values() for operation in entry.values()]


def test_every_operation_is_documented_with_its_errors(server: Any) -> None:
    found = operations(server)
    shown = [route for route in api_routes(server.app) if route.include_in_schema]
    assert len(found) == sum(len(route.methods or ()) for route in shown)
    for operation in found:
        responses = operation["responses"]
        assert {"429", "500", "503"} <= set(responses), operation["operationId"]
        for status, entry in responses.items():
            if int(status) >= 400:
                assert entry["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorAnswer")
        assert operation.get("summary") or operation.get("description")
    assert len({operation["operationId"] for operation in found}) == len(found)


def test_all_but_open_operations_ask_for_a_token(server: Any) -> None:
    shown = [route for route in api_routes(server.app) if route.include_in_schema]
    secured = [operation for operation in operations(server) if "security" in operation]
    assert len(secured) == sum(not is_open(route.endpoint) for route in shown)
    assert all("401" in operation["responses"] for operation in secured)


def test_references_lead_somewhere(server: Any) -> None:
    document = server.get("/api/openapi.json").json()
    names = set(document["components"]["schemas"])

    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"].rpartition("/")[2]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(item) for item in value.values()))
        return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()

    assert references(document) <= names
    assert "HTTPValidationError" not in names
