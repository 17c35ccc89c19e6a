"""Checkpoints: signed over the tree as it stands, and taken to those outside who make them worth something.

Rules held here:
- A checkpoint is stored in the transaction that signs it: what was ever signed is there to be held against the log.
- Nothing is signed that does not extend what was signed last: a log that was cut or rewritten gets no new checkpoint.
- Nothing is signed with another key than what was signed last.
- Witnesses, time-stamp authorities and chains are optional, each retried on its own and shown when it lags. None of
  them holds up an entry or a checkpoint.
- Only the newest checkpoint is taken to them: it covers every one before.
- What they answered is verified by whoever asked them, and kept as evidence as it came.
- Order follows ids and sizes, never a clock: one that jumps makes no checkpoint older, and delays no retry beyond
  `LONGEST_WAIT`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from haoma.errors import Conflict, HaomaError, NotFound, Tampered
from haoma.ledger import tables
from haoma.ledger.checkpoint import parse_checkpoint
from haoma.ledger.merkle import verify_consistency
from haoma.ledger.service import Head, Ledger, head
from haoma.ledger.signatures import split_note
from haoma.ledger.view import consistency
from haoma.ledger.written import as_bytes, as_written, reading

__all__ = ["Attester", "Publisher", "Signed", "Standing"]

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)
HINT = "nothing is signed; `haoma ledger audit` with a checkpoint kept elsewhere tells what was changed"


class Signed(NamedTuple):
    """A checkpoint as it was signed: the tree's size and root, and the signed note that says so."""

    checkpoint_id: int
    size: int
    root: bytes
    signed_at: datetime
    note: bytes


class Attester(Protocol):
    """Somebody outside who vouches for checkpoints. `kind` is witness, stamp or anchor; `name` says which one."""

    @property
    def kind(self) -> str:
        """Witness, stamp or anchor."""

    @property
    def name(self) -> str:
        """Which one, for people and as a key."""

    def attest(self, signed: Signed, since: int, prove: Callable[[int, int], list[bytes]]) -> bytes:
        """Have it vouch for this checkpoint; returns its evidence, verified.

        `since` is the size of the last checkpoint it vouched for (0: none), `prove(old, new)` a consistency proof.
        Raises Unavailable where it should be asked again, Tampered where what it says does not hold.
        """


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one attester is: the size it vouched for last, and what is wrong where it lags."""

    kind: str
    name: str
    size: int
    done_at: datetime | None
    behind: int
    attempts: int
    trouble: str | None


class Publisher:
    """Signs checkpoints of one log and takes them to its attesters.

    `sign` makes the signed note of a size and root; `prove(old, new)` gives a consistency proof.
    """

    def __init__(
        self,
        ledger: Ledger,
        sign: Callable[[int, bytes], bytes],
        attesters: Sequence[Attester],
        prove: Callable[[int, int], list[bytes]],
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._store = ledger.store
        self._sign = sign
        self._prove = prove
        self._now = now
        self.attesters = tuple(attesters)

    def checkpoint(self) -> Signed:
        """The checkpoint over everything appended so far: a new one, or the last where nothing has come since.

        Raises Tampered where the log does not extend what was signed last.
        """
        self._ledger.integrate(wait_s=None)
        return self._store.write(self._checkpoint)

    def attest(self, kind: str | None = None, *, at_once: bool = False) -> list[Standing]:
        """Take the newest checkpoint to every attester (of this kind) that is due, or with `at_once` to all that lag.

        An attester that fails is asked again later: nothing is raised for it, and its standing says what was wrong.
        """
        with self._store.leader("attest", wait_s=0 if not at_once else None) as leading:
            signed = self.newest()
            if leading and signed is not None:
                for attester in self.attesters:
                    if kind in {None, attester.kind} and self._due(attester, signed, at_once=at_once):
                        self._ask(attester, signed)
        return [one for one in self.standing() if kind in {None, one.kind}]

    def newest(self) -> Signed | None:
        """The last checkpoint signed, None before the first."""
        with self._store.read() as tx:
            return _newest(tx)

    def published(self) -> bytes | None:
        """The newest checkpoint as it is served: with the cosignatures of the witnesses that have seen it."""
        rows, signed = tables.attestations.c, self.newest()
        if signed is None:
            return None
        query = sa.select(as_bytes(rows.evidence)).where(
            rows.checkpoint_id == signed.checkpoint_id, rows.kind == "witness"
        )
        with reading(self._store, "what was said of the newest checkpoint") as tx:
            lines = tx.scalars(query.where(rows.done_at.is_not(None)).order_by(rows.name))
            return signed.note + b"".join(line for line in lines if line)

    def evidence(self, signed: Signed) -> dict[tuple[str, str], bytes]:
        """What the attesters said of one checkpoint, by kind and name."""
        rows = tables.attestations.c
        query = sa.select(rows.kind, rows.name, as_bytes(rows.evidence)).where(
            rows.checkpoint_id == signed.checkpoint_id
        )
        with reading(self._store, "what was said of a checkpoint") as tx:
            found = tx.execute(query.where(rows.done_at.is_not(None)))
            return {(kind, name): evidence for kind, name, evidence in found}

    def standing(self) -> list[Standing]:
        """How far each attester is."""
        with reading(self._store, "what was said of checkpoints") as tx:
            size = head(tx).size
            return [_standing(tx, attester, size) for attester in self.attesters]

    def _checkpoint(self, tx: sa.Connection) -> Signed:
        now: Head = head(tx, lock=True)
        last = _newest(tx)
        if last is not None:
            _require_extended(tx, last, now)
            if last.size == now.size:
                return last
        made = Signed(0, now.size, now.root, self._now(), self._sign(now.size, now.root))
        if last is not None:
            _require_same_key(last.note, made.note)
        row = {name: value for name, value in made._asdict().items() if name != "checkpoint_id"}
        given = tx.execute(sa.insert(tables.checkpoints).values(row).returning(tables.checkpoints.c.checkpoint_id))
        return made._replace(checkpoint_id=given.scalar_one())

    def _due(self, attester: Attester, signed: Signed, *, at_once: bool) -> bool:
        with self._store.read() as tx:
            row = _latest_row(tx, attester)
        if row is None or row.checkpoint_id != signed.checkpoint_id:
            return True
        wait = row.due_at - self._now()
        return row.done_at is None and (at_once or not timedelta(0) < wait <= LONGEST_WAIT)

    def _ask(self, attester: Attester, signed: Signed) -> None:
        with self._store.read() as tx:
            since = _vouched_size(tx, attester)
            row = _latest_row(tx, attester)
        attempts = row.attempts + 1 if row is not None and row.checkpoint_id == signed.checkpoint_id else 1
        try:
            evidence, trouble = attester.attest(signed, since, self._prove), None
        except HaomaError as error:
            evidence, trouble = None, f"{error.code}: {error}"[:255]
        now = self._now()
        said = {
            "attempts": attempts,
            "due_at": now + min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT),
            "done_at": None if evidence is None else now,
            "trouble": trouble,
            "evidence": evidence,
        }
        self._store.write(lambda tx: _record(tx, attester, signed, said))


def _newest(tx: sa.Connection) -> Signed | None:
    columns = tables.checkpoints.c
    query = sa.select(
        columns.checkpoint_id, columns.size, as_bytes(columns.root), columns.signed_at, as_bytes(columns.note)
    )
    with as_written("the newest checkpoint"):
        row = tx.execute(query.order_by(columns.checkpoint_id.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        told, signed = parse_checkpoint(row.note), Signed(*row)
    if (told.size, told.root) != (signed.size, signed.root):
        raise Tampered("the newest checkpoint is kept with a size or root that it was not signed over", hint=HINT)
    return signed


def _require_extended(tx: sa.Connection, last: Signed, now: Head) -> None:
    """Raise Tampered where the tree as it stands does not extend the one that was signed last."""
    if now.size < last.size:
        message = f"a checkpoint was signed over {last.size:,} entries, and the log has {now.size:,}: it was cut"
        raise Tampered(message, hint=HINT, index=now.size)
    if last.size == 0:
        return  # every tree extends the empty one, and there is no proof of it
    try:
        proof = consistency(tx, last.size, now.size)
        verify_consistency(old_size=last.size, old_root=last.root, new_size=now.size, new_root=now.root, proof=proof)
    except (Tampered, NotFound) as error:
        message = f"the log does not extend the checkpoint over {last.size:,} entries: {error}"
        raise Tampered(message, hint=HINT) from None


def _require_same_key(before: bytes, made: bytes) -> None:
    """Raise Conflict where the key that has just signed is not the one that signed before."""
    with as_written("the newest checkpoint"):
        signers, now = ({(one.name, one.key_id) for one in split_note(note)[1]} for note in (before, made))
    if signers.isdisjoint(now):
        was = ", ".join(sorted(f"{name}+{key_id:08x}" for name, key_id in signers))
        message = f"this log has signed with the key {was}, and another lies in its place"
        raise Conflict(message, hint="put the log's own key back from its backup: nothing is signed with another")


def _of(attester: Attester) -> sa.ColumnElement[bool]:
    rows = tables.attestations.c
    return sa.and_(rows.kind == attester.kind, rows.name == attester.name)


def _latest_row(tx: sa.Connection, attester: Attester) -> sa.Row[tuple[object, ...]] | None:
    rows = tables.attestations
    query = sa.select(rows).where(_of(attester)).order_by(rows.c.checkpoint_id.desc()).limit(1)
    return tx.execute(query).one_or_none()


def _vouched(tx: sa.Connection, attester: Attester) -> tuple[int, datetime | None]:
    rows, signed = tables.attestations, tables.checkpoints
    query = sa.select(signed.c.size, rows.c.done_at).join(rows).where(_of(attester), rows.c.done_at.is_not(None))
    row = tx.execute(query.order_by(signed.c.checkpoint_id.desc()).limit(1)).one_or_none()
    return (0, None) if row is None else (row.size, row.done_at)


def _vouched_size(tx: sa.Connection, attester: Attester) -> int:
    return _vouched(tx, attester)[0]


def _standing(tx: sa.Connection, attester: Attester, size: int) -> Standing:
    vouched, done_at = _vouched(tx, attester)
    row = _latest_row(tx, attester)
    trouble = row.trouble if row is not None else None
    attempts = row.attempts if row is not None else 0
    return Standing(attester.kind, attester.name, vouched, done_at, size - vouched, attempts, trouble)


def _record(tx: sa.Connection, attester: Attester, signed: Signed, said: dict[str, object]) -> None:
    rows = tables.attestations
    where = sa.and_(_of(attester), rows.c.checkpoint_id == signed.checkpoint_id)
    if tx.execute(sa.update(rows).where(where).values(said)).rowcount == 0:
        key = {"checkpoint_id": signed.checkpoint_id, "kind": attester.kind, "name": attester.name}
        tx.execute(sa.insert(rows).values(key | said))
