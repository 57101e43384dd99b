"""What was made and paid for."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, select

from pentaprism.core.clock import isoformat
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.context import Caller, Snapasset
from pentaprism.faces.snapasset.errors import BadRequest
from pentaprism.faces.snapasset.naming import FACE
from pentaprism.faces.snapasset.options import shown
from pentaprism.faces.snapasset.service.jobs import account_of
from pentaprism.faces.snapasset.tables import PaidCall, Picture

PERIOD = timedelta(days=30)


def usage(context: Snapasset, caller: Caller, first: str | None, last: str | None, scope: str | None) -> dict[str, Any]:
    """Jobs, images and paid calls of a period, by default of the last 30 days. Raises BadRequest, NotAllowed."""
    moment = context.platform.clock()
    end = moment if last is None else _moment("to", last)
    start = end - PERIOD if first is None else _moment("from", first)
    if start > end:
        raise BadRequest("from must not be later than to")
    account_id = account_of(context, caller, "own" if scope is None else scope)
    with context.platform.database.read() as session:

        def within(table: Any) -> list[Any]:
            own = [] if account_id is None else [table.account_id == account_id]
            return [table.created_at >= start, table.created_at <= end, *own]

        jobs = session.scalar(select(func.count()).select_from(Job).where(Job.face == FACE, *within(Job))) or 0
        images = session.scalar(select(func.count()).select_from(Picture).where(Picture.blob_key.is_not(None), *within(Picture))) or 0
        sums = (func.sum(PaidCall.calls), func.sum(PaidCall.images), func.sum(PaidCall.usd))
        unknown = func.sum(case((and_(PaidCall.usd.is_(None), PaidCall.outcome != "failed"), 1), else_=0))
        grouped = select(PaidCall.provider, PaidCall.model, sums[0], sums[1], sums[2], unknown).where(*within(PaidCall))
        rows = session.execute(grouped.group_by(PaidCall.provider, PaidCall.model).order_by(PaidCall.provider, PaidCall.model)).all()
    providers = [
        {
            "provider": provider,
            "model": model,
            "calls": int(made),
            "images": int(pictures),
            "costUsd": None if uncounted else round(float(usd or 0.0), 8),
        }
        for provider, model, made, pictures, usd, uncounted in rows
    ]
    period = {"from": isoformat(start), "to": isoformat(end)}
    return {"period": period, "jobs": jobs, "images": images, "providers": providers, "timestamp": isoformat(moment)}


def _moment(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError as error:
        raise BadRequest(f"Invalid date {name}: {shown(text)}") from error
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if not 1970 <= aware.year <= 9000:
        raise BadRequest(f"Invalid date {name}: {shown(text)}")
    return aware.astimezone(UTC)
