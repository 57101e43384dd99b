"""The classifier: a small residual network, an embedding, and a logit per output."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

WIDTHS = (24, 48, 96, 192)
EMBEDDING = 320


def conv(inside: int, outside: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    """Convolution with batch norm."""
    layer = nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outside))


def mixed_style(x: torch.Tensor) -> torch.Tensor:
    """Half of the time, channel means and deviations of each picture blended with another's (Zhou et al., "Domain generalization with
    MixStyle", ICLR 2021): light and texture of a source then say less about the label."""
    if torch.rand(()) < 0.5:
        return x
    mean = x.mean(dim=(2, 3), keepdim=True).detach()
    deviation = (x.var(dim=(2, 3), keepdim=True) + 1e-5).sqrt().detach()
    share = torch.distributions.Beta(0.2, 0.2).sample((len(x), 1, 1, 1)).to(x.dtype)
    order = torch.randperm(len(x))
    scale = share * deviation + (1 - share) * deviation[order]
    return (x - mean) / deviation * scale + share * mean + (1 - share) * mean[order]


class Block(nn.Module):
    """Two 3 x 3 convolutions beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class ProductNet(nn.Module):
    """``picture`` [N, 3, H, W] in 0..1 to (logits [N, outputs], embedding [N, 320])."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.stem = conv(3, WIDTHS[0], 2)
        self.down = nn.ModuleList(conv(a, b, 2) for a, b in pairwise(WIDTHS))
        self.blocks = nn.ModuleList(Block(width) for width in WIDTHS[1:])
        self.last = conv(WIDTHS[-1], EMBEDDING, 1, 1)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(EMBEDDING, outputs)
        for module in self.modules():
            if isinstance(module, Block):
                nn.init.zeros_(module.second[1].weight)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.relu(self.stem((picture - 0.5) * 4))
        for depth, (down, block) in enumerate(zip(self.down, self.blocks, strict=True)):
            x = block(torch.relu(down(x)))
            if self.training and depth == 0:
                x = mixed_style(x)
        embedding = torch.relu(self.last(x)).mean(dim=(2, 3))
        return self.head(self.drop(embedding)), embedding
