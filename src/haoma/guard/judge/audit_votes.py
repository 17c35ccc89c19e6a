"""Whether votes stand as they were recorded.

Rules held here:
- A vote says what its Fact says, of what and when the Fact says it; and each Fact that judging or a person's decision
  made has its vote, and one alone: none is deleted, none is made up. That Facts are those of the log, `haoma trace
  --all` tells.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from haoma.errors import NotFound, Tampered
from haoma.guard.judge import tables
from haoma.guard.judge.votes import ACTIVITIES
from haoma.ledger.written import as_written
from haoma.lineage import Fact, facts_of
from haoma.lineage.tables import activities, facts

__all__ = ["hold_votes"]

AT_ONCE = 1_000
_c = tables.votes.c


def hold_votes(tx: sa.Connection) -> int:
    """Hold votes to their Facts, and Facts to their votes; how many there are. Raises Tampered."""
    last = count = 0
    while True:
        rows = tx.execute(sa.select(tables.votes).where(_c.vote_id > last).order_by(_c.vote_id).limit(AT_ONCE)).all()
        if not rows:
            break
        known = _facts(tx, sorted({row.fact_id for row in rows}))
        for row in rows:
            with as_written(f"vote {row.vote_id}"):
                fact = known.get(row.fact_id)
                if fact is None or not _is_said_by(fact, row):
                    raise _differs(f"vote {row.vote_id} is not what was recorded")
            last, count = row.vote_id, count + 1
    _require_each(tx)
    return count


def _require_each(tx: sa.Connection) -> None:
    """Raise Tampered where a Fact of a vote has no vote, or two."""
    twice = sa.select(_c.fact_id).group_by(_c.fact_id).having(sa.func.count() > 1)
    if (found := tx.scalar(twice.order_by(_c.fact_id).limit(1))) is not None:
        raise _differs(f"the vote of fact:{found} is there twice")
    of_votes = sa.select(activities.c.activity_id).where(activities.c.name.in_(ACTIVITIES))
    without = sa.select(facts.c.fact_id).where(
        facts.c.activity_id.in_(of_votes), facts.c.fact_id.not_in(sa.select(_c.fact_id))
    )
    if (found := tx.scalar(without.order_by(facts.c.fact_id).limit(1))) is not None:
        raise _differs(f"the vote of fact:{found} is gone")


def _facts(tx: sa.Connection, fact_ids: list[int]) -> dict[int, Fact]:
    try:
        return {fact.fact_id: fact for fact in facts_of(tx, fact_ids)}
    except NotFound as error:
        raise _differs(f"a vote has no Fact: {error}") from None


def _is_said_by(fact: Fact, row: sa.Row[Any]) -> bool:
    said = {"number": row.shown, "rule": row.rule, "verdict": row.verdict, "voice": row.voice}
    subject = f"hotline:{row.hotline}" if row.hotline else f"public:{row.organisation}"
    told = (fact.json_value(), fact.source, fact.subject, fact.observed_at)
    return told == (said, f"source:{row.place}", subject, row.at)


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
