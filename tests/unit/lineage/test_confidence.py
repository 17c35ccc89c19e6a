from __future__ import annotations

import pytest

from contracts.lineage import World, draft
from haoma.errors import BadInput, Conflict
from haoma.lineage import Fact, confidence, facts_of, reassess


def facts(world: World, *ppm: tuple[str, int, str], said: str = "a") -> tuple[Fact, list[Fact]]:
    """A fact made of parents, each of a source, with a confidence, that says something."""
    parents = [draft(value, source=source, confidence=sure) for source, sure, value in ppm]
    *made, fact = world.record(*parents, draft(said, source="vote", parents=tuple(parents)))
    return fact, made


def test_independent_sources_confirm_each_other(world: World) -> None:
    fact, parents = facts(world, ("web", 500_000, "a"), ("map", 500_000, "a"))
    assert confidence(fact, parents) == 750_000


def test_copies_of_one_source_are_one_witness(world: World) -> None:
    fact, parents = facts(world, ("web", 500_000, "a"), ("web", 400_000, "a"))
    assert confidence(fact, parents) == 500_000


def test_who_says_otherwise_lowers_it(world: World) -> None:
    fact, parents = facts(world, ("web", 800_000, "a"), ("map", 500_000, "b"))
    assert confidence(fact, parents) == 400_000


def test_what_the_value_was_made_of_does_not_contradict_it(world: World) -> None:
    raw = draft("955 88", confidence=900_000)
    parent, fact = world.record(raw, draft("95588", parents=(raw,), input_digest=raw.output_digest))
    assert confidence(fact, [parent]) == 900_000


def test_a_superseded_parent_counts_half(world: World) -> None:
    fact, parents = facts(world, ("web", 800_000, "a"))
    assert confidence(fact, parents, superseded=[parents[0].fact_id]) == 400_000


def test_a_step_is_no_surer_than_its_method(world: World) -> None:
    fact, parents = facts(world, ("web", 990_000, "a"), ("map", 990_000, "a"))
    assert confidence(fact, parents, reliability=900_000) == 900_000
    assert confidence(parents[0], [], reliability=900_000) == 900_000
    with pytest.raises(BadInput):
        confidence(fact, parents, reliability=1_000_001)


def test_a_recomputation_is_a_fact_that_supersedes(world: World) -> None:
    fact, _ = facts(world, ("web", 500_000, "a"), ("map", 500_000, "a"))
    run = world.ran("lineage.confidence")
    trust = {"etl.load": 700_000}

    def again(fact_id: int) -> Fact:
        return world.store.write(
            lambda tx: reassess(tx, world.ledger, world.keys, run, fact_id, reliability=trust, at=world.now())
        )

    new = again(fact.fact_id)
    assert (new.confidence, new.supersedes, new.value, new.parents) == (700_000, fact.fact_id, fact.value, fact.parents)
    assert world.ask(lambda tx: facts_of(tx, [new.fact_id])) == [new]
    with pytest.raises(Conflict):
        again(fact.fact_id)
    trust["etl.load"] = 600_000
    assert again(new.fact_id).confidence == 600_000, "the method is that of the value, not of the recomputation"
