"""Pictures by the provider: moderation first, then one recorded call, whatever becomes of it."""

import logging

from pentaprism.core.errors import PlatformError
from pentaprism.engines.artwork.openai_images import Generated, OpenAIImages, ProviderError
from pentaprism.faces.snapasset.faults import ContentPolicy, ProviderFault, ProviderRefused, ProviderTimeout
from pentaprism.faces.snapasset.generation import calls
from pentaprism.faces.snapasset.generation.work import Work
from pentaprism.faces.snapasset.naming import short

log = logging.getLogger(__name__)


def call(work: Work, client: OpenAIImages, size: tuple[int, int]) -> Generated:
    """One paid picture. Raises ContentPolicy, ProviderRefused, ProviderFault, ProviderTimeout."""
    request, database = work.request, work.job.database
    prompt, options = request.prompt or "", request.options
    moderate(work, client, prompt)
    work.job.check()
    call_id = calls.begin(database, work.job.account_id, request.public_id, "openai", client.model)
    try:
        made = client.generate(prompt, quality=options["quality"], style=options["style"], size=size)
    except ProviderError as error:
        calls.end(database, call_id, error.charged, None)
        raise fault_of(work, error) from error
    calls.end(database, call_id, "ok", calls.price_of(work.settings.prices.get(client.model), made), made)
    return made


def moderate(work: Work, client: OpenAIImages, prompt: str) -> None:
    """Ask the provider's moderation, where one is configured; nothing is paid for a refused prompt."""
    try:
        flagged = client.moderate(prompt)
    except ProviderError as error:
        raise fault_of(work, error) from error
    if flagged:
        raise ContentPolicy


def fault_of(work: Work, error: ProviderError) -> PlatformError:
    """The job's fault for the provider's; its own words go to the server log only."""
    log.warning("job %s: %s (%s)", short(work.request.public_id), error, error.__cause__)
    if error.kind == "policy":
        return ContentPolicy()
    if not error.passing:
        return ProviderRefused()
    if error.kind == "timeout":
        return ProviderTimeout(retry_after=error.retry_after)
    return ProviderFault(retry_after=error.retry_after)
