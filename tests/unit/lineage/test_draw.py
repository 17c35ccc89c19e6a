from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from contracts.lineage import World, draft
from haoma.errors import Tampered
from haoma.lineage import Activity, Fact, Sealed, activities_of, trace
from haoma.lineage.check import Checked, Found, LedgerProofs, Mark, check
from haoma.lineage.draw import svg, tree


def recorded(world: World) -> tuple[list[Fact], dict[int, Activity]]:
    page = draft("<b>\u202e工行&", name="page", source="web")
    left, right = draft("a", parents=(page,)), draft(subject="s1-7f", value=Sealed(b"x", "k-1"), parents=(page,))
    facts = world.record(page, left, right, draft("c", parents=(left, right), confidence=855_000))
    found = list(world.ask(lambda tx: trace(tx, facts[-1].fact_id)).facts)
    return found, world.ask(lambda tx: activities_of(tx, {1}))


def checked(world: World, facts: list[Fact], activities: dict[int, Activity]) -> dict[int, Checked]:
    return check(facts, activities, world.keys, LedgerProofs(world.store))


def test_a_fact_is_proved_once_its_entry_is_in_the_tree(world: World) -> None:
    facts, activities = recorded(world)
    assert {one.proof for one in checked(world, facts, activities).values()} == {Mark.UNKNOWN}
    world.ledger.integrate()
    found = checked(world, facts, activities)
    assert found[1] == Checked(Mark.HOLDS, Mark.HOLDS, Mark.HOLDS)
    assert found[3] == Checked(Mark.UNKNOWN, Mark.HOLDS, Mark.HOLDS), "of a sealed value the digest cannot be told"


def test_what_was_changed_later_fails(world: World) -> None:
    facts, activities = recorded(world)
    world.ledger.integrate()
    changed = [
        replace(facts[0], value='"other"'),
        replace(facts[1], confidence=1),
        replace(facts[2], entry_id=1),
        replace(facts[3], commitment="none"),
    ]
    found = checked(world, changed, activities)
    assert found[1] == Checked(Mark.FAILS, Mark.FAILS, Mark.HOLDS)
    assert found[2] == Checked(Mark.HOLDS, Mark.FAILS, Mark.HOLDS)
    assert found[3].proof == Mark.FAILS
    assert (found[4].commitment, found[4].proof) == (Mark.FAILS, Mark.FAILS)
    assert checked(world, facts, {})[1].commitment == Mark.FAILS


def test_a_destroyed_key_leaves_the_proof_and_says_nothing_of_the_fact(world: World) -> None:
    facts, activities = recorded(world)
    world.ledger.integrate()
    world.keys.destroy(facts[0].commitment.partition(":")[0])
    assert checked(world, facts, activities)[1] == Checked(Mark.HOLDS, Mark.UNKNOWN, Mark.HOLDS)


def test_an_entry_whose_proof_fails_fails(world: World) -> None:
    class Forged:
        def found(self, entry_id: int) -> Found:
            message = "the proof does not hold"
            raise Tampered(message)

    facts, activities = recorded(world)
    assert {one.proof for one in check(facts, activities, world.keys, Forged()).values()} == {Mark.FAILS}


def test_a_tree_shows_every_fact_once_with_stage_time_system_and_marks(world: World) -> None:
    facts, activities = recorded(world)
    world.ledger.integrate()
    lines = list(tree(facts, activities, checked(world, facts, activities)))
    assert lines[0] == (
        'number "c" · storage · 2026-11-22 16:00:00 · etl.load on crm · 85.5 %'
        " · digest ✓  commitment ✓  proof ✓ · fact:4"
    )
    assert [line[:6] for line in lines[1:]] == ["├─ num", "│  └─ ", "└─ num", "   └─ "]
    assert lines[4] == "   └─ fact:1 (above)"
    assert "(sealed)" in lines[3]
    assert "\u202e" not in "".join(lines)


def test_a_parent_outside_the_page_is_named(world: World) -> None:
    facts, activities = recorded(world)
    assert list(tree(facts[1:], activities, {}))[2] == "│  └─ fact:1 (not shown)"
    assert list(tree([], {}, {})) == []


def test_a_path_longer_than_the_stack_is_drawn(world: World) -> None:
    chain = [draft(0)]
    for n in range(1, 1_500):
        chain.append(draft(n, parents=(chain[-1],)))
    facts = world.record(*chain)
    assert sum(1 for _ in tree(facts, {}, {})) == 1_500
    assert svg(facts, {}, {}).count("<text") == 6_001


def test_a_picture_is_well_formed_and_holds_no_markup_of_a_value(world: World) -> None:
    facts, activities = recorded(world)
    root = ET.fromstring(svg(facts, activities, {}))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == "Trace of fact 4, times in Asia/Shanghai"
    texts = [text.text for text in root.iter(f"{space}text")]
    assert 'page "<b>�工行&"' in texts
    assert len(list(root.iter(f"{space}path"))) == 2 * 4


@pytest.mark.parametrize("draw", [tree, svg])
def test_a_value_of_a_person_is_in_no_drawing(world: World, draw: object) -> None:
    facts, activities = recorded(world)
    assert "k-1" not in "".join(draw(facts, activities, {}))


def test_a_fact_without_value_shows_its_digest(world: World) -> None:
    (fact,) = world.record(draft(value=None, output_digest="0123456789ab" + "0" * 52))
    (line,) = tree([fact], {}, {})
    assert "(0123456789ab…)" in line
    assert "registry" in line
