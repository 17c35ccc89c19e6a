from __future__ import annotations

import pytest

from contracts.lineage import World, draft
from haoma.errors import BadInput
from haoma.lineage import Divergence, Hop, How, Stage, activities_of, diverge, hops_of, trace

GOOD, BAD, WORSE = "a" * 64, "b" * 64, "c" * 64
STAGES = (Stage.COLLECTION, Stage.STORAGE, Stage.TRANSPORT, Stage.DISPLAY)


def path(*digests: tuple[str | None, str | None]) -> list[Hop]:
    return [Hop(stage, f"s{n}", *pair) for n, (stage, pair) in enumerate(zip(STAGES, digests, strict=False))]


@pytest.mark.parametrize(
    ("digests", "found"),
    [
        ([(GOOD, GOOD)] * 4, None),
        ([(None, GOOD), (GOOD, BAD), (BAD, BAD)], (1, 1, Stage.STORAGE, How.INSIDE, BAD)),
        ([(GOOD, GOOD), (BAD, BAD)], (1, 1, Stage.STORAGE, How.BETWEEN, BAD)),
        ([(BAD, BAD), (BAD, WORSE)], (0, 0, Stage.COLLECTION, How.BETWEEN, BAD)),
        # Who changed it is not known where nobody looked in between.
        ([(GOOD, GOOD), (None, BAD)], (1, 1, Stage.STORAGE, How.UNWATCHED, BAD)),
        ([(GOOD, None), (None, None), (BAD, BAD)], (0, 2, Stage.COLLECTION, How.UNWATCHED, BAD)),
        # A gap behind which the value is right is none.
        ([(GOOD, None), (None, GOOD), (GOOD, GOOD)], None),
        ([(GOOD, None), (GOOD, BAD)], (1, 1, Stage.STORAGE, How.INSIDE, BAD)),
        # What a reader sees at the end was not watched.
        ([(GOOD, GOOD), (GOOD, None)], (1, 1, Stage.STORAGE, How.UNWATCHED, None)),
        ([(GOOD, GOOD), (None, None), (None, None)], (1, 2, Stage.STORAGE, How.UNWATCHED, None)),
        # Wrong, and put right again later: it was lost all the same.
        ([(GOOD, BAD), (BAD, GOOD)], (0, 0, Stage.COLLECTION, How.INSIDE, BAD)),
    ],
)
def test_the_earliest_hop_is_named_with_stage_and_how(digests: list, found: tuple | None) -> None:
    assert diverge(GOOD, path(*digests)) == (found and Divergence(*found))


def test_a_path_without_hops_is_bad_input() -> None:
    with pytest.raises(BadInput):
        diverge(GOOD, [])


def test_the_path_of_a_trace_follows_first_parents(world: World) -> None:
    read = draft("a", stage=Stage.COLLECTION)
    stored = draft("a", parents=(read,), input_digest=read.output_digest)
    evidence = draft("z", name="label")
    shown = draft("b", stage=Stage.DISPLAY, parents=(stored, evidence), input_digest=read.output_digest)
    facts = world.record(read, stored, evidence, shown)
    page = world.ask(lambda tx: trace(tx, facts[-1].fact_id))
    hops = hops_of(page.facts, world.ask(lambda tx: activities_of(tx, {facts[0].activity_id})))
    assert [hop.fact_id for hop in hops] == [facts[0].fact_id, facts[1].fact_id, facts[3].fact_id]
    assert hops[0].system == "crm"
    found = diverge(read.output_digest or "", hops)
    assert found == Divergence(2, 2, Stage.DISPLAY, How.INSIDE, shown.output_digest)


def test_no_facts_are_no_path() -> None:
    assert hops_of([], {}) == []
