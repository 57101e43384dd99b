"""Draws the contact sheet of the procedural renderer: ``python scripts/contact_sheet.py docs/images/snapasset-contact-sheet.jpg``."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork import SceneRequest, describe, render
from pentaprism.imaging.encode import jpeg

COLUMNS, WIDTH, HEIGHT, GAP = 4, 400, 267, 6
PROMPTS = (
    "A beautiful sunset over mountains with a lake",
    "Misty pine forest at dawn with a cabin",
    "Minimalist desert dunes under a purple sky",
    "Tropical beach with palm trees at golden hour",
    "Stormy sea with a lighthouse at dusk",
    "Snowy mountains under the northern lights",
    "Fields of lavender at sunset with hot air balloons",
    "New York skyline at night with fireworks",
    "A cup of coffee on a wooden table, cozy",
    "Green perfume bottle on a pink background, minimalist",
    "Skincare product on a podium in pastel peach",
    "Birthday party with balloons and confetti",
    "Bokeh lights in gold and blue",
    "Abstract silk in teal and coral",
    "Bauhaus shapes in red, navy and mustard",
    "Logo with a mountain in emerald",
    "Watercolor of a lake with autumn trees",
    "Low-poly volcano at sunset",
    "Retro synthwave mountains",
    "Neon city in the rain at night",
    "Oil painting of a poppy meadow with trees",
    "Pixel art island with a sailboat",
    "Galaxy with a planet in violet and orange",
    "Candles and a gift, romantic evening",
)


def sheet() -> npt.NDArray[np.uint8]:
    """All prompts as one picture, uint8 [H, W, 3]."""
    with ThreadPoolExecutor(2) as pool:
        pictures = list(pool.map(lambda prompt: render(describe(SceneRequest(prompt)), WIDTH, HEIGHT), PROMPTS))
    rows = -(-len(pictures) // COLUMNS)
    page = np.full((rows * (HEIGHT + GAP) + GAP, COLUMNS * (WIDTH + GAP) + GAP, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, COLUMNS)
        top, left = GAP + row * (HEIGHT + GAP), GAP + column * (WIDTH + GAP)
        page[top : top + HEIGHT, left : left + WIDTH] = picture
    return page


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(jpeg(sheet(), 80))
