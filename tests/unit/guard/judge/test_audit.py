from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.judge import LABELLED_AS_A_RIVAL, NOBODYS, NOW, OURS, RIGHT, World, shows
from contracts.judge_hands import AN, HANDS, assert_told, audited, look_often
from haoma.consent.webhook import RETRIES_S
from haoma.errors import Tampered
from haoma.guard.judge import Verdict, review, tables, tickets
from haoma.guard.judge.audit import Audited, audit_incidents
from haoma.guard.judge.audit_left import hold_left
from haoma.guard.judge.incidents import close_by_hand
from haoma.guard.judge.keeping import EXPIRING
from haoma.guard.judge.model import Act
from haoma.guard.judge.outbox import again, send_due
from haoma.guard.judge.platforms import read_platforms
from haoma.guard.model import Belongs
from haoma.ledger.scan import scan


@pytest.fixture
def looked(world: World) -> World:
    return look_often(world)


def test_what_was_recorded_holds(looked: World) -> None:
    assert audited(looked) == Audited(5, 3, incidents=1, steps=2, tickets=0, reviews=0, messages=4, drawings=0)


@pytest.fixture
def handled(world: World) -> World:
    """Two incidents with tickets, one sent and reminded of; a doubt that was decided; news heard and given up."""
    desk, owner = world.desk, read_platforms()["site-owner"]
    for source in ("map", "map", "poi", "poi"):
        world.look(*LABELLED_AS_A_RIVAL, source=source)
    made, act = dict[str, str](), Act("", world.clock[0], AN)
    for one in world.incidents():
        filed = desk.store.write(lambda tx, one=one: tickets.make(tx, desk, one.id, owner, act))
        made[one.source] = filed.id
    desk.store.write(lambda tx: tickets.sent(tx, desk, made["map"], owner, "K-1", act))
    world.clock[0] += timedelta(days=30)
    desk.store.write(lambda tx: tickets.remind(tx, desk, {}, world.clock[0]))
    for _ in range(2):
        world.look(*RIGHT, source="map")
    world.look(shows(NOBODYS, Belongs.UNSURE), source="forum")
    (doubt,) = world.ask(lambda tx: review.waiting(tx, [OURS], world.clock[0]))
    said = Act("called-and-asked", world.clock[0], AN)
    desk.store.write(lambda tx: review.decide(tx, desk, doubt.id, Verdict.CANNOT_TELL, said))
    for _ in range(len(RETRIES_S) + 2):
        send_due(desk, {"ops": Heard()})
        world.clock[0] += timedelta(days=1)
    return world


class Heard:
    def send(self, message_id: str, news: object, at: datetime) -> None:
        """Hear it."""


def test_tickets_questions_and_news_hold_also_when_an_incident_comes_back(handled: World) -> None:
    found = audited(handled)
    assert (found.tickets, found.reviews, found.messages > 4) == (2, 1, True)
    states = {row.state for row in handled.rows(tables.messages)}
    assert states == {"done", "failed"}
    for _ in range(2):
        handled.look(*LABELLED_AS_A_RIVAL, source="map")
    (back,) = [one for one in handled.incidents() if one.source == "map"]
    act = Act("", handled.clock[0], AN)
    owner = read_platforms()["site-owner"]
    handled.desk.store.write(lambda tx: tickets.make(tx, handled.desk, back.id, owner, act))
    handled.desk.store.write(lambda tx: again(tx, handled.clock[0]) and None)
    handled.desk.store.write(lambda tx: tx.execute(sa.delete(tables.messages).where(_m.state == "done")) and None)
    assert audited(handled).tickets == 2


_m, _t, _r = tables.messages.c, tables.tickets.c, tables.reviews.c


BY_HAND = (
    sa.delete(tables.tickets).where(_t.state == "fixed"),
    sa.update(tables.tickets).where(_t.state == "fixed").values(state="dropped"),
    sa.update(tables.tickets).where(_t.state == "fixed").values(sent_at=None),
    sa.update(tables.tickets).where(_t.state == "made").values(closed_at=NOW, state="fixed"),
    sa.update(tables.tickets).where(_t.state == "made").values(platform="baidu"),
    sa.update(tables.tickets).values(made_at=NOW),
    sa.update(tables.tickets).values(reminders=0),
    sa.delete(tables.reviews),
    sa.update(tables.reviews).values(decided="match"),
    sa.update(tables.reviews).values(state="waiting"),
    sa.update(tables.messages).where(_m.state == "done").values(state="due"),
    sa.update(tables.messages).where(_m.state == "failed").values(state="done"),
    sa.update(tables.messages).where(_m.state == "done").values(told_at=NOW),
    sa.delete(tables.messages).where(_m.state == "failed"),
    sa.update(tables.messages).where(_m.state == "failed").values(payload="{}"),
    sa.update(tables.messages).where(_m.state == "done").values(payload="{}"),
    sa.update(tables.messages).where(_m.state == "done").values(channel="another"),
)


def test_what_a_hand_did_with_tickets_questions_and_news_is_told(handled: World) -> None:
    assert_told(handled, BY_HAND)


def test_news_that_nobody_has_heard_yet_does_not_go_without_a_trace(looked: World) -> None:
    renamed = sa.update(tables.messages).values(message_id=sa.func.upper(_m.channel))
    reworded = sa.update(tables.messages).values(payload=sa.func.replace(_m.payload, "4008001234", "4008001235"))
    hands = sa.delete(tables.messages), renamed, reworded
    first = _m.message_id == sa.select(sa.func.min(_m.message_id)).scalar_subquery()
    assert_told(looked, [one.where(first) for one in hands])


def test_what_a_hand_did_with_looks_votes_and_incidents_is_told(looked: World) -> None:
    assert_told(looked, HANDS)


def test_news_that_was_made_by_hand_is_told(looked: World) -> None:
    at = looked.clock[0]
    row = {"message_id": AN, "channel": "ops", "payload": "{}", "state": "due", "attempts": 0, "due_at": at}
    looked.desk.store.write(lambda tx: tx.execute(sa.insert(tables.messages).values(**row)) and None)
    with pytest.raises(Tampered, match=AN):
        audited(looked)


def test_what_was_written_before_the_log_was_told_is_held_from_its_next_change_on(looked: World) -> None:
    looked.look(shows(NOBODYS, Belongs.UNSURE), source="forum")
    asked = sa.update(tables.evidence).where(tables.evidence.c.cause == tables.reviews.c.cause)
    first = looked.ask(lambda tx: max(one.entry_id for one in scan(tx, lambda _: True)))
    looked.look(*LABELLED_AS_A_RIVAL)

    def work(tx: sa.Connection) -> None:
        told = {one.entry_id: one.entry for one in scan(tx, lambda _: True) if one.entry_id > first}
        hold_left(tx, told, looked.desk.commitments)
        assert tx.execute(asked.values(url="https://elsewhere.example/")).rowcount == 1
        hold_left(tx, told, looked.desk.commitments)
        with pytest.raises(Tampered):
            audit_incidents(tx, looked.desk.commitments, looked.clock[0])
        tx.execute(sa.update(tables.looks).where(tables.looks.c.verdict != "match").values(first_at=NOW))
        with pytest.raises(Tampered):
            hold_left(tx, told, looked.desk.commitments)

    looked.desk.store.write(work)


def test_a_look_at_a_page_that_is_as_it_was_tells_the_log_of_no_row(world: World) -> None:
    for _ in range(3):
        world.look(*RIGHT)
    assert len([one for one in world.entries("guard.left") if one.at > NOW + timedelta(hours=1)]) == 0
    world.look(*LABELLED_AS_A_RIVAL)
    assert len([one for one in world.entries("guard.left") if one.at > NOW + timedelta(hours=1)]) == 2
    audited(world)


def test_a_person_s_word_and_an_incident_closed_by_hand_hold(handled: World) -> None:
    for source in ("forum", "blog"):
        handled.look(shows(NOBODYS, Belongs.UNSURE), source=source)
        handled.look(*LABELLED_AS_A_RIVAL, source=source)
    doubts = handled.ask(lambda tx: review.waiting(tx, [OURS], handled.clock[0]))
    for doubt, verdict in zip(doubts, (Verdict.STALE, Verdict.MATCH), strict=False):
        said = Act("called-and-asked", handled.clock[0], AN)
        handled.desk.store.write(
            lambda tx, doubt=doubt, verdict=verdict, said=said: review.decide(tx, handled.desk, doubt.id, verdict, said)
        )
    found = next(one for one in handled.incidents() if one.state == "open")
    act = Act("known", handled.clock[0], AN)
    handled.desk.store.write(lambda tx: close_by_hand(tx, handled.desk, found.id, act))
    audited(handled)


def test_what_retention_deletes_in_its_time_is_not_missed(handled: World) -> None:
    kept = len(handled.rows(tables.checked)), len(handled.rows(tables.messages))
    handled.clock[0] += timedelta(days=200)
    handled.look(*RIGHT)
    for one in EXPIRING:
        handled.desk.store.write(
            lambda tx, one=one: tx.execute(sa.delete(one.table).where(one.over(handled.clock[0]))) and None
        )
    left = audited(handled)
    assert left.looks == 1 < kept[0]
    assert left.messages < kept[1]
