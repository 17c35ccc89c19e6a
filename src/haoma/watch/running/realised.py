"""How often alerts were false, beside what the budget allows.

Rules held here:
- An alert is false where a person closed its incident and said so, in one of `FALSE_WORDS`.
- It had no cause as far as is known where no page showed its organisation's hotlines wrong within a day of it, and
  nobody closed its incident for another reason. That is the most it can be: what nobody crawled shows nothing.
- One that was withdrawn is counted by itself: it rested on counts that were put right later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.guard.judge import tables as judge
from haoma.guard.judge.model import Verdict
from haoma.watch.model import moment_of
from haoma.watch.running.alerts import Alert
from haoma.watch.running.spans import State

__all__ = ["FALSE_WORDS", "MONTH", "Realised", "realised"]

FALSE_WORDS = frozenset({"false", "false-alarm", "no-cause"})
MONTH = timedelta(days=30)
NEAR = timedelta(days=1)
_I, _T = judge.incidents.c, judge.steps.c


@dataclass(frozen=True, slots=True)
class Realised:
    """Alerts of a month: all, those a person called false, those without a known cause, and those withdrawn."""

    alerts: int = 0
    false: int = 0
    causeless: int = 0
    withdrawn: int = 0

    def __add__(self, other: Realised) -> Realised:
        """Both together."""
        return Realised(
            self.alerts + other.alerts,
            self.false + other.false,
            self.causeless + other.causeless,
            self.withdrawn + other.withdrawn,
        )


def realised(tx: sa.Connection, alerts: Sequence[Alert], now: datetime) -> Mapping[int, Realised]:
    """What the alerts of the last 30 days were, by hotline."""
    recent = [one for one in alerts if now - one.opened_at <= MONTH]
    told: dict[int, Realised] = {}
    for one in recent:
        told[one.hotline] = told.get(one.hotline, Realised()) + _one(tx, one)
    return told


def _one(tx: sa.Connection, one: Alert) -> Realised:
    if one.state is State.WITHDRAWN:
        return Realised(withdrawn=1)
    why = _closed_by_hand(tx, one)
    if why is not None:
        return Realised(1, int(why in FALSE_WORDS))
    return Realised(1, 0, int(not _shown_by_a_page(tx, one)))


def _closed_by_hand(tx: sa.Connection, one: Alert) -> str | None:
    """Why a person closed the incident of an alert; None where nobody did."""
    if one.incident is None:
        return None
    here = (_T.incident_id == one.incident, _T.step == "closed", _T.by.is_not(None), _T.at >= one.found_at)
    return tx.scalar(sa.select(_T.why).where(*here).order_by(_T.step_id).limit(1))


def _shown_by_a_page(tx: sa.Connection, one: Alert) -> bool:
    organisation = _organisation(tx, one)
    since = one.opened_at - NEAR
    until = (moment_of(one.closed) if one.closed is not None else one.opened_at) + NEAR
    near = sa.and_(_I.opened_at <= until, sa.or_(_I.closed_at.is_(None), _I.closed_at >= since))
    pages = sa.and_(_I.organisation == organisation, _I.verdict != str(Verdict.UNUSUAL_COUNTS))
    return tx.scalar(sa.select(sa.exists().where(near, pages))) is True


def _organisation(tx: sa.Connection, one: Alert) -> str | None:
    if one.incident is None:
        return None
    return tx.scalar(sa.select(_I.organisation).where(_I.incident_id == one.incident))
