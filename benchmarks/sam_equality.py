"""Proof that the engine and the published code give the same results on the same (random) weights.

The published code needs PyTorch, which Pentaprism does not. In an environment of its own:

    pip install torch torchvision segment-anything mobilesam-mirror timm
    python benchmarks/sam_equality.py publish vit_b FOLDER     # there: random weights in the official layout, and what they answer
    python benchmarks/sam_equality.py compare vit_b FOLDER     # in Pentaprism's environment: the same questions, and the differences

``--side N`` compares the automatic masks on a grid of N points a side (default 8), ``--auto no`` leaves them out. Masks of random weights
reach over the whole picture, so the suppression of overlapping boxes is off in both: every mask of every point is compared. (With it on,
``tests/engines/sam/test_generator.py`` compares the whole procedure on masks of known shapes.)
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np

LEAST_STABILITY, SMALL = 0.05, 50
PROMPTS: list[dict[str, Any]] = [
    {"points": [[200.0, 150.0]], "labels": [1]},
    {"points": [[200.0, 150.0], [330.5, 260.25]], "labels": [1, 0]},
    {"box": [60.0, 40.0, 300.0, 280.0]},
    {"points": [[150.0, 120.0]], "labels": [1], "box": [60.0, 40.0, 300.0, 280.0]},
]


def picture() -> np.ndarray:
    """A photograph that comes with scikit-image, 480 x 360."""
    from PIL import Image
    from skimage import data

    return np.asarray(Image.fromarray(data.astronaut()).resize((480, 360)))


def _published(model: str) -> Any:
    import torch

    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        # A torchvision built for another PyTorch lacks its compiled operators; of them the published code calls this one.
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _published.library = library  # type: ignore[attr-defined]
        importlib.import_module("torchvision.ops.boxes").nms = _nms  # type: ignore[attr-defined]
    return importlib.import_module("mobile_sam" if model == "vit_t" else "segment_anything")


def _nms(boxes: Any, scores: Any, most: float) -> Any:
    import torch

    order, kept = torch.argsort(scores, descending=True, stable=True).tolist(), []
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    while order:
        best = order.pop(0)
        kept.append(best)
        rest = boxes[order]
        size = (torch.minimum(boxes[best, 2:], rest[:, 2:]) - torch.maximum(boxes[best, :2], rest[:, :2])).clamp(min=0)
        common = size[:, 0] * size[:, 1]
        iou = common / (areas[best] + areas[order] - common)
        order = [other for other, value in zip(order, iou.tolist(), strict=True) if value <= most]
    return torch.tensor(kept, dtype=torch.int64)


def _random_weights(network: Any) -> None:
    """Weights at which every part of the network matters: no zero tables of positions, no unit norms."""
    import torch

    random = torch.Generator().manual_seed(0)
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if name.endswith(("running_var",)) or (tensor.ndim == 1 and name.endswith("weight")):
            tensor.data.uniform_(0.7, 1.3, generator=random)
        elif tensor.ndim == 1 and name.endswith(("bias", "running_mean")):
            tensor.data.normal_(0, 0.1, generator=random)
        elif any(part in name for part in ("rel_pos", "pos_embed", "attention_biases")):
            tensor.data.normal_(0, 0.3, generator=random)
    _local_masks(network, random)


def _local_masks(network: Any, random: Any) -> None:
    """Make masks depend on the point, as trained ones do; with random weights alone all would be the same noise over the whole picture.

    Queries and keys of the attention from the picture to the tokens get one projection, so that pixels near a point look at its token;
    what they read there is made loud, and so are the logits.
    """
    import torch

    for layer in network.mask_decoder.transformer.layers:
        attention = layer.cross_attn_image_to_token
        shared = torch.empty_like(attention.q_proj.weight).normal_(0, 0.11, generator=random)
        attention.q_proj.weight.data = shared
        attention.k_proj.weight.data = shared.clone()
        attention.out_proj.weight.data *= 6
    for perceptron in network.mask_decoder.output_hypernetworks_mlps:
        perceptron.layers[-1].weight.data *= 25


def publish(model: str, folder: Path, side: int, auto: bool) -> None:
    """Write the checkpoint and the published code's answers."""
    import torch

    code = _published(model)
    torch.manual_seed(0)
    network = code.sam_model_registry[model](checkpoint=None)
    _random_weights(network)
    network.eval()
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), folder / f"{model}.pth")
    predictor = code.SamPredictor(network)
    start = time.process_time()
    predictor.set_image(picture())
    seconds = {"encode": time.process_time() - start}
    found: dict[str, Any] = {"embedding": predictor.get_image_embedding().numpy()[0]}
    for number, prompt in enumerate(PROMPTS):
        given = {"point_coords": prompt.get("points"), "point_labels": prompt.get("labels"), "box": prompt.get("box")}
        arrays = {name: None if value is None else np.array(value) for name, value in given.items()}
        for multimask in (True, False):
            masks, iou, low = predictor.predict(**arrays, multimask_output=multimask)
            found.update({f"masks_{number}_{multimask}": masks, f"iou_{number}_{multimask}": iou, f"low_{number}_{multimask}": low})
    if auto:
        start = time.process_time()
        generator = code.SamAutomaticMaskGenerator(
            network,
            points_per_side=side,
            pred_iou_thresh=0.0,
            stability_score_thresh=LEAST_STABILITY,
            box_nms_thresh=1.0,
            crop_n_layers=0,
            min_mask_region_area=SMALL,
        )
        answers = generator.generate(picture())
        seconds["auto"] = time.process_time() - start
        found["auto"] = np.array([answer["segmentation"] for answer in answers])
        found["auto_iou"] = np.array([answer["predicted_iou"] for answer in answers])
    np.savez_compressed(folder / f"{model}.npz", **found)
    report = {"cpu_seconds": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "side": side}
    (folder / f"{model}.json").write_text(json.dumps(report))
    print(json.dumps(report))


def compare(model: str, folder: Path) -> None:
    """Ask the engine the same and print the differences."""
    from pentaprism.engines.sam import AutoParameters, load_model
    from pentaprism.engines.sam.network import generator

    engine = load_model(model, folder / f"{model}.pth", folder, threads=2)
    theirs, report = np.load(folder / f"{model}.npz"), json.loads((folder / f"{model}.json").read_text())
    rgb = picture()
    start = time.process_time()
    embedding = engine.embed(rgb)
    seconds = {"encode": time.process_time() - start}
    wanted = theirs["embedding"].reshape(theirs["embedding"].shape[0], -1).T
    print("embedding: largest difference", float(np.abs(embedding.arrays["tokens"] - wanted).max()), "of", float(np.abs(wanted).max()))
    worst, scores = 1.0, 0.0
    for number, prompt in enumerate(PROMPTS):
        for multimask in (True, False):
            box = tuple(prompt["box"]) if "box" in prompt else None
            ours = engine.prompt(embedding, prompt.get("points"), prompt.get("labels"), box, multimask)
            for mask, iou in zip(theirs[f"masks_{number}_{multimask}"], theirs[f"iou_{number}_{multimask}"], strict=True):
                if not mask.any():
                    continue
                near = min(ours, key=lambda each, iou=iou: abs(each.predicted_iou - iou))
                worst = min(worst, _iou(near.full(*rgb.shape[:2]), mask))
                scores = max(scores, abs(near.predicted_iou - float(iou)))
    print("prompts: least IoU of masks", worst, "largest difference of predicted IoU", scores)
    if "auto" in theirs:
        parameters = AutoParameters(report["side"], 0.0, LEAST_STABILITY, 0, 1, SMALL, 1000)
        generator.MOST_OVERLAP = 1.0
        start = time.process_time()
        result = engine.automatic(rgb, parameters, embedding=embedding)
        seconds["auto"] = seconds["encode"] + time.process_time() - start
        ours_full = [mask.full(*rgb.shape[:2]) for mask in result.masks]
        matched = [max((_iou(mask, other) for other in ours_full), default=0.0) for mask in theirs["auto"]]
        good = sum(value >= 0.99 for value in matched)
        least = min(matched, default=1.0)
        print(f"automatic: {len(matched)} published, {len(ours_full)} ours, {good} matched at IoU 0.99, least {least:.4f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print("published", report, "ours", {"cpu_seconds": seconds, "peak_mib": peak})


def _iou(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / max((first | second).sum(), 1))


def main() -> None:
    """Publishes or compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("publish", "compare"))
    parser.add_argument("model", choices=("vit_b", "vit_l", "vit_h", "vit_t"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--side", type=int, default=8)
    parser.add_argument("--auto", choices=("yes", "no"), default="yes")
    given = parser.parse_args()
    if given.what == "publish":
        publish(given.model, given.folder, given.side, given.auto == "yes")
    else:
        compare(given.model, given.folder)


if __name__ == "__main__":
    main()
