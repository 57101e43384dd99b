"""``pentaprism seismic info``, ``pentaprism reconstruct`` and ``pentaprism denoise``: seismic files without a server."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pentaprism.cli.console import JsonOption, fail, out, print_json, print_table
from pentaprism.cli.console import size as bytes_text

if TYPE_CHECKING:
    from pentaprism.engines.seismic import Description

InputFile = Annotated[Path, typer.Argument(help="SEG-Y, miniSEED or npy file.", exists=True, dir_okay=False, readable=True)]
OutputFile = Annotated[Path, typer.Argument(help="File to write; .sgy, .mseed, .npy or .npz choose another format.", dir_okay=False)]
IntervalOption = Annotated[
    float | None, typer.Option("--interval", help="Sample interval in µs, for files that do not state one.", min=0.001)
]
GatherKeyOption = Annotated[str, typer.Option("--gather-key", help="auto, ffid, cdp, inline, crossline or none.")]
MethodOption = Annotated[str, typer.Option(help="Name or architecture of the method.")]
ParameterOption = Annotated[
    list[str], typer.Option("--parameter", "-p", help="NAME=VALUE as JSON, such as iterations=80; may be repeated.")
]
ReferenceOption = Annotated[Path | None, typer.Option(help="File of equal shape that holds the truth, for the metrics.", exists=True)]
PictureOption = Annotated[Path | None, typer.Option(help="Where the picture for control goes.", show_default="<out>_comparison.png")]

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Seismic files."""


@app.command()
def info(
    file: InputFile,
    interval: IntervalOption = None,
    gather_key: GatherKeyOption = "auto",
    picture: Annotated[Path | None, typer.Option(help="Draw the section into this PNG file.")] = None,
    headers: Annotated[bool, typer.Option(help="Show the text header too.")] = True,
    as_json: JsonOption = False,
) -> None:
    """What a seismic file holds: shape, statistics, geometry, dead traces, headers."""
    from pentaprism.cli.seismic_jobs import with_progress
    from pentaprism.engines.seismic import ParameterError, SeismicError, describe, open_section
    from pentaprism.engines.seismic.pictures import PreviewParameters, draw_preview

    try:
        with open_section(file, sample_interval_us=interval) as section, with_progress("reading") as progress:
            found = describe(section, gather_key=gather_key, report=lambda share: progress(share, "reading"))
            if picture is not None:
                parameters = PreviewParameters(width=1200, height=800, axes=True, mark="dead")
                picture.write_bytes(draw_preview(section, parameters, dead=found.dead.mask))
    except ParameterError as error:
        raise fail(f"{error.field}: {error.message}", status=2) from error
    except (SeismicError, OSError) as error:
        raise fail(f"{file}: {error}") from error
    if as_json:
        print_json(found.as_json())
    else:
        _show(file, found, headers)


def reconstruct(
    source: InputFile,
    target: OutputFile,
    missing: Annotated[str, typer.Option(help="Traces to fill, from 0: numbers and ranges such as 3,10-17. Without: the dead ones.")] = "",
    method: MethodOption = "auto",
    parameter: ParameterOption = [],  # noqa: B006 - typer copies it
    gather_key: GatherKeyOption = "auto",
    interval: IntervalOption = None,
    reference: ReferenceOption = None,
    picture: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fill missing traces of a seismic file; recorded traces stay as they are, bit for bit."""
    given = _parameters(parameter)
    if missing.strip():
        given["missing_traces"] = [int(part) if part.isdigit() else part for part in (word.strip() for word in missing.split(","))]
    _process("reconstruction", source, target, method, given, gather_key, interval, reference, picture, as_json)


def denoise(
    source: InputFile,
    target: OutputFile,
    method: MethodOption = "auto",
    parameter: ParameterOption = [],  # noqa: B006 - typer copies it
    gather_key: GatherKeyOption = "auto",
    interval: IntervalOption = None,
    reference: ReferenceOption = None,
    picture: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take noise out of a seismic file; dead traces are left alone."""
    _process("denoising", source, target, method, _parameters(parameter), gather_key, interval, reference, picture, as_json)


def _process(
    kind: str,
    source: Path,
    target: Path,
    method: str,
    parameters: dict[str, Any],
    gather_key: str,
    interval: float | None,
    reference: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    from pentaprism.cli.seismic_jobs import Request, process
    from pentaprism.engines.seismic import ParameterError as WrongOption
    from pentaprism.engines.seismic import SeismicError
    from pentaprism.engines.seismic.methods import InvalidData, ParameterError

    if target.exists() and target.samefile(source):
        raise fail("The result cannot take the place of its input.", status=2)
    if not target.absolute().parent.is_dir():
        raise fail(f"{target.parent} is no folder.", status=2)
    request = Request(kind, source, target, method, parameters, gather_key, interval, reference, picture)
    try:
        done = process(request)
    except ParameterError as error:
        problems = "; ".join(f"{field.removeprefix('parameters.')}: {message}" for field, message in error.problems)
        raise fail(problems, status=2) from error
    except WrongOption as error:
        raise fail(f"{error.field}: {error.message}", status=2) from error
    except (SeismicError, InvalidData, OSError, MemoryError) as error:
        raise fail(f"{source}: {error}") from error
    if as_json:
        print_json(done)
        return
    measured = {name: value for name, value in done["metrics"].items() if isinstance(value, str | int | float)}
    print_table([{"metric": name, "value": value} for name, value in measured.items()], ["metric", "value"], title=done["method"])
    for warning in done["warnings"]:
        out.print(f"{warning['code']}: {warning['message']}", highlight=False, style="yellow", markup=False)
    changed = f"{done['filled']} traces filled" if kind == "reconstruction" else f"{done['changed']} traces changed"
    out.print(f"{done['output']}: {changed} in {done['seconds']:.1f} s; {done['picture']}", highlight=False, markup=False, soft_wrap=True)


def _parameters(words: list[str]) -> dict[str, Any]:
    found = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator:
            raise fail(f"--parameter is NAME=VALUE, not {word}", status=2)
        try:
            found[name.strip()] = json.loads(value)
        except ValueError:
            found[name.strip()] = value
    return found


def _show(file: Path, found: "Description", headers: bool) -> None:
    numbers, geometry = found.statistics, found.geometry
    span = geometry["traces_per_gather"]
    gathers = (
        "one" if geometry["gathers"] == 1 else f"{geometry['gathers']} by {geometry['gather_key']}, {span['min']} to {span['max']} traces"
    )
    reasons = ", ".join(f"{count} {reason}" for reason, count in found.dead.as_json()["reasons"].items() if count)
    duration = found.layout["duration_ms"]
    rows = {
        "format": f"{found.format}, {found.layout['sample_format']}, {bytes_text(file.stat().st_size)}",
        "traces x samples": f"{found.traces} x {found.samples}",
        "interval": "unknown" if found.sample_interval_us is None else f"{found.sample_interval_us:g} µs ({found.sample_rate:g} Hz)",
        "first sample, length": f"{found.layout['delay_ms']:g} ms" + ("" if duration is None else f", {duration:g} ms"),
        "min, max": "-" if numbers.min is None else f"{numbers.min:.6g}, {numbers.max:.6g}",
        "mean, RMS": "-" if numbers.mean is None else f"{numbers.mean:.6g}, {numbers.rms:.6g}",
        "99 % of magnitudes below": "-" if numbers.p99_abs is None else f"{numbers.p99_abs:.6g}",
        "geometry": geometry["kind"],
        "gathers": gathers,
        "dead traces": f"{found.dead.count}" + (f" ({reasons})" if reasons else ""),
        "gaps": len(found.gaps),
    }
    print_table([{"what": name, "value": value} for name, value in rows.items()], ["what", "value"], title=str(file))
    for warning in found.warnings:
        out.print(f"{warning['code']}: {warning['message']}", highlight=False, style="yellow", markup=False)
    if headers and found.headers["text_header"]:
        out.print(found.headers["text_header"].rstrip(), highlight=False, markup=False, style="dim")
