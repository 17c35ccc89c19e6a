"""Whether a fact is still what was recorded: its value against its digest, itself against the ledger.

Rules held here:
- What cannot be told (a sealed value, a destroyed key, an entry that waits for integration) is neither right nor wrong.
- A proof holds where the entry that the fact names is in the tree and holds the fact's commitment at the fact's place,
  and where the entry of its activity says what the activity does.
- A key counts as destroyed only where the commitment itself stands in the entry. An entry waits only in the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from haoma.errors import BadInput, HaomaError, NotFound, Tampered
from haoma.ledger import leaf_hash, verify_inclusion
from haoma.ledger.commitment import Commitment, Commitments
from haoma.ledger.entry import Entry, decode
from haoma.ledger.view import View
from haoma.ledger.written import as_written
from haoma.lineage.content import content
from haoma.lineage.model import Activity, Fact, digest
from haoma.storage import Store

__all__ = ["Checked", "Found", "LedgerProofs", "Mark", "Proofs", "check", "check_fact", "tells_of"]


class Mark(StrEnum):
    """What a check says."""

    HOLDS = "✓"
    FAILS = "✗"
    UNKNOWN = "·"


@dataclass(frozen=True, slots=True)
class Checked:
    """The value is what `digest` says, the fact what `commitment` stands for, and `proof` finds it in the log."""

    digest: Mark = Mark.UNKNOWN
    commitment: Mark = Mark.UNKNOWN
    proof: Mark = Mark.UNKNOWN

    @property
    def fails(self) -> bool:
        """Whether any of them does not hold."""
        return Mark.FAILS in (self.digest, self.commitment, self.proof)


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and whether it is proved to be in the tree; if not, it waits for integration."""

    entry: Entry
    in_tree: bool


class Proofs(Protocol):
    """Entries of the log."""

    def found(self, entry_id: int) -> Found:
        """The entry; raises NotFound where it neither is in the tree nor waits, Tampered where its proof fails."""


class LedgerProofs:
    """Entries out of the tree and the queue of a store; each is read and proved once."""

    def __init__(self, store: Store) -> None:
        self._view = View(store)
        self._known: dict[int, Found] = {}
        self._size, self._root = 0, b""

    def found(self, entry_id: int) -> Found:
        """The entry, proved against the root of the tree where it is in it."""
        if entry_id not in self._known:
            with as_written(f"what the log holds of entry {entry_id}"):
                self._known[entry_id] = self._find(entry_id)
        return self._known[entry_id]

    def _find(self, entry_id: int) -> Found:
        index = self._view.index_of(entry_id)
        if index is None:
            if waiting := self._view.waiting(entry_id):
                return Found(decode(waiting), in_tree=False)
            index = self._view.require_index(entry_id)  # it may have come into the tree meanwhile
        data = self._view.entry(index)
        if index >= self._size:
            self._size = self._view.head().size
            self._root = self._view.root(self._size)
        proof = self._view.inclusion(index, self._size)
        verify_inclusion(leaf_hash=leaf_hash(data), index=index, size=self._size, proof=proof, root=self._root)
        return Found(decode(data), in_tree=True)


def check(
    facts: Iterable[Fact], activities: Mapping[int, Activity], commitments: Commitments, proofs: Proofs
) -> dict[int, Checked]:
    """Check these facts, and the activities that made them, against the ledger."""
    told = {number: _tells(proofs, activity) for number, activity in activities.items()}
    found = {}
    for fact in facts:
        entry = _entry(proofs, fact.entry_id) if told.get(fact.activity_id) else None
        found[fact.fact_id] = check_fact(fact, activities.get(fact.activity_id), entry, commitments)
    return found


def check_fact(fact: Fact, activity: Activity | None, found: Found | None, commitments: Commitments) -> Checked:
    """Check one fact against the entry that it names, None where there is none that could be its own."""
    proof = Mark.FAILS
    if found and activity and _holds(found.entry, fact, activity):
        proof = Mark.HOLDS if found.in_tree else Mark.UNKNOWN
    return Checked(_digest(fact), _commitment(fact, activity, commitments, proof), proof)


def tells_of(entry: Entry, activity: Activity) -> bool:
    """Whether this is the entry of this activity."""
    said = {"run": activity.run_id, "code": activity.code_digest, "stage": str(activity.stage)}
    return entry.type == "lineage.ran" and entry.body == {**said, "outcome": str(activity.outcome)}


def _tells(proofs: Proofs, activity: Activity) -> bool:
    found = _entry(proofs, activity.entry_id)
    return found is not None and tells_of(found.entry, activity)


def _entry(proofs: Proofs, entry_id: int) -> Found | None:
    try:
        return proofs.found(entry_id)
    except (Tampered, NotFound, BadInput):
        return None


def _holds(entry: Entry, fact: Fact, activity: Activity) -> bool:
    first, held = entry.body.get("first"), entry.body.get("facts")
    if entry.type != "lineage.recorded" or entry.body.get("run") != activity.run_id:
        return False
    place = fact.fact_id - first if isinstance(first, int) else -1
    return isinstance(held, list) and 0 <= place < len(held) and held[place] == fact.commitment


def _digest(fact: Fact) -> Mark:
    if not isinstance(fact.value, str):
        return Mark.UNKNOWN
    return Mark.HOLDS if digest(fact.value) == fact.output_digest else Mark.FAILS


def _commitment(fact: Fact, activity: Activity | None, commitments: Commitments, proof: Mark) -> Mark:
    if activity is None:
        return Mark.FAILS
    try:
        holds = commitments.opens(Commitment.parse(fact.commitment), content(fact, activity))
    except NotFound:
        return Mark.FAILS if proof is Mark.FAILS else Mark.UNKNOWN
    except (HaomaError, ValueError):
        return Mark.FAILS
    return Mark.HOLDS if holds else Mark.FAILS
