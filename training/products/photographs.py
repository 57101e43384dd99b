"""The open photographs: their ruled labels, groups of one product, and the fixed split.

``MANIFEST.csv`` names a folder, a source and, for one source, the seller's title. A photograph's target is a set of labels: one where
folder and title tell, a whole category where they do not (``shoes`` of mixed kinds), and none where the vocabulary has no word (suitcase,
wallet, groceries), which teaches the network to abstain.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.vocabulary import PLACES

SIDE = 224
SOURCES = {
    "mohit065/VR_Project2_MohitNaik_IMT2022076": "abo",
    "alexeygrigorev/clothing-dataset": "clothing",
    "MachineLearning2020/Homework2-Caltech101": "caltech",
    "EcoEra-FourFront/EcoEra": "ewaste",
    "marcusklasson/GroceryStoreDataset": "grocery",
}
FOLDERS = {
    "t-shirt": "t_shirt",
    "pants": "trousers",
    "boots": "boot",
    "sandals": "sandal",
    "heels": "high_heel",
    "watch": "watch",
    **{
        name: name
        for name in [
            "backpack",
            "bed",
            "cabinet",
            "camera",
            "chair",
            "dress",
            "handbag",
            "hat",
            "headphones",
            "jacket",
            "keyboard",
            "lamp",
            "laptop",
            "monitor",
            "mouse",
            "shirt",
            "shorts",
            "skirt",
            "smartphone",
            "sofa",
            "speaker",
            "sweater",
            "table",
        ]
    },
}
# (folder, words of the title, label): the first that fits decides, before FOLDERS.
TITLES = (
    ("jewelry", r"earrings?|studs?", "earring"),
    ("jewelry", r"necklaces?|pendants?", "necklace"),
    ("jewelry", r"bracelets?|bangles?", "bracelet"),
    ("jewelry", r"rings?|wedding band", "ring"),
    ("shoes", r"formal|oxfords?|derby|loafers?|brogues?|moccasins?", "dress_shoe"),
    ("shoes", r"sneakers?|running|trainers?|canvas|sports?", "sneaker"),
    ("headphones", r"in-ear|earphones?|earbuds?", "earphones"),
    ("table", r"desks?", "desk"),
    ("chair", r"stools?", "stool"),
    ("cabinet", r"bookcases?|bookshel\w+|shelf|shelves|shelving", "shelf"),
    ("kitchenware", r"mugs?|cups?", "mug"),
    ("kitchenware", r"pans?|skillets?|frypan|wok", "pan"),
    ("other", r"vases?|candles?|cushions?|pillows?|planters?|plant pots?", "home_garden"),
)
# The right label is one of the category's, we do not know which.
COARSE = {"jewelry": "jewelry", "shoes": "footwear"}
# The category has no word for these things, or too few photographs for a label: the network has an output for the category's rest.
RESTS = {"kitchenware": "home_garden", "suitcase": "clothing", "wallet": "clothing", "sunglasses": "clothing"}
LEAST = 8
# Photographs of these labels from these sources are never trained on: shops that the network has not seen.
UNSEEN = {
    *(("caltech", label) for label in ("chair", "lamp", "laptop", "smartphone")),
    *(("abo", label) for label in ("headphones", "hat", "keyboard", "mouse", "mug", "watch")),
}


@dataclass
class Photograph:
    """``labels`` is the set of right answers (empty: abstain), ``part`` one of train, products (other products of known shops), shops."""

    file: str
    source: str
    labels: tuple[str, ...]
    title: str
    colour: str
    part: str = "train"
    group: int = -1

    @property
    def name(self) -> str:
        """The label, the category of a coarse target or of a rest, or ``none``."""
        if not self.labels:
            return "none"
        return self.labels[0] if len(self.labels) == 1 else PLACES[self.labels[0]][0]


def target(folder: str, source: str, title: str) -> tuple[str, ...]:
    """The right labels of one row."""
    if source == "caltech" and folder == "kitchenware":
        return ("mug",)
    for wanted, words, label in TITLES:
        if folder == wanted and re.search(rf"\b({words})\b", title):
            return (label,)
    if folder in COARSE:
        return tuple(label for label, (category, _) in PLACES.items() if category == COARSE[folder])
    if folder in RESTS:
        return (RESTS[folder],)
    return (FOLDERS[folder],) if folder in FOLDERS else ()


def outputs(items: list[Photograph]) -> list[str]:
    """Names of the network's outputs: labels with enough training photographs, then the categories that have a rest."""
    counts = Counter(item.labels[0] for item in items if item.part == "train" and len(item.labels) == 1)
    return [label for label in PLACES if counts[label] >= LEAST] + sorted(set(RESTS.values()))


def read(folder: Path) -> tuple[list[Photograph], npt.NDArray[np.uint8], npt.NDArray[np.int16]]:
    """(rows, pictures [n, 224, 224, 3] RGB padded with white, sizes [n, 2] height and width inside); arrays are kept in a file beside."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    items = []
    for row in rows:
        source, title = SOURCES[row["origin"]], row["title"].lower()
        items.append(Photograph(row["file"], source, target(row["label"], source, title), title, row["colour"]))
    pictures = np.full((len(rows), SIDE, SIDE, 3), 255, np.uint8)
    sizes = np.zeros((len(rows), 2), np.int16)
    for index, row in enumerate(rows):
        picture = cv2.cvtColor(cv2.imread(str(folder / row["file"]), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        scale = SIDE / max(picture.shape[:2])
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = picture.shape[:2]
        pictures[index, :height, :width] = picture
        sizes[index] = height, width
    keys = [(_shot(row["origin_path"]), _product(item)) for row, item in zip(rows, items, strict=True)]
    _split(items, pictures, sizes, keys)
    return items, pictures, sizes


def _shot(path: str) -> str:
    """Photographs of one minute of one telephone, and copies of one file, are one group."""
    stem = Path(path).stem.split(".rf.")[0].replace("Copy-of-", "")
    found = re.match(r"IMG_(\d{8}_\d{4})", stem)
    return f"minute {found[1]}" if found else path


def _product(item: Photograph) -> str:
    """Brand and first words of the title without sizes and colours: variants of one product share it."""
    words = re.findall(r"[a-z]+", re.sub(r"\(.*?\)|amazon brand|renewed", " ", item.title))
    return " ".join(words[:4])


class Groups:
    """Disjoint sets; the file that represents a set decides its part, so the order of joining is kept."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def find(self, index: int) -> int:
        while self.parent[index] != index:
            self.parent[index] = self.parent[self.parent[index]]
            index = self.parent[index]
        return index

    def join(self, index: int, other: int) -> None:
        self.parent[self.find(index)] = self.find(other)


def _split(items: list[Photograph], pictures: npt.NDArray[np.uint8], sizes: npt.NDArray[np.int16], keys: list[tuple[str, str]]) -> None:
    groups = Groups(len(items))
    first: dict[str, int] = {}
    for index, pair in enumerate(keys):
        for key in filter(None, pair):
            groups.join(index, first.setdefault(key, index))
    looks = np.stack([_look(p[:h, :w]) for p, (h, w) in zip(pictures, sizes, strict=True)])
    for start in range(0, len(items), 512):
        alike = looks[start : start + 512] @ looks.T > 0.97
        for row, column in zip(*np.nonzero(alike), strict=True):
            if items[start + row].source == items[column].source:
                groups.join(start + int(row), int(column))
    for index, item in enumerate(items):
        item.group = groups.find(index)
        if (item.source, item.name) in UNSEEN:
            item.part = "shops"
        elif hashlib.sha256(items[item.group].file.encode()).digest()[0] < 0.15 * 256:
            item.part = "products"


def _look(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """A 12 x 12 colour thumbnail without mean, of unit length; the product of two is their correlation."""
    small = cv2.resize(picture, (12, 12), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)
