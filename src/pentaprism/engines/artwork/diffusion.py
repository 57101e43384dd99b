"""Pictures by a diffusion model on this machine, through the ``diffusers`` library (an extra of the package)."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

STEP = 64
LONGEST_SIDE = 1024
EXTRA = "The package extra diffusers is not installed."


class NotInstalled(RuntimeError):
    """The library or the model's files are missing; the text says which and what to do."""


class Diffusion:
    """A text-to-image pipeline from files that :meth:`fetch` has brought; nothing is downloaded while a picture is made.

    The pipeline is loaded once, at the first picture, and runs on the GPU if there is one.
    """

    def __init__(self, model: str, revision: str | None, cache_dir: Path) -> None:
        """``model`` is a repository id or a folder; ``cache_dir`` holds fetched files."""
        self.model, self.revision, self.cache_dir = model, revision, cache_dir
        self._pipeline: Any = None

    def available(self) -> tuple[bool, str | None]:
        """Whether :meth:`generate` can work, and if not, why."""
        if importlib.util.find_spec("diffusers") is None or importlib.util.find_spec("torch") is None:
            return False, EXTRA
        if self._folder() is None:
            return False, f"The files of {self.model} are not on this machine; fetch them with `pentaprism models pull diffusers`."
        return True, None

    def fetch(self) -> Path:
        """The folder of the model's files: downloaded, verified by the library, unless the model is a folder itself.

        Raises NotInstalled without the extra.
        """
        if self._is_folder():
            return Path(self.model)
        if importlib.util.find_spec("huggingface_hub") is None:
            raise NotInstalled(EXTRA)
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - part of the extra

        return Path(snapshot_download(self.model, revision=self.revision, cache_dir=self.cache_dir))

    def generate(
        self,
        prompt: str,
        width: int,
        height: int,
        *,
        steps: int = 30,
        seed: int = 0,
        check: Callable[[], None] | None = None,
        report: Callable[[float], None] | None = None,
    ) -> npt.NDArray[np.uint8]:
        """A picture near the aspect of ``width`` x ``height``, uint8 [H, W, 3], its sides multiples of 64 up to 1024.

        ``seed`` fixes the noise; ``check`` is called before each step and may raise. Raises NotInstalled.
        """
        pipeline = self._load()
        import torch  # noqa: PLC0415 - part of the extra

        across, down = drawing_size(width, height)

        def after_step(_pipeline: Any, step: int, _timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            if check is not None:
                check()
            if report is not None:
                report((step + 1) / steps)
            return values

        noise = torch.Generator("cpu").manual_seed(seed)
        answer = pipeline(
            prompt,
            width=across,
            height=down,
            num_inference_steps=steps,
            generator=noise,
            output_type="np",
            callback_on_step_end=after_step,
        )
        return np.asarray(np.rint(np.clip(answer.images[0], 0, 1) * 255), np.uint8)

    def _load(self) -> Any:
        if self._pipeline is None:
            ready, reason = self.available()
            if not ready:
                raise NotInstalled(reason)
            import torch  # noqa: PLC0415 - part of the extra
            from diffusers import DiffusionPipeline  # noqa: PLC0415 - part of the extra

            on_gpu = torch.cuda.is_available()
            kind = torch.float16 if on_gpu else torch.float32
            pipeline = DiffusionPipeline.from_pretrained(str(self._folder()), torch_dtype=kind, local_files_only=True)
            pipeline.set_progress_bar_config(disable=True)
            self._pipeline = pipeline.to("cuda" if on_gpu else "cpu")
        return self._pipeline

    def _is_folder(self) -> bool:
        return (Path(self.model) / "model_index.json").is_file()

    def _folder(self) -> Path | None:
        """The folder with the pipeline's ``model_index.json``: the model itself, or its snapshot in the cache."""
        if self._is_folder():
            return Path(self.model)
        snapshots = self.cache_dir / f"models--{self.model.replace('/', '--')}" / "snapshots"
        found = sorted(snapshots.glob("*/model_index.json"), key=lambda path: path.stat().st_mtime)
        if self.revision:
            found = [path for path in found if path.parent.name == self.revision] or found
        return found[-1].parent if found else None


def drawing_size(width: int, height: int) -> tuple[int, int]:
    """Multiples of 64 near the aspect of ``width`` x ``height``, the longer one at most 1024 and not above the target's need."""
    longest = min(LONGEST_SIDE, -(-max(width, height) // STEP) * STEP)
    scale = longest / max(width, height)
    across, down = (max(STEP, round(side * scale / STEP) * STEP) for side in (width, height))
    return min(across, LONGEST_SIDE), min(down, LONGEST_SIDE)
