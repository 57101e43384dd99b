"""What is limited."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """At most ``amount`` in ``seconds``, counted in fixed windows that begin with the first hit of a key."""

    name: str
    amount: int
    seconds: int

    def __post_init__(self) -> None:
        if self.amount < 1 or self.seconds < 1:
            raise ValueError(f"the limit {self.name} needs a positive amount and time")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far a key is from its limit. ``reset_at`` is in seconds of the epoch, ``retry_after`` in whole seconds, at least 1."""

    limit: int
    remaining: int
    reset_at: float
    retry_after: int
