from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.vault import HOUR, NOW, World, number
from haoma.errors import BadInput, Refused, Tampered
from haoma.numbers import find
from haoma.vault import tables


def issued(world: World, until: timedelta = HOUR, audience: str = "agent:1") -> str:
    vault, subject = world.vault, world.vault.pseudonym("acme", number())
    return vault.store.write(
        lambda tx: vault.locations.issue(
            tx, subject, "customer-care", audience, b"where", NOW + until, actor="system:locate"
        )
    )


def last(world: World) -> tuple[str, str]:
    row = world.rows(tables.audit)[-1]
    return row.decision, row.reason


def test_a_token_resolves_for_its_audience_and_that_is_recorded(world: World) -> None:
    found = world.vault.locations.resolve(issued(world), tenant="acme", audience="agent:1", actor="agent:1")
    assert found.value == b"where"
    assert b"where" not in repr(found).encode()
    assert last(world) == ("allowed", "token-live")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"audience": "agent:2"}, "wrong-audience"),
        ({"tenant": "bank"}, "token-unknown"),
        ({"text": "loc." + "a" * 64}, "token-unknown"),
        ({"text": ""}, "token-unknown"),
    ],
)
def test_everybody_else_gets_the_same_refusal_and_auditors_the_reason(
    world: World, given: dict[str, str], reason: str
) -> None:
    asked = {"text": issued(world), "tenant": "acme", "audience": "agent:1"} | given
    with pytest.raises(Refused, match="does not resolve"):
        world.vault.locations.resolve(asked.pop("text"), actor="agent:9", **asked)
    assert last(world) == ("refused", reason)


def test_a_token_that_is_over_does_not_resolve(world: World) -> None:
    text = issued(world)
    world.pass_(hours=1)
    with pytest.raises(Refused):
        world.vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")
    assert last(world) == ("refused", "token-over")


def test_a_killed_token_does_not_resolve(world: World) -> None:
    text, vault = issued(world), world.vault
    subject = vault.pseudonym("acme", number())
    assert vault.store.write(lambda tx: vault.locations.kill(tx, subject, actor="system:test", reason="withdrawn")) == 1
    with pytest.raises(Refused):
        vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")


def test_a_token_whose_key_is_destroyed_does_not_resolve(world: World) -> None:
    text = issued(world)
    world.vault.destroy_keys(world.vault.pseudonym("acme", number()))
    with pytest.raises(Refused):
        world.vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")
    assert last(world) == ("refused", "shredded")


@pytest.mark.parametrize("until", [timedelta(0), timedelta(hours=24, seconds=1), -HOUR])
def test_a_token_lives_for_a_day_at_most(world: World, until: timedelta) -> None:
    with pytest.raises(BadInput):
        issued(world, until)


@pytest.mark.parametrize(
    "changed",
    [{"audience": "agent:9"}, {"until": NOW + timedelta(hours=9)}, {"issued_at": NOW + HOUR}, {"sealed": b"\0" * 48}],
    ids=str,
)
def test_a_token_whose_row_was_changed_is_told_and_recorded(world: World, changed: dict[str, object]) -> None:
    text = issued(world, audience="agent:1")
    world.vault.store.write(lambda tx: tx.execute(sa.update(tables.tokens).values(**changed)) and None)
    audience = str(changed.get("audience", "agent:1"))
    with pytest.raises(Tampered, match="not the one that was written"):
        world.vault.locations.resolve(text, tenant="acme", audience=audience, actor="agent:9")
    assert last(world) == ("refused", "token-changed")


def test_a_token_whose_end_was_moved_does_not_outlive_a_day(world: World) -> None:
    text = issued(world, timedelta(hours=24))
    later = sa.update(tables.tokens).values(until=NOW + timedelta(days=9))
    world.vault.store.write(lambda tx: tx.execute(later) and None)
    world.pass_(hours=24)
    with pytest.raises(Refused):
        world.vault.locations.resolve(text, tenant="acme", audience="agent:1", actor="agent:1")
    assert last(world) == ("refused", "token-over")


def test_the_database_holds_no_token_and_no_text_is_a_number(world: World) -> None:
    text = issued(world)
    assert text.encode() not in repr(world.rows(tables.tokens)).encode()
    assert find(text) == []


@pytest.mark.parametrize("audience", ["", "13800138000", "Agent 1", "x" * 65])
def test_an_audience_is_a_word_or_an_actor(world: World, audience: str) -> None:
    with pytest.raises(BadInput):
        issued(world, audience=audience)
