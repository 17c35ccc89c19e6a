"""What is counted when a place is told, by the query layer and out of all history: what the quick way is held to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from contracts.consent import NOW
from haoma.consent import Granularity, Source
from haoma.consent.grant import Standing, mint
from haoma.locate import tables
from haoma.locate.disclosures import CHINA, DAYS, Disclosure, is_unusual
from haoma.vault import SubjectToken, rule_of

Count = Callable[[sa.Connection, Disclosure, datetime], bool]
_d, _c = tables.disclosures.c, tables.counts.c


class Step(NamedTuple):
    """So many disclosures to one operator for one recipient, so many hours after the first."""

    hours: int
    actor: str
    recipient: str
    times: int


def played(tx: sa.Connection, count: Count, tenant: str, steps: Iterable[Step]) -> list[object]:
    """The alarms that came of these steps, and the rows that they left."""
    rang = [
        (step, n)
        for step in steps
        for n in range(step.times)
        if count(tx, _told(tenant, step, n), NOW + timedelta(hours=step.hours))
    ]
    rows = sa.select(*(column for column in _d if column.name not in {"disclosure_id", "tenant", "subject"}))
    counted = sa.select(*(column for column in _c if column.name != "tenant"))
    rows, counted = rows.where(_d.tenant == tenant), counted.where(_c.tenant == tenant)
    return [
        rang,
        [tuple(row) for row in tx.execute(rows.order_by(_d.disclosure_id))],
        [tuple(row) for row in tx.execute(counted.order_by(_c.actor, _c.recipient, _c.purpose, _c.day))],
    ]


def _told(tenant: str, step: Step, n: int) -> Disclosure:
    permission = Standing(
        f"g{step.recipient}",
        "customer-care",
        step.recipient,
        Granularity.CITY,
        "consent",
        NOW,
        NOW + timedelta(days=90),
    )
    grant = mint(permission, SubjectToken(tenant, "a", 1, bytes(16)), Source.SEGMENT, NOW, 1)
    return Disclosure(step.actor, "verify", "yes-no", grant, step.hours * 1000 + n)


def count_by_query_layer(tx: sa.Connection, done: Disclosure, at: datetime) -> bool:
    """`disclosures.count`, with all history looked at for each answer."""
    grant, life = done.grant, rule_of("sharing").shortest or timedelta(days=1100)
    evening = at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    who = {"tenant": grant.subject.tenant, "actor": done.actor, "recipient": grant.recipient, "purpose": grant.purpose}
    about = {"subject": str(grant.subject), "question": done.question, "granularity": done.granularity}
    more = {"grant_id": grant.grant_id, "at": at, "entry_id": done.entry_id, "kept_until": at + life}
    tx.execute(sa.insert(tables.disclosures).values(**who, **about, **more))
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    added = insert(tables.counts).values(**who, day=_day(at), disclosed=1, alarmed=False, kept_until=evening + life)
    one_more = added.on_conflict_do_update(
        index_elements=["tenant", "actor", "recipient", "purpose", "day"],
        set_={"disclosed": _c.disclosed + 1},
    )
    tx.execute(one_more)
    return _alarming(tx, done, at)


def _alarming(tx: sa.Connection, done: Disclosure, at: datetime) -> bool:
    mine, day = (_c.tenant == done.grant.subject.tenant, _c.actor == done.actor), _day(at)
    query = sa.select(_c.day, sa.func.sum(_c.disclosed), sa.func.max(sa.cast(_c.alarmed, sa.Integer)))
    since = _day(at - timedelta(days=DAYS))
    rows = tx.execute(query.where(*mine, _c.day >= since, _c.day <= day).group_by(_c.day)).all()
    days = {row[0]: (int(row[1]), bool(row[2])) for row in rows}
    today, alarmed = days.pop(day)
    if alarmed or not is_unusual(today, [told for told, _ in days.values()]):
        return False
    tx.execute(sa.update(tables.counts).where(*mine, _c.day == day).values(alarmed=True, alarm_entry_id=done.entry_id))
    return True


def _day(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d}"
