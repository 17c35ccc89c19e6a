"""Whether all facts are there: those of a trace, and every one that the ledger has an entry of.

Rules held here:
- An entry holds the first id and the number of its facts. Each of them is in the database, and no other facts are.
- What a fact was made of is there: a trace without a parent is no trace.
- The entries audited are those of the tree whose root the log has, and those that wait. Whether that root is the one
  that was signed and witnessed, `haoma ledger audit` tells.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from haoma.errors import NotFound, Tampered
from haoma.ledger.commitment import Commitments
from haoma.ledger.entry import Entry
from haoma.ledger.scan import Scanned, scan
from haoma.lineage import tables
from haoma.lineage.check import Found, Mark, Proofs, check_fact, tells_of
from haoma.lineage.model import Activity, Fact
from haoma.lineage.rows import activities_of, activities_of_runs, facts_of
from haoma.lineage.walk import rows_of

__all__ = ["AuditedFacts", "audit_facts", "require_never_recorded", "require_sole", "require_whole"]

FACTS_AT_ONCE = 1_024
_THERE = "SELECT f.fact_id FROM j CROSS JOIN lineage_facts f WHERE f.fact_id >= j.a AND f.fact_id <= j.b"


@dataclass(frozen=True, slots=True)
class AuditedFacts:
    """How many facts and activities were compared; of `untold` facts the key is destroyed."""

    facts: int
    activities: int
    untold: int


def require_whole(tx: sa.Connection, facts: Sequence[Fact], proofs: Proofs) -> None:
    """Raise Tampered where a parent of a trace is not in it, or a fact is gone that was recorded with one of it.

    Entries that are not there are left to `check`.
    """
    known = {fact.fact_id for fact in facts}
    for fact in facts:
        for parent in fact.parents:
            if parent not in known:
                raise _gone(tx, parent)
    spans = set[tuple[int, int]]()
    for entry_id in {fact.entry_id for fact in facts}:
        try:
            spans.add(_span(proofs.found(entry_id).entry))
        except (NotFound, Tampered):
            continue
    _require_there(tx, sorted(spans))


def require_sole(tx: sa.Connection, facts: Sequence[Fact]) -> None:
    """Raise Tampered where another entry than its own commits to one of these facts. Reads the entries of the log.

    For facts whose key is destroyed: an entry that was appended for a rewritten fact cannot be told by its commitment.
    """
    known = {fact.fact_id: fact for fact in facts}
    for entry_id, first, last in _recorded(tx) if known else ():
        for number in known.keys() & range(first, last + 1):
            if known[number].entry_id != entry_id:
                raise _differs(f"fact:{number} is not what was recorded")


def require_never_recorded(tx: sa.Connection, number: int) -> None:
    """Raise Tampered where an entry of the log commits to this fact, which is not there. Reads the whole log."""
    if any(first <= number <= last for _, first, last in _recorded(tx)):
        raise _gone(tx, number)


def audit_facts(tx: sa.Connection, commitments: Commitments) -> AuditedFacts:
    """Hold every fact and activity against the entries of the log, as they are in this transaction.

    Raises Tampered with the first fact or activity that differs, is gone, or is in no entry.
    """
    run = _Audit(tx, commitments)
    for entry_id, entry, in_tree in _entries(tx):
        run.take(entry_id, Found(entry, in_tree))
    return run.finish()


class _Audit:
    def __init__(self, tx: sa.Connection, commitments: Commitments) -> None:
        self._tx, self._commitments = tx, commitments
        self._facts = self._activities = self._untold = self._kept = 0
        self._waiting: list[tuple[int, Found]] = []
        self._spans: list[tuple[int, int]] = []

    def take(self, entry_id: int, found: Found) -> None:
        """Compare what this entry says, at the latest with the next ones."""
        self._waiting.append((entry_id, found))
        self._kept += len(_held(found.entry)) or 1
        if self._kept >= FACTS_AT_ONCE:
            self._compare()

    def finish(self) -> AuditedFacts:
        """Compare what is left, and require that the database holds nothing else."""
        self._compare()
        if _count(self._tx, tables.facts) != self._facts:
            raise _differs(f"fact:{self._stranger()} is in no entry of the log")
        if _count(self._tx, tables.activities) != self._activities:
            raise _differs("an activity is in no entry of the log")
        return AuditedFacts(self._facts, self._activities, self._untold)

    def _compare(self) -> None:
        ran = [(entry_id, one.entry) for entry_id, one in self._waiting if one.entry.type == "lineage.ran"]
        recorded = [pair for pair in self._waiting if pair[1].entry.type == "lineage.recorded"]
        self._waiting, self._kept = [], 0
        self._compare_activities(ran)
        spans = [_span(found.entry) for _, found in recorded]
        _require_there(self._tx, spans)
        facts = {fact.fact_id: fact for fact in self._read([n for a, b in spans for n in range(a, b + 1)])}
        activities = activities_of(self._tx, {fact.activity_id for fact in facts.values()})
        for (entry_id, found), (first, last) in zip(recorded, spans, strict=True):
            for number in range(first, last + 1):
                self._compare_fact(facts[number], activities.get(facts[number].activity_id), entry_id, found)
        self._cover(spans)

    def _compare_fact(self, fact: Fact, activity: Activity | None, entry_id: int, found: Found) -> None:
        checked = check_fact(fact, activity, found, self._commitments)
        if checked.fails or fact.entry_id != entry_id:
            raise _differs(f"fact:{fact.fact_id} is not what was recorded")
        self._facts += 1
        self._untold += checked.commitment is Mark.UNKNOWN

    def _compare_activities(self, ran: Sequence[tuple[int, Entry]]) -> None:
        known = activities_of_runs(self._tx, [str(entry.body.get("run")) for _, entry in ran])
        for entry_id, entry in ran:
            activity = known.get(str(entry.body.get("run")))
            if activity is None or activity.entry_id != entry_id or not tells_of(entry, activity):
                raise _differs(f"the activity of entry {entry_id} is {'not what was recorded' if activity else 'gone'}")
        self._activities += len(ran)

    def _read(self, numbers: Sequence[int]) -> list[Fact]:
        try:
            return facts_of(self._tx, numbers)
        except NotFound:
            raise _differs("the source of a fact is gone") from None

    def _cover(self, spans: Sequence[tuple[int, int]]) -> None:
        for first, last in spans:
            joins = self._spans and self._spans[-1][1] + 1 == first
            self._spans.append((self._spans.pop()[0] if joins else first, last))

    def _stranger(self) -> int:
        """The first fact that no entry tells of."""
        spans = sorted(self._spans)
        for number in self._tx.scalars(sa.select(tables.facts.c.fact_id).order_by(tables.facts.c.fact_id)):
            place = bisect_right(spans, number, key=lambda span: span[0]) - 1
            if place < 0 or spans[place][1] < number:
                return int(number)
        return 0


def _entries(tx: sa.Connection) -> Iterator[Scanned]:
    """The entries about lineage, in the order of the log."""
    return scan(tx, lambda data: b'"type":"lineage.' in data)


def _recorded(tx: sa.Connection) -> Iterator[tuple[int, int, int]]:
    """The id of each entry of facts, with its first and last fact."""
    for entry_id, entry, _ in _entries(tx):
        if entry.type == "lineage.recorded":
            yield entry_id, *_span(entry)


def _held(entry: Entry) -> list[object]:
    held = entry.body.get("facts")
    return list(held) if isinstance(held, list) else []


def _span(entry: Entry) -> tuple[int, int]:
    """The first and the last fact of an entry."""
    first, held = entry.body.get("first"), _held(entry)
    if entry.type != "lineage.recorded" or type(first) is not int or not held:
        raise _differs("an entry that a fact names is not one of facts")
    return first, first + len(held) - 1


def _require_there(tx: sa.Connection, spans: Sequence[tuple[int, int]]) -> None:
    there = {row[0] for row in rows_of(tx, _THERE, [(0, first, last) for first, last in spans])}
    for first, last in spans:
        for number in range(first, last + 1):
            if number not in there:
                raise _gone(tx, number)


def _gone(tx: sa.Connection, number: int) -> Tampered:
    if tx.scalar(sa.select(sa.exists().where(tables.facts.c.fact_id == number))):
        return _differs(f"fact:{number} is no longer linked to what was made of it")
    return _differs(f"fact:{number} is gone")


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="keep this database as it is; haoma ledger audit tells whether the log still holds")


def _count(tx: sa.Connection, table: sa.Table) -> int:
    return int(tx.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
