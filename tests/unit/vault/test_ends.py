from __future__ import annotations

import pytest

from contracts.vault import World
from haoma.vault import rule_of
from haoma.vault.ends import ENDS_KEPT
from haoma.vault.retention import EXPIRING, Retention

IDS = [f"00000000-0000-4000-8000-{n:012d}" for n in range(3)]


@pytest.fixture
def runner(world: World) -> Retention:
    return Retention(world.vault, EXPIRING)


def test_what_ended_is_known_until_nothing_of_it_could_come_back(world: World, runner: Retention) -> None:
    ends = world.vault.keys.ends
    ends.note(IDS[0], "withdrawn")
    world.pass_(days=1)
    ends.note(IDS[1], "done")
    world.clock[0] += ENDS_KEPT
    world.pass_(days=-1, seconds=-1)
    assert runner.run(after_pause=True).rows["vault.end"] == 0
    world.pass_(seconds=1)
    assert runner.run().rows["vault.end"] == 1
    assert [ends.why(one) for one in IDS] == ["", "done", ""]
    assert rule_of("vault.end").shortest == ENDS_KEPT


def test_what_was_forgotten_is_counted_in_the_log_and_shown_with_the_other_classes(
    world: World, runner: Retention
) -> None:
    for one in IDS:
        world.vault.keys.ends.note(one, "withdrawn")
    world.clock[0] += ENDS_KEPT
    world.pass_(hours=1)
    due = next(one for one in runner.status() if one.rule.name == "vault.end" and one.table == "vault_ends")
    assert (due.rows, due.over, due.lag_s) == (3, 3, 3600)
    runner.run(after_pause=True)
    (told,) = (entry.body for entry in world.entries() if entry.type == "retention.deleted")
    assert (told["class"], told["rows"]) == ("vault.end", 3)
    due = next(one for one in runner.status() if one.rule.name == "vault.end" and one.table == "vault_ends")
    assert (due.rows, due.over, due.deleted) == (0, 0, 3)
