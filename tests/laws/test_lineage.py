"""Laws of lineage: random graphs against a set-based reading of them, random paths, random weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.lineage import World, draft, ids, open_world
from contracts.lineage_schemas import openlineage_errors, prov_errors
from haoma.errors import Conflict
from haoma.lineage import (
    Fact,
    Hop,
    How,
    Origin,
    Page,
    Stage,
    activities_of,
    confidence,
    diverge,
    facts_of,
    impact,
    tables,
    trace,
)
from haoma.lineage.openlineage import run_events
from haoma.lineage.prov import prov_json

# Of each fact: how far back its parents lie, by which run it was made, from which source.
GRAPHS = st.lists(
    st.tuples(st.lists(st.integers(1, 30), max_size=4), st.integers(0, 2), st.sampled_from("abc")),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with TemporaryDirectory() as folder:
        world = open_world(f"sqlite:///{folder}/haoma.db")
        with world.store:
            yield world


def recorded(world: World, graph: list) -> tuple[list[Fact], list[int]]:
    """The facts of a graph, in batches of random runs, and the runs' ids."""
    runs = [world.ran(f"run{n}") for n in range(3)]
    facts: list[Fact] = []
    for back, run, source in graph:
        parents = {facts[-far].fact_id for far in back if far <= len(facts)}
        facts += world.record(draft(len(facts), parents=tuple(parents), source=source), activity=runs[run])
    return facts, [run.activity_id for run in runs]


def ancestry(facts: list[Fact]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for fact in facts:
        found[fact.fact_id] = {fact.fact_id}.union(*(found[parent] for parent in fact.parents))
    return found


def paged(world: World, question: Callable[[sa.Connection, int], Page]) -> list[int]:
    found, after = list[int](), 0
    while after is not None:
        page = world.ask(lambda tx, after=after: question(tx, after))
        found += ids(page.facts)
        after = page.after
    return found


@settings(max_examples=25)
@given(graph=GRAPHS, limit=st.integers(1, 40), data=st.data())
def test_a_trace_is_the_ancestry_in_an_order_where_parents_come_first(
    world: World, graph: list, limit: int, data: st.DataObject
) -> None:
    facts, _ = recorded(world, graph)
    fact = data.draw(st.sampled_from(facts))
    found = paged(world, lambda tx, after: trace(tx, fact.fact_id, after=after, limit=limit))
    assert found == sorted(ancestry(facts)[fact.fact_id])
    place = {fact_id: n for n, fact_id in enumerate(found)}
    assert all(place[parent] < place[one.fact_id] for one in facts if one.fact_id in place for parent in one.parents)


@settings(max_examples=25)
@given(graph=GRAPHS, limit=st.integers(1, 40), run=st.integers(0, 2))
def test_an_impact_is_the_seeds_and_everything_made_of_them(world: World, graph: list, limit: int, run: int) -> None:
    facts, runs = recorded(world, graph)
    found = paged(world, lambda tx, after: impact(tx, Origin.activity(runs[run]), after=after, limit=limit))
    seeds = {fact.fact_id for fact in facts if fact.activity_id == runs[run]}
    assert found == [one for one, made_of in ancestry(facts).items() if made_of & seeds]
    assert all(set(fact.parents).isdisjoint(found) or fact.fact_id in found for fact in facts)


@settings(max_examples=10)
@given(graph=GRAPHS)
def test_any_graph_exports_by_the_official_schemas(world: World, shared: Path, graph: list) -> None:
    facts, runs = recorded(world, graph)
    activities = world.ask(lambda tx: activities_of(tx, runs))
    assert prov_errors(shared, json.loads(json.dumps(prov_json(facts, activities)))) == []
    for activity_id, activity in activities.items():
        made = [fact for fact in facts if fact.activity_id == activity_id]
        for event in run_events(activity, made, facts):
            assert openlineage_errors(shared, event) == []


@settings(max_examples=15)
@given(changes=st.lists(st.tuples(st.booleans(), st.integers(0, 50)), min_size=1, max_size=12))
def test_what_was_recorded_never_changes(world: World, changes: list[tuple[bool, int]]) -> None:
    facts = world.record(draft("first"))
    superseded: set[int] = set()
    for corrects, which in changes:
        target = facts[which % len(facts)].fact_id
        if corrects and target in superseded:
            with pytest.raises(Conflict):
                world.record(draft("again", supersedes=target))
            continue
        facts += world.record(draft(which, supersedes=target if corrects else None))
        superseded |= {target} if corrects else set()
    assert world.ask(lambda tx: facts_of(tx, ids(facts))) == facts
    corrected = sa.select(tables.facts.c.supersedes).where(tables.facts.c.supersedes.in_(ids(facts)))
    assert sorted(world.ask(lambda tx: list(tx.scalars(corrected)))) == sorted(superseded)


DIGESTS = st.sampled_from(["a" * 64, "b" * 64, "c" * 64])
STEP = st.sampled_from(["keep", "inside", "between"])


@given(steps=st.lists(STEP, min_size=1, max_size=20), hide=st.sets(st.integers(0, 19)))
def test_the_earliest_change_of_a_path_is_found_and_a_gap_before_it_widens_the_span_alone(
    steps: list[str], hide: set[int]
) -> None:
    path, value, changed = [], 0, []
    for n, step in enumerate(steps):
        came = value + (step == "between")
        value = came + (step == "inside")
        changed += [(n, How(step))] if step != "keep" else []
        path.append(Hop(Stage.STORAGE, "s", f"{came:064x}", f"{value:064x}"))
    found = diverge(f"{0:064x}", path)
    assert (found and (found.index, found.how)) == (changed[0] if changed else None)
    dark = [Hop(hop.stage, hop.system, None, None) if n in hide else hop for n, hop in enumerate(path)]
    seen = diverge(f"{0:064x}", dark)
    if changed and seen:
        assert seen.index <= seen.until
        # A change inside a hop that was not watched is seen on the way to the next one, and there the span ends.
        assert seen.index <= changed[0][0] <= seen.until
    assert changed == [] or seen is not None


WEIGHTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 1_000_000), st.booleans()), min_size=1, max_size=8)


def weighed(weights: list[tuple[str, int, bool]], order: list[int], reliability: int = 1_000_000) -> int:
    parents = [fact(n, source, sure, "a" if agrees else "b") for n, (source, sure, agrees) in enumerate(weights, 1)]
    return confidence(fact(99, "vote", 0, "a"), [parents[n] for n in order], reliability=reliability)


def fact(fact_id: int, source: str, sure: int, said: str) -> Fact:
    one = draft(said, source=source, confidence=sure)
    at = one.observed_at
    return Fact(
        fact_id, one.subject, one.name, one.value, source, one.stage, 1, at, at, sure, (), None, one.output_digest, None
    )


@given(weights=WEIGHTS, reliability=st.integers(0, 1_000_000), data=st.data())
def test_confidence_is_ppm_at_most_the_methods_and_the_order_of_parents_does_not_matter(
    weights: list[tuple[str, int, bool]], reliability: int, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(weights))))
    found = weighed(weights, order, reliability)
    assert 0 <= found <= reliability
    assert found == weighed(weights, sorted(order), reliability)


@given(weights=WEIGHTS, more=st.tuples(st.just("e"), st.integers(0, 1_000_000)))
def test_a_further_witness_never_lowers_and_a_contradiction_never_raises(
    weights: list[tuple[str, int, bool]], more: tuple[str, int]
) -> None:
    before = weighed(weights, list(range(len(weights))))
    everyone = list(range(len(weights) + 1))
    assert weighed([*weights, (*more, True)], everyone) >= before
    assert weighed([*weights, (*more, False)], everyone) <= before
