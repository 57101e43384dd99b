"""YOLO labels (https://docs.ultralytics.com/datasets/): a text file per image, a line per object, shares of width and height."""

from collections.abc import Iterator

import numpy as np

from pentaprism.faces.spheroseg.exports.source import ExportImage, Item, Member, Notes

DATA = b"path: .\ntrain: images\nval: images\nnc: 1\nnames:\n  0: cell\n"


class YoloBoxes:
    """``labels/<image>.txt`` with class, centre and size of each object's box."""

    folder = "labels"

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def add(self, image: ExportImage) -> Iterator[Member]:
        """The label file of the image."""
        scale = np.array([image.entry.width, image.entry.height], np.float64)
        lines = [f"0 {self.shape(item, scale)}\n" for item in image.drawable]
        lost = [item.label for item in image.drawable if item.holes]
        if lost:
            self._notes.lost_holes[image.entry.file_name] = lost
        yield Member(f"{self.folder}/{image.entry.stem}.txt", ["".join(lines).encode()])

    def shape(self, item: Item, scale: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
        """Centre x, centre y, width, height."""
        low, high = item.outer.min(axis=0), item.outer.max(axis=0)
        return numbers(np.concatenate([(low + high) / 2 / scale, (high - low) / scale]))

    def end(self) -> Iterator[Member]:
        """The description of the data set."""
        yield Member("data.yaml", [DATA])


class YoloOutlines(YoloBoxes):
    """The same with the outer outline of each object."""

    def shape(self, item: Item, scale: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
        """x y of each vertex."""
        return numbers((item.outer / scale).ravel())


def numbers(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    """Shares with six decimals."""
    return " ".join(f"{value:.6f}" for value in np.clip(values, 0, 1))
