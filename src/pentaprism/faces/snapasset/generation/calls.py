"""Records of paid calls, each in its own transaction, so that a failed, cancelled or killed job is still accounted for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pentaprism.core.database.engine import Database
from pentaprism.faces.snapasset.settings import Price
from pentaprism.faces.snapasset.tables import PaidCall

if TYPE_CHECKING:
    from pentaprism.engines.artwork.openai_images import Generated

DAY = timedelta(hours=24)
MILLION = 1_000_000


def begin(database: Database, account_id: str, job: str, provider: str, model: str) -> str:
    """Write that a call is about to be made; its outcome is unknown until :func:`end`."""
    with database.write() as session:
        row = PaidCall(account_id=account_id, job=job, provider=provider, model=model)
        session.add(row)
        session.flush()
        return row.id


def end(database: Database, call_id: str, outcome: str, usd: float | None, made: "Generated | None" = None) -> None:
    """Write how the call ended: ok, failed or unknown."""
    values = {
        "outcome": outcome,
        "usd": usd,
        "images": made.images if made else 0,
        "tokens_in": made.tokens_in if made else None,
        "tokens_out": made.tokens_out if made else None,
    }
    with database.write() as session:
        session.execute(update(PaidCall).where(PaidCall.id == call_id).values(**values))


def price_of(price: Price | None, made: "Generated") -> float | None:
    """USD of a call that worked; None where no price is known, also of a part that the provider did not count."""
    if price is None or (price.image is None and price.input is None and price.output is None):
        return None
    total = (price.image or 0.0) * made.images
    for tokens, each in ((made.tokens_in, price.input), (made.tokens_out, price.output)):
        if each is None:
            continue
        if tokens is None:
            return None
        total += each * tokens / MILLION
    return round(total, 8)


def of_job(session: Session, job: str) -> Sequence[PaidCall]:
    """The calls of a job, by its public id."""
    return session.scalars(select(PaidCall).where(PaidCall.job == job).order_by(PaidCall.id)).all()


def last_day(session: Session, account_id: str, moment: datetime) -> tuple[int, float, datetime | None]:
    """Calls and USD of an account in the last 24 hours, and when the first of them was."""
    recent = (PaidCall.account_id == account_id, PaidCall.created_at > moment - DAY, PaidCall.outcome != "failed")
    found = select(func.coalesce(func.sum(PaidCall.calls), 0), func.coalesce(func.sum(PaidCall.usd), 0.0), func.min(PaidCall.created_at))
    calls, usd, first = session.execute(found.where(*recent)).one()
    return int(calls), float(usd or 0.0), first
