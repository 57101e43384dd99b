"""Every parameter in its range, all failing fields at once, nothing accepted without effect."""

from typing import Any

import numpy as np
import pytest

from pentaprism.engines.seismic.methods import Model, ParameterError, compact, find_model, models, validate


def model(name: str) -> Model:
    found = find_model(name)
    assert found is not None
    return found


@pytest.mark.parametrize("given", [[-1], [30], True, "10", ["5-2"], [1.0], [True], ["3-30"], [None], ["a"], list(range(28))])
def test_wrong_missing_traces_name_their_field(given: object) -> None:
    with pytest.raises(ParameterError) as caught:
        validate(model("radon-reconstruction"), {"missing_traces": given}, 30)
    assert [field for field, _ in caught.value.problems] == ["parameters.missing_traces"]


def test_an_index_out_of_range_is_named() -> None:
    with pytest.raises(ParameterError, match="Trace 30 is out of range"):
        validate(model("radon-reconstruction"), {"missing_traces": [1, 30]}, 30)


def test_ranges_include_their_end_and_repeats_are_dropped() -> None:
    checked = validate(model("radon-reconstruction"), {"missing_traces": [10, "15-17", 16, 10]}, 30)
    assert checked.missing.tolist() == [10, 15, 16, 17]
    assert checked.effective["missing_traces"] == [10, "15-17"]


def test_all_failing_fields_are_listed_at_once() -> None:
    given = {"patch_size": 16, "overlap": "0.5", "batch_size": True, "nonsense": 1}
    with pytest.raises(ParameterError) as caught:
        validate(model("unet-denoising"), given, 30)
    assert {field for field, _ in caught.value.problems} == {f"parameters.{name}" for name in given}
    assert ("parameters.nonsense", "Unknown parameter") in caught.value.problems


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("overlap", [0, 0.9, 0.25], [-0.1, 0.91, None, float("nan"), "0.1"]),
        ("strength", ["low", "high", 1, 6.0], ["huge", 0.9, 6.1, None]),
        ("noise_sigma", [None, 0.1, 5], [0, -1, "1", float("inf")]),
        ("random_state", [0, 2147483647], [-1, 2147483648, 1.5]),
        ("gather_key", ["auto", "ffid", "none"], ["offset", None, 3]),
        ("reference_dataset_id", [None, "655a1d31-6e62-57d3-829f-6b76a07df627"], ["x", 5]),
        ("gathers", [None, [0, 1], []], [[2], [-1], ["0"], 1, [True]]),
    ],
)
def test_values_at_the_edges(name: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert validate(model("fkwiener-denoising"), {name: value}, 30, 2).effective[name] == value
    for value in bad:
        with pytest.raises(ParameterError):
            validate(model("fkwiener-denoising"), {name: value}, 30, 2)


def test_holdout_is_a_fraction_or_false() -> None:
    for value in (False, 0.05, 0.25):
        assert validate(model("pocs-reconstruction"), {"holdout": value}, 30).effective["holdout"] == value
    for wrong in (True, 0, 0.04, None):
        with pytest.raises(ParameterError):
            validate(model("pocs-reconstruction"), {"holdout": wrong}, 30)


def test_known_names_without_meaning_are_listed_as_unused() -> None:
    checked = validate(model("linear-reconstruction"), {"rank": 3, "patch_size": 64, "batch_size": 4}, 30)
    assert checked.unused == ["rank", "patch_size"]
    assert "rank" not in checked.effective
    assert checked.effective["batch_size"] == 4


def test_named_traces_mean_nothing_to_denoising() -> None:
    with pytest.raises(ParameterError):
        validate(model("fkwiener-denoising"), {"missing_traces": [1]}, 30)
    assert validate(model("fkwiener-denoising"), {"missing_traces": []}, 30).unused == ["missing_traces"]


def test_candidates_are_names_of_the_same_type() -> None:
    auto = model("auto-reconstruction")
    assert validate(auto, {"candidates": ["linear-reconstruction"]}, 30).effective["candidates"] == ["linear-reconstruction"]
    for wrong in ([], ["auto-reconstruction"], ["fkwiener-denoising"], "linear-reconstruction", [3]):
        with pytest.raises(ParameterError):
            validate(auto, {"candidates": wrong}, 30)


def test_defaults_are_used_and_reported() -> None:
    for entry in models():
        effective = validate(entry, None, 30).effective
        assert set(effective) == set(entry.parameter_schema["properties"])
    assert [validate(model(f"{name}-reconstruction"), {}, 30).effective["iterations"] for name in ("radon", "pocs", "mssa")] == [6, 60, 20]
    assert validate(model("radon-reconstruction"), {}, 30).effective["max_slope"] == 4


def test_runs_of_three_become_ranges() -> None:
    assert compact(np.array([0, 1, 4, 5, 6, 9])) == [0, 1, "4-6", 9]
