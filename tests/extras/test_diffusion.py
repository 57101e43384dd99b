"""Diffusion with the package extra: a tiny pipeline with random weights, made here, loaded and run as a real one is.

Collected only where the extra is installed: ``make test-extras``.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from pentaprism.engines.artwork.diffusion import Diffusion


def tokenizer(folder: Path) -> CLIPTokenizer:
    """Letters alone, each a token."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16)


@pytest.fixture(scope="module")
def pipeline_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("words")
    words = tokenizer(folder)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "max_position_embeddings": 16}
    text = CLIPTextModel(CLIPTextConfig(vocab_size=len(words), **sizes))
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4, cross_attention_dim=16,
        norm_num_groups=4, attention_head_dim=2,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    vae = AutoencoderKL(block_out_channels=(8, 16), in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=4,
                        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)  # fmt: skip
    pipeline = StableDiffusionPipeline(vae, text, words, unet, DDIMScheduler(), None, None, requires_safety_checker=False)
    made = tmp_path_factory.mktemp("pipeline")
    pipeline.save_pretrained(made)
    return made


def test_a_pipeline_is_loaded_from_its_folder_and_draws_the_same_for_the_same_seed(pipeline_folder: Path, tmp_path: Path) -> None:
    engine = Diffusion(str(pipeline_folder), None, tmp_path)
    assert engine.available() == (True, None)
    shares: list[float] = []
    first = engine.generate("a sea", 96, 64, steps=3, seed=4, report=shares.append)
    assert first.dtype == np.uint8 and first.shape[2] == 3 and first.shape[0] % 64 == first.shape[1] % 64 == 0
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])
    assert np.array_equal(first, engine.generate("a sea", 96, 64, steps=3, seed=4))
    assert not np.array_equal(first, engine.generate("a sea", 96, 64, steps=3, seed=5))


def test_cancelling_stops_between_two_steps(pipeline_folder: Path, tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        Diffusion(str(pipeline_folder), None, tmp_path).generate("a sea", 64, 64, steps=5, check=check)
    assert calls == 2
