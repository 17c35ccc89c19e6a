from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.judge import LABELLED_AS_A_RIVAL, OLD, RIGHT, World, shows
from haoma.consent.webhook import RETRIES_S
from haoma.errors import Unavailable
from haoma.guard.judge import tables
from haoma.guard.judge.outbox import Sent, again, messages, send_due


@dataclass
class Ear:
    """A channel that hears, as long as it is up."""

    up: bool = True
    heard: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    tried: int = 0

    def send(self, message_id: str, news: Mapping[str, str], at: datetime) -> None:
        self.tried += 1
        if not self.up:
            raise Unavailable("nobody is there")
        self.heard.append((message_id, news))


def alert(world: World) -> None:
    for _ in range(2):
        world.look(*LABELLED_AS_A_RIVAL)


def test_news_of_an_incident_goes_to_every_channel_that_takes_its_severity(world: World) -> None:
    alert(world)
    world.look(shows(OLD), source="forum")
    world.look(shows(OLD), source="forum")
    ops, boss = Ear(), Ear()
    assert send_due(world.desk, {"ops": ops, "boss": boss}) == Sent(3, 0, 0)
    assert [news["severity"] for _, news in ops.heard] == ["critical", "medium"]
    (told,) = boss.heard
    assert told[1]["event"] == "incident.opened"
    assert told[1]["organisation"] == "安心基金管理有限公司"
    assert told[1]["url"] == "https://map.example/map"
    assert send_due(world.desk, {"ops": ops, "boss": boss}) == Sent(0, 0, 0)


def test_a_channel_that_is_down_hears_it_later_under_the_same_id_and_holds_up_no_other(world: World) -> None:
    alert(world)
    ops, boss = Ear(up=False), Ear()
    assert send_due(world.desk, {"ops": ops, "boss": boss}) == Sent(1, 1, 0)
    waits = [one for one in world.ask(lambda tx: list(messages(tx))) if one.state == "due"]
    assert (waits[0].channel, waits[0].attempts, waits[0].trouble) == ("ops", 1, "nobody is there")
    ops.up = True
    assert send_due(world.desk, {"ops": ops, "boss": boss}) == Sent(0, 0, 0)  # not due yet
    world.clock[0] += timedelta(seconds=RETRIES_S[0])
    assert send_due(world.desk, {"ops": ops, "boss": boss}) == Sent(1, 0, 0)
    assert [message_id for message_id, _ in ops.heard] == [waits[0].id]


def test_a_channel_that_is_down_is_tried_once_a_round(world: World) -> None:
    alert(world)
    for _ in range(2):
        world.look(shows(OLD), source="forum")
    ops = Ear(up=False)
    assert send_due(world.desk, {"ops": ops, "boss": Ear()}) == Sent(1, 2, 0)
    assert ops.tried == 1


def test_news_that_nobody_heard_for_three_days_waits_for_a_person_and_is_told_again(world: World) -> None:
    alert(world)
    ops, boss = Ear(up=False), Ear(up=False)
    for wait_s in (*RETRIES_S, 0):
        last = send_due(world.desk, {"ops": ops, "boss": boss})
        world.clock[0] += timedelta(seconds=wait_s)
    assert last == Sent(0, 0, 2)
    assert [entry.body["state"] for entry in world.entries("guard.told")] == ["written", "written", "failed", "failed"]
    assert world.desk.store.write(lambda tx: again(tx, world.clock[0])) == 2
    ops.up = boss.up = True
    assert send_due(world.desk, {"ops": ops, "boss": boss}) == Sent(2, 0, 0)
    assert len({message_id for message_id, _ in ops.heard}) == 1


def test_a_channel_that_no_setting_names_any_more_keeps_its_news(world: World) -> None:
    alert(world)
    assert send_due(world.desk, {"boss": Ear()}) == Sent(1, 1, 0)
    assert {row.state for row in world.rows(tables.messages)} == {"done", "due"}


def test_opening_and_closing_are_news_of_their_own(world: World) -> None:
    alert(world)
    world.look(*RIGHT)
    world.look(*RIGHT)
    alert(world)
    boss = Ear()
    send_due(world.desk, {"ops": Ear(), "boss": boss})
    assert [news["event"] for _, news in boss.heard] == ["incident.opened", "incident.closed", "incident.reopened"]
    assert len({message_id for message_id, _ in boss.heard}) == 3
