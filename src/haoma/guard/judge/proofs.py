"""Proofs of entries for a pack of evidence; fills `Proofs`.

Rules held here:
- Entries of one pack are proved against one checkpoint: the first that covers them all, so that the same entries always
  have the same proofs. Where none does yet, one is signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from haoma.errors import NotFound
from haoma.ledger import tables
from haoma.ledger.offline import proof_file
from haoma.ledger.own_keys import OwnKeys
from haoma.ledger.publish import Publisher
from haoma.ledger.service import Ledger
from haoma.ledger.view import View
from haoma.ledger.written import as_bytes, reading

__all__ = ["LogProofs"]

WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class LogProofs:
    """Proves out of the log of one store."""

    ledger: Ledger
    view: View
    publisher: Publisher
    keys: OwnKeys

    def of(self, entry_ids: Sequence[int]) -> Mapping[int, bytes]:
        """See `Proofs.of`."""
        self.ledger.integrate(wait_s=WAIT_S)
        indices = {entry_id: self.view.require_index(entry_id) for entry_id in entry_ids}
        last = max(indices.values(), default=-1)
        note = self._first_over(last)
        if note is None:
            self.publisher.checkpoint()
            note = self._first_over(last)
        return {one: proof_file(self.view, self.publisher, index, note) for one, index in indices.items()}

    def vkey(self) -> str:
        """See `Proofs.vkey`."""
        key = self.keys.existing().get("log")
        if key is None:
            raise NotFound("the key of this log is not here", hint="haoma ledger keys --create makes it")
        return key.verifier.text

    def _first_over(self, index: int) -> bytes | None:
        c = tables.checkpoints.c
        query = sa.select(as_bytes(c.note)).where(c.size > index).order_by(c.size, c.checkpoint_id).limit(1)
        with reading(self.ledger.store, "the checkpoints of the log") as tx:
            return tx.scalar(query)
