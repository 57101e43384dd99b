"""``pentaprism generate`` and ``pentaprism crop``: pictures for social platforms without a server."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pentaprism.cli.console import JsonOption, err, fail, out, print_json, print_table
from pentaprism.core.workers.process import limit_threads

if TYPE_CHECKING:
    from pentaprism.faces.snapasset.catalogue import Platform
    from pentaprism.faces.snapasset.generation.drawing import Material

FOLDER = Path("pentaprism-pictures")
PlatformsOption = Annotated[
    str, typer.Option(help="Comma list of platform ids or WxH sizes; core for the nine usual ones, all for the whole catalogue.")
]
FolderOption = Annotated[Path, typer.Option("--out", help="Folder for the pictures.")]
FormatOption = Annotated[str, typer.Option("--format", help="png, jpeg, webp or avif.")]
QualityOption = Annotated[int | None, typer.Option("--format-quality", min=1, max=100, help="Quality of jpeg, webp and avif.")]


def generate(
    prompt: Annotated[str, typer.Argument(help="What to draw, in English words.")],
    platforms: PlatformsOption = "core",
    folder: FolderOption = FOLDER,
    quality: Annotated[str, typer.Option(help="standard or hd.")] = "standard",
    style: Annotated[str, typer.Option(help="vivid or natural.")] = "vivid",
    image_type: Annotated[str, typer.Option(help="photo, illustration, abstract or logo.")] = "photo",
    variation: Annotated[int, typer.Option(min=0, max=2_147_483_647, help="Another picture for the same words.")] = 0,
    file_format: FormatOption = "png",
    format_quality: QualityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a picture for each platform with the built-in renderer. Status 0: all drawn, 2: the command was wrong."""
    _leave_cores()
    from pentaprism.engines.artwork import SceneRequest, describe
    from pentaprism.faces.snapasset.generation.drawing import Material

    if not prompt.strip() or len(prompt) > 4_000:
        raise fail("The prompt must have 1 to 4000 characters.", status=2)
    wish = {"quality": quality, "style": style, "imageType": image_type, "format": file_format, "formatQuality": format_quality}
    options, targets = _checked(wish, platforms)
    chosen: dict[str, Any] = {"quality": quality, "style": style, "image_type": image_type, "variation": variation}
    scene = describe(SceneRequest(prompt.strip(), **chosen))
    rows = list(_write(Material(scene, []), targets, options, folder))
    told = {"prompt": scene.revised_prompt, "recognized": list(scene.recognized_terms), "ignored": list(scene.ignored_terms)}
    _show({**told, "pictures": rows}, rows, scene.revised_prompt, as_json)


def crop(
    image: Annotated[Path, typer.Argument(help="A JPEG, PNG, WebP or AVIF picture.", exists=True, dir_okay=False)],
    platforms: PlatformsOption = "core",
    folder: FolderOption = FOLDER,
    fit: Annotated[str, typer.Option(help="smart, cover, focal, blur or pad.")] = "smart",
    focal_point: Annotated[str | None, typer.Option(help="X,Y between 0 and 1: keep this point in the picture.")] = None,
    background: Annotated[str, typer.Option(help="Colour behind pad and transparency, #rrggbb.")] = "#ffffff",
    file_format: FormatOption = "png",
    format_quality: QualityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cut a picture for each platform, so that what matters stays in it. Status 0: all cut, 2: the command was wrong."""
    _leave_cores()
    from pentaprism.faces.snapasset.generation.drawing import Material
    from pentaprism.imaging.colour import read_srgb
    from pentaprism.imaging.decode import ImageError

    wish: dict[str, Any] = {"fit": fit, "background": background, "format": file_format, "formatQuality": format_quality}
    if focal_point is not None:
        wish["focalPoint"] = _point(focal_point)
    options, targets = _checked(wish, platforms)
    try:
        picture = read_srgb(image)
    except ImageError as error:
        raise fail(f"{image} cannot be read: {error}", status=2) from error
    rows = list(_write(Material(None, [picture]), targets, options, folder))
    _show({"image": str(image), "pictures": rows}, rows, None, as_json)


def _leave_cores() -> None:
    """Two threads draw; numerical libraries, which are imported after this, would take the cores from them with threads of their own."""
    limit_threads(1)


def _checked(wish: Mapping[str, Any], platforms: str) -> "tuple[dict[str, Any], list[Platform]]":
    """The options and the platforms; ends the command where one is not known."""
    from pentaprism.engines.artwork.encoding import available_formats
    from pentaprism.faces.snapasset.catalogue import CATALOGUE, CORE, find
    from pentaprism.faces.snapasset.errors import BadRequest
    from pentaprism.faces.snapasset.options import read_options

    try:
        options = read_options(wish, is_admin=False, formats=available_formats())
    except BadRequest as error:
        raise fail(f"{error.message}.", status=2) from error
    targets: list[Platform] = []
    for name in dict.fromkeys(part.strip() for part in platforms.split(",") if part.strip()):
        if name in {"core", "all"}:
            targets += CORE if name == "core" else CATALOGUE
            continue
        found = find(f"custom-{name}" if name[:1].isdigit() else name)
        if found is None:
            raise fail(f"Unknown platform: {name}. Known: {', '.join(one.id for one in CATALOGUE)}, or a size such as 1600x900.", status=2)
        targets.append(found)
    if not targets:
        raise fail("Name at least one platform.", status=2)
    return options, list(dict.fromkeys(targets))


def _point(text: str) -> dict[str, float]:
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError as error:
        raise fail("--focal-point must be two numbers such as 0.5,0.3.", status=2) from error
    return {"x": x, "y": y}


def _write(material: "Material", targets: "list[Platform]", options: Mapping[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """Draw and write each picture; what was done, one after the other."""
    from pentaprism.faces.snapasset.generation.drawing import in_order

    folder.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with err.status("drawing"):
        for target, drawn in in_order(material, targets, options, lambda: None, lambda _: None):
            if isinstance(drawn, Exception):
                raise drawn
            if drawn.encoded is None:
                raise fail(str(drawn.error), status=1)
            file = folder / f"{target.id}-{target.width}x{target.height}.{drawn.encoded.extension}"
            file.write_bytes(drawn.encoded.data)
            facts = {"platform": target.id, "width": target.width, "height": target.height, "bytes": len(drawn.encoded.data)}
            yield {
                **facts,
                "fit": drawn.fit,
                "upscaled": drawn.upscaled,
                "file": str(file),
                "seconds": round(time.perf_counter() - began, 2),
            }


def _show(document: Mapping[str, Any], rows: list[dict[str, Any]], heading: str | None, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    if heading is not None:
        out.print(heading, highlight=False)
    print_table(rows, ["platform", "width", "height", "bytes", "fit", "file"])
