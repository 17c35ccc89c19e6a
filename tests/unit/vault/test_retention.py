from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.vault import HOUR, NOW, OTHER, Permitted, World, number
from haoma.errors import Conflict, NotFound, Refused, Unavailable
from haoma.vault import Event, tables
from haoma.vault.key_tables import keys
from haoma.vault.retention import EXPIRING, Expiring, Retention


@pytest.fixture
def runner(world: World) -> Retention:
    return Retention(world.vault, EXPIRING)


def key_rows(world: World) -> int:
    with world.vault.keys.store.read() as tx:
        return tx.scalar(sa.select(sa.func.count()).where(keys.c.kind == "seal"))


def test_nothing_goes_before_its_time_and_all_of_it_at_the_next_run(world: World, runner: Retention) -> None:
    world.sealed(number(), until=NOW + HOUR)
    world.sealed(number(OTHER), until=NOW + 2 * HOUR)
    world.pass_(minutes=59)
    assert runner.run().rows["number.sealed"] == 0
    world.pass_(minutes=1)
    assert runner.run().rows["number.sealed"] == 1
    assert len(world.rows(tables.sealed)) == 1


def test_the_key_of_what_went_is_destroyed_a_minute_later(world: World, runner: Retention) -> None:
    token = world.sealed(number(), until=NOW + HOUR)
    kept = world.vault.seal_bytes(token, "customer-care", "number", b"tel:")
    world.pass_(hours=1)
    assert runner.run().keys == 0
    world.pass_(minutes=1)
    assert runner.run().keys == 1
    assert key_rows(world) == 0
    with pytest.raises(NotFound):
        world.opener.open_bytes(Permitted(token, until=NOW + 9 * HOUR), "number", kept)


def test_a_key_stays_while_something_else_is_under_it(world: World, runner: Retention) -> None:
    token, vault = world.sealed(number(), until=NOW + HOUR), world.vault
    text = vault.store.write(
        lambda tx: vault.locations.issue(tx, token, "customer-care", "agent:1", b"x", NOW + 5 * HOUR, actor="agent:1")
    )
    for _ in range(3):
        world.pass_(hours=1)
        assert runner.run().keys == 0
    assert vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1").value == b"x"


def test_a_key_that_nothing_came_to_use_goes_after_a_day(world: World, runner: Retention) -> None:
    world.vault.prepare(world.vault.pseudonym("acme", number()), "customer-care")
    world.pass_(hours=23)
    runner.run()
    world.pass_(hours=2)
    runner.run()
    assert key_rows(world) == 1
    world.pass_(minutes=1)
    assert runner.run().keys == 1


def test_what_went_is_counted_in_the_table_and_in_the_log(world: World, runner: Retention) -> None:
    world.sealed(number(), until=NOW + HOUR)
    world.pass_(hours=2)
    due = next(one for one in runner.status() if one.rule.name == "number.sealed")
    assert (due.rows, due.over, due.lag_s) == (1, 1, 3600)
    runner.run()
    due = next(one for one in runner.status() if one.rule.name == "number.sealed")
    assert (due.rows, due.over, due.lag_s, due.deleted) == (0, 0, 0, 1)
    last = world.entries()[-1]
    assert (last.type, last.body["class"], last.body["rows"]) == ("retention.deleted", "number.sealed", 1)


def test_what_will_be_over_at_a_date_is_told_and_stays(world: World, runner: Retention) -> None:
    world.sealed(number(), until=NOW + HOUR)
    assert sum(one.over for one in runner.status(NOW + timedelta(days=500))) == 2
    assert sum(one.over for one in runner.status()) == 0


def test_audit_rows_are_not_deleted_before_400_days_by_anybody(world: World, runner: Retention) -> None:
    world.sealed(number())
    world.pass_(days=401)
    with pytest.raises(Conflict):
        runner.run(after_pause=True)
    with pytest.raises(Conflict):
        world.vault.store.write(lambda tx: tx.execute(sa.delete(tables.audit)))
    with pytest.raises(Conflict):
        world.vault.store.write(lambda tx: tx.execute(sa.update(tables.audit).values(actor="agent:2")))
    assert len(world.rows(tables.audit)) == 1


def test_audit_rows_go_after_400_days_and_the_key_of_their_month_with_them(world: World, runner: Retention) -> None:
    old = datetime.now(UTC) - timedelta(days=470)
    world.clock[0] = old
    world.vault.store.write(
        lambda tx: world.vault.audit.record(tx, Event("acme", "agent:1", "test", "allowed", "test", old))
    )
    world.clock[0] = datetime.now(UTC)
    assert world.vault.keys.scopes("commitment", "audit") == [f"audit{old:%Y%m}"]
    assert runner.run(after_pause=True).rows["audit"] == 1
    assert world.rows(tables.audit) == []
    assert world.vault.keys.scopes("commitment", "audit") == []


def test_a_clock_that_went_back_deletes_nothing(world: World, runner: Retention) -> None:
    world.pass_(hours=2)
    runner.run()
    world.sealed(number())
    world.pass_(hours=-3)
    with pytest.raises(Unavailable):
        runner.run()


def test_a_clock_that_jumped_ahead_deletes_nothing_unless_a_person_says_so(world: World, runner: Retention) -> None:
    world.sealed(number(), until=NOW + HOUR)
    world.pass_(days=32)
    with pytest.raises(Refused):
        runner.run()
    assert len(world.rows(tables.sealed)) == 1
    assert runner.run(after_pause=True).rows["number.sealed"] == 1


def test_a_class_that_cannot_go_does_not_keep_the_others(world: World) -> None:
    world.sealed(number(), until=NOW + HOUR)
    held = Expiring("consent", tables.audit.c.at)  # audit rows, which the database does not let go
    world.pass_(hours=2)
    with pytest.raises(Conflict):
        Retention(world.vault, [held, *EXPIRING]).run()
    assert world.rows(tables.sealed) == []
    assert len(world.rows(tables.audit)) == 1


def test_one_runner_leads_and_the_others_leave_it_to_it(world: World, runner: Retention) -> None:
    with world.vault.store.leader("retention"):
        assert not runner.run().led
    assert runner.run().led
