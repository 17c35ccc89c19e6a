"""Whether a fact is still what was recorded: its value against its digest, itself against the ledger.

Rules held here:
- What cannot be told (a sealed value, a destroyed key, an entry that waits for integration) is neither right nor wrong.
- A proof holds where the entry that the fact names is in the tree and holds the fact's commitment.
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
from haoma.lineage.model import Activity, Fact, content, digest

__all__ = ["Checked", "LedgerProofs", "Mark", "Proofs", "check"]


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


class Proofs(Protocol):
    """Entries that are proved to be in the log."""

    def proved(self, entry_id: int) -> Entry | None:
        """The entry, once its proof holds; None while it waits for integration. Raises Tampered where it does not."""


class LedgerProofs:
    """Entries out of the tree as it stood when this was made."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._size = view.head().size
        self._root = view.root(self._size)

    def proved(self, entry_id: int) -> Entry | None:
        """The entry, proved against the root of the tree."""
        index = self._view.index_of(entry_id)
        if index is None or index >= self._size:
            return None
        data = self._view.entry(index)
        proof = self._view.inclusion(index, self._size)
        verify_inclusion(leaf_hash=leaf_hash(data), index=index, size=self._size, proof=proof, root=self._root)
        return decode(data)


def check(
    facts: Iterable[Fact], activities: Mapping[int, Activity], commitments: Commitments, proofs: Proofs
) -> dict[int, Checked]:
    """Check these facts; an entry that holds many of them is proved once."""
    entries: dict[int, Entry | Mark | None] = {}
    found = {}
    for fact in facts:
        if fact.entry_id not in entries:
            entries[fact.entry_id] = _entry(proofs, fact.entry_id)
        proof = _proof(entries[fact.entry_id], fact)
        found[fact.fact_id] = Checked(_digest(fact), _commitment(fact, activities, commitments), proof)
    return found


def _entry(proofs: Proofs, entry_id: int) -> Entry | Mark | None:
    try:
        return proofs.proved(entry_id)
    except (Tampered, NotFound, BadInput):
        return Mark.FAILS


def _proof(entry: Entry | Mark | None, fact: Fact) -> Mark:
    if isinstance(entry, Mark):
        return entry
    if entry is None:
        return Mark.UNKNOWN
    held = entry.body.get("facts")
    return Mark.HOLDS if isinstance(held, list) and fact.commitment in held else Mark.FAILS


def _digest(fact: Fact) -> Mark:
    if not isinstance(fact.value, str):
        return Mark.UNKNOWN
    return Mark.HOLDS if digest(fact.value) == fact.output_digest else Mark.FAILS


def _commitment(fact: Fact, activities: Mapping[int, Activity], commitments: Commitments) -> Mark:
    activity = activities.get(fact.activity_id)
    if activity is None:
        return Mark.FAILS
    try:
        holds = commitments.opens(Commitment.parse(fact.commitment), content(fact, activity))
    except NotFound:
        return Mark.UNKNOWN
    except HaomaError:
        return Mark.FAILS
    return Mark.HOLDS if holds else Mark.FAILS
