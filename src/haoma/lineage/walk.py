"""Walks over the graph of facts, in ascending order of their ids, which is an order where parents come first.

Rules held here:
- Only what a page needs is read: a chain, the children of one fact and the seeds are read in pieces, many at once.
- Everything below an id has been read before that id is told. Ids ascend along every edge, so that none is told late.
- What a fact was made of is a beginning of each chain it touches; what was made of it is an end of each.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from haoma.errors import Tampered

__all__ = ["Run", "ancestors", "rows_of", "walk"]

END = 2**63 - 1
BATCH = 256
PIECE = 1024
LEAST = 2

# A table j(c, a, b) of the numbers that are asked for, in the words of each database.
_ASKED = {
    "sqlite": (
        "WITH j(c, a, b) AS (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " json_extract(value, '$[2]') FROM json_each(?)) "
    ),
    "postgresql": "WITH j(c, a, b) AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])) ",
}
_UP = (
    "SELECT e.parent_chain, max(e.parent) FROM j CROSS JOIN lineage_edges e"
    " WHERE e.child_chain = j.c AND e.child > j.a AND e.child <= j.b GROUP BY e.parent_chain"
)
_CHAIN = (
    "SELECT j.c, f.fact_id FROM j CROSS JOIN lineage_facts f WHERE f.chain = j.c AND f.fact_id > j.a"
    " AND f.fact_id <= coalesce((SELECT x.fact_id FROM lineage_facts x WHERE x.chain = j.c AND x.fact_id > j.a"
    " AND x.fact_id <= j.b ORDER BY x.fact_id LIMIT 1 OFFSET {most}), j.b) ORDER BY 1, 2"
)
_CHILDREN = (
    "SELECT e.parent_chain, e.parent, e.child, e.child_chain FROM j CROSS JOIN lineage_edges e"
    " WHERE e.parent_chain = j.c AND e.parent = j.a AND e.child > j.b"
    " AND e.child <= coalesce((SELECT x.child FROM lineage_edges x WHERE x.parent_chain = j.c AND x.parent = j.a"
    " AND x.child > j.b ORDER BY x.child LIMIT 1 OFFSET {most}), 9223372036854775807) ORDER BY 2, 3"
)
_SEEDS = {
    "sqlite": "SELECT fact_id, chain FROM lineage_facts WHERE {0} = ? AND fact_id > ? ORDER BY fact_id LIMIT ?",
    "postgresql": "SELECT fact_id, chain FROM lineage_facts WHERE {0} = %s AND fact_id > %s ORDER BY fact_id LIMIT %s",
}

Row = Sequence[int]
Asked = tuple[int, int, int]
Key = TypeVar("Key")


class Run(NamedTuple):
    """Facts of one chain: ids above `after`, up to `last`."""

    after: int
    chain: int
    last: int = END


class _Children(NamedTuple):
    """The children of one fact on other chains, above `after`."""

    after: int
    chain: int
    parent: int


class _Arrival(NamedTuple):
    """A fact that belongs to the answer, and so does the chain behind it."""

    fact_id: int
    chain: int


class _Seeds(NamedTuple):
    """Facts whose column holds the number asked for, above `after`."""

    after: int
    column: str
    key: int


def ancestors(tx: sa.Connection, fact_id: int, chain: int) -> dict[int, int]:
    """What a fact was made of: of each chain it touches, the last id (its own chain: itself).

    Costs as much as there are edges between those chains, not facts on them.
    """
    reach, explored = {chain: fact_id}, dict[int, int]()
    while grown := [(c, explored.get(c, 0), last) for c, last in reach.items() if last > explored.get(c, 0)]:
        explored |= {c: last for c, _, last in grown}
        for parent_chain, parent in rows_of(tx, _UP, grown):
            reach[parent_chain] = max(parent, reach.get(parent_chain, 0))
    return reach


def walk(
    tx: sa.Connection,
    *,
    runs: Iterable[Run] = (),
    seeds: Mapping[str, int] | None = None,
    arrivals: Iterable[tuple[int, int]] = (),
) -> Iterator[int]:
    """The ids of these runs alone; or of the seeds and arrivals and of everything that was made of them. Ascending.

    `seeds` maps a column of lineage_facts to the number it holds; `arrivals` are fact ids with their chains.
    """
    alone = list(runs)
    down = _Walk(tx, follows=not alone)
    for run in alone:
        # A chain is called by its first id: it need not be read before that.
        down.later(max(run.after, run.chain - 1), run)
    for column, key in (seeds or {}).items():
        down.later(0, _Seeds(0, column, key))
    for fact_id, chain in arrivals:
        down.later(fact_id, _Arrival(fact_id, chain))
    return down.ids()


class _Walk:
    """`ready` holds ids to tell, `todo` what must be read before an id above its key is told."""

    def __init__(self, tx: sa.Connection, *, follows: bool) -> None:
        self._tx = tx
        self._follows = follows
        self._ready: list[int] = []
        self._todo: list[tuple[int, int, _Arrival | Run | _Children | _Seeds]] = []
        self._reach: dict[int, int] = {}
        self._asked = 0

    def later(self, key: int, piece: _Arrival | Run | _Children | _Seeds) -> None:
        """Read a piece before any id above the key is told."""
        self._asked += 1
        heappush(self._todo, (key, self._asked, piece))

    def ids(self) -> Iterator[int]:
        """All ids, each once."""
        told = 0
        while self._ready or self._todo:
            if self._todo and (not self._ready or self._todo[0][0] <= self._ready[0]):
                self._read([heappop(self._todo)[2] for _ in range(min(BATCH, len(self._todo)))])
            elif (found := heappop(self._ready)) > told:
                told = found
                yield told

    def _read(self, pieces: list[_Arrival | Run | _Children | _Seeds]) -> None:
        runs, children = list[Run](), list[_Children]()
        for piece in pieces:
            match piece:
                case _Arrival():
                    runs += self._joined(piece)
                case Run():
                    runs.append(piece)
                case _Children():
                    children.append(piece)
                case _Seeds():
                    self._seeds(piece)
        nodes = self._chains(runs) if runs else []
        if self._follows:
            self._children(children + [_Children(0, chain, fact_id) for chain, fact_id in nodes])

    def _joined(self, arrival: _Arrival) -> Iterator[Run]:
        """The part of the chain behind an arrival that has not been asked for."""
        known = self._reach.get(arrival.chain, END)
        if arrival.fact_id < known:
            self._reach[arrival.chain] = arrival.fact_id
            yield Run(arrival.fact_id - 1, arrival.chain, known - 1 if known < END else END)

    def _chains(self, runs: list[Run]) -> list[Row]:
        most = _most(len(runs))
        asked = [(run.chain, run.after, run.last) for run in runs]
        found = rows_of(self._tx, _CHAIN.format(most=most - 1), asked)
        by_run = _grouped((chain for chain, _ in found), found)
        for run in runs:
            facts = by_run.get(run.chain, [])
            # Two runs of one chain may be read at once; each goes on where it was cut.
            inside = [fact_id for _, fact_id in facts if run.after < fact_id <= run.last]
            if len(inside) >= most and inside[-1] < run.last:
                self.later(inside[-1], run._replace(after=inside[-1]))
        for _, fact_id in found:
            heappush(self._ready, fact_id)
        return found

    def _children(self, asked: list[_Children]) -> None:
        if not asked:
            return
        most = _most(len(asked))
        numbers = [(piece.chain, piece.parent, piece.after) for piece in asked]
        found = rows_of(self._tx, _CHILDREN.format(most=most - 1), numbers)
        for (parent, chain), rows in _grouped(((row[1], row[0]) for row in found), found).items():
            if len(rows) >= most:
                self.later(rows[-1][2], _Children(rows[-1][2], chain, parent))
        for _, _, child, child_chain in found:
            self.later(child, _Arrival(child, child_chain))

    def _seeds(self, seeds: _Seeds) -> None:
        sql = _SEEDS[self._tx.dialect.name].format(seeds.column)
        found = _driven(self._tx, sql, (seeds.key, seeds.after, PIECE))
        for fact_id, chain in found:
            self.later(fact_id, _Arrival(fact_id, chain))
        if len(found) == PIECE:
            self.later(found[-1][0], seeds._replace(after=found[-1][0]))


def rows_of(tx: sa.Connection, sql: str, asked: Sequence[Asked]) -> list[Row]:
    """The rows of a statement over a table j(c, a, b) of what is asked for."""
    dialect = tx.dialect.name
    found: list[Row] = []
    for start in range(0, len(asked), PIECE):
        part = asked[start : start + PIECE]
        given = (json.dumps(part),) if dialect == "sqlite" else tuple([row[n] for row in part] for n in range(3))
        found += _driven(tx, _ASKED[dialect] + sql, given)
    return found


def _driven(tx: sa.Connection, sql: str, given: tuple[object, ...]) -> list[Row]:
    # Past the query layer, where a row costs three times as much: a page reads thousands of them.
    driver: Any = tx.connection.driver_connection
    try:
        return list(driver.execute(sql, given).fetchall())
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR:
            raise  # busy, full, not readable: the store has words for those
        message = f"a table of lineage is gone, or holds what is no text ({error})"
        raise Tampered(message, hint="keep this database as it is, and put its backup into another place") from None


def _most(pieces: int) -> int:
    """How much to read of each of so many pieces: much of one, little of each of many."""
    return max(LEAST, min(PIECE, PIECE // (2 * pieces)))


def _grouped(keys: Iterable[Key], rows: Sequence[Row]) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = {}
    for key, row in zip(keys, rows, strict=True):
        found.setdefault(key, []).append(row)
    return found
