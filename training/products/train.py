"""Trains product-net: ``python train.py --data FOLDER --out product-net.pt --minutes 50``.

The clock decides the number of steps. The split of ``photographs.py`` is fixed: parts ``products`` and ``shops`` are never trained on.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

import photographs
from network import ProductNet
from samples import Crops

SMOOTHING = 0.05
ADJUSTMENT = 0.8


class Stream(IterableDataset):  # type: ignore[type-arg]
    """Endless samples; every loader process draws from a stream of its own."""

    def __init__(self, crops: Crops, seed: int) -> None:
        self.crops, self.seed = crops, seed

    def __iter__(self):  # type: ignore[no-untyped-def]
        info = get_worker_info()
        cv2.setNumThreads(0)
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            yield self.crops.crop(rng)


def loss_of(logits: torch.Tensor, target: torch.Tensor, prior: torch.Tensor, share: float) -> torch.Tensor:
    """Mixed over the targets of the batch and of the batch reversed. A set of labels: minus the logarithm of its summed probability
    under the prior of the sample's source (logit adjustment, Menon et al., ICLR 2021), so that the logits themselves do not learn which
    source shows what; an empty set: cross entropy with the uniform distribution, so that the network abstains on what it has no word for.
    """
    uniform = -torch.log_softmax(logits, dim=1).mean(dim=1)

    def one(wanted: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        log = torch.log_softmax(logits + ADJUSTMENT * known.log(), dim=1)
        right = -torch.logsumexp(log.masked_fill(wanted == 0, -1e4), dim=1)
        return torch.where(wanted.sum(dim=1) > 0, (1 - SMOOTHING) * right + SMOOTHING * uniform, uniform)

    return (share * one(target, prior) + (1 - share) * one(target.flip(0), prior.flip(0))).mean()


Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def again(loader: Iterator[Batch]) -> Iterator[Batch]:
    """Every batch twice, the second time mirrored, in another order and light: making a crop costs as much as learning from it."""
    for pixels, target, prior in loader:
        picture = pixels.permute(0, 3, 1, 2).float().div(255)
        yield picture, target, prior
        order = torch.randperm(len(picture))
        light = 1 + 0.15 * (torch.rand(len(picture), 3, 1, 1) * 2 - 1)
        yield (picture[order].flip(3) * light).clamp(0, 1), target[order], prior[order]


@torch.no_grad()
def average(mean: torch.nn.Module, net: torch.nn.Module, keep: float) -> None:
    """Exponential average of weights and of the batch norms' statistics."""
    for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


def main() -> None:
    """AdamW with warm-up and cosine decay, mixup, bfloat16 where the processor has it; writes the averaged weights and a report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    # Threads of OpenCV in this process would leave locks taken in the forked loaders.
    cv2.setNumThreads(0)
    items, pictures, sizes = photographs.read(args.data)
    names = photographs.outputs(items)
    crops = Crops(items, pictures, sizes, names, args.side)
    loader = iter(
        DataLoader(Stream(crops, args.seed), args.batch, num_workers=args.workers, prefetch_factor=6, multiprocessing_context="fork")
    )
    net = ProductNet(len(names)).to(memory_format=torch.channels_last)
    if args.start:
        net.load_state_dict(torch.load(args.start, weights_only=True))
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=0.02)
    rng = np.random.default_rng(args.seed)
    begin, step, losses = time.monotonic(), 0, []
    batches = again(loader)
    while (used := (time.monotonic() - begin) / (60 * args.minutes)) < 1:
        picture, target, prior = next(batches)
        share = float(rng.beta(0.2, 0.2)) if used < 0.8 and rng.random() < 0.5 else 1.0
        picture = (picture * share + picture.flip(0) * (1 - share)).contiguous(memory_format=torch.channels_last)
        rate = args.rate * min(1.0, (step + 1) / 150) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * used)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, _ = net(picture)
        loss = loss_of(logits.float(), target, prior, share)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        average(mean, net, min(0.998, (step + 1) / (step + 10)))
        losses.append(float(loss.detach()))
        step += 1
        if step % 50 == 0:
            print(f"{step} {time.monotonic() - begin:.0f} s loss {np.mean(losses[-50:]):.4f}", flush=True)
        if step % 250 == 0:
            torch.save(mean.state_dict(), args.out)
    torch.save(mean.state_dict(), args.out)
    report = {"outputs": names, "seed": args.seed, "steps": step, "batch": args.batch, "crop": args.side, "minutes": args.minutes}
    report |= {"rate": args.rate, "device": "cpu", "threads": args.threads, "continued": bool(args.start)}
    report |= {"loss_first_100": round(float(np.mean(losses[:100])), 4), "loss_last_100": round(float(np.mean(losses[-100:])), 4)}
    args.out.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
