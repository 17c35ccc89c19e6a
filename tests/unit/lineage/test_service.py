from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from contracts.entries import all_entries
from contracts.lineage import World, draft, ids
from haoma.errors import BadInput, Conflict, NotFound
from haoma.ledger.commitment import Commitment
from haoma.lineage import Sealed, content, facts_of, latest, record, record_activity, successors, tables
from haoma.lineage.entries import FACTS_PER_ENTRY
from haoma.lineage.service import _consecutive


def entries(world: World) -> list[dict[str, object]]:
    return [{"type": entry.type, **entry.body} for entry in all_entries(world.store)]


def test_a_recorded_fact_is_read_back_as_it_was(world: World) -> None:
    sealed = draft(subject="s1-7fd3", value=Sealed(b"\x00\x01", "k-1"), input_digest="b" * 64, confidence=850_000)
    recorded = world.record(draft(), sealed)
    assert world.ask(lambda tx: facts_of(tx, ids(recorded))) == recorded


def test_the_ledger_holds_a_commitment_to_each_fact_and_nothing_else_of_it(world: World) -> None:
    activity = world.ran()
    (fact,) = world.record(draft(), activity=activity)
    ran, recorded = entries(world)
    assert (ran["type"], ran["run"], ran["outcome"]) == ("lineage.ran", activity.run_id, "completed")
    assert recorded["facts"] == [fact.commitment]
    assert "95588" not in str(recorded)
    assert world.keys.opens(Commitment.parse(fact.commitment), content(fact, activity))


def test_an_entry_commits_to_256_facts(world: World) -> None:
    facts = world.record(*[draft(n) for n in range(2 * FACTS_PER_ENTRY + 1)])
    sizes = [len(entry["facts"]) for entry in entries(world) if entry["type"] == "lineage.recorded"]
    assert sizes == [FACTS_PER_ENTRY, FACTS_PER_ENTRY, 1]
    assert len({fact.entry_id for fact in facts}) == 3
    assert len({fact.commitment for fact in facts}) == len(facts)


def test_ids_that_other_writers_tore_apart_go_into_entries_of_their_own(world: World) -> None:
    facts = world.record(draft("a"), draft("b"), draft("c"), draft("d"))
    torn = [replace(fact, fact_id=fact_id) for fact, fact_id in zip(facts, (5, 6, 9, 10), strict=True)]
    assert [ids(_consecutive(torn, start)) for start in (0, 2, 4)] == [[5, 6], [9, 10], []]


def test_a_key_of_the_subjects_own_can_be_destroyed_and_the_entry_stays(world: World) -> None:
    activity = world.ran()
    mine = draft(subject="s1-7fd3", value=Sealed(b"x", "k-1"))
    (fact,) = world.store.write(
        lambda tx: record(tx, world.ledger, world.keys, activity, [mine], scope=lambda _: "subject7")
    )
    commitment = Commitment.parse(fact.commitment)
    world.keys.destroy(commitment.key_id)
    with pytest.raises(NotFound):
        world.keys.opens(commitment, content(fact, activity))
    assert entries(world)[-1]["facts"] == [fact.commitment]


def test_parents_may_stand_in_the_same_batch_before_their_children(world: World) -> None:
    (first,) = world.record(draft("a"))
    collected = draft("b", parents=(first.fact_id,))
    facts = world.record(collected, draft("c", parents=(collected, first.fact_id, collected)))
    assert [fact.parents for fact in facts] == [(first.fact_id,), (facts[0].fact_id, first.fact_id)]


def test_a_parent_behind_its_child_or_from_nowhere_is_refused_and_nothing_is_written(world: World) -> None:
    late = draft("b")
    with pytest.raises(BadInput, match="behind"):
        world.record(draft("a", parents=(late,)), late)
    for missing in (1, 99):  # 1 is the id that the fact itself would get
        with pytest.raises(NotFound):
            world.record(draft("a", parents=(missing,)))
    assert world.ask(lambda tx: tx.scalar(sa.select(sa.func.count()).select_from(tables.facts))) == 0
    assert not [entry for entry in entries(world) if entry["type"] == "lineage.recorded"]


def test_a_fact_is_superseded_once(world: World) -> None:
    (wrong,) = world.record(draft("a"))
    (right,) = world.record(draft("b", supersedes=wrong.fact_id))
    with pytest.raises(Conflict, match="superseded already"):
        world.record(draft("c", supersedes=wrong.fact_id))
    with pytest.raises(Conflict):
        world.record(draft("c", supersedes=right.fact_id), draft("d", supersedes=right.fact_id))
    with pytest.raises(NotFound):
        world.record(draft("c", supersedes=99))
    assert world.ask(lambda tx: successors(tx, [wrong.fact_id, right.fact_id])) == {wrong.fact_id: right.fact_id}


def test_a_correction_is_of_the_same_thing(world: World) -> None:
    (other,) = world.record(draft("a", name="label"))
    with pytest.raises(BadInput, match="another subject or name"):
        world.record(draft("b", supersedes=other.fact_id))


def test_a_fact_cannot_supersede_itself(world: World) -> None:
    with pytest.raises(NotFound):
        world.record(draft("a", supersedes=1))


def test_the_database_itself_refuses_a_second_successor(world: World) -> None:
    (wrong,) = world.record(draft("a"))
    world.record(draft("b", supersedes=wrong.fact_id))
    (other,) = world.record(draft("c"))
    change = sa.update(tables.facts).where(tables.facts.c.fact_id == other.fact_id).values(supersedes=wrong.fact_id)
    with pytest.raises(Conflict):
        world.store.write(lambda tx: tx.execute(change))


def test_a_run_is_recorded_once(world: World) -> None:
    activity = world.ran()
    again = world.store.write(lambda tx: record_activity(tx, world.ledger, activity))
    assert again == activity
    assert len(entries(world)) == 1


def test_the_newest_fact_of_a_name_is_found_by_subject(world: World) -> None:
    world.record(draft("a"), draft("b"), draft("工行", name="label"))
    assert world.ask(lambda tx: latest(tx, "hotline:95588", "number")).value == '"b"'
    assert world.ask(lambda tx: latest(tx, "hotline:95588")).name == "label"
    with pytest.raises(NotFound):
        world.ask(lambda tx: latest(tx, "hotline:1"))


def test_a_batch_of_nothing_writes_nothing(world: World) -> None:
    activity = world.ran()
    assert world.record(activity=activity) == []
    assert len(entries(world)) == 1


def test_facts_that_are_not_there_are_named(world: World) -> None:
    (fact,) = world.record(draft())
    with pytest.raises(NotFound, match="no fact 7"):
        world.ask(lambda tx: facts_of(tx, [fact.fact_id, 7]))
