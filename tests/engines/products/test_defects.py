"""Defects on drawn products."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engines.products.products_drawing import iou, product, scene
from pentaprism.engines.products import DEFECT_TYPES, SEVERITIES, Attribute, Hints, Options, ProductsEngine
from pentaprism.engines.products.defects import condition_of

SCENES = 30
ENGINE = ProductsEngine(threads=1)


def found_on(picture: np.ndarray, **options: object):  # type: ignore[no-untyped-def]
    engine = ProductsEngine(replace(Options(), **options), threads=1) if options else ENGINE  # type: ignore[arg-type]
    prepared = engine.preprocess(picture)
    attributes = engine.extract_attributes(prepared, engine.classify(prepared))
    return engine.detect_defects(prepared, attributes)


def test_clean_scenes_have_no_defect() -> None:
    assert sum(bool(found_on(scene("clean", seed)[0])[0]) for seed in range(SCENES)) == 0


@pytest.mark.parametrize("kind", ["scratch", "stain"])
def test_scratches_and_stains_are_found_where_they_are(kind: str) -> None:
    hits, named = 0, 0
    for seed in range(SCENES):
        picture, box = scene(kind, seed)
        found, _ = found_on(picture)
        assert box is not None
        right = [defect for defect in found if iou(defect.box, box) >= 0.3]
        hits += bool(right)
        named += any(defect.defect_type == kind for defect in right)
        for defect in found:
            x, y, w, h = defect.box
            assert x >= 0 and y >= 0 and w >= 1 and h >= 1 and x + w <= picture.shape[1] and y + h <= picture.shape[0]
            assert defect.defect_type in DEFECT_TYPES
            assert defect.severity in SEVERITIES
            assert defect.normalized == pytest.approx(
                [v / side for v, side in zip(defect.box, picture.shape[1::-1] * 2, strict=True)], abs=1e-6
            )
    assert hits >= 27
    assert named >= 22


def test_boxes_are_in_pixels_of_the_whole_picture() -> None:
    picture, box = scene("stain", 3)
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    found, _ = found_on(large)
    assert box is not None
    assert max(iou(defect.box, tuple(4 * v for v in box)) for defect in found) >= 0.5  # type: ignore[arg-type]
    prepared = ENGINE.preprocess(picture, size=(picture.shape[1] * 4, picture.shape[0] * 4))
    reduced, _ = ENGINE.detect_defects(prepared, [])
    assert max(iou(defect.box, tuple(4 * v for v in box)) for defect in reduced) >= 0.5  # type: ignore[arg-type]


def test_two_defects_have_two_boxes() -> None:
    picture, _ = product((70, 110, 160), side=440)
    stains = [(150, 170, 26, 20), (270, 290, 30, 22)]
    for x, y, w, h in stains:
        cv2.ellipse(picture, (x + w // 2, y + h // 2), (w // 2, h // 2), 0, 0, 360, (25, 40, 60), -1)
    found, condition = found_on(picture)
    assert len(found) == 2
    assert all(max(iou(defect.box, stain) for defect in found) > 0.5 for stain in stains)
    assert condition is not None
    assert condition.value in ("good", "fair", "poor")


def test_settings_decide() -> None:
    picture, _ = scene("stain", 3)
    found, _ = found_on(picture)
    assert found
    assert found_on(picture, most_defects=0)[0] == []
    assert found_on(picture, defect_threshold=1.01, textured_defect_threshold=1.01)[0] == []
    assert {d.severity for d in found_on(picture, low_share=0.9, medium_share=0.95)[0]} == {"low"}
    assert {d.severity for d in found_on(picture, low_share=0.0, medium_share=0.0)[0]} == {"high"}
    prepared = ENGINE.preprocess(picture)
    strict = ProductsEngine(Options(textured_defect_threshold=1.01), threads=1)
    assert strict.detect_defects(prepared, [Attribute("pattern", "striped", 0.9)])[0] == []
    assert strict.detect_defects(prepared, [Attribute("pattern", "solid", 0.9)])[0] != []


def test_condition_follows_from_the_worst_defect_and_new_from_the_text() -> None:
    picture, _ = scene("stain", 3)
    prepared = ENGINE.preprocess(picture)
    found, _ = ENGINE.detect_defects(prepared, [])
    values = {}
    for severity in SEVERITIES:
        condition = condition_of(prepared, [replace(found[0], severity="low"), replace(found[0], severity=severity)], new=False)
        assert condition is not None
        values[severity] = condition.value
    assert values == {"low": "good", "medium": "fair", "high": "poor"}
    clean = ENGINE.preprocess(scene("clean", 1)[0])
    like_new = ENGINE.detect_defects(clean, [])[1]
    assert like_new is not None
    assert (like_new.value, like_new.confidence <= 0.6) == ("like_new", True)
    new = ENGINE.detect_defects(clean, [], Hints(title="Brand new vase"))[1]
    assert new is not None
    assert (new.value, new.source) == ("new", "text")


def test_a_tiny_picture_is_not_judged() -> None:
    tiny = np.full((20, 20, 3), 200, np.uint8)
    assert found_on(tiny) == ([], None)
