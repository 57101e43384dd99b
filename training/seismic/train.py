"""Trains one network of the seismic engine: ``python train.py denoising --out FILE.pt --minutes 15``.

Seeds are fixed; the clock decides the number of steps (the cosine schedule follows the share of the time that is used), and the report
beside the weights says how many there were and how long they took.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from network import SeismicNet, loss_of
from samples import DRAW


class Patches(IterableDataset):  # type: ignore[type-arg]
    """Endless samples; every loader process draws from a stream of its own."""

    def __init__(self, task: str, traces: int, samples: int, seed: int) -> None:
        self.task, self.traces, self.samples, self.seed = task, traces, samples, seed

    def __iter__(self):  # type: ignore[no-untyped-def]
        info = get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            stack, truth, weight = DRAW[self.task](rng, self.traces, self.samples)
            if rng.random() < 0.5:
                stack, truth, weight = (np.ascontiguousarray(a[:, ::-1]) for a in (stack, truth, weight))
            yield stack, truth, weight


def train(args: argparse.Namespace) -> None:
    """AdamW with warm-up and cosine decay; weights averaged over the last steps."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = SeismicNet(args.task).to(device, memory_format=torch.channels_last)
    if args.start:
        net.load_state_dict(torch.load(args.start, map_location=device, weights_only=True))
    mean = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    patches = Patches(args.task, args.traces, args.samples, args.seed)
    loader = iter(DataLoader(patches, args.batch, num_workers=args.workers, prefetch_factor=8, multiprocessing_context="spawn"))
    begin, step, losses = time.monotonic(), 0, []
    while (used := (time.monotonic() - begin) / (60 * args.minutes)) < 1:
        stack, truth, weight = (part.to(device) for part in next(loader))
        rate = args.rate * min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * used)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=args.half):
            output = net(stack.to(memory_format=torch.channels_last))
        loss = loss_of(output.float(), truth, weight)
        optimiser.zero_grad(set_to_none=True)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss of step {step} is not finite")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        average(mean, net, min(0.998, (step + 1) / (step + 10)))
        losses.append(float(loss.detach()))
        step += 1
        if step % 50 == 0:
            print(f"{step} {time.monotonic() - begin:.0f} s loss {np.mean(losses[-50:]):.4f}", flush=True)
        if step % 500 == 0:
            torch.save(mean.state_dict(), args.out)
    torch.save(mean.state_dict(), args.out)
    report = {"task": args.task, "seed": args.seed, "steps": step, "batch": args.batch, "patch": [args.traces, args.samples]}
    report |= {"minutes": args.minutes, "rate": args.rate, "device": device.type, "threads": args.threads, "continued": bool(args.start)}
    report |= {"loss_first_100": round(float(np.mean(losses[:100])), 4), "loss_last_100": round(float(np.mean(losses[-100:])), 4)}
    args.out.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")


@torch.no_grad()
def average(mean: torch.nn.Module, net: torch.nn.Module, keep: float) -> None:
    """Exponential average of the weights."""
    for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
        old.lerp_(new, 1 - keep)


def main() -> None:
    """Reads the arguments and trains."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=tuple(DRAW))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--traces", type=int, default=64)
    parser.add_argument("--samples", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--half", action="store_true", help="bfloat16 where the processor has it")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
