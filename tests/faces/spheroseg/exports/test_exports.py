"""Exports, read by readers that know nothing of this project."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pytest
import roifile
from PIL import Image as PillowImage
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

import cells_scenes as scenes

FIRST = [
    "Image Name", "Image ID", "Image Resolution", "Object ID", "Area (px²)", "Perimeter (px)", "Circularity", "Equivalent Diameter (px)",
    "Aspect Ratio", "Compactness", "Convexity", "Solidity", "Sphericity", "Feret Diameter Max (px)", "Feret Diameter Min (px)",
    "Created At",
]  # fmt: skip


@pytest.fixture
def project(server: Any, ann: Any) -> Iterator[str]:
    """Two disks, a ring with an island, an image of the same name without a result."""
    project = ann.project("Export me")
    for name, content in (("=cells.png", scenes.two_disks()), ("ring.png", scenes.ring_with_island()), ("ring.png", scenes.two_disks())):
        ann.image(project, name, content)
    listed = ann.get(f"/api/projects/{project}/images").json()["images"]
    for image in listed[1:]:
        ann.post(f"/api/images/{image['id']}/segmentation", json={"model": "classical"})
    scenes.work(server)
    return project


def documents(person: Any, project: str) -> list[dict[str, Any]]:
    """Segmentations with a result, in the order of upload."""
    found = person.get(f"/api/projects/{project}/images").json()["images"][::-1]
    all_of_them = [person.get(f"/api/images/{image['id']}/segmentation").json() for image in found]
    return [document for document in all_of_them if document["results"]]


def export(person: Any, project: str, query: str) -> bytes:
    response = person.get(f"/api/projects/{project}/export?{query}")
    assert response.status_code == 200, response.text
    content: bytes = response.content
    return content


def archive(content: bytes) -> zipfile.ZipFile:
    opened = zipfile.ZipFile(io.BytesIO(content))
    assert opened.testzip() is None
    return opened


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_loads_in_pycocotools_and_its_areas_agree(ann: Any, project: str, tmp_path: Path) -> None:
    content = export(ann, project, "format=coco")
    (tmp_path / "annotations.json").write_bytes(content)
    with redirect_stdout(io.StringIO()):
        coco = COCO(str(tmp_path / "annotations.json"))
    objects = [item for document in documents(ann, project) for item in scenes.externals(document)]
    assert len(coco.anns) == len(objects) == 4
    assert [category["name"] for category in coco.cats.values()] == ["cell"]
    for annotation, item in zip(coco.anns.values(), objects, strict=True):
        assert annotation["area"] == item["area"]
        assert annotation["bbox"] == item["bbox"]
        assert annotation["score"] == item["confidence"]
        assert annotation["iscrowd"] == 0
        assert int(coco_mask.area(coco.annToRLE(annotation))) == pytest.approx(item["area"], rel=0.01)
    with_hole = [annotation for annotation in coco.anns.values() if isinstance(annotation["segmentation"], dict)]
    assert len(with_hole) == 1
    assert coco.annToMask(with_hole[0])[130, 130] == 0


def test_yolo_boxes_and_outlines_are_shares_of_the_image(ann: Any, project: str) -> None:
    files = archive(export(ann, project, "format=yolo"))
    names = [name for name in files.namelist() if name.startswith("labels/")]
    assert "data.yaml" in files.namelist()
    assert "cell" in files.read("data.yaml").decode()
    assert len(names) == len(set(names)) == 2
    rows = [line.split() for line in files.read("labels/_cells.txt").decode().splitlines()]
    document = documents(ann, project)[0]
    for row, item in zip(rows, scenes.externals(document), strict=True):
        x, y, width, height = item["bbox"]
        assert row[0] == "0"
        expected = ((x + width / 2) / 260, (y + height / 2) / 200, width / 260, height / 200)
        assert tuple(map(float, row[1:])) == pytest.approx(expected, abs=1e-5)
    outlines = archive(export(ann, project, "format=yolo-seg"))
    row = outlines.read("labels/ring.txt").decode().splitlines()[0].split()
    assert len(row) % 2 == 1
    assert all(0 <= float(value) <= 1 for value in row[1:])
    lost = json.loads(outlines.read("metadata.json"))["lost_holes"]
    assert [entry["file"] for entry in lost] == ["ring.png"]


def test_cvat_holds_polygons_and_masks(ann: Any, project: str) -> None:
    root = ElementTree.fromstring(archive(export(ann, project, "format=cvat")).read("annotations.xml"))
    assert root.findtext("version") == "1.1"
    images = root.findall("image")
    assert [image.get("id") for image in images] == ["0", "1"]
    assert len(root.findall(".//polygon")) == 3
    (mask,) = root.findall(".//mask")
    runs = [int(value) for value in mask.get("rle", "").split(", ")]
    width, height = int(mask.get("width", 0)), int(mask.get("height", 0))
    assert sum(runs) == width * height
    ring = max((item for document in documents(ann, project) for item in scenes.externals(document)), key=lambda item: item["area"])
    assert sum(runs[1::2]) == pytest.approx(ring["area"], rel=0.01)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_datumaro_holds_polygons_and_masks(ann: Any, project: str) -> None:
    body = json.loads(export(ann, project, "format=datumaro"))
    assert body["categories"]["label"]["labels"][0]["name"] == "cell"
    annotations = [annotation for item in body["items"] for annotation in item["annotations"]]
    assert sorted(annotation["type"] for annotation in annotations) == ["mask", "polygon", "polygon", "polygon"]
    (mask,) = [annotation for annotation in annotations if annotation["type"] == "mask"]
    decoded = coco_mask.decode({"size": mask["rle"]["size"], "counts": mask["rle"]["counts"].encode()})
    assert decoded.shape == (260, 260)
    assert decoded.sum() > 15_000


def test_label_masks_have_the_value_of_the_label(ann: Any, project: str) -> None:
    files = archive(export(ann, project, "format=masks"))
    for stem, document in zip(("_cells", "ring"), documents(ann, project), strict=True):
        labels = np.asarray(PillowImage.open(io.BytesIO(files.read(f"masks/{stem}_labels.png"))))
        mask = np.asarray(PillowImage.open(io.BytesIO(files.read(f"masks/{stem}_mask.png"))))
        assert labels.shape == (document["imageHeight"], document["imageWidth"])
        assert np.array_equal(mask, np.where(labels > 0, 255, 0))
        for item in scenes.externals(document):
            assert (labels == item["label"]).sum() == pytest.approx(item["area"], rel=0.01)


def test_imagej_rois_have_sub_pixel_points_and_holes(ann: Any, project: str, tmp_path: Path) -> None:
    files = archive(export(ann, project, "format=imagej"))
    for stem, document in zip(("_cells", "ring"), documents(ann, project), strict=True):
        path = tmp_path / "RoiSet.zip"
        path.write_bytes(files.read(f"rois/{stem}_RoiSet.zip"))
        rois = roifile.roiread(path)
        for roi, item in zip(rois, scenes.externals(document), strict=True):
            assert roi.name == str(item["label"])
            parts = roi.coordinates(multi=True)
            points = np.array([(point["x"], point["y"]) for point in item["points"]])
            assert np.allclose(parts[0][: len(points)], points, atol=0.002)
            assert len(parts) == 1 + item["features"]["hole_count"]


def test_csv_begins_with_the_originals_columns(ann: Any, project: str) -> None:
    rows = list(csv.reader(io.StringIO(export(ann, project, "format=csv").decode())))
    assert rows[0][: len(FIRST)] == FIRST
    assert not [title for title in rows[0] if "µm" in title]
    assert len(rows) == 5
    item = scenes.externals(documents(ann, project)[0])[0]
    assert rows[1][0] == "'=cells.png"
    assert (rows[1][2], rows[1][3]) == ("260x200", "1")
    assert float(rows[1][4]) == item["area"]
    assert float(rows[1][rows[0].index("Max Intensity")]) == item["features"]["max_intensity"]


def test_units_in_um_change_headings_and_values(ann: Any, project: str) -> None:
    ann.call("PUT", f"/api/projects/{project}", json={"pixel_size_um": 0.5})
    item = scenes.externals(documents(ann, project)[0])[0]
    twins = list(csv.reader(io.StringIO(export(ann, project, "format=csv").decode())))
    assert float(twins[1][twins[0].index("Area (µm²)")]) == pytest.approx(item["area"] / 4)
    assert twins[0][: len(FIRST)] == FIRST
    scaled = list(csv.reader(io.StringIO(export(ann, project, "format=csv&units=um").decode())))
    assert scaled[0][4:6] == ["Area (µm²)", "Perimeter (µm)"]
    assert float(scaled[1][4]) == pytest.approx(item["area"] / 4)


def test_xlsx_is_the_same_table(ann: Any, project: str) -> None:
    content = export(ann, project, "format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    plain = list(csv.reader(io.StringIO(export(ann, project, "format=csv").decode())))
    assert [[("" if value is None else str(value)) for value in row[:4]] for row in rows] == [row[:4] for row in plain]
    assert rows[1][4] == pytest.approx(float(plain[1][4]))


def test_plain_json_holds_the_documents(ann: Any, project: str) -> None:
    body = json.loads(export(ann, project, "format=json"))
    assert body["project"]["title"] == "Export me"
    assert [image["polygons"] for image in body["images"]] == [document["polygons"] for document in documents(ann, project)]


def test_several_formats_and_originals_make_one_archive(ann: Any, project: str) -> None:
    everything = "format=coco,yolo,yolo-seg,cvat,datumaro,masks,imagej,csv,xlsx,json&includeImages=true"
    response = ann.get(f"/api/projects/{project}/export?{everything}")
    assert response.headers["Content-Type"] == "application/zip"
    assert "Export%20me.zip" in response.headers["Content-Disposition"] or "Export me.zip" in response.headers["Content-Disposition"]
    files = archive(response.content)
    names = files.namelist()
    assert len(names) == len(set(names))
    assert {
        "annotations.json",
        "annotations.xml",
        "annotations/default.json",
        "measurements.csv",
        "measurements.xlsx",
        "metadata.json",
    } <= set(names)
    assert {"yolo/labels/ring.txt", "yolo-seg/labels/ring.txt"} <= set(names)
    assert files.read("images/_cells.png") == scenes.two_disks()
    metadata = json.loads(files.read("metadata.json"))
    assert [entry["name"] for entry in metadata["without_result"]] == ["ring.png"]
    assert [entry["objects"] for entry in metadata["images"]] == [2, 2]
    assert metadata["failed"] == []


def test_two_exports_of_the_same_data_are_equal(ann: Any, project: str) -> None:
    for query in ("format=coco,masks,imagej,csv,xlsx,cvat,json&includeImages=true", "format=xlsx", "format=coco"):
        assert export(ann, project, query) == export(ann, project, query)


def test_a_selection_of_images(ann: Any, bob: Any, project: str) -> None:
    found = ann.get(f"/api/projects/{project}/images").json()["images"][::-1]
    foreign = bob.image(bob.project(), "x.png")["id"]
    body = json.loads(export(ann, project, f"format=json&imageIds={found[1]['id']},{foreign}"))
    assert [image["id"] for image in body["images"]] == [found[1]["id"]]
    metadata = json.loads(archive(export(ann, project, f"format=yolo&imageIds={found[1]['id']}&imageIds={foreign}")).read("metadata.json"))
    assert metadata["not_in_project"] == [foreign]
    assert ann.get(f"/api/projects/{project}/export?imageIds={foreign}").status_code == 404


def test_wrong_queries_are_refused(ann: Any, bob: Any, project: str) -> None:
    for query in ("format=tiff", "format=,", "units=mm", "includeImages=perhaps", "imageIds=,"):
        assert ann.get(f"/api/projects/{project}/export?{query}").status_code == 400, query
    assert bob.get(f"/api/projects/{project}/export").status_code == 404
    ann.share(project, bob, "view")
    assert bob.get(f"/api/download/project/{project}/export?format=csv").status_code == 200


@pytest.mark.parametrize("damage", ["lost", "shortened", "changed"])
def test_a_damaged_image_is_named_and_the_archive_stays_valid(server: Any, ann: Any, project: str, damage: str) -> None:
    whole = scenes.ring_with_island()
    for path in server.stored_files():
        if path.read_bytes() == whole:
            path.unlink()
            if damage != "lost":
                path.write_bytes(whole[:200] if damage == "shortened" else whole[:-1] + bytes([whole[-1] ^ 1]))
    files = archive(export(ann, project, "format=coco,masks&includeImages=true"))
    metadata = json.loads(files.read("metadata.json"))
    assert [(entry["name"], entry["part"]) for entry in metadata["failed"]] == [("ring.png", "original")]
    assert "images/_cells.png" in files.namelist() and "images/ring.png" not in files.namelist()
    assert "masks/ring_labels.png" in files.namelist()


def test_an_object_that_crosses_itself_is_named_but_not_drawn(ann: Any) -> None:
    project = ann.project()
    image = ann.image(project, "bow.png", scenes.two_disks())["id"]
    bow = [{"x": 10, "y": 10}, {"x": 30, "y": 30}, {"x": 30, "y": 10}, {"x": 10, "y": 30}]
    ann.call("PUT", f"/api/images/{image}/segmentation", json={"polygons": [{"points": bow}, {"points": scenes.square(50, 50, 10)}]})
    files = archive(export(ann, project, "format=masks,csv,coco"))
    metadata = json.loads(files.read("metadata.json"))
    assert metadata["images"][0]["invalid_objects"] == [1]
    assert len(json.loads(files.read("annotations.json"))["annotations"]) == 1
    rows = list(csv.reader(io.StringIO(files.read("measurements.csv").decode())))
    assert (rows[1][3], rows[1][4]) == ("1", "")
    assert float(rows[2][4]) == pytest.approx(100)


def test_an_empty_project_exports_without_annotations(ann: Any) -> None:
    body = json.loads(export(ann, ann.project(), "format=coco"))
    assert (body["images"], body["annotations"]) == ([], [])


def test_an_export_in_the_background(server: Any, ann: Any, bob: Any, project: str) -> None:
    body = {"format": "coco,masks", "includeImages": True}
    begun = ann.post(f"/api/projects/{project}/exports", json=body)
    assert begun.status_code == 202
    path = f"/api/exports/{begun.json()['id']}"
    assert (begun.json()["status"], begun.json()["downloadUrl"]) == ("queued", None)
    assert ann.get(f"{path}/download").status_code == 409
    scenes.work(server)
    done = ann.get(path).json()
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert done["downloadUrl"].endswith(f"{path}/download")
    response = ann.get(f"{path}/download")
    assert len(response.content) == done["size"]
    assert response.content == export(ann, project, "format=coco,masks&includeImages=true")
    assert ann.get(f"{path}/download", headers={"Range": "bytes=0-3"}).status_code == 206
    assert bob.get(path).status_code == 404
    assert ann.post(f"/api/projects/{project}/exports", json={"format": "gif"}).status_code == 400
    with server.platform.database.write() as session:
        server.platform.jobs.delete(session, server.platform.jobs.get(session, done["id"]))
    assert server.platform.blobs.collect_garbage().blobs >= 1
    assert ann.get(path).status_code == 404
