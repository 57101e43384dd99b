"""``pentaprism cutout``: objects of a picture as pictures of their own, without a server."""

import time
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pentaprism.cli.console import DataDirOption, JsonOption, err, fail, out, print_json, print_table
from pentaprism.cli.models import registry
from pentaprism.cli.opening import settings_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pentaprism.engines.sam import AutoParameters, Mask, PromptEngine
    from pentaprism.imaging.overlay import Outline

Numbers = tuple[float, ...]
LONGEST_OVERLAY = 2048


def cutout(
    image: Annotated[Path, typer.Argument(help="The picture.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("pentaprism-cutouts"),
    point: Annotated[list[str] | None, typer.Option(help="x,y of a pixel on the object; may be given several times.")] = None,
    without: Annotated[list[str] | None, typer.Option("--not", help="x,y of a pixel beside the object.")] = None,
    box: Annotated[list[str] | None, typer.Option(help="x,y,width,height around an object; each box is an object of its own.")] = None,
    auto: Annotated[bool, typer.Option("--auto", help="All objects; also what happens without point and box.")] = False,
    model: Annotated[str, typer.Option(help="embedded, vit_t, vit_b, vit_l or vit_h.")] = "embedded",
    points_per_side: Annotated[int, typer.Option(help="--auto: points a side; more find smaller objects.")] = 64,
    quality: Annotated[float, typer.Option(help="--auto: least predicted IoU, 0 to 1.")] = 0.9,
    stability: Annotated[float, typer.Option(help="--auto: least stability, 0 to 1.")] = 0.92,
    crop_layers: Annotated[int, typer.Option(help="--auto: layers of crops that are searched again at higher detail.")] = 1,
    min_area: Annotated[int, typer.Option(help="Smaller masks are not written, in pixels; smaller holes are filled.")] = 1000,
    candidates: Annotated[bool, typer.Option("--candidates", help="All candidates of a point or box, not the best alone.")] = False,
    tiles: Annotated[bool, typer.Option("--tiles", help="--auto: search tiles of 2,048 px one by one.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cut objects out of a picture: RGBA pictures, masks, and an overview. Status 1: nothing was found, 2: the command was wrong."""
    from pentaprism.engines.sam import MODELS, AutoParameters
    from pentaprism.faces.quarry.service.pictures import on_grey, rgba_of
    from pentaprism.imaging.decode import ImageError

    if model not in MODELS:
        raise fail(f"There is no model {model}. Known: {', '.join(MODELS)}.", status=2)
    points, negative, boxes = _numbers(point, 2, "--point"), _numbers(without, 2, "--not"), _numbers(box, 4, "--box")
    if auto and (points or negative or boxes):
        raise fail("--auto finds all objects; leave --point, --not and --box out.", status=2)
    try:
        parameters = AutoParameters(points_per_side, quality, stability, crop_layers, 2, min_area)
        rgba = rgba_of(image)
    except OSError as error:
        raise fail(f"{image} cannot be read: {error.strerror or error}", status=2) from error
    except (ValueError, ImageError) as error:
        raise fail(str(error), status=2) from error
    boxes = _inside(points + negative, boxes, rgba.shape[1], rgba.shape[0])
    engine = _engine(model, data_dir)
    started = time.perf_counter()
    rgb = on_grey(rgba)
    try:
        if points or boxes or negative:
            masks = _prompted(engine, rgb, points, negative, boxes, candidates)
        else:
            masks = [mask for mask in _automatic(engine, rgb, parameters, tiles) if mask.area >= min_area]
    except ValueError as error:
        raise fail(str(error), status=2) from error
    rows = _write(folder, image.stem, rgba, rgb, masks)
    _show(rows, engine, folder, time.perf_counter() - started, as_json)
    if not rows:
        raise typer.Exit(1)


def _numbers(words: Sequence[str] | None, count: int, option: str) -> list[Numbers]:
    """The values of an option that is given as numbers with commas; ends the command where they are something else."""
    found = []
    for word in words or []:
        try:
            values = tuple(float(part) for part in word.split(","))
        except ValueError:
            values = ()
        if len(values) != count or not all(map(isfinite, values)):
            raise fail(f"{option} takes {count} numbers with commas between them, not {word!r}.", status=2)
        found.append(values)
    return found


def _inside(points: list[Numbers], boxes: list[Numbers], width: int, height: int) -> list[Numbers]:
    """The boxes, cut at the edges of the picture; ends the command for a point or a whole box outside."""
    for x, y in points:
        if not (0 <= x < width and 0 <= y < height):
            raise fail(f"The point {x:g},{y:g} lies outside the picture of {width} x {height} pixels.", status=2)
    cut: list[Numbers] = []
    for x, y, box_width, box_height in boxes:
        left, top, right, bottom = max(0.0, x), max(0.0, y), min(float(width), x + box_width), min(float(height), y + box_height)
        if right <= left or bottom <= top:
            raise fail(f"No part of the box {x:g},{y:g},{box_width:g},{box_height:g} lies in the picture of {width} x {height}.", status=2)
        cut.append((left, top, right - left, bottom - top))
    return cut


def _engine(model: str, data_dir: Path | None) -> "PromptEngine":
    from pentaprism.core.errors import PlatformError
    from pentaprism.engines.sam import WeightsError, loader

    models = registry(settings_of(data_dir))
    try:
        return models.get(model, loader(models.files.cache_dir))
    except PlatformError as error:
        raise fail(error.message, advice=f"`pentaprism models pull {model}` downloads it.", status=2) from error
    except WeightsError as error:
        raise fail(str(error), status=2) from error


def _prompted(
    engine: "PromptEngine",
    rgb: "npt.NDArray[np.uint8]",
    points: list[Numbers],
    negative: list[Numbers],
    boxes: list[Numbers],
    candidates: bool,
) -> "list[Mask]":
    """Points without boxes are one prompt; with boxes, each box is one with the points that lie inside."""
    embedding = engine.embed(rgb)
    masks: list[Mask] = []
    prompts = [(x, y, x + width, y + height) for x, y, width, height in boxes]
    for corners in prompts or (None,):
        inside = [
            each for each in points if corners is None or (corners[0] <= each[0] <= corners[2] and corners[1] <= each[1] <= corners[3])
        ]
        labels = [1] * len(inside) + [0] * len(negative)
        found = engine.prompt(embedding, [*inside, *negative], labels, corners)
        masks += found if candidates else found[:1]
    return masks


def _automatic(engine: "PromptEngine", rgb: "npt.NDArray[np.uint8]", parameters: "AutoParameters", tiles: bool) -> "list[Mask]":
    from pentaprism.engines.sam.tiling import automatic_in_tiles

    with Progress(TextColumn("objects"), BarColumn(), TimeElapsedColumn(), console=err, transient=True) as bar:
        task = bar.add_task("objects", total=1.0)

        def report(share: float) -> None:
            bar.update(task, completed=share)

        run = automatic_in_tiles if tiles else type(engine).automatic
        return run(engine, rgb, parameters, report).masks


def _write(
    folder: Path, stem: str, rgba: "npt.NDArray[np.uint8]", rgb: "npt.NDArray[np.uint8]", masks: "Sequence[Mask]"
) -> list[dict[str, Any]]:
    """One cut-out and one mask an object, and the overview; what was written."""
    from pentaprism.faces.quarry.work.extraction import cutout as cut
    from pentaprism.imaging.encode import png
    from pentaprism.imaging.mask_png import mask_png
    from pentaprism.imaging.overlay import draw_overlay

    if not masks:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    height, width = rgb.shape[:2]
    rows = []
    for number, mask in enumerate(masks):
        names = f"{stem}_{number}.png", f"{stem}_{number}_mask.png"
        (folder / names[0]).write_bytes(png(cut(rgba, mask, "soft")))
        (folder / names[1]).write_bytes(mask_png(mask.region, mask.top, mask.left, (height, width)))
        rows.append(
            {
                "object": number,
                "file": names[0],
                "mask": names[1],
                "bbox": list(mask.bbox),
                "area": mask.area,
                "predicted_iou": mask.predicted_iou,
                "stability": mask.stability_score,
            }
        )
    (folder / f"{stem}_overlay.png").write_bytes(png(draw_overlay(rgb, _outlines(masks), longest=LONGEST_OVERLAY)))
    return rows


def _outlines(masks: "Sequence[Mask]") -> "list[Outline]":
    """Outlines of all masks, large ones first, so that small ones lie on top."""
    from pentaprism.imaging.overlay import Outline
    from pentaprism.imaging.polygons import pixel_edges

    numbered = sorted(enumerate(masks), key=lambda pair: -pair[1].area)
    return [
        Outline(str(number), region.exterior, region.holes)
        for number, mask in numbered
        for region in pixel_edges(mask.region, mask.top, mask.left)
    ]


def _show(rows: list[dict[str, Any]], engine: "PromptEngine", folder: Path, seconds: float, as_json: bool) -> None:
    info = engine.info
    if as_json:
        print_json({"engine": {"name": info.name, "version": info.version, "kind": info.kind}, "folder": str(folder), "objects": rows})
        return
    print_table(rows, ["object", "file", "bbox", "area", "predicted_iou", "stability"], empty="No object was found.")
    out.print(f"{len(rows)} objects by {info.name} in {seconds:.1f} s, in {folder}", markup=False, highlight=False, soft_wrap=True)
