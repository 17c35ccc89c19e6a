from __future__ import annotations

import pytest

from contracts.lineage import World, draft, ids
from haoma.errors import BadInput, NotFound
from haoma.lineage import Origin, Page, impact, trace


def traced(world: World, fact_id: int, **more: int) -> Page:
    return world.ask(lambda tx: trace(tx, fact_id, **more))


def touched(world: World, origin: Origin, **more: int) -> Page:
    return world.ask(lambda tx: impact(tx, origin, **more))


def test_a_trace_tells_the_whole_ancestry_earliest_first_and_last_the_fact(world: World) -> None:
    page, phone = draft("page", name="page"), draft("call", source="call")
    read = draft("a", parents=(page,))
    voted = draft("b", parents=(read, phone))
    facts = world.record(page, phone, draft("elsewhere"), read, voted)
    assert traced(world, facts[4].fact_id) == Page((facts[0], facts[1], facts[3], facts[4]), None)


def test_a_long_trace_comes_in_pages_that_new_facts_do_not_move(world: World) -> None:
    chain = [draft(0)]
    for n in range(1, 2_500):
        chain.append(draft(n, parents=(chain[-1],)))
    last = world.record(*chain)[-1]
    first = traced(world, last.fact_id)
    assert (len(first.facts), first.after) == (1_000, first.facts[-1].fact_id)
    world.record(draft("new", parents=(last.fact_id,)))
    second = traced(world, last.fact_id, after=first.after or 0)
    third = traced(world, last.fact_id, after=second.after or 0)
    assert ids([*first.facts, *second.facts, *third.facts]) == list(range(1, 2_501))
    assert third.after is None


def test_an_impact_reaches_what_was_made_of_a_bad_run_directly_and_downstream(world: World) -> None:
    bad = world.ran("etl.v2", code="b" * 64)
    (good,) = world.record(draft("a"))
    wrong = world.record(draft("b", parents=(good.fact_id,)), draft("c"), activity=bad)
    (shown,) = world.record(draft("d", parents=(good.fact_id, wrong[1].fact_id)))
    for origin in (Origin.activity(bad.activity_id), Origin.code("b" * 64)):
        assert ids(touched(world, origin).facts) == ids([*wrong, shown])
    assert ids(touched(world, Origin.fact(wrong[1].fact_id)).facts) == ids([wrong[1], shown])


def test_every_run_of_a_bad_version_counts(world: World) -> None:
    runs = [world.ran("etl", code="b" * 64) for _ in range(3)]
    facts = [world.record(draft(n), activity=run)[0] for n, run in enumerate(runs)]
    assert ids(touched(world, Origin.code("b" * 64)).facts) == ids(facts)


def test_a_correction_is_not_touched_by_what_it_corrects(world: World) -> None:
    (wrong,) = world.record(draft("a", source="bad page"))
    world.record(draft("b", supersedes=wrong.fact_id))
    assert ids(touched(world, Origin.source("bad page")).facts) == [wrong.fact_id]


def test_a_wide_impact_comes_in_pages(world: World) -> None:
    (page,) = world.record(draft("page"))
    wide = world.record(*[draft(n, parents=(page.fact_id,)) for n in range(1_500)])
    world.record(*[draft(n, parents=(fact.fact_id,)) for n, fact in enumerate(wide)])
    found, after = [], 0
    while after is not None:
        part = touched(world, Origin.fact(page.fact_id), after=after)
        found += ids(part.facts)
        after = part.after
    assert found == list(range(1, 3_002))


def test_what_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        traced(world, 1)
    for origin in (Origin.fact(1), Origin.activity(1), Origin.source("x"), Origin.code("x")):
        with pytest.raises(NotFound):
            touched(world, origin)


def test_a_run_without_facts_touched_nothing(world: World) -> None:
    assert touched(world, Origin.activity(world.ran().activity_id)) == Page((), None)


@pytest.mark.parametrize("limit", [0, 1_001])
def test_a_page_has_1_to_1000_facts(world: World, limit: int) -> None:
    (fact,) = world.record(draft())
    with pytest.raises(BadInput, match="page"):
        traced(world, fact.fact_id, limit=limit)
