"""All entries of the log, one after the other, for whoever holds rows of the database to them.

Rules held here:
- The entries are those of the tree whose root the log has, and those that wait. Whether that root is the one that was
  signed and witnessed, `haoma ledger audit` tells.
- They are read a bundle at a time: a long log takes no more memory than a short one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.ledger import tables as log
from haoma.ledger.bundles import decode_bundle
from haoma.ledger.entry import Entry, decode
from haoma.ledger.frontier import Frontier
from haoma.ledger.growth import WIDTH
from haoma.ledger.merkle import leaf_hash
from haoma.ledger.queue import waiting
from haoma.ledger.service import head
from haoma.ledger.written import as_bytes, as_written

__all__ = ["Scanned", "scan"]


class Scanned(NamedTuple):
    """An entry with its id; where it is not in the tree, it waits."""

    entry_id: int
    entry: Entry
    in_tree: bool


def scan(tx: sa.Connection, wanted: Callable[[bytes], bool]) -> Iterator[Scanned]:
    """The entries whose bytes are wanted, in the order of the log: those in the tree, then those that wait.

    Raises Tampered, at the end of the tree, where its entries are not those of its root.
    """
    now, tree, ids = head(tx), Frontier(), _Ids(tx)
    for number in range(-(-now.size // WIDTH)):
        query = sa.select(as_bytes(log.bundles.c.entries)).where(log.bundles.c.number == number)
        with as_written(f"bundle {number} of the entries", number * WIDTH):
            entries = decode_bundle(tx.scalar(query) or b"", min(WIDTH, now.size - number * WIDTH))
        tree = tree.grown([leaf_hash(entry) for entry in entries])
        for index, data in enumerate(entries, number * WIDTH):
            if wanted(data):
                yield Scanned(ids.of(index), _decoded(data, index), True)
    if tree.root() != now.root:
        raise Tampered("the entries are not those of the log's tree", hint="haoma ledger audit names the first one")
    for row in waiting(tx):
        for entry_id, data in enumerate(row.entries, row.first_id):
            if wanted(data):
                yield Scanned(entry_id, _decoded(data, None), False)


class _Ids:
    """Which entry id lies at which index."""

    def __init__(self, tx: sa.Connection) -> None:
        columns = log.runs.c
        query = sa.select(columns.first_index, columns.first_id, columns.length).order_by(columns.first_index)
        self._runs = [(int(index), int(first), int(length)) for index, first, length in tx.execute(query)]

    def of(self, index: int) -> int:
        """The id; raises Tampered where the index has none."""
        place = bisect_right(self._runs, index, key=lambda run: run[0]) - 1
        if place >= 0:
            first_index, first, length = self._runs[place]
            if index < first_index + length:
                return first + index - first_index
        raise Tampered(f"entry {index:,} has no id", hint="haoma ledger audit tells more", index=index)


def _decoded(data: bytes, index: int | None) -> Entry:
    with as_written("an entry", index):
        return decode(data)
