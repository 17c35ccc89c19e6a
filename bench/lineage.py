"""The graph of facts: the first page of 1,000 of an ancestry and of an impact, beside a recursive query.

Rules held here:
- One SQLite database with all shapes at once, made by SQL alone; its facts are laid out as `lineage.record` lays
  them, without `lineage_links`, which no question reads.
- The peer is what one writes first: a table of edges with an index each way and WITH RECURSIVE, sorted and cut to
  a page. It loads the same facts by the same code, and answers the same ids, or the run ends.
- A figure is the median, and the worst, of first pages from starts all over the shape, each the best of three by wall
  time, which is what is promised; the database lies in the page cache.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from bench.figure import Figure
from haoma.lineage import Origin, impact, tables, trace
from haoma.lineage.rows import facts_of

__all__ = ["first_pages"]

STARTS, PEER_STARTS, RUNS = 25, 3, 3
PAGE = 1_000
PEER = "WITH RECURSIVE"
TABLES = (tables.origins, tables.activities, tables.facts, tables.links, tables.edges)

_FACTS = """
INSERT INTO lineage_facts (fact_id, chain, subject, name, value, source_id, code_id, activity_id, stage, observed_at,
  recorded_at, confidence, parents, output_digest, entry_id, commitment)
WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
SELECT {first} + i, {chain}, 'hotline:' || (i % 100000), 'number', '"tel:95588;phone-context=+86"', {activity},
  {activity}, {activity}, 'storage', 1700000000000000 + i, 1700000000000000 + i, 900000, {parents}, randomblob(32), i,
  'facts-1:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' FROM n"""
_EDGES = """
INSERT INTO lineage_edges (child_chain, child, parent, parent_chain)
WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})
SELECT {columns} FROM n WHERE {where}"""
_PEER_UP = (
    "WITH RECURSIVE up(id) AS (VALUES(?) UNION SELECT e.parent FROM up JOIN peer_edges e ON e.child = up.id)"
    " SELECT id FROM up ORDER BY id LIMIT ?"
)
_PEER_DOWN = (
    "WITH RECURSIVE down(id) AS (SELECT fact_id FROM lineage_facts WHERE activity_id = ?"
    " UNION SELECT e.child FROM down JOIN peer_edges e ON e.parent = down.id) SELECT id FROM down ORDER BY id LIMIT ?"
)


class Shapes:
    """Writes shapes of a graph one behind the other; `starts` are facts to trace, `bad` the runs to ask for."""

    def __init__(self, tx: sa.Connection, total: int) -> None:
        self.tx = tx
        self.total = total
        self.next_id = 1
        self.next_activity = 1
        self.starts: dict[str, list[int]] = {}
        self.bad: dict[str, list[int]] = {}

    def long_chain(self) -> None:
        """One value observed again and again: a tenth of all facts, each made of the one before."""
        first, count = self.next_id, self.total // 10
        self._facts(count, first, f"CASE i WHEN 0 THEN '[]' ELSE '[' || ({first} + i - 1) || ']' END")
        self.starts["a chain"] = [first + count - 1 - n for n in range(STARTS)]
        self.bad["a chain"] = [self._run_of(first + count // 2 + n) for n in range(STARTS)]

    def many_chains(self) -> None:
        """A thousand values side by side: four tenths of all facts, in turn."""
        first, chains = self.next_id, max(self.total // 10_000, 10)
        count = self.total * 4 // 10 // chains * chains
        parents = f"CASE WHEN i < {chains} THEN '[]' ELSE '[' || ({first} + i - {chains}) || ']' END"
        self._facts(count, f"{first} + i % {chains}", parents)
        self.starts["chains side by side"] = [first + count - 1 - n for n in range(STARTS)]
        self.bad["chains side by side"] = [self._run_of(first + count // 2 + n) for n in range(STARTS)]

    def fan_out(self) -> None:
        """One bad run made a tenth of all facts out of one page; each was then stored, and shown: three tenths."""
        wide = self.total // 10
        root = self.next_id
        self._facts(1, root, "'[]'")
        collected, stored, shown = (root + 1 + n * wide for n in range(3))
        bad = self._run()
        # The first joins the root's chain; every other one begins its own, and what is made of it joins that.
        self._facts(wide, f"CASE i WHEN 0 THEN {root} ELSE {collected} + i END", f"'[{root}]'", bad)
        for first in (stored, shown):
            chain = f"CASE i WHEN 0 THEN {root} ELSE {collected} + i END"
            self._facts(wide, chain, f"'[' || ({first - wide} + i) || ']'")
        self._edges(wide - 1, f"{collected} + 1 + i", f"{collected} + 1 + i", str(root), str(root))
        self.starts["a fan-out"] = [shown + wide - 1 - n * (wide // STARTS) for n in range(STARTS)]
        self.bad["a fan-out"] = [bad]

    def diamonds(self) -> None:
        """Two readings of one page are compared, one in seven facts going on to the next: a tenth of all facts."""
        first, size = self.next_id, 4
        count = self.total // 10 // size
        # a, b, c, d: b and c from a, d from b and c; b joins a, d joins b, c stands alone.
        parents = (
            f"CASE i % 4 WHEN 0 THEN '[]' WHEN 3 THEN '[' || ({first} + i - 2) || ',' || ({first} + i - 1) || ']'"
            f" ELSE '[' || ({first} + i - i % 4) || ']' END"
        )
        bad = self._run()
        self._facts(count * size, f"{first} + i - CASE i % 4 WHEN 2 THEN 0 ELSE i % 4 END", parents, bad)
        self._edges(count, f"{first} + 4 * i + 2", f"{first} + 4 * i + 2", f"{first} + 4 * i", f"{first} + 4 * i")
        self._edges(count, f"{first} + 4 * i", f"{first} + 4 * i + 3", f"{first} + 4 * i + 2", f"{first} + 4 * i + 2")
        self.starts["diamonds"] = [first + 4 * (n + 1) - 1 for n in range(STARTS)]
        self.bad["diamonds"] = [bad]

    def lattice(self) -> None:
        """Each fact made of two of the layer before, ten wide: a hundred layers a lattice, the rest of all facts."""
        first, wide, size = self.next_id, 10, 1_000
        count = max((self.total - first + 1) // size, 1)
        left = f"{first} + i - {wide}"
        right = f"{first} + i / {wide} * {wide} - {wide} + (i + 1) % {wide}"
        parents = f"CASE WHEN i % {size} < {wide} THEN '[]' ELSE '[' || ({left}) || ',' || ({right}) || ']' END"
        chain = f"{first} + i / {size} * {size} + i % {wide}"
        self._facts(count * size, chain, parents)
        edge = (chain, f"{first} + i", right, f"{first} + i / {size} * {size} + (i + 1) % {wide}")
        self._edges(count * size, *edge, where=f"i % {size} >= {wide}")
        self.starts["lattices"] = [first + size * (n % count) + size - 1 - n // count for n in range(STARTS)]
        self.bad["lattices"] = [self._run_of(start - size + 1 + n) for n, start in enumerate(self.starts["lattices"])]

    def _run(self) -> int:
        self.next_activity += 1
        number = self.next_activity
        self.tx.execute(
            sa.text(
                "INSERT INTO lineage_activities (activity_id, run_id, name, code_digest, version, system, stage,"
                " started_at, ended_at, outcome, entry_id)"
                " VALUES (:n, :n, 'bench', '', '', '', 'storage', 0, 0, 'completed', 0)"
            ),
            {"n": number},
        )
        self.tx.execute(sa.text("INSERT INTO lineage_origins VALUES (:n, 'source', :n)"), {"n": number})
        return number

    def _run_of(self, fact_id: int) -> int:
        """A run of its own for one fact, which is then the bad one."""
        number = self._run()
        self.tx.execute(
            sa.text("UPDATE lineage_facts SET activity_id = :n WHERE fact_id = :f"), {"n": number, "f": fact_id}
        )
        return number

    def _facts(self, count: int, chain: int | str, parents: str, activity: int = 1) -> None:
        sql = _FACTS.format(count=count, first=self.next_id, chain=chain, parents=parents, activity=activity)
        self.tx.exec_driver_sql(sql)
        self.next_id += count

    def _edges(self, count: int, *columns: str, where: str = "1") -> None:
        self.tx.exec_driver_sql(_EDGES.format(count=count, columns=", ".join(columns), where=where))


def first_pages(total: int) -> Iterator[Figure]:
    """First pages of 1,000 out of `total` facts, for each shape."""
    with tempfile.TemporaryDirectory(prefix="haoma-bench-") as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'lineage.db'}")
        try:
            shapes = _filled(engine, total)
            with engine.connect() as tx:
                for shape, starts in shapes.starts.items():
                    yield from _beside(f"trace, {shape}, {_told(total)}", _trace(tx), _peer(tx, _PEER_UP), starts)
                for shape, runs in shapes.bad.items():
                    yield from _beside(f"impact, {shape}, {_told(total)}", _impact(tx), _peer(tx, _PEER_DOWN), runs)
        finally:
            engine.dispose()


def _filled(engine: sa.Engine, total: int) -> Shapes:
    with engine.connect() as tx:
        tx.exec_driver_sql("PRAGMA journal_mode = OFF")
        tx.exec_driver_sql("PRAGMA synchronous = OFF")
        tx.exec_driver_sql("PRAGMA cache_size = -500000")
        for table in TABLES:
            tx.execute(CreateTable(table))
        shapes = Shapes(tx, total)
        tx.execute(sa.text("INSERT INTO lineage_origins VALUES (1, 'source', '1')"))
        for fill in (shapes.long_chain, shapes.many_chains, shapes.fan_out, shapes.diamonds, shapes.lattice):
            fill()
        for table in TABLES:
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                tx.execute(CreateIndex(index))
        _fill_peer(tx)
        tx.commit()
    return shapes


def _fill_peer(tx: sa.Connection) -> None:
    tx.exec_driver_sql(
        "CREATE TABLE peer_edges (child INTEGER, parent INTEGER, PRIMARY KEY (child, parent)) WITHOUT ROWID"
    )
    tx.exec_driver_sql(
        "INSERT INTO peer_edges SELECT f.fact_id, p.value FROM lineage_facts f, json_each(f.parents) p"
        " WHERE f.parents <> '[]'"
    )
    tx.exec_driver_sql("CREATE INDEX peer_edges_down ON peer_edges (parent, child)")


Ask = Callable[[int], Sequence[int]]


def _trace(tx: sa.Connection) -> Ask:
    return lambda start: [fact.fact_id for fact in trace(tx, start, limit=PAGE).facts]


def _impact(tx: sa.Connection) -> Ask:
    return lambda run: [fact.fact_id for fact in impact(tx, Origin.activity(run), limit=PAGE).facts]


def _peer(tx: sa.Connection, sql: str) -> Ask:
    def ask(start: int) -> Sequence[int]:
        ids = [int(row[0]) for row in tx.exec_driver_sql(sql, (start, PAGE))]
        return [fact.fact_id for fact in facts_of(tx, ids)]

    return ask


def _beside(what: str, haoma: Ask, peer: Ask, starts: Sequence[int]) -> Iterator[Figure]:
    answers: Mapping[int, Sequence[int]] = {start: haoma(start) for start in starts[:PEER_STARTS]}
    theirs = [_taken_ms(peer, start, answers[start]) for start in starts[:PEER_STARTS]]
    ours = [_taken_ms(haoma, starts[n % len(starts)], None) for n in range(STARTS)]
    yield Figure(f"{what}, median", "ms", statistics.median(ours), PEER, statistics.median(theirs))
    yield Figure(f"{what}, worst", "ms", max(ours), PEER, max(theirs))


def _taken_ms(ask: Ask, start: int, wanted: Sequence[int] | None) -> float:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        found = ask(start)
        taken.append((time.perf_counter() - began) * 1000)
        if wanted is not None and found != wanted:
            sys.exit(f"bench: {PEER} and haoma answer different facts from {start}")
    return min(taken)


def _told(total: int) -> str:
    return f"{total / 1e6:g} M facts"
