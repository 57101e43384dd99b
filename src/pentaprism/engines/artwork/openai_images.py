"""Pictures by the OpenAI Images API, through the official client library."""

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import httpx
import numpy as np
import numpy.typing as npt

from pentaprism.imaging.decode import ImageError, probe, read_rgb

if TYPE_CHECKING:
    import openai

Size = tuple[int, int]
Fault = Literal["timeout", "rate", "server", "network", "policy", "refused", "auth"]

DALLE_SIZES: tuple[Size, ...] = ((1024, 1024), (1792, 1024), (1024, 1792))
SIZES: tuple[Size, ...] = ((1024, 1024), (1536, 1024), (1024, 1536))
QUALITIES = {"standard": "medium", "hd": "high"}
STYLE_SENTENCES = {
    "vivid": "Render it vividly, with rich colour and strong contrast.",
    "natural": "Render it naturally, with true colours and soft contrast.",
}
POLICY_CODES = ("content_policy_violation", "moderation_blocked", "image_generation_user_error")
MAX_PIXELS = 40_000_000


class ProviderError(RuntimeError):
    """A call failed. ``charged`` says whether it may have cost something: failed (no) or unknown."""

    def __init__(self, kind: Fault, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind: Fault = kind
        self.retry_after = retry_after

    @property
    def passing(self) -> bool:
        """Whether another attempt may succeed."""
        return self.kind in {"timeout", "rate", "server", "network"}

    @property
    def charged(self) -> Literal["failed", "unknown"]:
        """A call that was cut off may have been carried out all the same."""
        return "unknown" if self.kind in {"timeout", "network"} else "failed"


@dataclass(frozen=True, slots=True)
class Generated:
    """A fully decoded picture, uint8 [H, W, 3] RGB, and what the provider said about it."""

    picture: npt.NDArray[np.uint8]
    revised_prompt: str
    tokens_in: int | None
    tokens_out: int | None
    images: int
    fetched: bool


class OpenAIImages:
    """One model of the Images API. Instances hold no state between calls and may be shared by threads."""

    def __init__(
        self,
        api_key: str,
        model: str,
        *,
        base_url: str | None = None,
        connect_seconds: float = 10.0,
        total_seconds: float = 120.0,
        moderation_model: str | None = None,
        allowed_hosts: Sequence[str] = (),
        max_download: int = 20_000_000,
    ) -> None:
        """``allowed_hosts`` are those from which a picture given by address is fetched; the library's own retries are off."""
        import openai  # noqa: PLC0415 - the library takes half a second to load, and only paid pictures need it

        self.model = model
        self._openai = openai
        self._moderation_model = moderation_model
        self._allowed_hosts = tuple(host.lower() for host in allowed_hosts)
        self._max_download = max_download
        self._timeout = total_seconds, connect_seconds
        timeout = openai.Timeout(total_seconds, connect=connect_seconds)
        self._client = openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout)

    @property
    def is_dalle(self) -> bool:
        """Whether the model speaks the older dialect (``dall-e*``)."""
        return self.model.startswith("dall-e")

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Sizes that the model draws."""
        return DALLE_SIZES if self.is_dalle else SIZES

    def best_size(self, targets: Sequence[Size], wish: str = "auto") -> Size:
        """The size that loses the least area over all ``targets``; a ``wish`` such as ``1792x1024`` maps to the nearest aspect."""
        if wish != "auto":
            width, _, height = wish.partition("x")
            aspect = int(width) / int(height)
            return min(self.sizes, key=lambda size: abs(math.log(size[0] / size[1] / aspect)))
        return min(self.sizes, key=lambda size: sum(1 - kept_area(size, target) for target in targets))

    def moderate(self, prompt: str) -> bool:
        """Whether the provider's moderation flags ``prompt``; False without a moderation model. Raises ProviderError."""
        if self._moderation_model is None:
            return False
        try:
            answer = self._client.moderations.create(model=self._moderation_model, input=prompt)
        except self._openai.OpenAIError as error:
            raise self._fault(error) from error
        return any(result.flagged for result in answer.results)

    def generate(self, prompt: str, *, quality: str = "standard", style: str = "vivid", size: Size = (1024, 1024)) -> Generated:
        """One paid call, one picture. Raises ProviderError, also for an answer that is no picture."""
        options: dict[str, Any] = {"model": self.model, "n": 1, "size": f"{size[0]}x{size[1]}"}
        if self.is_dalle:
            sent = prompt
            options |= {"quality": quality, "style": style, "response_format": "b64_json"}
        else:
            sent = f"{prompt}\n\n{STYLE_SENTENCES[style]}"
            options["quality"] = QUALITIES[quality]
        try:
            answer = self._client.images.generate(prompt=sent, **options)
        except self._openai.OpenAIError as error:
            raise self._fault(error) from error
        if not answer.data:
            raise ProviderError("server", "the provider sent no picture")
        image, usage = answer.data[0], answer.usage
        data, fetched = self._bytes_of(image)
        return Generated(
            decoded(data),
            image.revised_prompt or sent,
            usage.input_tokens if usage else None,
            usage.output_tokens if usage else None,
            len(answer.data),
            fetched,
        )

    def _bytes_of(self, image: Any) -> tuple[bytes, bool]:
        if image.b64_json:
            try:
                return base64.b64decode(image.b64_json, validate=True), False
            except binascii.Error as error:
                raise ProviderError("server", "the provider sent broken base64") from error
        if image.url:
            return self._fetch(image.url), True
        raise ProviderError("server", "the provider sent neither a picture nor an address")

    def _fetch(self, url: str) -> bytes:
        """The bytes behind ``url``: https only, from an allowed host, without redirects, at most ``max_download`` bytes."""
        parts = urlsplit(url)
        if parts.scheme != "https" or (parts.hostname or "").lower() not in self._allowed_hosts or parts.username:
            raise ProviderError("refused", "the provider's picture lies at an address that is not allowed")
        total, connect = self._timeout
        data = bytearray()
        try:
            with httpx.stream("GET", url, timeout=httpx.Timeout(total, connect=connect), follow_redirects=False) as answer:
                if answer.status_code != 200:
                    raise ProviderError("server", f"the picture's address answered {answer.status_code}")
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > self._max_download:
                        raise ProviderError("refused", "the provider's picture is too large")
        except httpx.HTTPError as error:
            raise ProviderError("network", "the provider's picture could not be fetched") from error
        return bytes(data)

    def _fault(self, error: "openai.OpenAIError") -> ProviderError:
        """The library's exceptions by what they mean for another attempt; the provider's own words stay in ``__cause__``."""
        api = self._openai
        if isinstance(error, api.APITimeoutError):
            return ProviderError("timeout", "the provider did not answer in time")
        if isinstance(error, api.APIConnectionError):
            return ProviderError("network", "the provider could not be reached")
        if not isinstance(error, api.APIStatusError):
            return ProviderError("server", "the provider sent an answer that cannot be read")
        status, wait = error.status_code, retry_after(error.response.headers.get("retry-after"))
        if status == 400 and error.code in POLICY_CODES:
            return ProviderError("policy", "the provider refused the prompt")
        if status in {401, 403}:
            return ProviderError("auth", f"the provider answered {status}")
        if status == 429:
            return ProviderError("rate", "the provider answered 429", wait)
        if status in {408, 409} or status >= 500:
            return ProviderError("timeout" if status == 408 else "server", f"the provider answered {status}", wait)
        return ProviderError("refused", f"the provider answered {status}")


def kept_area(source: Size, target: Size) -> float:
    """Share (0..1) of ``source`` that the largest window with the aspect of ``target`` keeps."""
    ratio = (source[0] / source[1]) / (target[0] / target[1])
    return min(ratio, 1 / ratio)


def retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header; None for none, and for a date."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def decoded(data: bytes) -> npt.NDArray[np.uint8]:
    """The picture, decoded to its last pixel. Raises ProviderError."""
    try:
        info = probe(data)
        if info.width * info.height > MAX_PIXELS:
            raise ProviderError("server", "the provider's picture has too many pixels")
        return read_rgb(data)
    except ImageError as error:
        raise ProviderError("server", "the provider sent something that is no picture") from error
