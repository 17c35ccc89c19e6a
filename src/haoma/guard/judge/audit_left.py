"""Whether looks, evidence, incidents and votes are as the last change left them.

Rules held here:
- A row is what the log was told last of it; one that it was told of is there.
- A row that the log was never told of is older than the first telling: it was written when nothing was told yet, and
  is held from its next change on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.guard.judge import tables
from haoma.guard.judge.left import LEFT, evidence_left, incident_left, look_left, named, vote_left
from haoma.ledger.commitment import Commitment, Commitments
from haoma.ledger.entry import Entry
from haoma.ledger.written import as_written
from haoma.lineage.tables import facts

__all__ = ["hold_left"]

ROWS_AT_ONCE = 500
_Left = Callable[[Mapping[str, object]], tuple[str, bytes]]


def hold_left(tx: sa.Connection, told: Mapping[int, Entry], commitments: Commitments) -> None:
    """Hold looks, evidence, incidents and votes to these entries, in the order of the log. Raises Tampered.

    Raises NotFound where the key of a commitment is not here.
    """
    run = _Run(tx, told, commitments)
    v, f = tables.votes.c, facts.c.entry_id.label("told")
    every_vote = sa.select(tables.votes, f).join(facts, facts.c.fact_id == v.fact_id).order_by(v.vote_id)
    looks, shows = tables.looks.c, tables.evidence.c
    run.hold("the vote", every_vote, vote_left, "told")
    run.hold("the look", sa.select(tables.looks).order_by(looks.cause, looks.place), look_left, "first_check")
    run.hold("the evidence", sa.select(tables.evidence).order_by(shows.evidence_id), evidence_left, "entry_id")
    s, i = tables.steps.c, tables.incidents.c.incident_id
    opened = sa.select(s.incident_id, sa.func.min(s.entry_id).label("told")).group_by(s.incident_id).subquery()
    about = sa.select(tables.incidents, opened.c.told).join(opened, opened.c.incident_id == i).order_by(i)
    run.hold("the incident", about, incident_left, "told")
    run.require_none_left()


class _Run:
    """One audit under way."""

    def __init__(self, tx: sa.Connection, told: Mapping[int, Entry], commitments: Commitments) -> None:
        self._tx, self._commitments = tx, commitments
        self._left = dict(_last(told))
        self._since = min((entry_id for entry_id, one in told.items() if one.type == LEFT), default=None)

    def hold(self, what: str, query: sa.Select[Any], left: _Left, made: str) -> None:
        """Hold the rows of a query, each written with the entry in the column `made`."""
        with self._tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
            for row in rows:
                cells = named(row)
                entry_id = cells[made]
                with as_written(f"{what} that came of entry {entry_id}"):
                    cells.pop("told", None)
                    if not self._stands(*left(cells), int(str(entry_id))):
                        raise _differs(f"{what} that came of entry {entry_id} is not as it was left")

    def _stands(self, name: str, said: bytes, entry_id: int) -> bool:
        told = self._left.pop(name, None)
        if told is None:
            return self._since is None or entry_id < self._since
        return self._commitments.opens(Commitment.parse(told[1]), said)

    def require_none_left(self) -> None:
        """Raise Tampered where the log was told of a row that is not there."""
        if self._left:
            entry_id = min(entry_id for entry_id, _ in self._left.values())
            raise _differs(f"a look, vote, incident or piece of evidence that entry {entry_id} tells of is gone")


def _last(told: Mapping[int, Entry]) -> Iterable[tuple[str, tuple[int, str]]]:
    """What was told last of each name: the entry, and the commitment."""
    for entry_id, one in told.items():
        if one.type == LEFT:
            names, left = one.body["rows"], one.body["left"]
            if isinstance(names, list) and isinstance(left, list):
                for name, commitment in zip(names, left, strict=True):
                    yield str(name), (entry_id, str(commitment))


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
