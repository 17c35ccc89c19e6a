"""What others said of checkpoints, to be read and kept elsewhere: cosignatures, time stamps, receipts of a chain.

Rules held here:
- A checkpoint is served and kept with the cosignatures of the witnesses that have seen it.
- Evidence is as it came: whoever reads it verifies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from haoma.errors import BadInput, Tampered
from haoma.ledger import tables
from haoma.ledger.note import read_note
from haoma.ledger.policy import NO_QUORUM, Policy
from haoma.storage import Store

__all__ = ["Attested", "attested", "has_quorum", "note_covering"]

WITNESS = "witness"
NOTES_TRIED = 1_000


@dataclass(frozen=True, slots=True)
class Attested:
    """A checkpoint, with its cosignatures, and what one attester said of it; `kind` is witness, stamp or anchor."""

    size: int
    note: bytes
    kind: str
    name: str
    done_at: datetime
    evidence: bytes


def attested(store: Store) -> list[Attested]:
    """The last word of each attester, of today or of before: which checkpoint it vouched for, and its evidence."""
    rows, signed = tables.attestations.c, tables.checkpoints.c
    done = sa.select(rows.kind, rows.name, sa.func.max(rows.checkpoint_id).label("last")).where(
        rows.done_at.is_not(None)
    )
    last = done.group_by(rows.kind, rows.name).subquery()
    query = sa.select(
        signed.checkpoint_id, signed.size, signed.note, rows.kind, rows.name, rows.done_at, rows.evidence
    ).join_from(tables.attestations, tables.checkpoints)
    mine = sa.and_(last.c.last == rows.checkpoint_id, last.c.kind == rows.kind, last.c.name == rows.name)
    with store.read() as tx:
        found = tx.execute(query.join(last, mine).order_by(signed.checkpoint_id, rows.kind, rows.name)).all()
        return [
            Attested(row.size, _cosigned(tx, row.checkpoint_id, row.note), *row[3:6], row.evidence or b"")
            for row in found
        ]


def note_covering(store: Store, index: int, policy: Policy | None = None) -> bytes | None:
    """The newest checkpoint over the entry at this index, with its cosignatures; None where there is none.

    Under a policy, the newest that has a quorum of its witnesses; without such a one, the newest.
    """
    newest = None
    with store.read() as tx:
        for note in _notes(tx, index):
            if policy is None or policy.quorum == NO_QUORUM or has_quorum(note, policy):
                return note
            newest = newest or note
    return newest


def _notes(tx: sa.Connection, index: int) -> Iterator[bytes]:
    columns = tables.checkpoints.c
    query = sa.select(columns.checkpoint_id, columns.note).where(columns.size > index)
    for row in tx.execute(query.order_by(columns.checkpoint_id.desc()).limit(NOTES_TRIED)).all():
        yield _cosigned(tx, row.checkpoint_id, row.note)


def _cosigned(tx: sa.Connection, checkpoint_id: int, note: bytes) -> bytes:
    rows = tables.attestations.c
    query = sa.select(rows.evidence).where(rows.checkpoint_id == checkpoint_id, rows.kind == WITNESS)
    lines = tx.scalars(query.where(rows.done_at.is_not(None)).order_by(rows.name))
    return bytes(note) + b"".join(bytes(line) for line in lines if line)


def has_quorum(note: bytes, policy: Policy) -> bool:
    """Whether a quorum of the policy's witnesses cosigned this checkpoint; never where the policy asks for none."""
    keys = [witness.key for witness in policy.witnesses.values()]
    try:
        signed = read_note(note, keys).signatures
    except (BadInput, Tampered):  # without any of their signatures
        signed = ()
    return policy.quorum != NO_QUORUM and policy.is_met_by({(one.name, one.key_id) for one in signed})
