"""One label from several sources."""

import numpy as np
import pytest

from pentaprism.engines.products import CATEGORIES, LABELS, PLACES, Correction, EngineUse, Hints, Options, category_of
from pentaprism.engines.products.classifying import Belief, belief_of, classification_of, corrected, of_labels

ENGINE = EngineUse("product-net", "1.0.0", "embedded")
OUTPUTS = ("chair", "sofa", "table", "mug", "lamp", "shirt", "dress", "watch", "home_garden")
ALL = frozenset(OUTPUTS) - {"home_garden"}


def pixels(**shares: float) -> Belief:
    """Probabilities of OUTPUTS, what is left spread evenly."""
    left = 1 - sum(shares.values())
    vector = np.array([shares.get(name, 0.0) for name in OUTPUTS]) + left / len(OUTPUTS)
    return belief_of(vector, OUTPUTS, ALL)


def decide(belief: Belief | None, hints: Hints | None = None, options: Options | None = None, **more: object):  # type: ignore[no-untyped-def]
    return classification_of(belief, more.get("embedding"), hints or Hints(), more.get("corrections", ()), options or Options(), ENGINE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shares", "label", "category"),
    [
        ({"chair": 0.8}, "chair", "furniture"),
        ({"chair": 0.3, "sofa": 0.3, "table": 0.2}, "furniture", "furniture"),
        ({}, "other", "other"),
        ({"chair": 0.2, "shirt": 0.2, "watch": 0.2}, "other", "other"),
        ({"home_garden": 0.9}, "home_garden", "home_garden"),
    ],
)
def test_fine_label_then_category_then_other(shares: dict[str, float], label: str, category: str) -> None:
    found = decide(pixels(**shares))
    assert (found.label, found.category) == (label, category)
    assert sum(found.scores.values()) == pytest.approx(1, abs=1e-3)
    assert found.confidence == found.scores[found.label]
    assert found.subcategory == (None if label in CATEGORIES else PLACES[label][1])
    expected = set(CATEGORIES) if label in CATEGORIES else {label, "other"}
    assert expected <= set(found.scores) <= set(LABELS) | set(CATEGORIES)
    assert len(found.scores) == len(CATEGORIES) if label in CATEGORIES else len(found.scores) <= 6


def test_thresholds_change_the_outcome() -> None:
    belief = pixels(chair=0.45, sofa=0.25)
    assert decide(belief).label == "chair"
    assert decide(belief, options=Options(fine_threshold=0.6)).label == "furniture"
    assert decide(belief, options=Options(fine_threshold=0.6, category_threshold=0.9)).label == "other"


def test_a_label_that_may_not_be_emitted_counts_for_its_category_alone() -> None:
    vector = np.full(len(OUTPUTS), 0.01)
    vector[0] = 1 - 0.08
    found = decide(belief_of(vector, OUTPUTS, ALL - {"chair"}))
    assert found.label == "furniture"


def test_words_weigh_by_their_place() -> None:
    nothing = pixels()
    assert decide(nothing, Hints(title="Camping tent")).label == "tent"
    assert decide(nothing, Hints(title="Camping tent")).scores["tent"] == pytest.approx(0.6)
    assert decide(nothing, Hints(filename="tent.jpg")).label == "other"
    assert decide(pixels(chair=0.9), Hints(filename="tent.jpg")).label == "chair"
    assert decide(nothing, Hints(title="Camping tent"), Options(text_evidence=False)).label == "other"
    sources = [(e.source, e.label) for e in decide(pixels(chair=0.9), Hints(title="Camping tent")).evidence]
    assert sources == [("image", "chair"), ("text", "tent")]


def test_a_tiny_picture_is_judged_by_words_or_not_at_all() -> None:
    found = decide(None)
    assert (found.label, found.confidence, found.category, found.category_confidence, found.scores) == ("other", None, None, None, {})
    assert decide(None, Hints(title="A mug")).label == "mug"


def test_corrected_neighbours_outvote_the_pixels_only_when_close() -> None:
    rng = np.random.default_rng(0)
    here = rng.normal(size=320).astype(np.float32)
    here /= np.linalg.norm(here)
    near = here + 0.01 * rng.normal(size=320).astype(np.float32)
    near /= np.linalg.norm(near)
    far = rng.normal(size=320).astype(np.float32)
    far /= np.linalg.norm(far)
    corrections = [Correction(near.astype("<f4").tobytes(), "lamp"), Correction(far.astype("<f4").tobytes(), "mug")]
    assert corrected(here, corrections, 0.9) == {"lamp": 1.0}
    assert decide(pixels(chair=0.9), embedding=here, corrections=corrections).label == "lamp"
    assert decide(pixels(chair=0.9), embedding=here, corrections=corrections[1:]).label == "chair"
    assert decide(pixels(chair=0.9), embedding=here, corrections=corrections, options=Options(correction_similarity=1.0)).label == "chair"
    assert decide(pixels(chair=0.9), embedding=here, corrections=[Correction(b"\0" * 8, "mug")]).label == "chair"
    assert decide(pixels(chair=0.9), embedding=here, corrections=[Correction(near.tobytes(), "toys")]).category == "toys"


def test_categories_hold_their_labels() -> None:
    belief = of_labels({"chair": 0.5, "toys": 0.5})
    assert belief.categories[category_of("chair")] == 0.5
    assert belief.categories["toys"] == 0.5
    assert dict(belief.labels) == {"chair": 0.5}
