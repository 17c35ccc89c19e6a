"""How a change left rows that later ones go by: looks, evidence, incidents and votes. The log is told of each.

Rules held here:
- A change tells, in its own transaction, how it left each row that is another one then: by a name that the row keeps
  (digest) and a commitment to what it says. What is told last of a name is how that row stands, until it is told anew.
- A look at rest, with nothing wrong at its place and no alert, says neither how often it was right nor when it was
  last: nothing goes by that, and each look at a page that is as it was would be told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from haoma.guard.judge import tables
from haoma.guard.judge.desk import Desk
from haoma.guard.judge.model import Seen
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import time_text

__all__ = [
    "LEFT",
    "SCOPE",
    "checked_left",
    "evidence_left",
    "incident_left",
    "look_left",
    "named",
    "news_left",
    "snapshot_digest",
    "tell_left",
    "telling",
    "vote_left",
]

LEFT = "guard.left"
SCOPE = "guardrows"
AT_ONCE = 256
STEPS = frozenset({"severity", "state", "last_seen_at", "opened_at", "closed_at"})
_l, _e, _i = tables.looks.c, tables.evidence.c, tables.incidents.c
_Said = tuple[str, bytes]


@contextmanager
def telling(
    tx: sa.Connection, desk: Desk, at: datetime, causes: Collection[str], seen: Seen | None = None
) -> Iterator[None]:
    """Tell the log how the block leaves looks, evidence and incidents of these causes, as far as it changes them.

    With `seen` they are the looks at that page, and what there is of their causes too.
    """
    before = _rows(tx, causes, seen)
    yield
    after = _rows(tx, causes, seen)
    tell_left(tx, desk, at, {name: said for name, said in after.items() if before.get(name) != said})


def tell_left(tx: sa.Connection, desk: Desk, at: datetime, rows: Mapping[str, bytes]) -> None:
    """Tell the log how these rows were left: what each says, by its name."""
    names = sorted(rows)
    for part in (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)):
        left = [str(desk.commitments.commit(SCOPE, rows[name])) for name in part]
        desk.tell(tx, LEFT, at, rows=list(part), left=list(left))


def look_left(row: Mapping[str, object]) -> _Said:
    """The name of a row of `judge_looks`, and what it says."""
    said = {name: value for name, value in row.items() if name not in {"good", "last_at"}}
    good = row["good"] if row["alert"] or row["bad"] else 0
    return _name("look", str(row["cause"]), str(row["place"])), _said({**said, "good": good})


def evidence_left(row: Mapping[str, object]) -> _Said:
    """The name of a row of `judge_evidence`, and what it says."""
    said = {name: value for name, value in row.items() if name != "evidence_id"}
    return _name("evidence", str(row["cause"]), str(row["role"])), _said(said)


def incident_left(row: Mapping[str, object]) -> _Said:
    """The name of a row of `judge_incidents`, and what it says that no step changes."""
    return _name("incident", str(row["cause"])), _said({name: one for name, one in row.items() if name not in STEPS})


def snapshot_digest(source: str, snapshot: str, organisation: str) -> str:
    """What an entry names a look by: SHA-256 in hexadecimal."""
    return hashlib.sha256(f"{source} {snapshot} {organisation}".encode()).hexdigest()


def checked_left(row: Mapping[str, object]) -> bytes:
    """What a row of `judge_checked` says, but for its ids."""
    return _said({name: one for name, one in row.items() if name not in {"check_id", "entry_id"}})


def news_left(channel: str, payload: str) -> bytes:
    """What a piece of news says, and to which channel."""
    return canonical([channel, payload])


def vote_left(row: Mapping[str, object]) -> _Said:
    """The name of a row of `judge_votes`, and what it says."""
    return _name("vote", str(row["fact_id"])), _said(row)


def named(row: sa.Row[tuple[object, ...]]) -> dict[str, object]:
    """A row as what stands in each column."""
    return dict(row._mapping)  # noqa: SLF001 - public in spite of its name


def _rows(tx: sa.Connection, causes: Collection[str], seen: Seen | None) -> dict[str, bytes]:
    here: sa.ColumnElement[bool] = _l.cause.in_(causes)
    if seen is not None:
        here = sa.and_(_l.place == seen.place, _l.organisation == seen.organisation)
    looks = tx.execute(sa.select(tables.looks).where(here)).all()
    every = sorted({*causes, *(row.cause for row in looks)})
    shows = tx.execute(sa.select(tables.evidence).where(_e.cause.in_(every)))
    about = tx.execute(sa.select(tables.incidents).where(_i.cause.in_(every)))
    told = [look_left(named(row)) for row in looks] + [evidence_left(named(row)) for row in shows]
    return dict(told + [incident_left(named(row)) for row in about])


def _name(*parts: str) -> str:
    return hashlib.sha256(canonical(list(parts))).hexdigest()


def _said(row: Mapping[str, object]) -> bytes:
    return canonical({str(name): time_text(one) if isinstance(one, datetime) else one for name, one in row.items()})
