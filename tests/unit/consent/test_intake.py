from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.consent import NUMBER, World
from haoma.consent.code import CODE_LIFE
from haoma.consent.intake import fact_context
from haoma.errors import NotFound, Tampered
from haoma.lineage import Sealed
from haoma.lineage.tables import facts
from haoma.numbers import parse
from haoma.vault import Opener
from haoma.vault import tables as vault
from haoma.vault.model import SubjectToken
from haoma.vault.retention import EXPIRING, Retention


@dataclass
class Permission:
    subject: SubjectToken
    purpose: str
    until: datetime


def known(world: World) -> dict[str, object]:
    """What is known of the number, opened."""
    permission = Permission(world.subject(), "customer-care", world.clock[0] + timedelta(minutes=1))
    with world.store.read() as tx:
        rows = tx.execute(sa.select(facts)).all()
    assert all(row.value is None for row in rows)
    opener = Opener(world.vault, Permission)

    def told(row: sa.Row[tuple[object, ...]]) -> object:
        context = fact_context(row.name, row.observed_at, row.confidence)
        return json.loads(opener.open_bytes(permission, context, Sealed(bytes(row.sealed), row.sealed_key)))

    return {row.name: told(row) for row in rows}


@pytest.mark.parametrize("column", ["name", "observed_at", "confidence", "sealed"])
def test_a_fact_that_a_hand_passes_for_another_or_a_surer_one_does_not_open(world: World, column: str) -> None:
    world.give()
    assert known(world)["kind"] == "mobile"
    other = sa.select(facts.c.sealed).where(facts.c.name == "issued_by").scalar_subquery()
    values = {
        "name": "carrier",
        "observed_at": world.clock[0] + timedelta(days=1),
        "confidence": 999_999,
        "sealed": other,
    }
    changed = sa.update(facts).where(facts.c.name == "kind").values({column: values[column]})
    world.store.write(lambda tx: tx.execute(changed).rowcount)
    with pytest.raises(Tampered):
        known(world)


def sealed_until(world: World) -> list[datetime]:
    return [row.until for row in world.rows(vault.sealed)]


def retain(world: World) -> None:
    Retention(world.vault, EXPIRING).run()


def test_a_number_is_sealed_while_its_holder_is_asked(world: World) -> None:
    asked = world.ask()
    assert sealed_until(world) == [asked.expires_at] == [world.clock[0] + CODE_LIFE]
    assert known(world) == {}
    world.pass_(seconds=301)
    retain(world)
    assert sealed_until(world) == []


def test_a_yes_makes_facts_of_what_the_number_says(world: World) -> None:
    world.give()
    said = known(world)
    assert said["kind"] == "mobile"
    assert said["issued_by"] == parse(NUMBER).issued_by
    assert said["issued_in"]["province"] == "北京市"
    assert any(entry.type == "lineage.recorded" for entry in world.entries())


def test_a_number_stays_sealed_as_long_as_a_permission_asks_the_carrier(world: World) -> None:
    given = world.give()
    assert sealed_until(world) == [given.until]


def test_it_goes_with_the_question_where_no_carrier_is_asked(world: World) -> None:
    world.publish(days=30, sources=["stated"])
    given = world.give()
    assert sealed_until(world) < [given.until]
    world.pass_(seconds=301)
    retain(world)
    assert sealed_until(world) == []
    assert known(world)["kind"] == "mobile"


def test_a_withdrawal_makes_them_unreadable(world: World) -> None:
    given = world.give()
    world.consent.withdrawals.by_receipt(given.receipt)
    with pytest.raises(NotFound):
        known(world)
    assert sealed_until(world) == []


def test_a_key_that_only_facts_need_is_kept(world: World) -> None:
    world.publish(days=30, sources=["stated"])
    world.give()
    for _ in range(3):
        world.pass_(hours=25)
        retain(world)
    assert known(world)["kind"] == "mobile"


def test_a_consent_stands_where_the_number_is_gone(world: World) -> None:
    asked = world.ask()
    world.vault.shred(world.subject(), actor="system:test", reason="shredded")
    world.consent.answers.yes(asked.request_id, world.sent.code)
    assert world.require().purpose == "customer-care"
    assert known(world) == {}
    assert NUMBER not in str(world.entries())
