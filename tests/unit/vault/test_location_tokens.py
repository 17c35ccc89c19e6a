from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.vault import HOUR, NOW, World, number
from haoma.errors import BadInput, Refused
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


def test_the_database_holds_no_token_and_no_text_is_a_number(world: World) -> None:
    text = issued(world)
    assert text.encode() not in repr(world.rows(tables.tokens)).encode()
    assert find(text) == []


@pytest.mark.parametrize("audience", ["", "13800138000", "Agent 1", "x" * 65])
def test_an_audience_is_a_word_or_an_actor(world: World, audience: str) -> None:
    with pytest.raises(BadInput):
        issued(world, audience=audience)
