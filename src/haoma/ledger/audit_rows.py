"""What an audit holds the rows beside the entries against: checkpoints, hashes of no tree, entry ids, the queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TypeVarTuple

import sqlalchemy as sa

from haoma.errors import BadInput, HaomaError, Tampered
from haoma.ledger import tables
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint
from haoma.ledger.entry import decode
from haoma.ledger.growth import HASH, WIDTH
from haoma.ledger.keys import VerifierKey
from haoma.ledger.note import read_note
from haoma.ledger.queue import waiting
from haoma.ledger.written import as_bytes

__all__ = ["own_checkpoints", "require_no_more_tiles", "require_queue", "require_runs", "require_same_log", "tampered"]

ROWS_AT_ONCE = 1024
Columns = TypeVarTuple("Columns")


def own_checkpoints(tx: sa.Connection, keys: Sequence[VerifierKey]) -> tuple[list[Checkpoint], Tampered | None]:
    """The checkpoints that the log keeps, as their notes say, and what is wrong with the first that does not hold.

    That is one which is not signed by any of `keys` (if there are any), is kept with another size or root than its note
    has, or is not of a larger log than the one before.
    """
    columns, own, trouble = tables.checkpoints.c, list[Checkpoint](), None
    query = sa.select(columns.checkpoint_id, columns.size, as_bytes(columns.root), as_bytes(columns.note))
    for number, size, root, note in tx.execute(query.order_by(columns.checkpoint_id)):
        try:
            told = parse_checkpoint(read_note(note, keys).text if keys else note)
        except HaomaError as error:
            trouble = trouble or tampered(f"checkpoint {number} of the log does not hold: {error}")
            continue
        if (told.size, told.root) != (size, root) or (own and told.size <= own[-1].size):
            trouble = trouble or tampered(f"checkpoint {number} of the log is not kept as it was signed")
        own.append(told)
    return own, trouble


def require_same_log(own: Sequence[Checkpoint], kept: Sequence[Checkpoint]) -> None:
    """Raise BadInput where a checkpoint from outside is of a log of another name."""
    names = {one.origin for one in own}
    for one in kept:
        if names and one.origin not in names:
            message = f"a checkpoint of the log {one.origin}, and this is {', '.join(sorted(names))}"
            raise BadInput(message, hint="audit each log against its own checkpoints")


def require_no_more_tiles(tx: sa.Connection, size: int) -> None:
    """Raise Tampered where there are more hashes than those of the tree; that none is missing is known by then."""
    columns = tables.tiles.c
    length = sa.func.sum(sa.func.length(columns.hashes))
    query = sa.select(columns.level, sa.func.count(), length).group_by(columns.level)
    found = {level: (rows, sum_) for level, rows, sum_ in tx.execute(query)}
    level, wanted = 0, dict[int, tuple[int, int]]()
    while size >> 8 * level:
        hashes = size >> 8 * level
        wanted[level] = (-(-hashes // WIDTH), hashes * HASH)
        level += 1
    if found != wanted:
        raise tampered("there are more hashes than those of the tree", size)


def require_runs(tx: sa.Connection, size: int, *, in_order: bool) -> None:
    """Raise Tampered where not every index has one entry id, and no id two indices.

    With `in_order` the entry at index n has the id n + 1, as in every log that one writer after the other filled.
    """
    columns = tables.runs.c
    query = sa.select(columns.first_id, columns.first_index, columns.length)
    index = 0
    with _rows(tx, query.order_by(columns.first_index)) as rows:
        for first_id, first_index, length in rows:
            if first_index != index or length < 1 or (in_order and first_id != index + 1):
                _raise_moved(index)
            index += length
    if index != size:
        _raise_moved(index)
    next_id = 1
    with _rows(tx, query.order_by(columns.first_id)) as rows:
        for first_id, first_index, length in rows:
            if first_id < next_id:
                raise tampered(f"the entry ids from index {first_index:,} on were given twice", first_index)
            next_id = first_id + length


def _raise_moved(index: int) -> None:
    raise tampered(f"the entry ids of index {index:,} and behind it are not kept as they were given", index)


def require_queue(tx: sa.Connection, size: int, *, in_order: bool) -> int:
    """How many entries wait; raises Tampered where what waits is no entry, or is in the tree already.

    With `in_order` their ids go on where those of the tree end, and none is missing between two.
    """
    runs = tables.runs.c
    integrated = sa.select(runs.first_id, runs.first_id + runs.length).order_by(runs.first_id)
    start, end, count, next_id = 0, 0, 0, 1
    with _rows(tx, integrated) as spans, closing(waiting(tx)) as rows:
        for row in rows:
            while end <= row.first_id and (run := next(spans, None)) is not None:
                start, end = run
            if row.first_id < end and start < row.first_id + len(row.entries):
                raise tampered(f"entry id {max(start, row.first_id)} waits, and is in the tree already")
            if row.first_id < next_id:
                raise tampered(f"entry id {row.first_id} waits twice")
            if in_order and row.first_id != size + count + 1:
                raise tampered(f"entry id {size + count + 1} was given, and neither waits nor is in the tree")
            for entry_id, entry in enumerate(row.entries, row.first_id):
                _require_entry(entry_id, entry)
            count, next_id = count + len(row.entries), row.first_id + len(row.entries)
    return count


def _require_entry(entry_id: int, entry: bytes) -> None:
    try:
        decode(entry)
    except BadInput:
        raise tampered(f"what waits as entry id {entry_id} is no entry") from None


@contextmanager
def _rows(tx: sa.Connection, query: sa.Select[*Columns]) -> Iterator[Iterator[sa.Row[*Columns]]]:
    # Closed wherever its reader stops, before the transaction is: on PostgreSQL it is a cursor of the server's.
    with tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        yield iter(rows)


def tampered(message: str, index: int | None = None) -> Tampered:
    """The finding of an audit, and the first index that it is about, where it is about one."""
    return Tampered(message, hint="keep this database as it is, and restore a copy whose audit passes", index=index)
