"""Requests that schemathesis generates from an OpenAPI document."""

import contextlib
import os
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

MOST_CHOICE = 15
REQUESTS = int(os.environ.get("PENTAPRISM_TEST_FUZZ_REQUESTS", "80"))
"""About how many requests a face is sent; thousands for a thorough run."""


def operations_of(document: dict[str, Any], left_out: tuple[str, ...] = ()) -> list[Any]:
    """The operations of a document but those whose path ends with one of ``left_out``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]
    return [operation for operation in found if not operation.path.endswith(left_out)]


def drawn(operation: Any, number: int, start: int) -> list[tuple[Any, int]]:
    """About ``number`` cases of an operation, valid and invalid ones, each with a number from 0 to 15 to choose ids by."""
    found: list[tuple[Any, int]] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        strategy = st.tuples(operation.as_strategy(generation_mode=mode), st.integers(0, MOST_CHOICE))
        collect = given(strategy)(lambda drawing: found.append(drawing))
        quiet = settings(
            max_examples=max(1, number // 2), database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
        )
        with contextlib.suppress(Unsatisfiable, schemathesis.errors.InvalidSchema), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seed(start)(quiet(collect))()
    return found


def answered(case: Any, base_url: str, headers: Mapping[str, str], statuses: Counter[int]) -> tuple[requests.Response, str] | None:
    """The answer to a case, counted, and what to show when it is wrong; None where HTTP cannot carry the case."""
    try:
        response = case.call(base_url=base_url, headers=headers, timeout=60)
    except (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL, UnicodeError, ValueError):
        return None
    statuses[response.status_code] += 1
    return response, f"{case.method} {response.request.url}: {response.status_code} {response.content[:400]!r}"
