"""Trains one network of the cells engine: ``python train.py nuclei --data FOLDER --out FILE.pt --minutes 20``.

Seeds are fixed; the clock decides the number of steps (the cosine schedule follows the share of the time that is used), and the report file
beside the weights says how many there were, on what, and how long they took.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

import nuclei_data
import nuclei_samples
import spheroid_samples
from network import CellsNet, loss_of


class Crops(IterableDataset):  # type: ignore[type-arg]
    """Endless samples; every loader process draws from a stream of its own."""

    def __init__(self, task: str, size: int, seed: int, data: Path | None) -> None:
        self.task, self.size, self.seed = task, size, seed
        self.items = nuclei_data.split(nuclei_data.load(data))[0] if task == "nuclei" and data else []

    def __iter__(self):  # type: ignore[no-untyped-def]
        info = get_worker_info()
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            yield nuclei_samples.draw(rng, self.items, self.size) if self.task == "nuclei" else spheroid_samples.draw(rng, self.size)


def main() -> None:
    """Reads the arguments, trains, writes the averaged weights and a report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("nuclei", "spheroid"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    train(parser.parse_args())


def train(args: argparse.Namespace) -> None:
    """AdamW with warm-up and cosine decay, bfloat16 where the processor has it, weights averaged over the last steps."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = CellsNet(args.task).to(device, memory_format=torch.channels_last)
    if args.start:
        net.load_state_dict(torch.load(args.start, map_location=device, weights_only=True))
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    crops = Crops(args.task, args.size, args.seed, args.data)
    loader = iter(DataLoader(crops, args.batch, num_workers=args.workers, prefetch_factor=6, multiprocessing_context="spawn"))
    begin, step, losses = time.monotonic(), 0, []
    while (used := (time.monotonic() - begin) / (60 * args.minutes)) < 1:
        picture, target = next(loader)
        picture = picture.to(device, memory_format=torch.channels_last)
        rate = args.rate * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * used)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(device.type, dtype=torch.bfloat16):
            output = net(picture)
        loss = loss_of(output.float(), target.to(device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        average(mean, net, min(0.998, (step + 1) / (step + 10)))
        losses.append(float(loss.detach()))
        step += 1
        if step % 50 == 0:
            print(f"{step} {time.monotonic() - begin:.0f} s loss {np.mean(losses[-50:]):.4f}", flush=True)
        if step % 1000 == 0:
            torch.save(mean.state_dict(), args.out)
    torch.save(mean.state_dict(), args.out)
    report = {"task": args.task, "seed": args.seed, "steps": step, "batch": args.batch, "crop": args.size, "minutes": args.minutes}
    report |= {"rate": args.rate, "device": device.type, "threads": args.threads, "continued": bool(args.start)}
    report |= {"loss_first_100": round(float(np.mean(losses[:100])), 4), "loss_last_100": round(float(np.mean(losses[-50:])), 4)}
    if args.task == "nuclei":
        report["object_diameter"] = nuclei_samples.DIAMETER
    args.out.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")


@torch.no_grad()
def average(mean: torch.nn.Module, net: torch.nn.Module, keep: float) -> None:
    """Exponential average of weights and of the batch norms' statistics."""
    for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


if __name__ == "__main__":
    main()
