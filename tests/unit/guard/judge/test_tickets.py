from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.judge import LABELLED_AS_A_RIVAL, MOBILE, NOW, OURS, RIGHT, RIVAL, World, shows
from haoma.errors import BadInput, Conflict, NotFound
from haoma.guard.judge.figures import Took, took
from haoma.guard.judge.incidents import incident
from haoma.guard.judge.model import Act
from haoma.guard.judge.outbox import messages
from haoma.guard.judge.platforms import read_platforms
from haoma.guard.judge.tickets import Ticket, letter, make, remind, sent, ticket, tickets

AN = "0cc00000-0000-4000-8000-000000000001"
SHIPPED = read_platforms()
OWNER = SHIPPED["site-owner"]


def alert(world: World, *mentions: object) -> str:
    world.look(*(mentions or LABELLED_AS_A_RIVAL))
    (opened,) = world.look(*(mentions or LABELLED_AS_A_RIVAL)).opened
    return opened


def made(world: World, incident_id: str) -> Ticket:
    act = Act("", world.clock[0], AN)
    return world.desk.store.write(lambda tx: make(tx, world.desk, incident_id, OWNER, act))


def reminded(world: World) -> int:
    return world.desk.store.write(lambda tx: remind(tx, world.desk, SHIPPED, world.clock[0]))


def test_an_incident_has_one_ticket_on_a_platform_until_looks_find_it_right(world: World) -> None:
    opened = alert(world)
    first = made(world, opened)
    assert made(world, opened) == first
    assert first.due_at - first.made_at == timedelta(days=10)
    world.look(*RIGHT)
    world.look(*RIGHT)
    (done,) = world.ask(tickets)
    assert (done.state, done.closed_at) == ("fixed", world.clock[0])
    assert world.ask(lambda tx: tickets(tx, open_only=True)) == []
    with pytest.raises(Conflict):
        made(world, opened)
    alert(world)
    assert made(world, opened).id != first.id
    assert [entry.body["to"] for entry in world.entries("guard.ticket")] == ["made", "made"]


def test_a_letter_is_sent_once_and_the_time_begins_anew(world: World) -> None:
    one = made(world, alert(world))
    world.clock[0] += timedelta(days=2)
    act = Act("", world.clock[0], AN)
    for reference in ("x" * 201, "王 13800138000", "a\nb"):
        with pytest.raises(BadInput):
            world.desk.store.write(lambda tx, ref=reference: sent(tx, world.desk, one.id, OWNER, ref, act))
    after = world.desk.store.write(lambda tx: sent(tx, world.desk, one.id, OWNER, "M-2026-7", act))
    assert (after.state, after.reference, after.due_at) == ("sent", "M-2026-7", act.at + timedelta(days=10))
    with pytest.raises(Conflict):
        world.desk.store.write(lambda tx: sent(tx, world.desk, one.id, OWNER, "", act))
    with pytest.raises(NotFound):
        world.ask(lambda tx: ticket(tx, "nothing"))


def test_a_ticket_that_is_due_is_news_again_and_again_until_it_is_done_with(world: World) -> None:
    made(world, alert(world))
    assert reminded(world) == 0
    for expected in (1, 2):
        world.clock[0] += timedelta(days=10 if expected == 1 else 5)
        assert reminded(world) == 1
        assert reminded(world) == 0
        assert world.ask(tickets)[0].reminders == expected
    due = [one for one in world.ask(lambda tx: list(messages(tx))) if one.news["event"] == "ticket.due"]
    assert len(due) == 4  # two channels, twice
    world.look(*RIGHT)
    world.look(*RIGHT)
    world.clock[0] += timedelta(days=30)
    assert reminded(world) == 0


def test_a_letter_says_what_is_wrong_where_and_since_when_in_china(world: World) -> None:
    opened = alert(world)
    found = world.ask(lambda tx: incident(tx, opened))
    text = world.ask(lambda tx: letter(tx, world.desk, found, OWNER, NOW + timedelta(hours=17)))
    for said in (
        "安心基金管理有限公司",
        "4008001234",
        "标注为其他机构（平川基金管理有限公司）",
        "https://map.example/map",
    ):
        assert said in text
    assert "2026年11月22日" in text
    assert "2026年11月23日" in text
    assert "$" not in text


def test_a_letter_shows_no_number_that_may_be_a_persons_own(world: World) -> None:
    opened = alert(world, shows(MOBILE))
    found = world.ask(lambda tx: incident(tx, opened))
    text = world.ask(lambda tx: letter(tx, world.desk, found, OWNER, NOW))
    assert "138****8000" in text
    assert "13800138000" not in text


def test_how_long_it_took_is_counted_over_every_time_that_it_was_wrong(world: World) -> None:
    since, until = NOW, NOW + timedelta(days=1)
    assert world.ask(lambda tx: took(tx, [OURS], since, until)) == Took(0, 0, 0, None, None, None, None)
    for mentions in (LABELLED_AS_A_RIVAL, LABELLED_AS_A_RIVAL, RIGHT, RIGHT, *[LABELLED_AS_A_RIVAL] * 3):
        world.look(*mentions)
    found = world.ask(lambda tx: took(tx, [OURS], since, until))
    assert (found.opened, found.closed, found.open) == (2, 1, 1)
    assert (found.mttd_s, found.mttr_s) == (3600.0, 7200.0)
    assert world.ask(lambda tx: took(tx, [RIVAL], since, until)).opened == 0
    assert world.ask(lambda tx: took(tx, [OURS], until, until)).opened == 0
