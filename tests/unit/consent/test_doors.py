from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from contracts.consent import NUMBER, OTHER, TENANT, World
from haoma.consent import tables
from haoma.consent.door_rows import unsealed_number
from haoma.consent.doors import Doors
from haoma.consent.keeping import EXPIRING, SUBJECT_COLUMNS
from haoma.consent.own import own, own_receipt, own_withdraw
from haoma.consent.purposes import Holder, Source
from haoma.errors import BadInput, NotFound, Refused, Tampered, Unavailable
from haoma.numbers import parse
from haoma.vault.retention import Retention
from haoma.vault.rotation import Rotation


@pytest.fixture
def doors(world: World) -> Doors:
    return Doors(world.consent.office)


HERE = "192.0.2.1"


def come_in(world: World, doors: Doors, number: str = NUMBER) -> str:
    return doors.enter(doors.knock(TENANT, parse(number), "zh", HERE), world.sent.code, HERE)


def test_a_door_keeps_digests_and_no_number_and_its_message_neither(world: World, doors: Doors) -> None:
    door = doors.knock(TENANT, parse(NUMBER), "zh", HERE)
    session = doors.enter(door, world.sent.code, HERE)
    rows = str(world.rows(tables.doors))
    assert [secret for secret in (door, session, NUMBER, world.sent.code) if secret in rows] == []
    number, text = world.sent.messages[-1]
    assert (number.e164, NUMBER in text) == (f"+86{NUMBER}", False)
    assert re.fullmatch("[a-p]{32}", session)


def test_a_number_that_nobody_knows_is_sent_a_code_like_any_other(world: World, doors: Doors) -> None:
    world.give()
    for number in (NUMBER, OTHER):
        come_in(world, doors, number)
    known, unknown = (re.sub(r"\d{6}", "*", text) for _, text in world.sent.messages[-2:])
    assert known == unknown
    assert own(world.consent, doors.inside(come_in(world, doors, OTHER))).permissions == []


@pytest.mark.parametrize("number", ["+44 7400 123456", "95588", "0571-88888888", "13800138000转8"])
def test_a_code_goes_to_a_mobile_number_alone(doors: Doors, number: str) -> None:
    with pytest.raises(BadInput):
        doors.knock(TENANT, parse(number), "zh", HERE)


def test_what_is_not_sent_is_told(world: World, doors: Doors) -> None:
    world.sent.down.add("sms")
    with pytest.raises(Unavailable):
        doors.knock(TENANT, parse(NUMBER), "zh", HERE)


def test_a_rotation_of_keys_leaves_a_session_and_what_it_sees(world: World, doors: Doors) -> None:
    given = world.give()
    session = come_in(world, doors)
    rotation = Rotation(world.vault, SUBJECT_COLUMNS)
    rotation.rotate_tenant(TENANT)
    while rotation.rekey(TENANT):
        pass
    inside = doors.inside(session)
    assert [one.row.grant_id for one in own(world.consent, inside).permissions] == [given.grant_id]
    assert own_withdraw(world.consent, inside, given.grant_id).grant_ids == (given.grant_id,)


def test_an_emergency_is_told_of_once_two_people_have_looked_at_it(world: World, doors: Doors) -> None:
    disclosed = world.consent.emergencies.disclose(
        world.agent, world.subject(), recipient="police", reason="fire", reference="case-a", source=Source.CARRIER
    )
    inside = doors.inside(come_in(world, doors))
    assert own(world.consent, inside).told_by == []
    for by in ("dpo", "second"):
        world.consent.emergencies.review(world.people[by], disclosed.grant_id, justified=True)
    seen = own(world.consent, inside)
    assert (seen.permissions, seen.told_by) == ([], [disclosed.grant_id])
    with pytest.raises(NotFound):
        own_receipt(world.consent, inside, disclosed.grant_id)


def test_a_notice_that_was_changed_by_hand_keeps_nobody_from_withdrawing(world: World, doors: Doors) -> None:
    given = world.give()
    world.store.write(lambda tx: tx.execute(sa.update(tables.notices).values(body="{}")).rowcount)
    inside = doors.inside(come_in(world, doors))
    (shown,) = own(world.consent, inside).permissions
    assert shown.name == "acme-desk"
    own_withdraw(world.consent, inside, given.grant_id)
    assert [one.live for one in own(world.consent, inside).permissions] == [False]


def test_a_clock_that_is_set_back_opens_no_door_anew(world: World, doors: Doors) -> None:
    session = come_in(world, doors)
    world.pass_(minutes=15)
    with pytest.raises(NotFound):
        doors.inside(session)
    world.pass_(minutes=-10)
    with pytest.raises(NotFound):
        doors.inside(session)


def test_who_has_a_number_now_sees_what_they_gave_and_not_what_who_had_it_before_gave(
    world: World, doors: Doors
) -> None:
    for days in (0, 1):
        world.pass_(days=days)
        own_withdraw(world.consent, doors.inside(come_in(world, doors)), world.give().grant_id)
    world.publish(recipient="acme-shop")
    before = world.give(OTHER, recipient="acme-shop")
    ward = world.give("13800138002", holder=Holder.UNDER_14, guardian=parse(NUMBER))
    world.sent.recycled_at[str(parse(NUMBER).uri)] = world.pass_(days=2)
    world.pass_(days=1)
    now = world.give()
    world.pass_(hours=1)
    seen = own(world.consent, doors.inside(come_in(world, doors)))
    assert [one.row.grant_id for one in seen.permissions] == [now.grant_id]
    assert {one.grant_id: one.state for one in world.rows(tables.grants)}[ward.grant_id] == "given"
    assert {one.grant_id: one.state for one in world.rows(tables.grants)}[before.grant_id] == "given"


def test_a_carrier_is_asked_by_a_right_code_alone(world: World, doors: Doors) -> None:
    world.give()
    world.sent.down.add("carrier")
    door = doors.knock(TENANT, parse(NUMBER), "zh", HERE)
    with pytest.raises(Refused):
        doors.enter(door, "x", HERE)
    for _ in range(4):
        with pytest.raises(Unavailable):
            doors.enter(door, world.sent.code, HERE)
    world.sent.down.clear()
    with pytest.raises(Refused):  # the sixth try
        doors.enter(door, world.sent.code, HERE)


def test_a_number_is_sealed_for_whoever_has_its_door(world: World, doors: Doors) -> None:
    doors.knock(TENANT, parse(NUMBER), "zh", HERE)
    (row,) = world.rows(tables.doors)
    with pytest.raises(Tampered):
        unsealed_number(world.consent.office, "a" * 32, row.sealed)
    doors.enter(doors.knock(TENANT, parse(NUMBER), "zh", HERE), world.sent.code, HERE)
    assert [row.sealed is None for row in world.rows(tables.doors) if row.state == "open"] == [True]


def test_a_tenant_sends_so_many_codes_an_hour_and_an_alarm_is_sounded(world: World) -> None:
    doors = Doors(world.consent.office, 3)
    for n in range(6):
        doors.knock(TENANT, parse(f"1380013820{n}"), "zh", f"192.0.2.{n}")
    assert len(world.sent.messages) == 3
    assert world.sent.alarms == [("page-door", TENANT)]
    world.ask()  # what is asked by others than strangers goes on
    world.pass_(hours=1)
    doors.knock(TENANT, parse(NUMBER), "zh", HERE)
    assert len(world.sent.messages) == 5


def test_a_tenant_takes_so_many_wrong_codes_an_hour_and_an_alarm_is_sounded_until_somebody_hears(world: World) -> None:
    doors = Doors(world.consent.office, 4)
    for n in (2, 3):
        door = doors.knock(TENANT, parse(f"1380013820{n}"), "zh", f"192.0.2.{n}")
        for network in (f"192.0.2.{n}", f"192.0.2.{n + 2}"):
            with pytest.raises(Refused):
                doors.enter(door, "x", network)
    door = doors.knock(TENANT, parse(NUMBER), "zh", HERE)
    world.sent.down.add("alarms")
    for _ in range(4):
        with pytest.raises(Refused):
            doors.enter(door, world.sent.code, HERE)
        world.sent.down.clear()
    assert world.sent.alarms == [("page-wrong", TENANT)]
    world.pass_(hours=1)
    assert come_in(world, doors)


def test_one_network_uses_up_no_code_that_others_need(world: World) -> None:
    doors = Doors(world.consent.office, 20)
    for n in range(6):
        doors.knock(TENANT, parse(f"1380013820{n}"), "zh", HERE)
    assert len(world.sent.messages) == 2  # the third would be more than a tenth of the eighteen that are left
    assert world.sent.alarms == [("page-door", TENANT)]
    doors.enter(doors.knock(TENANT, parse(NUMBER), "zh", "192.0.2.2"), world.sent.code, "192.0.2.2")
    world.pass_(hours=1)
    doors.knock(TENANT, parse("13800138209"), "zh", HERE)
    assert len(world.sent.messages) == 4


def test_ten_networks_together_leave_codes_for_the_eleventh(world: World) -> None:
    doors = Doors(world.consent.office, 40)
    for n in range(60):
        doors.knock(TENANT, parse(f"138001383{n:02}"), "zh", f"192.0.2.{2 + n // 6}")
    assert len(world.sent.messages) < 40
    doors.knock(TENANT, parse(NUMBER), "zh", HERE)
    assert world.sent.messages[-1][0] == parse(NUMBER)


def test_wrong_codes_of_one_network_keep_nobody_elses_from_opening(world: World) -> None:
    doors = Doors(world.consent.office, 20)
    door = doors.knock(TENANT, parse(OTHER), "zh", HERE)
    theirs = doors.knock(TENANT, parse(NUMBER), "zh", "192.0.2.2")
    code = world.sent.code
    for _ in range(4):
        with pytest.raises(Refused):
            doors.enter(door, "x", HERE)
    assert len([row for row in world.rows(tables.messages) if row.kind == "wrong"]) == 2
    assert world.sent.alarms == [("page-wrong", TENANT)]
    assert doors.enter(theirs, code, "192.0.2.2")


def test_one_network_leaves_a_number_two_of_its_messages_of_a_day(world: World, doors: Doors) -> None:
    for _ in range(6):
        doors.knock(TENANT, parse(NUMBER), "zh", "192.0.2.66")
        world.pass_(minutes=11)
    assert len(world.sent.messages) == 4
    assert come_in(world, doors)
    assert come_in(world, doors)
    assert len(world.sent.messages) == 6


def test_what_is_kept_of_who_asked_is_no_address(world: World, doors: Doors) -> None:
    door = doors.knock(TENANT, parse(NUMBER), "zh", "192.0.2.66")
    with pytest.raises(Refused):
        doors.enter(door, "x", "192.0.2.66")
    one, two = world.rows(tables.messages)
    assert one.asker == two.asker
    assert "192.0.2" not in str([one, two])


def test_a_door_is_forgotten_after_a_day(world: World, doors: Doors) -> None:
    come_in(world, doors)
    world.pass_(hours=23)
    Retention(world.vault, EXPIRING).run()
    assert len(world.rows(tables.doors)) == 1
    world.pass_(hours=1)
    Retention(world.vault, EXPIRING).run()
    assert world.rows(tables.doors) == []


def test_who_has_a_number_now_sees_nothing_of_who_had_it_before(world: World, doors: Doors) -> None:
    before = world.give()
    world.consent.answers.no(world.ask(recipient="acme-desk").request_id)
    with pytest.raises(Refused):
        world.require(source="stated", by="colleague")
    world.sent.recycled_at[str(parse(NUMBER).uri)] = world.pass_(hours=1)
    assert world.consent.arrived(TENANT, parse(NUMBER)) == 1
    world.pass_(hours=1)
    inside = doors.inside(come_in(world, doors))
    seen = own(world.consent, inside)
    assert (seen.permissions, seen.refusals, seen.told_by, seen.tried) == ([], [], [], 0)
    with pytest.raises(NotFound):
        own_receipt(world.consent, inside, before.grant_id)
    again = world.give()
    assert [one.row.grant_id for one in own(world.consent, inside).permissions] == [again.grant_id]
