"""The networks of the cells engine: a residual U-Net with a stride-2 stem and a pixel-shuffle head.

The stem halves the picture before the first wide convolution, so that most of the work is done at a quarter of the pixels, and the head
puts the lost resolution back by predicting 2x2 blocks (Shi et al. 2016, sub-pixel convolution). Batch norms fold into the convolutions at
export. Output channels, all at input resolution: foreground logit, contact logit (the seam between two objects that touch) and distance
(depth inside an object as a share of its largest depth, 0..1 after a sigmoid).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

OUTPUTS = 3
WIDTHS = {"nuclei": (32, 64, 128, 160), "spheroid": (24, 48, 96, 128, 160)}


def conv(inputs: int, outputs: int) -> nn.Sequential:
    """3x3 convolution, batch norm and ReLU."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Block(nn.Module):
    """Two 3x3 convolutions with a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Same shape as the input."""
        return functional.relu(x + self.second(self.first(x)))


class CellsNet(nn.Module):
    """[N, 1, H, W] picture in 0..1 to [N, 3, H, W] logits; H and W divisible by ``2 ** len(widths)``."""

    def __init__(self, task: str) -> None:
        super().__init__()
        widths = WIDTHS[task]
        entry = nn.Conv2d(2, widths[0], 4, stride=2, padding=1, bias=False)
        self.stem = nn.Sequential(entry, nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True))
        self.down = nn.ModuleList(Block(w) for w in widths)
        self.narrow = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 2, stride=2, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)) for a, b in pairwise(widths)
        )
        self.reduce = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairwise(widths))
        self.join = nn.ModuleList(conv(a, a) for a in widths[:-1])
        self.up = nn.ModuleList(Block(a) for a in widths[:-1])
        self.head = nn.Conv2d(widths[0], OUTPUTS * 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The square root beside the picture itself keeps dim objects visible next to bright ones."""
        x = self.stem(torch.cat([x, torch.sqrt(torch.clamp(x, min=1e-4))], dim=1))
        skips = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else self.narrow[level - 1](x))
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = functional.interpolate(self.reduce[level](x), scale_factor=2.0, mode="nearest")
            x = self.up[level](self.join[level](x + skips[level]))
        return functional.pixel_shuffle(self.head(x), 2)


def loss_of(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross-entropy and Dice on the foreground, weighted cross-entropy on contacts, absolute error on the distance.

    ``target`` is [N, 4, H, W]: foreground (0..1), contact (0..1), distance (0..1), weight.
    """
    foreground, contact, distance, weight = target.unbind(1)
    entropy = functional.binary_cross_entropy_with_logits(output[:, 0], foreground, weight=weight)
    share = torch.sigmoid(output[:, 0])
    dims = (1, 2)
    dice = 1 - (2 * (share * foreground).sum(dims) + 20) / (share.sum(dims) + foreground.sum(dims) + 20)
    seam = functional.binary_cross_entropy_with_logits(output[:, 1], contact, weight=weight * (1 + 4 * contact))
    depth = ((torch.sigmoid(output[:, 2]) - distance).abs() * weight * (0.3 + foreground)).mean()
    return entropy + 0.5 * dice.mean() + 0.5 * seam + 2.0 * depth
