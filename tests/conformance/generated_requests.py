"""Requests that schemathesis generates from an OpenAPI document."""

import contextlib
import warnings
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

MOST_CHOICE = 15


def operations_of(document: dict[str, Any], left_out: tuple[str, ...]) -> list[Any]:
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
