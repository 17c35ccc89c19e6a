"""What others said of checkpoints, to be read and kept elsewhere: cosignatures, time stamps, receipts of a chain.

Rules held here:
- A checkpoint is kept with the cosignatures of the witnesses that have seen it.
- The database vouches for no evidence: signatures, cosignatures, stamps and receipts are held against the checkpoint
  again before they are handed out. What does not hold is left out and told; a checkpoint whose own signature does not
  hold is handed out to nobody.
- What cannot be verified, as no key or root certificate for it is set here, is handed out as it came, and that
  is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, Tampered, Unavailable
from haoma.ledger import tables
from haoma.ledger.checkpoint import parse_checkpoint
from haoma.ledger.cosignature import verifies_cosignature
from haoma.ledger.keys import VerifierKey, witness_name
from haoma.ledger.note import read_note
from haoma.ledger.policy import NO_QUORUM, Policy
from haoma.ledger.signatures import Signature, parse_signature_lines, split_note
from haoma.ledger.written import as_bytes, as_written, reading
from haoma.storage import Store

__all__ = ["Attested", "Covering", "Known", "attested", "covering", "has_quorum"]

WITNESS, STAMP, ANCHOR = "witness", "stamp", "anchor"
NOTES_TRIED = 1_000
AUDIT = "`haoma ledger audit` with a checkpoint kept elsewhere tells what was changed"


@dataclass(frozen=True, slots=True)
class Known:
    """What evidence is verified with, as far as it is there: the log's key, the policy, root certificates in PEM."""

    log: VerifierKey | None = None
    policy: Policy | None = None
    roots: bytes | None = None

    @property
    def witnesses(self) -> dict[tuple[str, int], VerifierKey]:
        """The keys of the policy's witnesses, by name and key ID."""
        parties = self.policy.witnesses.values() if self.policy else ()
        return {party.identity: party.key for party in parties}


@dataclass(frozen=True, slots=True)
class Covering:
    """A checkpoint with the cosignatures that hold (None: none covers the entry), and what was left out on the way."""

    note: bytes | None
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attested:
    """A checkpoint, with its cosignatures, and what one attester said of it; `kind` is witness, stamp or anchor.

    `trouble` says why it does not hold, and `verified` whether it could be told.
    """

    size: int
    note: bytes
    kind: str
    name: str
    done_at: datetime
    evidence: bytes
    trouble: str | None
    verified: bool


def attested(store: Store, known: Known) -> list[Attested]:
    """The last word of each attester, of today or of before: which checkpoint it vouched for, and its evidence."""
    rows, signed = tables.attestations.c, tables.checkpoints.c
    done = sa.select(rows.kind, rows.name, sa.func.max(rows.checkpoint_id).label("last")).where(
        rows.done_at.is_not(None)
    )
    last = done.group_by(rows.kind, rows.name).subquery()
    query = sa.select(
        signed.checkpoint_id,
        signed.size,
        as_bytes(signed.note),
        rows.kind,
        rows.name,
        rows.done_at,
        as_bytes(rows.evidence),
    ).join_from(tables.attestations, tables.checkpoints)
    mine = sa.and_(last.c.last == rows.checkpoint_id, last.c.kind == rows.kind, last.c.name == rows.name)
    with reading(store, "what was said of checkpoints") as tx:
        found = tx.execute(query.join(last, mine).order_by(signed.checkpoint_id, rows.kind, rows.name)).all()
        return [
            _attested(row, _cosigned(tx, row.checkpoint_id, row.note, known)[0], row.evidence or b"", known)
            for row in found
        ]


def covering(store: Store, index: int, known: Known) -> Covering:
    """The newest checkpoint over the entry at this index, with the cosignatures that hold.

    Under a policy, the newest that has a quorum of its witnesses; without such a one, the newest. Raises Tampered where
    a checkpoint's own signature does not hold, or no quorum is left for cosignatures that do not; Conflict where it is
    of another key than the log's.
    """
    newest, left_out = None, list[str]()
    policy = known.policy
    with reading(store, "the checkpoints of the log") as tx:
        for note, wrong in _notes(tx, index, known):
            left_out += wrong
            if policy is None or policy.quorum == NO_QUORUM or has_quorum(note, policy):
                return Covering(note, tuple(left_out))
            newest = newest or note
    if left_out:
        message = f"no checkpoint has a quorum: {'; '.join(left_out[:3])}"
        raise Tampered(message, hint="`haoma ledger witness` asks them for a new one; keep this database as it is")
    return Covering(newest, ())


def _notes(tx: sa.Connection, index: int, known: Known) -> Iterator[tuple[bytes, list[str]]]:
    columns = tables.checkpoints.c
    query = sa.select(columns.checkpoint_id, as_bytes(columns.note)).where(columns.size > index)
    for row in tx.execute(query.order_by(columns.checkpoint_id.desc()).limit(NOTES_TRIED)).all():
        yield _cosigned(tx, row.checkpoint_id, row.note, known)


def _cosigned(tx: sa.Connection, checkpoint_id: int, note: bytes, known: Known) -> tuple[bytes, list[str]]:
    """The note with the cosignatures that hold, and which do not."""
    with as_written(f"checkpoint {checkpoint_id} of the log"):
        text, signatures = split_note(note)
        size = parse_checkpoint(text).size
    _require_own(text, signatures, known.log, size)
    rows = tables.attestations.c
    mine = sa.and_(rows.checkpoint_id == checkpoint_id, rows.kind == WITNESS, rows.done_at.is_not(None))
    wrong = list[str]()
    for name, evidence in tx.execute(sa.select(rows.name, as_bytes(rows.evidence)).where(mine).order_by(rows.name)):
        with as_written(f"a cosignature of the checkpoint over {size:,} entries"):
            found = parse_signature_lines(evidence or b"")
        kept = [one for one in found if not known.witnesses or _holds(one, text, known)]
        note += "".join(one.line for one in kept).encode()
        if any(_is_known(one, known) for one in found if one not in kept) or (not kept and _is_asked(name, known)):
            wrong.append(f"the cosignature of {name} on the checkpoint over {size:,} entries does not hold")
    return note, wrong


def _require_own(text: bytes, signatures: Sequence[Signature], key: VerifierKey | None, size: int) -> None:
    mine = [one for one in signatures if key is None or (one.name, one.key_id) == (key.name, key.key_id)]
    if not mine:
        message = f"the checkpoint over {size:,} entries is signed by another key than that of this log"
        raise Conflict(
            message, hint="put the log's own key back from its backup; if it is the right one, audit the log"
        )
    if key is not None and not all(key.verifies(text, one.signature) for one in mine):
        raise Tampered(f"the log's signature on the checkpoint over {size:,} entries does not hold", hint=AUDIT)


def _is_known(one: Signature, known: Known) -> bool:
    return (one.name, one.key_id) in known.witnesses


def _is_asked(name: str, known: Known) -> bool:
    """Whether an attestation of this name is of a witness of the policy."""
    return any(witness_name(key) == name for key in known.witnesses.values())


def _holds(one: Signature, text: bytes, known: Known) -> bool:
    key = known.witnesses.get((one.name, one.key_id))
    return key is not None and verifies_cosignature(text, key, one.signature)


def _attested(row: sa.Row[Any], note: bytes, evidence: bytes, known: Known) -> Attested:
    trouble, verified = _judged(row.kind, row.name, evidence, row.note, known)
    return Attested(row.size, note, row.kind, row.name, row.done_at, evidence, trouble, verified)


def _judged(kind: str, name: str, evidence: bytes, note: bytes, known: Known) -> tuple[str | None, bool]:
    """Why evidence does not hold, if it does not, and whether that could be told."""
    judges = {WITNESS: _judged_cosignature, STAMP: _judged_stamp, ANCHOR: _judged_receipt}
    if kind not in judges:
        return "this is no witness, stamp or anchor", True
    try:
        return None, judges[kind](name, evidence, split_note(note)[0], known)
    except Unavailable:
        return None, False
    except (BadInput, Tampered, ValueError, KeyError, TypeError) as error:
        return f"it does not hold: {error}", True


def _judged_cosignature(name: str, evidence: bytes, text: bytes, known: Known) -> bool:
    found = parse_signature_lines(evidence)
    judged = [one for one in found if _is_known(one, known)]
    if not all(_holds(one, text, known) for one in judged) or (not judged and _is_asked(name, known)):
        raise Tampered("not a cosignature of this witness")
    return len(judged) == len(found)


def _judged_stamp(_name: str, evidence: bytes, text: bytes, known: Known) -> bool:
    if not evidence.startswith(b"\x30"):  # a SEQUENCE, which every reply is (RFC 3161 §2.4.2)
        raise BadInput("this is no reply of a time-stamp authority")
    if known.roots is None:
        return False
    from haoma.ledger.stamp import verify

    verify(evidence, text, [known.roots])
    return True


def _judged_receipt(_name: str, evidence: bytes, text: bytes, _known: Known) -> bool:
    told, signed = json.loads(evidence), parse_checkpoint(text)
    if (told["size"], told["root"]) != (signed.size, signed.root.hex()):
        raise Tampered("the receipt is of another tree")
    return True


def has_quorum(note: bytes, policy: Policy) -> bool:
    """Whether a quorum of the policy's witnesses cosigned this checkpoint; never where the policy asks for none."""
    keys = [witness.key for witness in policy.witnesses.values()]
    try:
        signed = read_note(note, keys).signatures
    except (BadInput, Tampered):  # without any of their signatures
        signed = ()
    return policy.quorum != NO_QUORUM and policy.is_met_by({(one.name, one.key_id) for one in signed})
