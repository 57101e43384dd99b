"""The base of a job's images: a scene, generated pictures, an upload, or what another job has made."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.core.errors import PlatformError, TransientFault
from pentaprism.engines.artwork import MODEL, SceneRequest, describe
from pentaprism.engines.artwork.openai_images import kept_area
from pentaprism.faces.snapasset import engines
from pentaprism.faces.snapasset.faults import ProviderRefused, SourceMissing, StoreFault
from pentaprism.faces.snapasset.generation import clients, kept, provider
from pentaprism.faces.snapasset.generation.work import GENERATED, PREPARED, SAVED, STARTED, Work
from pentaprism.faces.snapasset.naming import FACE, source_holder
from pentaprism.faces.snapasset.tables import Generation, KeptPicture, Source
from pentaprism.imaging import encode

Size = tuple[int, int]
LONGEST_ALT = 420
FAST = 1
SQUARISH = 1.15


@dataclass(frozen=True, slots=True)
class Made:
    """A picture that was just generated, or found, for one orientation."""

    source: Source
    revised_prompt: str | None
    cached: bool
    fetched: bool


def prepare(work: Work) -> Generation:
    """What the images are made from: that of an earlier attempt, or made now and stored. Raises the faults of ``faults``."""
    request = work.request
    name = (
        engines.UPLOADED
        if request.given is not None and request.given.provider == "upload"
        else engines.label(request.engine, request.model)
    )
    work.say(STARTED, f"Starting {name} image generation...")
    found = work.generation()
    if found is not None:
        return found
    if request.given is not None:
        return _given(work)
    if request.engine == engines.PROCEDURAL:
        return _drawn(work, None)
    try:
        return _generated(work)
    except (ProviderRefused, TransientFault) as fault:
        last = work.job.is_last_attempt or not isinstance(fault, TransientFault)
        if not (work.settings.fallback_to_procedural and last and fault.code.startswith("PROVIDER_")):
            raise
        return _drawn(work, fault)


def _drawn(work: Work, fault: PlatformError | None) -> Generation:
    """A procedural scene; ``fault`` is why the engine that was wanted is not used."""
    options = work.request.options
    wish = SceneRequest(
        prompt=work.request.prompt or "",
        quality=options["quality"],
        style=options["style"],
        image_type=options["imageType"],
        variation=options["variation"],
    )
    scene = describe(wish)
    work.say(GENERATED, "Image generated successfully")
    work.say(PREPARED, "Image prepared")
    facts = {
        "provider": engines.PROCEDURAL,
        "model": MODEL,
        "revised_prompt": scene.revised_prompt,
        "alt": scene.alt,
        "scene": {**asdict(wish), "recognizedTerms": list(scene.recognized_terms), "ignoredTerms": list(scene.ignored_terms)},
        "fallback": None if fault is None else {"from": work.request.engine, "reason": fault.code},
    }
    return _saved(work, facts, [])


def _given(work: Work) -> Generation:
    """An upload, or the base of another job; nothing is called and nothing costs."""
    given = work.request.given
    assert given is not None
    sources = work.sources()
    if given.scene is None and not sources:
        raise SourceMissing
    reused = given.kind == "job"
    work.say(GENERATED, "Image reused from cache" if reused else "Image generated successfully")
    work.say(PREPARED, "Image prepared")
    revised = given.revised_prompt or work.request.prompt
    facts = {
        "provider": given.provider,
        "model": given.model,
        "revised_prompt": revised,
        "alt": given.alt or shortened(revised),
        "cached": reused,
        "scene": given.scene,
    }
    return _saved(work, facts, [])


def _generated(work: Work) -> Generation:
    made = [_picture(work, index, size) for index, size in enumerate(_sizes(work))]
    first = made[0]
    work.say(GENERATED, "Image reused from cache" if all(one.cached for one in made) else "Image generated successfully")
    work.say(PREPARED, "Image downloaded" if first.fetched and not first.cached else "Image prepared")
    facts = {
        "provider": work.request.engine,
        "model": work.request.model,
        "revised_prompt": first.revised_prompt,
        "alt": shortened(first.revised_prompt),
        "cached": all(one.cached for one in made),
        "fetched": first.fetched,
    }
    return _saved(work, facts, [one.source for one in made])


def _saved(work: Work, facts: dict[str, Any], sources: list[Source]) -> Generation:
    generation = work.save(facts, sources)
    work.say(SAVED, "Generation saved")
    return generation


def _picture(work: Work, index: int, size: Size) -> Made:
    """The picture of one size: kept from an equal job, or generated and kept."""
    request, job = work.request, work.job
    size_name = f"{size[0]}x{size[1]}"
    key = kept.kept_key(job.account_id, request.engine, request.model or "", request.prompt or "", request.options, size_name)
    found = kept.find_or_claim(job, key, read=request.options["cache"], lifetime=work.cache_lifetime())
    if found is not None:
        source = Source(job_id=job.id, position=index, blob_key=found.blob_key, width=found.width, height=found.height)
        return Made(source, found.revised_prompt, not found.own, found.fetched)
    try:
        picture, revised, fetched = _new_picture(work, size)
    except BaseException:
        with job.database.write() as session:
            kept.give_up(session, key, job.id)
        raise
    source = Source(job_id=job.id, position=index, blob_key=_store(work, key, picture, revised, fetched=fetched))
    source.width, source.height = picture.shape[1], picture.shape[0]
    job.check()
    return Made(source, revised, False, fetched)


def _new_picture(work: Work, size: Size) -> tuple[npt.NDArray[np.uint8], str | None, bool]:
    """A picture by the engine of the job, what it says it has drawn, and whether it was fetched from an address."""
    if work.request.engine == engines.OPENAI:
        answer = provider.call(work, clients.openai(work.settings), size)
        return answer.picture, answer.revised_prompt, answer.fetched
    return _diffused(work, size), work.request.prompt, False


def _diffused(work: Work, size: Size) -> npt.NDArray[np.uint8]:
    settings = work.settings
    if settings.diffusers_model is None:
        raise ProviderRefused("No diffusers model is configured.")
    engine = clients.diffusion(settings.diffusers_model, settings.diffusers_revision, work.job.models.files.cache_dir)
    if not engine.available()[0]:
        raise ProviderRefused("The diffusers engine is not available.")
    variation = work.request.options["variation"]
    return engine.generate(work.request.prompt or "", *size, steps=settings.diffusers_steps, seed=variation, check=work.job.check)


def _store(work: Work, key: str, picture: npt.NDArray[np.uint8], revised: str | None, *, fetched: bool) -> str:
    """Keep a generated picture, even if the job was cancelled meanwhile: it may have been paid for. Its key in the store."""
    job = work.job
    try:
        data = encode.png(picture, FAST)
        staged = job.blobs.stage(data, account_id=job.account_id, face=FACE, purpose="cache", content_type="image/png", suffix=".png")
        row = KeptPicture(
            key=key,
            account_id=job.account_id,
            maker=job.id,
            blob_key=staged.key,
            width=picture.shape[1],
            height=picture.shape[0],
            revised_prompt=revised,
            fetched=fetched,
            expires_at=job.platform.clock() + work.cache_lifetime(),
        )
        with job.database.write() as session:
            job.blobs.keep(session, staged, source_holder(staged.key))
            kept.store(session, row)
    except OSError as error:
        raise StoreFault from error
    return staged.key


def _sizes(work: Work) -> list[Size]:
    """The sizes to generate: one, or one for each orientation among the targets."""
    targets = [(target.width, target.height) for target in work.request.targets]
    options = work.request.options
    groups = list(orientations(targets).values()) if options["perAspect"] else [targets]
    if work.request.engine == engines.OPENAI:
        client = clients.openai(work.settings)
        wish = "auto" if options["perAspect"] else options["size"]
        found = [client.best_size(group, wish) for group in groups]
    else:
        found = [fairest(group) for group in groups]
    return list(dict.fromkeys(found))


def orientations(targets: Sequence[Size]) -> dict[str, list[Size]]:
    """Targets by landscape, square and portrait."""
    groups: dict[str, list[Size]] = {}
    for width, height in targets:
        aspect = width / height
        name = "square" if abs(math.log(aspect)) <= math.log(SQUARISH) else "landscape" if aspect > 1 else "portrait"
        groups.setdefault(name, []).append((width, height))
    return groups


def fairest(targets: Sequence[Size]) -> Size:
    """The target whose aspect loses least area over all of them."""
    return min(targets, key=lambda one: sum(1 - kept_area(one, target) for target in targets))


def shortened(text: str | None) -> str | None:
    """``text`` as an alternative text for readers who do not see the picture."""
    if text is None or len(text) <= LONGEST_ALT:
        return text
    return text[: LONGEST_ALT - 1].rstrip() + "…"
