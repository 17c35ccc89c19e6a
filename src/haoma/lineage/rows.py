"""Facts and activities as rows of the database, both ways.

Rules held here:
- A digest is 64 hexadecimal digits in Python and 32 bytes in the database.
- What many facts share, a source or a code digest, is written once.
- A row that haoma cannot have written is Tampered, whatever is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import BadInput, NotFound, Tampered
from haoma.lineage import tables
from haoma.lineage.model import Activity, Fact, Outcome, Sealed, Stage
from haoma.lineage.walk import rows_of
from haoma.storage import Time

__all__ = [
    "activities_of",
    "activities_of_runs",
    "fact_row",
    "facts_of",
    "find_origin",
    "give_origins",
    "insert_new",
    "one_activity",
]

_FACTS = (
    "SELECT f.fact_id, f.subject, f.name, f.value, f.sealed, f.sealed_key, o.text, f.stage, f.activity_id,"
    " f.observed_at, f.recorded_at, f.confidence, f.parents, f.input_digest, f.output_digest, f.supersedes, f.entry_id,"
    " f.commitment FROM j CROSS JOIN lineage_facts f JOIN lineage_origins o ON o.origin_id = f.source_id"
    " WHERE f.fact_id = j.c ORDER BY f.fact_id"
)


def facts_of(tx: sa.Connection, fact_ids: Iterable[int]) -> list[Fact]:
    """The facts of these ids, in the order of ids; raises NotFound where one is missing."""
    wanted = sorted(set(fact_ids))
    found = []
    for row in rows_of(tx, _FACTS, [(fact_id, 0, 0) for fact_id in wanted]):
        with _as_written(f"fact {row[0]}"):
            found.append(_fact(row))
    if len(found) < len(wanted):
        missing = sorted(set(wanted) - {fact.fact_id for fact in found})
        message = f"there is no fact {missing[0]}"
        raise NotFound(message, hint="haoma trace takes a number, or fact: and an id that haoma has told")
    return found


def _fact(row: Sequence[Any]) -> Fact:
    (fact_id, subject, name, value, sealed, key_id, source, stage, activity_id, observed_at, recorded_at, confidence,
     parents, before, after, supersedes, entry_id, commitment) = row  # fmt: skip
    made_of = () if parents == "[]" else tuple(json.loads(parents))
    texts, numbers = (subject, name, source, commitment), (fact_id, activity_id, confidence, entry_id, *made_of)
    # SQLite keeps a text in a column of numbers.
    if not (all(type(one) is str for one in texts) and all(type(one) is int for one in numbers)):
        raise TypeError
    if not (value is None or type(value) is str) or not (supersedes is None or type(supersedes) is int):
        raise TypeError
    # By position: a page makes a thousand of them.
    return Fact(
        fact_id,
        subject,
        name,
        value if sealed is None else Sealed(bytes(sealed), key_id),
        source,
        _STAGES[stage],
        activity_id,
        Time.read(observed_at),
        Time.read(recorded_at),
        confidence,
        made_of,
        None if before is None else bytes(before).hex(),
        None if after is None else bytes(after).hex(),
        supersedes,
        entry_id,
        commitment,
    )


_STAGES = {str(stage): stage for stage in Stage}


def fact_row(fact: Fact, chain: int, source_id: int, code_id: int) -> dict[str, object]:
    """The row of a fact."""
    sealed = fact.value if isinstance(fact.value, Sealed) else None
    return {
        "fact_id": fact.fact_id,
        "chain": chain,
        "subject": fact.subject,
        "name": fact.name,
        "value": fact.value if sealed is None else None,
        "sealed": sealed.data if sealed else None,
        "sealed_key": sealed.key_id if sealed else None,
        "source_id": source_id,
        "code_id": code_id,
        "activity_id": fact.activity_id,
        "stage": str(fact.stage),
        "observed_at": fact.observed_at,
        "recorded_at": fact.recorded_at,
        "confidence": fact.confidence,
        "parents": json.dumps(fact.parents, separators=(",", ":")),
        "input_digest": bytes.fromhex(fact.input_digest) if fact.input_digest else None,
        "output_digest": bytes.fromhex(fact.output_digest) if fact.output_digest else None,
        "supersedes": fact.supersedes,
        "entry_id": fact.entry_id,
        "commitment": fact.commitment,
    }


def activities_of(tx: sa.Connection, activity_ids: Iterable[int]) -> dict[int, Activity]:
    """The activities of these ids, by id."""
    column = tables.activities.c.activity_id
    with _as_written("what ran"):
        found = tx.execute(sa.select(tables.activities).where(column.in_(sorted(set(activity_ids)))))
        return {row.activity_id: _activity(row) for row in found}


def activities_of_runs(tx: sa.Connection, run_ids: Iterable[str]) -> dict[str, Activity]:
    """The activities of these runs that are there, by run."""
    column = tables.activities.c.run_id
    with _as_written("what ran"):
        found = tx.execute(sa.select(tables.activities).where(column.in_(sorted(set(run_ids)))))
        return {row.run_id: _activity(row) for row in found}


@contextmanager
def _as_written(what: str) -> Iterator[None]:
    try:
        yield
    except (BadInput, TypeError, ValueError, KeyError, ArithmeticError, AttributeError, RecursionError) as error:
        message = f"{what} is not written as haoma writes it: it was edited"
        raise Tampered(message, hint="haoma trace --all names the first fact that differs") from error


def one_activity(tx: sa.Connection, run_id: str) -> Activity | None:
    """The activity of this run, where it is recorded."""
    with _as_written("what ran"):
        row = tx.execute(sa.select(tables.activities).where(tables.activities.c.run_id == run_id)).one_or_none()
        return _activity(row) if row else None


def _activity(row: sa.Row[tuple[object, ...]]) -> Activity:
    return Activity(
        name=row.name,
        code_digest=row.code_digest,
        system=row.system,
        stage=Stage(row.stage),
        started_at=row.started_at,
        ended_at=row.ended_at,
        version=row.version,
        run_id=row.run_id,
        outcome=Outcome(row.outcome),
        failure=row.failure,
        activity_id=row.activity_id,
        entry_id=row.entry_id,
    )


def find_origin(tx: sa.Connection, kind: str, text: str) -> int | None:
    """The id under which a source or code digest is written, where it is."""
    columns = tables.origins.c
    return tx.scalar(sa.select(columns.origin_id).where(columns.kind == kind, columns.text == text))


def give_origins(tx: sa.Connection, kind: str, texts: Iterable[str]) -> dict[str, int]:
    """The ids of these texts, which are written where they are not yet."""
    found: dict[str, int] = {}
    for text in sorted(set(texts)):
        known = find_origin(tx, kind, text)
        if known is None:
            added = insert_new(tx, tables.origins).values(kind=kind, text=text)
            known = tx.execute(added.returning(tables.origins.c.origin_id)).scalar_one()
        found[text] = known
    return found


def insert_new(tx: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that leaves alone what is there already."""
    if tx.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
