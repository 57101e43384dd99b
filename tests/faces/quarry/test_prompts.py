import pytest

from pentaprism.faces.quarry.errors import Invalid
from pentaprism.faces.quarry.schemas.prompts import Box, Point, Prompt, parsed, prompts_of, read_box_field, read_points, scaled


def test_points_without_boxes_are_one_prompt() -> None:
    assert prompts_of([Point(1, 2), Point(3, 4, 0)], []) == [Prompt(((1, 2, 1), (3, 4, 0)))]


def test_a_point_belongs_to_every_box_that_holds_it_and_strays_come_last() -> None:
    boxes = [Box(0, 0, 10, 10), Box(5, 5, 20, 20)]
    prompts = prompts_of([Point(7, 7), Point(50, 50), Point(1, 1, 0)], boxes)
    assert prompts == [
        Prompt(((7, 7, 1), (1, 1, 0)), (0, 0, 10, 10)),
        Prompt(((7, 7, 1), (1, 1, 0)), (5, 5, 20, 20)),
        Prompt(((50, 50, 1), (1, 1, 0))),
    ]


def test_negative_points_alone_are_refused() -> None:
    with pytest.raises(Invalid):
        prompts_of([Point(1, 1, 0)], [])


def test_the_far_corner_is_the_last_pixel_and_the_far_edge_of_boxes() -> None:
    points, boxes = scaled([Point(1, 1)], [Box(0, 0, 1, 1)], 640, 480, "normalized")
    assert points == [Point(639, 479)]
    assert boxes == [Box(0, 0, 640, 480)]


@pytest.mark.parametrize("box", [Box(700, 10, 800, 20), Box(-20, 0, -1, 5)])
def test_a_box_beside_the_image_is_refused(box: Box) -> None:
    with pytest.raises(Invalid):
        scaled([], [box], 640, 480, "pixel")


@pytest.mark.parametrize(
    "value", [[{"x": 1, "y": 2, "width": 0, "height": 4}], {"x": 1}, [], [[1, 2, 3, 4]], "box", {"x1": 1, "y1": 1, "x2": 1, "y2": 4}]
)
def test_wrong_boxes_are_refused(value: object) -> None:
    with pytest.raises(Invalid):
        read_box_field(value)


@pytest.mark.parametrize("text", ["{", "[1", "nul", "[" * 5000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parsed(text, "points")


@pytest.mark.parametrize(
    "value", [[{"x": True, "y": 1}], [{"x": 10**400, "y": 1}], [{"x": float("nan"), "y": 1}], [{"x": 1, "y": 1, "label": 2}], [7], {"x": 1}]
)
def test_wrong_points_are_refused(value: object) -> None:
    with pytest.raises(Invalid):
        read_points(value)
