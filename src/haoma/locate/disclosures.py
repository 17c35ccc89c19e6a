"""Who was told how often where customers are; an alarm when somebody leaves their own normal, and what lacked a basis.

Rules held here:
- Each answer that tells something is a row, in the transaction of the answer, with the permission that it rests on.
- An alarm compares an operator with themselves: today against their days of the last four weeks. It is due from the
  transaction of the answer on, once a day, and stays due until somebody has heard it.
- 法释〔2017〕10号 art. 5 counts location items that were obtained or provided illegally, 25 or 50 of them. So what is
  counted against it is disclosures that turn out to lack a basis; the right figure is 0.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from haoma.consent import Grant
from haoma.consent.office import Office
from haoma.consent.tables import emergencies, grants
from haoma.errors import Unavailable
from haoma.locate import tables
from haoma.storage import Time, quick
from haoma.vault.retention_table import rule_of

__all__ = ["INSIDER", "OUTSIDER", "Disclosed", "Disclosure", "count", "is_unusual", "overview", "sound_due"]

CHINA = timezone(timedelta(hours=8))
INSIDER, OUTSIDER = 25, 50
DAYS, LEAST, RARE = 28, 5.0, 1e-6
ALARM = "disclosures-unusual"
_KEPT = rule_of("sharing").shortest or timedelta(days=1100)
_c = tables.counts.c
_WRITTEN = """INSERT INTO locate_disclosures
 (tenant, actor, recipient, purpose, subject, question, granularity, grant_id, at, entry_id, kept_until)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_COUNTED = """INSERT INTO locate_counts (tenant, actor, recipient, purpose, day, disclosed, alarmed, kept_until)
 VALUES (?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT (tenant, actor, recipient, purpose, day)
 DO UPDATE SET disclosed = locate_counts.disclosed + 1 RETURNING alarmed"""
_OF_DAY = """SELECT sum(disclosed), max(CAST(alarmed AS INTEGER)) FROM locate_counts
 WHERE tenant = ? AND actor = ? AND day = ?"""
_DAYS = """SELECT sum(disclosed) FROM locate_counts WHERE tenant = ? AND actor = ? AND day >= ? AND day < ?
 GROUP BY day"""
_ALARM = "UPDATE locate_counts SET alarmed = ?, alarm_entry_id = ? WHERE tenant = ? AND actor = ? AND day = ?"


class Disclosure(NamedTuple):
    """One answer that told something: who was told, on whose permission, what was asked, and how fine it was."""

    actor: str
    question: str
    granularity: str
    grant: Grant
    entry_id: int


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What an operator was told for one recipient and purpose; `without_basis` is 0 where everything is right."""

    actor: str
    recipient: str
    purpose: str
    disclosed: int
    without_basis: int
    alarms: int


def count(tx: sa.Connection, done: Disclosure, at: datetime) -> bool:
    """Write a disclosure down; true where an alarm is due over it."""
    grant, kept = done.grant, Time.stored(at + _KEPT)
    tenant, day = grant.subject.tenant, _day(at)
    who = (tenant, done.actor, grant.recipient, grant.purpose)
    about = (str(grant.subject), done.question, done.granularity, grant.grant_id)
    quick(tx, _WRITTEN, *who, *about, Time.stored(at), done.entry_id, kept)
    ((alarmed,),) = quick(tx, _COUNTED, *who, day, False, _count_kept_until(day), kinds=(int,))
    return not alarmed and _alarming(tx, (tenant, done.actor), day, at, done.entry_id)


def sound_due(office: Office) -> int:
    """Sound the alarms that nobody has heard yet; returns how many are left."""
    due = sa.select(_c.tenant, _c.actor, _c.day, sa.func.max(_c.alarm_entry_id).label("entry_id"))
    waiting = (_c.alarmed.is_(True), _c.sounded_at.is_(None))
    with office.store.read() as tx:
        rows = tx.execute(due.where(*waiting).group_by(_c.tenant, _c.actor, _c.day).order_by(_c.day)).all()
    for at, row in enumerate(rows):
        try:
            office.alarms.sound(ALARM, str(row.entry_id), office.now())
        except Unavailable:
            return len(rows) - at
        mine = (_c.tenant == row.tenant, _c.actor == row.actor, _c.day == row.day)
        heard = sa.update(tables.counts).where(*mine, *waiting).values(sounded_at=office.now())
        office.store.write(lambda tx, heard=heard: tx.execute(heard).rowcount)  # type: ignore[misc]
    return 0


def _alarming(tx: sa.Connection, who: tuple[str, str], day: str, at: datetime, entry_id: int) -> bool:
    ((today, alarmed),) = quick(tx, _OF_DAY, *who, day, kinds=(int, int))
    if alarmed or today < LEAST_UNUSUAL:
        return False
    before = quick(tx, _DAYS, *who, _day(at - timedelta(days=DAYS)), day, kinds=(int,))
    if not is_unusual(today, [told for (told,) in before]):
        return False
    quick(tx, _ALARM, True, entry_id, *who, day)
    return True


def is_unusual(today: int, before: list[int]) -> bool:
    """Whether a day leaves an operator's own normal: rarer than one in a million for a Poisson of their busiest day.

    `before` are the days on which they were told anything. Whoever has no history is taken for five a day.

    >>> is_unusual(20, []), is_unusual(20, [18, 25, 22]), is_unusual(80, [18, 25, 22])
    (True, False, True)
    """
    return _tail(today, max([LEAST, *before])) < RARE


def _tail(least: int, mean: float) -> float:
    """P(X >= least) of a Poisson."""
    if least <= mean:
        return 1.0
    term = math.exp(least * math.log(mean) - mean - math.lgamma(least + 1))
    found, at = 0.0, least
    while term > found * 1e-12 and at < least + 10_000:
        found += term
        at += 1
        term *= mean / at
    return min(1.0, found)


LEAST_UNUSUAL = next(count for count in itertools.count(1) if is_unusual(count, []))
"""No day with fewer is unusual, whatever was before it: most answers look no further."""


def overview(tx: sa.Connection, tenant: str, since: datetime) -> list[Disclosed]:
    """What everybody was told since a moment, those first who were told most without a basis, then most of all."""
    d, g, e = tables.disclosures.c, grants.c, emergencies.c
    stood = sa.and_(g.since <= d.at, d.at < g.until, sa.or_(g.ended_at.is_(None), d.at <= g.ended_at))
    founded = sa.and_(g.grant_id.is_not(None), stood, sa.func.coalesce(e.state, "") != "unjustified")
    joined = tables.disclosures.outerjoin(grants, g.grant_id == d.grant_id).outerjoin(
        emergencies, e.grant_id == d.grant_id
    )
    lacking = sa.func.sum(sa.case((founded, 0), else_=1))
    who = (d.actor, d.recipient, d.purpose)
    query = sa.select(*who, sa.func.count(), lacking).select_from(joined).where(d.tenant == tenant, d.at >= since)
    alarms = _alarms(tx, tenant, since)
    found = [
        Disclosed(row[0], row[1], row[2], int(row[3]), int(row[4]), alarms.get((row[0], row[1], row[2]), 0))
        for row in tx.execute(query.group_by(*who))
    ]
    return sorted(found, key=lambda one: (-one.without_basis, -one.disclosed, one.actor))


def _alarms(tx: sa.Connection, tenant: str, since: datetime) -> dict[tuple[str, str, str], int]:
    rang = (_c.tenant == tenant, _c.day >= _day(since), _c.alarmed.is_(True))
    query = sa.select(_c.actor, _c.recipient, _c.purpose, sa.func.count()).where(*rang)
    rows = tx.execute(query.group_by(_c.actor, _c.recipient, _c.purpose))
    return {(row[0], row[1], row[2]): int(row[3]) for row in rows}


def _day(at: datetime) -> str:
    return at.astimezone(CHINA).date().isoformat()


@lru_cache(maxsize=8)
def _count_kept_until(day: str) -> int:
    """Until when the counts of a day are kept, as stored: the same all day, so that an answer moves no index."""
    return Time.stored(datetime.fromisoformat(day).replace(tzinfo=CHINA) + timedelta(days=1) + _KEPT)
