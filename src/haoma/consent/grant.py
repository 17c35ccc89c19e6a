"""The Grant: a permission that somebody holds in their hands. Only this package makes one.

Rules held here:
- A Grant is for one subject, one purpose, one recipient and one source, shows no more than its granularity, and is good
  for a minute: whoever asks again asks `Consent.require` again, so that a withdrawal is felt at once.
- It cannot be made, changed, copied with changes, subclassed or unpickled elsewhere: a process that wants one asks.
- What holds a Grant needs no further check but `live_at`.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, NoReturn, final

from haoma.consent.purposes import Granularity, Source
from haoma.errors import Refused
from haoma.vault.model import SubjectToken

__all__ = ["UNRECORDED", "USE_WITHIN", "Grant", "Standing", "mint"]

USE_WITHIN = timedelta(seconds=60)
UNRECORDED = 0
_MINT = object()


class Standing(NamedTuple):
    """A permission as it stands in the database."""

    grant_id: str
    purpose: str
    recipient: str
    granularity: Granularity
    basis: str
    since: datetime
    until: datetime


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A live permission. `until` is when this use of it ends, `ends_at` when the permission itself does.

    `basis` is consent or emergency, `entry_id` the log's entry that says this use was allowed; UNRECORDED for who tells
    nothing before the transaction has ended that records it.
    """

    minted: InitVar[object]
    grant_id: str
    subject: SubjectToken
    purpose: str
    recipient: str
    source: Source
    granularity: Granularity
    basis: str
    since: datetime
    until: datetime
    ends_at: datetime
    entry_id: int

    def __post_init__(self, minted: object) -> None:
        if minted is not _MINT:
            raise _refusal()

    def __init_subclass__(cls) -> NoReturn:
        raise _refusal()

    def __reduce__(self) -> NoReturn:
        raise _refusal()

    def __copy__(self) -> Grant:
        return self

    def __deepcopy__(self, memo: object) -> Grant:
        return self

    def live_at(self, at: datetime) -> bool:
        """Whether it may be used at this moment."""
        return self.since <= at < self.until

    def covers(self, granularity: Granularity) -> bool:
        """Whether an answer of this granularity may be shown."""
        return granularity.rank <= self.granularity.rank


def mint(standing: Standing, subject: SubjectToken, source: Source, at: datetime, entry_id: int) -> Grant:
    """Make a Grant of a permission that was found live at `at`, and recorded as the entry `entry_id`."""
    return Grant(
        minted=_MINT,
        grant_id=standing.grant_id,
        subject=subject,
        purpose=standing.purpose,
        recipient=standing.recipient,
        source=source,
        granularity=standing.granularity,
        basis=standing.basis,
        since=standing.since,
        until=min(standing.until, at + USE_WITHIN),
        ends_at=standing.until,
        entry_id=entry_id,
    )


def _refusal() -> Refused:
    hint = "consent.require(...) is the only way to a Grant"
    return Refused("a Grant is not made, copied or carried by hand", hint=hint, reason="no-grant")
