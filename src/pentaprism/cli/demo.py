"""``pentaprism demo``: real jobs through a real server on the sample pictures, timed and drawn."""

import io
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from pentaprism.cli.client import RequestFailed, SpherosegClient
from pentaprism.cli.console import JsonOption, err, fail, out, print_json, print_table
from pentaprism.cli.server import Server, ServerFailed, free_port
from pentaprism.samples.pictures import SamplePicture, sample_pictures


@dataclass
class Step:
    """One thing the demo did: what came of it and how long it took."""

    step: str
    result: str = ""
    ok: bool = True
    seconds: float = 0.0


@dataclass
class Measured:
    """One picture as the server measured it."""

    picture: str
    kind: str
    objects: int
    diameter: str
    confidence: float | None
    model: str
    seconds: float
    overlay: str


class Demo:
    """Runs the steps in order and remembers each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[Step] = []
        self.pictures: list[Measured] = []

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step; an error is remembered and ends the demo."""
        step = Step(name)
        self.steps.append(step)
        began = time.perf_counter()
        try:
            with err.status(name):
                yield step
        except (RequestFailed, httpx.TransportError, ServerFailed, TimeoutError) as error:
            step.ok, step.result = False, str(error)
            raise
        finally:
            step.seconds = time.perf_counter() - began

    def run(self, client: SpherosegClient, pictures: Sequence[SamplePicture]) -> None:
        """Register, upload, segment, draw, export."""
        with self.step("register an account") as step:
            client.register("demo@example.org", "a-demo-password", "Demo")
            step.result = "signed in"
        with self.step("create a project"):
            project = client.create_project("Demo", "Made by pentaprism demo")["id"]
        with self.step("upload pictures and a broken file") as step:
            files = [(picture.name, picture.data) for picture in pictures]
            answer = client.upload(project, [*files, ("broken.png", pictures[0].data[: len(pictures[0].data) // 2])])
            step.result = f"{len(answer['uploaded'])} stored, {len(answer['failed'])} refused ({answer['failed'][0]['code']})"
            step.ok = len(answer["uploaded"]) == len(pictures) and len(answer["failed"]) == 1
            scales = {picture.name: picture.pixel_size_um for picture in pictures}
            for image in answer["uploaded"]:
                if scales[image["name"]]:
                    client.calibrate(image["id"], scales[image["name"]] or 1.0)
        with self.step("segment every picture") as step:
            client.segment(project, [image["id"] for image in answer["uploaded"]])
            images = client.wait(project)
            completed = [image for image in images if image["status"] == "completed"]
            step.result = f"{len(completed)} of {len(images)} completed"
            step.ok = len(completed) == len(images) == len(pictures)
        with self.step("read the results and draw them") as step:
            kinds = {picture.name: "rendered" if picture.rendered else "real" for picture in pictures}
            self.pictures = [
                self._measure(client, image, kinds[image["name"]]) for image in sorted(completed, key=lambda image: image["name"])
            ]
            step.result = f"{sum(picture.objects for picture in self.pictures)} objects, {len(self.pictures)} overlays"
            step.ok = all(picture.objects for picture in self.pictures)
        with self.step("export to COCO and Excel") as step:
            archive = client.export(project, "coco,xlsx")
            (self.folder / "export.zip").write_bytes(archive)
            step.result = f"export.zip, {len(archive) / 1000:.0f} kB"
        with self.step("ask for the project's statistics") as step:
            total = client.statistics(project)["total_objects"]
            step.result = f"{total} objects"
            step.ok = total == sum(picture.objects for picture in self.pictures)

    def _measure(self, client: SpherosegClient, image: dict[str, Any], kind: str) -> Measured:
        """Read one result and write its overlay."""
        from pentaprism.imaging.decode import read_rgb
        from pentaprism.imaging.encode import png
        from pentaprism.imaging.overlay import draw_overlay, outlines_of

        document = client.result(image["id"])
        drawn = draw_overlay(read_rgb(io.BytesIO(client.original(image["id"]))), outlines_of(document["polygons"]))
        overlay = self.folder / f"{Path(image['name']).stem}-overlay.png"
        overlay.write_bytes(png(drawn))
        return Measured(
            picture=image["name"],
            kind=kind,
            objects=document["results"]["cell_count"],
            diameter=median_diameter(document["results"]["features"]),
            confidence=document["results"]["confidence_score"],
            model=document["model"]["used"],
            seconds=float(document["processing_time"]),
            overlay=str(overlay),
        )


def median_diameter(features: dict[str, Any] | None) -> str:
    """The median equivalent diameter in µm where the picture is calibrated, else in px."""
    summary = (features or {}).get("summary", {})
    for key, unit in (("equivalent_diameter_um", "µm"), ("equivalent_diameter", "px")):
        if key in summary and summary[key]["median"] is not None:
            return f"{summary[key]['median']:.1f} {unit}"
    return "-"


def demo(
    folder: Annotated[Path, typer.Option("--out", help="Folder for the overlays and exports.")] = Path("pentaprism-demo"),
    as_json: JsonOption = False,
) -> None:
    """Run real jobs through a real server on sample pictures; status 0 only if everything worked."""
    folder.mkdir(parents=True, exist_ok=True)
    run = Demo(folder)
    trouble: str | None = None
    try:
        with tempfile.TemporaryDirectory(prefix="pentaprism-demo-") as temporary:
            server = Server(Path(temporary) / "data", free_port(), folder / "server.log")
            _run_on(run, server)
    except (RequestFailed, httpx.TransportError, ServerFailed, TimeoutError) as error:
        trouble = str(error)
    ok = trouble is None and all(step.ok for step in run.steps)
    if as_json:
        print_json(
            {
                "ok": ok,
                "error": trouble,
                "steps": [asdict(step) for step in run.steps],
                "pictures": [asdict(picture) for picture in run.pictures],
            }
        )
    else:
        _show(run)
    if not ok:
        raise fail(trouble or "Not everything worked; see the table.", advice=f"The server's log is {folder / 'server.log'}.")


def _run_on(run: Demo, server: Server) -> None:
    try:
        with run.step("start a server on an empty folder") as step:
            server.__enter__()
            step.result = server.url
        client = SpherosegClient(f"{server.url}/spheroseg")
        try:
            run.run(client, list(sample_pictures()))
        finally:
            client.close()
    finally:
        server.stop()


def _show(run: Demo) -> None:
    steps = [{**asdict(step), "ok": "yes" if step.ok else "NO", "seconds": f"{step.seconds:.2f}"} for step in run.steps]
    print_table(steps, ["step", "result", "ok", "seconds"], title="What was done")
    if run.pictures:
        pictures = [{**asdict(picture), "seconds": f"{picture.seconds:.2f}"} for picture in run.pictures]
        columns = ["picture", "kind", "objects", "diameter", "confidence", "model", "seconds"]
        print_table(pictures, columns, title="What was measured (rendered pictures were drawn by Pentaprism; diameter: median)")
        out.print(f"Overlays and exports are in {run.folder}", highlight=False)
