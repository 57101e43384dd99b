"""``pentaprism segment``: pictures to measurements without a server."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pentaprism.cli.console import JsonOption, err, fail, out, print_json, print_table
from pentaprism.cli.inputs import pictures_below

if TYPE_CHECKING:
    from pentaprism.cli.results import Results
    from pentaprism.engines.cells import CellsEngine, SegmentParameters

DEFAULT_FORMATS = "csv,overlay"
STAGES = {"decode": 0.05, "prepare": 0.1, "infer": 0.8, "outline": 0.9, "measure": 0.97}
Report = Callable[[float], None]


@dataclass
class Outcome:
    """What became of one picture."""

    file: str
    ok: bool = False
    objects: int | None = None
    model: str | None = None
    confidence: float | None = None
    seconds: float = 0.0
    outputs: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str | None = None


def segment(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders that are searched with everything below them.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder for the results.")] = Path("pentaprism-results"),
    formats: Annotated[
        str, typer.Option("--format", help="What to write: a comma list of masks, geojson, coco, csv, overlay.")
    ] = DEFAULT_FORMATS,
    model: Annotated[str, typer.Option(help="auto, spheroid, nuclei or classical.")] = "auto",
    threshold: Annotated[float, typer.Option(help="Probability cut between 0 and 1; higher finds less.")] = 0.5,
    min_size: Annotated[float, typer.Option(help="Smaller objects, in px², are dropped.")] = 100.0,
    pixel_size: Annotated[float | None, typer.Option(help="µm per pixel, for pictures that do not say it.")] = None,
    page: Annotated[int, typer.Option(min=0, help="Page of pictures that have several.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Segment and measure pictures without a server. Status 0: all worked, 1: some failed, 2: the command was wrong."""
    from pentaprism.cli.results import FORMATS, Results
    from pentaprism.engines.cells import CellsEngine, NetworkStore, SegmentParameters

    chosen = [name.strip() for name in formats.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise fail(f"Unknown format: {', '.join(unknown) or 'none given'}. Known: {', '.join(FORMATS)}.", status=2)
    if pixel_size is not None and not 0.001 <= pixel_size <= 1000:
        raise fail("--pixel-size must lie between 0.001 and 1000 µm.", status=2)
    try:
        parameters = SegmentParameters(model=model, threshold=threshold, min_size=min_size)
    except ValueError as error:
        raise fail(str(error), status=2) from error
    files = list(pictures_below(paths))
    if not files:
        raise fail("There are no pictures in these folders.", status=2)
    calibrated = pixel_size is not None or any(map(has_pixel_size, files))
    networks = NetworkStore()
    available = ("auto", "classical", *networks.names())
    if model not in available:
        raise fail(f"The file of the model {model} is not here. Here are: {', '.join(available)}.", status=2)
    run = Run(CellsEngine(networks=networks), parameters, Results(folder, chosen, calibrated=calibrated), pixel_size, page, available)
    outcomes = _with_progress(run, files)
    shared = run.results.end()
    _show(outcomes, shared, as_json)
    if any(not outcome.ok for outcome in outcomes):
        raise typer.Exit(1)


class Shares:
    """Progress inside a stage to progress of the whole."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._low, self._high = 0.0, 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Work on one stage, up to its share of the whole."""
        self._low, self._high = self._high, STAGES[name]
        yield
        self._report(self._high)

    def inside(self, share: float) -> None:
        """``share`` (0..1) of the present stage is done."""
        self._report(self._low + (self._high - self._low) * share)


@dataclass
class Run:
    """One call of the command: everything that all pictures have in common."""

    engine: "CellsEngine"
    parameters: "SegmentParameters"
    results: "Results"
    pixel_size: float | None
    page: int
    available: Sequence[str]
    stems: set[str] = field(default_factory=set)
    number: int = 0

    def one(self, file: Path, report: Report) -> Outcome:
        """Segment one picture; whatever is wrong with it is told in the outcome."""
        from pentaprism.core.errors import PlatformError
        from pentaprism.imaging.decode import ImageError

        outcome = Outcome(str(file))
        began = time.perf_counter()
        try:
            self._segment(file, outcome, report)
            outcome.ok = True
        except (ImageError, PlatformError, OSError, ValueError, MemoryError) as error:
            outcome.error = str(error) or type(error).__name__
        outcome.seconds = round(time.perf_counter() - began, 3)
        return outcome

    def _segment(self, file: Path, outcome: Outcome, report: Report) -> None:
        from pentaprism.cli.results import export_image
        from pentaprism.engines.cells.document import PlaneChoice, analyse
        from pentaprism.faces.spheroseg.exports.entries import Entry, unique_stem
        from pentaprism.imaging.decode import probe, read_rgb

        info = probe(file)
        shares = Shares(report)
        document = analyse(
            file,
            self.parameters,
            lambda: self.engine,
            plane=PlaneChoice(page=self.page),
            available=self.available,
            stage=shares.stage,
            report=shares.inside,
        )
        self.number += 1
        stem = unique_stem(file.name, f"{self.number:012d}", self.stems)
        entry = Entry(
            number=self.number,
            id=str(file),
            name=file.name,
            stem=stem,
            file_name=f"{stem}{file.suffix.lower()}",
            width=info.width,
            height=info.height,
            blob_key="",
            format=info.format,
            created_at=None,
            pixel_size=self._pixel_size(info.pixel_size),
            segmentation_id=None,
        )
        outcome.outputs = self.results.add(export_image(entry, document, self.parameters), read_rgb(file, 2048, self.page))
        outcome.objects = document.description.cell_count
        outcome.model = document.model["used"]
        outcome.confidence = document.description.confidence
        outcome.warnings = [*document.warnings, *filter(None, [document.model["reason"]])]

    def _pixel_size(self, stored: Any) -> dict[str, Any] | None:
        """The scale named on the command line, else the one in the file."""
        if self.pixel_size is not None:
            return {"x": self.pixel_size, "y": self.pixel_size, "source": "command line"}
        return None if stored is None else {"x": stored.x, "y": stored.y, "source": stored.source}


def has_pixel_size(file: Path) -> bool:
    """Whether the picture says how large its pixels are; a file that cannot be read does not."""
    from pentaprism.imaging.decode import ImageError, probe

    try:
        return probe(file).pixel_size is not None
    except (ImageError, OSError):
        return False


def _with_progress(run: Run, files: Iterable[Path]) -> list[Outcome]:
    todo = list(files)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    outcomes = []
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("segmenting", total=len(todo))
        for index, file in enumerate(todo):
            bar.update(task, description=file.name)
            outcome = run.one(file, lambda share, index=index: bar.update(task, completed=index + share))  # type: ignore[misc]
            bar.update(task, completed=index + 1)
            if outcome.error:
                bar.console.print(f"{file}: {outcome.error}", style="red", highlight=False, markup=False, soft_wrap=True)
            outcomes.append(outcome)
    return outcomes


def _show(outcomes: list[Outcome], shared: list[str], as_json: bool) -> None:
    failed = sum(not outcome.ok for outcome in outcomes)
    if as_json:
        summary = {"total": len(outcomes), "succeeded": len(outcomes) - failed, "failed": failed}
        print_json({"images": [asdict(outcome) for outcome in outcomes], "outputs": shared, "summary": summary})
        return
    rows = [
        {
            "file": outcome.file,
            "objects": outcome.objects,
            "model": outcome.model,
            "confidence": outcome.confidence,
            "seconds": outcome.seconds,
        }
        for outcome in outcomes
        if outcome.ok
    ]
    if rows:
        print_table(rows, ["file", "objects", "model", "confidence", "seconds"])
    for path in shared:
        out.print(path, highlight=False)
    out.print(f"{len(rows)} of {len(outcomes)} pictures done" + (f", {failed} failed" if failed else ""), highlight=False)
