"""Which ring lies in which."""

from typing import TYPE_CHECKING

from pentaprism.imaging.polygons.rings import Points, contains

if TYPE_CHECKING:
    from pentaprism.imaging.polygons.outline import Ring


Box = tuple[float, float, float, float]


def box(points: Points) -> Box:
    """(left, top, right, bottom) of a ring."""
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return left, top, right, bottom


def _smallest(rings: "list[Ring]", candidates: list[int], point: Points, boxes: list[Box]) -> int | None:
    """Index of the smallest candidate ring around a point [2]."""
    x, y = float(point[0]), float(point[1])
    near = [k for k in candidates if boxes[k][0] <= x <= boxes[k][2] and boxes[k][1] <= y <= boxes[k][3]]
    for index in sorted(near, key=lambda k: rings[k].area):
        if contains(rings[index].points, point)[0]:
            return index
    return None


def parents(rings: "list[Ring]", inner: Points) -> "list[Ring]":
    """Set parent, children and depth, and sort: by label and position, every outer ring followed by its holes.

    Args:
        inner: a point [R, 2] inside each ring: the centre of a pixel of the object, or of the hole.
    """
    boxes = [box(r.points) for r in rings]
    outer_of: dict[int, list[int]] = {}
    for index, ring in enumerate(rings):
        if not ring.hole:
            outer_of.setdefault(ring.label, []).append(index)
    holes = [index for index, ring in enumerate(rings) if ring.hole]
    for index in holes:
        mine = outer_of.get(rings[index].label, [])
        rings[index].parent = mine[0] if len(mine) == 1 else _smallest(rings, mine, inner[index], boxes)
    for index, ring in enumerate(rings):
        if not ring.hole and holes:
            ring.parent = _smallest(rings, holes, inner[index], boxes)
    holes_of: dict[int | None, list[int]] = {}
    for index in holes:
        holes_of.setdefault(rings[index].parent, []).append(index)
    order: list[int] = []
    for label in sorted(outer_of):
        for index in outer_of[label]:
            order += [index, *holes_of.get(index, [])]
    return _renumbered(rings, order)


def _renumbered(rings: "list[Ring]", order: list[int]) -> "list[Ring]":
    place = {old: new for new, old in enumerate(order)}
    result = [rings[old] for old in order]
    for new, ring in enumerate(result):
        ring.parent = place.get(ring.parent) if ring.parent is not None else None
        if ring.parent is not None:
            result[ring.parent].children.append(new)
    for ring in result:
        above, depth = ring.parent, 0
        while above is not None and depth <= len(result):
            above, depth = result[above].parent, depth + 1
        ring.depth = depth
    return result
