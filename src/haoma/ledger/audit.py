"""The audit: everything the log holds, recomputed from its entries and held against checkpoints kept elsewhere.

Rules held here:
- Nothing the database says of itself is believed: leaf hashes are recomputed from the entries, every tile from those,
  and the root at each checkpoint's size from all of them.
- The first entry that differs is named. Where somebody rewrote entries and every hash above them, only a checkpoint
  from outside tells, and the finding is the range between the last one that holds and the first that does not.
- A checkpoint of the log's own is believed for what its signed note says, where the keys to check that are given.
- Which entry id lies at which index is in no hash. A log on SQLite is filled by one writer after the other, and the
  entry at index n has the id n + 1: any other order is a finding there. On PostgreSQL ids may be left out or late: an
  audit shows that every index has one id and no id two, and not that two ids were not exchanged.
- Of what waits in the queue it shows that these are entries, and not whose.
- The log is streamed: memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import zip_longest
from typing import Any, TypeVar

import sqlalchemy as sa

from haoma.ledger import audit_rows, tables
from haoma.ledger.audit_rows import tampered
from haoma.ledger.checkpoint import Checkpoint
from haoma.ledger.growth import HASH, WIDTH, Growth, Tile
from haoma.ledger.keys import VerifierKey
from haoma.ledger.service import head
from haoma.ledger.tile_rows import tile_rows
from haoma.ledger.written import as_bytes, as_written

__all__ = ["Audited", "audit"]

BUNDLES_AT_ONCE = 64
T = TypeVar("T")
_NO_TILE = Tile(0, 0, b"")


@dataclass(frozen=True, slots=True)
class Audited:
    """How far an audit has come: entries recomputed, checkpoints held against, and the root over the entries so far.

    `waiting` is, at the end, how many entries wait in the queue: no hash and no checkpoint is over them yet.
    """

    entries: int
    checkpoints: int
    root: bytes
    waiting: int = 0


def audit(
    tx: sa.Connection,
    kept: Sequence[Checkpoint] = (),
    keys: Sequence[VerifierKey] = (),
    *,
    from_postgresql: bool = False,
) -> Generator[Audited, None, None]:
    """Recompute the log in this snapshot; yields how far it has come, at last over the whole log.

    `kept` are checkpoints from outside, whose signatures are verified already; `keys` are those that sign this log's
    own, which without them are held against the log and not against their signatures. `from_postgresql` says that a log
    which is on SQLite now was on PostgreSQL once. Raises Tampered, whose `index` is the first entry that differs, and
    BadInput for a kept checkpoint of another log.
    """
    now = head(tx)
    with as_written("the checkpoints of the log"):
        own, trouble = audit_rows.own_checkpoints(tx, keys)
    audit_rows.require_same_log(own, kept)
    signed = {(one.size, one.root): bool(keys) for one in own} | {(one.size, one.root): True for one in kept}
    run = _Run(tx, (now.size, now.root), signed)
    in_order = tx.dialect.name == "sqlite" and not from_postgresql
    with as_written("what an audit reads"), closing(_bundles(tx)) as bundles, closing(_leaf_tiles(tx)) as tiles:
        for number, (bundle, tile) in enumerate(zip_longest(bundles, tiles)):
            run.take(number, bundle or b"", tile or _NO_TILE, now.size)
            if number % BUNDLES_AT_ONCE == 0:
                yield run.so_far()
        run.finish(now.size)
        audit_rows.require_no_more_tiles(tx, now.size)
        audit_rows.require_runs(tx, now.size, in_order=in_order)
        waiting = audit_rows.require_queue(tx, now.size, in_order=in_order)
    if trouble is not None:
        raise trouble
    yield replace(run.so_far(), waiting=waiting)


class _Run:
    """One audit under way. `signed` are the sizes and roots that must come out, and which vouch for what lies before.

    So must that of the head, which vouches for nothing: whoever rewrites entries rewrites it too.
    """

    def __init__(self, tx: sa.Connection, head: tuple[int, bytes], signed: Mapping[tuple[int, bytes], bool]) -> None:
        self._tx = tx
        self._signed = signed
        known = {head: False, **signed}
        self._known = sorted((size, root, trusted) for (size, root), trusted in known.items())
        self._held = 0
        self._tree = Growth(0, {})
        self._sound = 0
        self._leaves = _NO_TILE
        self._meet()

    def so_far(self) -> Audited:
        return Audited(self._tree.size, self._held, self._tree.root())

    def take(self, number: int, bundle: bytes, tile: Tile, size: int) -> None:
        """The entries of one bundle, held against the tile of their leaf hashes."""
        first = number * WIDTH
        wanted = max(0, min(WIDTH, size - first))
        leaves, self._leaves = _leaf_hashes(bundle), tile
        if not wanted or len(leaves) != wanted or b"".join(leaves) != tile.hashes:
            _raise_at(first + _first_difference(leaves, tile.hashes, wanted))
        while leaves:
            room = self._known[0][0] - self._tree.size if self._known else len(leaves)
            self._grow(leaves[:room])
            leaves = leaves[room:]
            self._meet()

    def finish(self, size: int) -> None:
        """Whether the log ends where its head says, and reaches every checkpoint."""
        if self._tree.size < size:
            _raise_at(self._tree.size)
        if self._known:
            message = (
                f"the log has {size:,} entries, and a checkpoint was signed over {self._known[0][0]:,}: "
                f"it was cut, or rewritten from entry {self._sound:,} on"
            )
            raise tampered(message, self._sound)

    def _grow(self, leaves: list[bytes]) -> None:
        for tile in self._tree.extend(leaves):
            kept = _stored(self._tx, tile) if tile.level else self._leaves
            # A tile that was full before rows had room for what stands above it has none of that.
            sound = kept.above in {None, tile.above} or len(kept.hashes) > len(tile.hashes)
            if not (sound and kept.hashes.startswith(tile.hashes)):
                start = tile.number * WIDTH ** (tile.level + 1)
                message = f"the hashes of level {tile.level} over entries from {start:,} are not those of the entries"
                raise tampered(message, start)

    def _meet(self) -> None:
        """Hold the root against each checkpoint of this size."""
        size, root, sound = self._tree.size, self._tree.root(), self._sound
        while self._known and self._known[0][0] <= size:
            told_size, told_root, trusted = self._known.pop(0)
            if (told_size, told_root) != (size, root):
                span = f"something in entries {self._sound:,} to {size - 1:,}" if size else "the beginning"
                raise tampered(
                    f"the log differs from a checkpoint over {told_size:,} entries: {span} was rewritten", self._sound
                )
            self._held += (size, root) in self._signed
            sound = size if trusted else sound
        self._sound = sound


def _leaf_hashes(bundle: bytes) -> list[bytes]:
    """The leaf hashes of the entries of a bundle; what is left over at its end counts as an entry, and fits no hash."""
    leaves, at, size = list[bytes](), 0, len(bundle)
    while at < size and len(leaves) <= WIDTH:
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        leaves.append(sha256(b"\x00" + bundle[at + 2 : end]).digest() if end <= size else b"")
        at = end
    return leaves


def _first_difference(leaves: list[bytes], hashes: bytes, wanted: int) -> int:
    pairs = zip_longest(leaves, (hashes[at : at + HASH] for at in range(0, len(hashes), HASH)))
    return next((at for at, (leaf, stored) in enumerate(pairs) if leaf != stored), min(wanted, len(leaves)))


def _raise_at(index: int) -> None:
    message = f"entry {index:,} differs from what was logged: it was edited, deleted, inserted or moved"
    raise tampered(message, index)


def _stored(tx: sa.Connection, tile: Tile) -> Tile:
    return tile_rows(tx, [tile[:2]]).get(tile[:2], _NO_TILE)


def _bundles(tx: sa.Connection) -> Generator[bytes | None, None, None]:
    columns = tables.bundles.c
    query = sa.select(columns.number, as_bytes(columns.entries)).order_by(columns.number)
    return _in_order(tx, query, lambda row: row.entries)


def _leaf_tiles(tx: sa.Connection) -> Generator[Tile | None, None, None]:
    columns = tables.tiles.c
    query = sa.select(columns.number, as_bytes(columns.hashes), as_bytes(columns.above)).where(columns.level == 0)
    return _in_order(tx, query.order_by(columns.number), lambda row: Tile(0, row.number, row.hashes, row.above))


def _in_order(
    tx: sa.Connection, query: sa.Select[Any], read: Callable[[sa.Row[Any]], T]
) -> Generator[T | None, None, None]:
    """What is read of rows 0, 1, 2 …; None for one that is missing."""
    number = 0
    with tx.execute(query, execution_options={"yield_per": BUNDLES_AT_ONCE}) as rows:
        for row in rows:
            while number < row.number:
                yield None
                number += 1
            yield read(row)
            number += 1
