"""The network of both tasks: a residual U-Net that works at half the time resolution."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

WIDTHS = {"reconstruction": (16, 32, 64, 96), "denoising": (32, 48, 72, 112)}
CHANNELS = {"reconstruction": 3, "denoising": 2}


class Block(nn.Module):
    """Two 3 x 3 convolutions around a residual connection."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(torch.relu(self.first(torch.relu(x))))


class SeismicNet(nn.Module):
    """[batch, channels, traces, samples] -> [batch, 1, traces, samples]; traces a multiple of 8, samples of 16.

    The answer is a correction of the input that ``base`` names: the linear interpolation (reconstruction) or the noisy data (denoising).
    """

    def __init__(self, task: str) -> None:
        super().__init__()
        self.base, widths = 1 if task == "reconstruction" else 0, WIDTHS[task]
        self.stem = nn.Conv2d(2 * CHANNELS[task], widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairwise(widths))
        self.encoder = nn.ModuleList(Block(width) for width in widths)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.decoder = nn.ModuleList(Block(width) for width in widths[:-1])
        self.head = nn.Conv2d(widths[0], 2, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, traces, samples = x.shape
        halves = x.reshape(batch, channels, traces, samples // 2, 2).permute(0, 1, 4, 2, 3)
        y = self.stem(halves.reshape(batch, 2 * channels, traces, samples // 2))
        skips = []
        for level, block in enumerate(self.encoder):
            y = block(y)
            if level < len(self.down):
                skips.append(y)
                y = self.down[level](y)
        for level in reversed(range(len(self.up))):
            y = self.decoder[level](self.up[level](y) + skips[level])
        y = self.head(torch.relu(y)).permute(0, 2, 3, 1).reshape(batch, 1, traces, samples)
        return y + x[:, self.base : self.base + 1]


def loss_of(output: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of a smooth absolute difference, per sample of the batch relative to its truth."""
    difference = torch.sqrt((output - truth).square() + 1e-4) - 1e-2
    return (difference * weight).sum() / weight.sum()
