"""What lineage promises on every store: all or nothing under kill -9, and a graph that many writers cannot break.

A test class derives from `LineageContract` and gives the fixture `url`: a database that is empty, or not there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from contracts.lineage import World, draft, ids, open_world, world_on
from haoma.errors import Conflict
from haoma.lineage import Fact, Origin, Recorder, Stage, facts_of, impact, tables, trace
from haoma.storage import Store
from haoma.storage.tables import store_info

FACTS = 3


def change_with_facts(store: Store, n: int) -> None:
    """A change, facts with parents among them, and their entry."""
    world = world_on(store)
    recorder = Recorder(store, world.ledger, world.keys, "etl")
    with recorder.run("load", stage=Stage.STORAGE, code="c" * 64) as run:
        run.change(lambda tx: tx.execute(sa.insert(store_info), {"name": f"change {n}", "value": ""}))
        page = run.add(draft("page", subject=f"hotline:{n}"))
        read = run.add(draft("a", subject=f"hotline:{n}", parents=(page,)))
        run.add(draft("b", subject=f"hotline:{n}", parents=(read, page)))


def check_with_facts(store: Store, n: int, acknowledged: bool) -> None:
    """Change, activity, facts, graph and entries are there, or none of them."""
    facts = tables.facts.c
    with store.read() as tx:
        change = tx.scalar(sa.select(sa.func.count()).where(store_info.c.name == f"change {n}"))
        rows = tx.execute(sa.select(facts.fact_id, facts.commitment).where(facts.subject == f"hotline:{n}")).all()
        linked = tx.scalar(sa.select(sa.func.count()).where(tables.links.c.child.in_([row.fact_id for row in rows])))
        runs = tx.scalar(sa.select(sa.func.count()).select_from(tables.activities))
        entries = all_entries(store)
        changes = tx.scalar(sa.select(sa.func.count()).where(store_info.c.name.startswith("change ")))
    committed = {text for entry in entries for text in entry.body.get("facts", [])}
    assert (change, len(rows), linked) in {(1, FACTS, FACTS - 1), (0, 0, 0)}
    assert {row.commitment for row in rows} <= committed
    assert runs == changes
    assert len(committed) == FACTS * changes
    assert change or not acknowledged


class LineageContract:
    """Holds on SQLite and on PostgreSQL."""

    @pytest.fixture
    def world(self, url: str) -> World:
        return open_world(url)

    def test_many_writers_build_on_one_fact_and_the_graph_holds(self, world: World) -> None:
        with world.store:
            activity = world.ran()
            (root,) = world.record(draft("root"), activity=activity)

            def grow(seed: int) -> list[Fact]:
                random, mine = Random(seed), [root]
                for n in range(6):
                    parents = {root.fact_id, random.choice(mine).fact_id}
                    mine += world.record(draft(n, parents=tuple(parents), source=f"s{seed}"), activity=activity)
                return mine[1:]

            with ThreadPoolExecutor(8) as pool:
                grown = [fact for facts in pool.map(grow, range(8)) for fact in facts]
            assert ids(world.ask(lambda tx: impact(tx, Origin.fact(root.fact_id))).facts) == sorted(ids([root, *grown]))
            made_of = {root.fact_id: {root.fact_id}}
            for fact in sorted(grown, key=lambda one: one.fact_id):
                made_of[fact.fact_id] = {fact.fact_id}.union(*(made_of[parent] for parent in fact.parents))
                assert ids(world.ask(lambda tx, fact=fact: trace(tx, fact.fact_id)).facts) == sorted(
                    made_of[fact.fact_id]
                )

    def test_two_who_correct_one_fact_at_once_are_told_apart(self, world: World) -> None:
        with world.store:
            activity = world.ran()
            (wrong,) = world.record(draft("a"), activity=activity)

            def correct(n: int) -> bool:
                try:
                    world.record(draft(n, supersedes=wrong.fact_id), activity=activity)
                except Conflict:
                    return False
                return True

            with ThreadPoolExecutor(8) as pool:
                assert sum(pool.map(correct, range(8))) == 1

    def test_pages_of_a_random_graph_are_its_ancestries(self, world: World) -> None:
        random, facts, made_of = Random(7), list[Fact](), dict[int, set[int]]()
        with world.store:
            runs = [world.ran(f"run{n}") for n in range(3)]
            for _ in range(60):
                known = [fact.fact_id for fact in facts[-40:]]
                batch = [
                    draft(n, parents=tuple(random.sample(known, min(len(known), random.randint(0, 3)))))
                    for n in range(random.randint(1, 6))
                ]
                facts += world.record(*batch, activity=random.choice(runs))
            for fact in facts:
                made_of[fact.fact_id] = {fact.fact_id}.union(*(made_of[parent] for parent in fact.parents))
            assert world.ask(lambda tx: facts_of(tx, ids(facts))) == facts
            for fact in facts[::7]:
                page = world.ask(lambda tx, fact=fact: trace(tx, fact.fact_id, limit=1_000))
                assert ids(page.facts) == sorted(made_of[fact.fact_id])
            for run in runs:
                seeds = {fact.fact_id for fact in facts if fact.activity_id == run.activity_id}
                page = world.ask(lambda tx, run=run: impact(tx, Origin.activity(run.activity_id)))
                assert ids(page.facts) == [one for one, of in made_of.items() if of & seeds]


class LineageKillContract:
    """What holds when the process is killed; a minute, for each kill is a process of its own."""

    def test_a_change_its_facts_and_its_entry_are_there_together_or_not_at_all(self, url: str) -> None:
        assert assert_all_or_nothing(url, change_with_facts, check_with_facts) > 8
