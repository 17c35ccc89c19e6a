"""The door: a code for any number, the same for all; and the session that it opens."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from contracts.api import Client
from contracts.consent import Sent
from contracts.page import Customer, forms
from haoma.consent import Consent, tables
from haoma.consent.door_rows import changed, found
from haoma.consent.links import digest_of
from haoma.numbers import parse
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log
from haoma.web.self import self_app

DOOR = "/self/my/acme"
HERE = {"lat": "31.2304", "lon": "121.4737", "accuracy": "60"}


def subject_of(customer: Customer) -> str:
    return str(customer.client.services.consent.office.subject("acme", parse(customer.number)))


def doors_of(customer: Customer) -> list[sa.Row[tuple[object, ...]]]:
    return [row for row in customer.rows(tables.doors) if row.subject == subject_of(customer)]


def later(customer: Customer, **by: float) -> None:
    """Let the doors of a customer, and what they were sent, be so much older."""
    customer.wait(**by)
    office = customer.client.services.consent.office

    def work(tx: sa.Connection, digest: str) -> None:
        row = found(tx, office, digest)
        assert row is not None
        older = {"asked_at": row.asked_at - timedelta(**by), "expires_at": row.expires_at - timedelta(**by)}
        changed(tx, office, row, **older)

    for row in doors_of(customer):
        office.store.write(partial(work, digest=str(row.digest)))


def without_secrets(page: str) -> str:
    return re.sub("[a-p]{32}", "*", page)


def test_a_number_that_is_known_and_one_that_is_not_are_answered_the_same(
    customer: Customer, another: Customer
) -> None:
    customer.say_yes()
    answers = [one.press(one.get(DOOR), DOOR, number=one.number) for one in (customer, another)]
    assert len({(told.status_code, without_secrets(told.text)) for told in answers}) == 1
    assert len({tuple(sorted(set(told.headers) - {"x-request-id"})) for told in answers}) == 1
    assert without_digits(customer.message) == without_digits(another.message)
    assert another.press(answers[1], "/self/enter", code=another.code).status_code == 200


def without_digits(text: str) -> str:
    return re.sub(r"\d", "0", text)


@pytest.mark.slow
def test_an_answer_takes_as_long_at_the_least_whatever_comes_of_it(house: Client, customer: Customer) -> None:
    slow = Customer(replace(house, app=Edge(self_app(house.services, floor_s=0.3), Log(house.log))), customer.number)
    took = []
    for number in (customer.number, "13700199999", "95588", "x"):
        begun = time.monotonic()
        slow.post(DOOR, {"number": number})
        took.append(time.monotonic() - begun)
    assert min(took) >= 0.29


@pytest.mark.parametrize(
    "typed", ["", "95588", "0571-88888888", "13800", "<b>me</b>", "'; DROP TABLE audit; --", "9" * 300]
)
def test_what_is_no_mobile_number_is_told_so_and_not_told_back(customer: Customer, typed: str) -> None:
    told = customer.post(DOOR, {"number": typed})
    assert (told.status_code, 'role="alert"' in told.text) == (400, True)
    assert not typed or typed not in told.text


def test_the_code_is_good_once_and_the_door_is_not_the_session(customer: Customer) -> None:
    sent = customer.press(customer.get(DOOR), DOOR, number=customer.number)
    inside = customer.press(sent, "/self/enter", code=customer.code)
    assert (inside.status_code, "现在有效的授权" in inside.text) == (200, True)
    assert customer.press(sent, "/self/enter", code=customer.code).status_code == 403
    ((_, door),), sessions = forms(sent.text), {known["session"] for _, known in forms(inside.text)}
    assert len(sessions) == 1
    assert door["door"] not in sessions
    assert customer.post("/self/me", {"session": door["door"]}).status_code == 404
    (row,) = doors_of(customer)
    assert row.digest == digest_of(sessions.pop())
    assert row.code is None


def test_five_wrong_codes_close_a_door(customer: Customer) -> None:
    sent = customer.press(customer.get(DOOR), DOOR, number=customer.number)
    wrong = f"{(int(customer.code) + 1) % 10**6:06d}"
    told = [customer.press(sent, "/self/enter", code=wrong) for _ in range(5)]
    assert {one.status_code for one in told} == {403}
    assert customer.press(sent, "/self/enter", code=customer.code).status_code == 403
    assert [row.state for row in doors_of(customer)] == ["over"]


def test_a_code_is_over_after_five_minutes_and_a_session_after_fifteen(customer: Customer) -> None:
    sent = customer.press(customer.get(DOOR), DOOR, number=customer.number)
    later(customer, minutes=5)
    assert customer.press(sent, "/self/enter", code=customer.code).status_code == 403
    inside = customer.come_in()
    later(customer, minutes=14)
    assert customer.press(inside, "/self/me").status_code == 200
    later(customer, minutes=1)
    assert customer.press(inside, "/self/me").status_code == 404


def test_a_number_is_sent_three_codes_in_ten_minutes_and_nobody_is_told(customer: Customer) -> None:
    pages = [customer.press(customer.get(DOOR), DOOR, number=customer.number) for _ in range(5)]
    assert len(doors_of(customer)) == 3
    assert len({(told.status_code, without_secrets(told.text)) for told in pages}) == 1
    assert customer.press(pages[4], "/self/enter", code=customer.code).status_code == 403
    assert customer.press(pages[2], "/self/enter", code=customer.code).status_code == 200
    later(customer, minutes=10)
    for _ in range(4):
        customer.press(customer.get(DOOR), DOOR, number=customer.number)
    assert len(doors_of(customer)) == 4  # of the six of a day, two are left to whoever asks elsewhere
    later(customer, hours=2)
    customer.press(customer.get(DOOR), DOOR, number=customer.number)
    assert len(doors_of(customer)) == 4


def test_a_question_and_a_code_of_the_page_count_together(customer: Customer) -> None:
    for _ in range(2):
        customer.say_yes()
    assert customer.come_in().status_code == 200
    sent = customer.messages
    assert customer.press(customer.get(DOOR), DOOR, number=customer.number).status_code == 200
    assert customer.messages == sent
    customer.wait(minutes=10)
    assert customer.come_in().status_code == 200


@pytest.mark.parametrize("tenant", ["nobody", "ACME", "a" * 99, "a'b", "...", "%2e%2e%2e"])
def test_a_tenant_that_is_not_there_has_no_door(customer: Customer, tenant: str) -> None:
    path = f"/self/my/{tenant}"
    assert customer.get(path).status_code == 404
    assert customer.post(path, {"number": customer.number}).status_code == 404
    assert customer.post("/self/enter", {"tenant": tenant, "door": "a", "code": "123456"}).status_code == 404


def test_who_leaves_is_out(customer: Customer) -> None:
    inside = customer.come_in()
    assert customer.press(inside, "/self/me/leave").status_code == 200
    assert customer.press(inside, "/self/me").status_code == 404


def test_the_same_number_of_another_tenant_is_somebody_else(customer: Customer) -> None:
    customer.say_yes()
    told = customer.come_in("other")
    assert "没有有效的授权" in told.text


def test_coming_in_and_a_wrong_code_are_in_the_audit_and_hold_no_number(customer: Customer) -> None:
    from haoma.vault.tables import audit

    sent = customer.press(customer.get(DOOR), DOOR, number=customer.number)
    customer.press(sent, "/self/enter", code="x")
    customer.press(sent, "/self/enter", code=customer.code)
    rows = [row for row in customer.rows(audit) if row.subject == subject_of(customer)]
    told = [(row.actor, row.action, row.decision, row.reason) for row in rows]
    assert told[:2] == [
        ("holder", "consent.enter", "refused", "code-wrong"),
        ("holder", "consent.enter", "allowed", "code-right"),
    ]
    assert ("holder", "consent.look", "allowed", "own") in told


def test_where_no_message_can_be_sent_that_is_told_for_every_number_alike(
    customer: Customer, another: Customer
) -> None:
    customer.say_yes()
    messages = customer.client.services.settings.store_dir / "messages"
    messages.chmod(0o644)  # which no message is written to
    try:
        told = [one.press(one.get(DOOR), DOOR, number=one.number) for one in (customer, another)]
    finally:
        messages.chmod(0o600)
    assert {(one.status_code, one.text) for one in told} == {(503, told[0].text)}
    assert "没有改变任何内容" in told[0].text


@contextmanager
def carrier(house: Client, customer: Customer) -> Iterator[tuple[Sent, Customer]]:
    """A carrier that knows whether numbers changed hands, and the customer at a page that asks it."""
    network, kept = Sent(), house.services.consent
    house.services.consent = Consent(replace(kept.office, recycling=network))
    app = Edge(self_app(house.services, floor_s=0.0), Log(house.log))
    try:
        yield network, Customer(replace(house, app=app), customer.number)
    finally:
        house.services.consent = kept


def test_a_new_holder_sees_neither_what_stands_nor_what_has_ended_before(house: Client, customer: Customer) -> None:
    withdrawn = customer.press(customer.say_yes("acme-shop"), "/self/me/withdraw")
    assert withdrawn.status_code == 200
    path = customer.asked("acme-shop")
    customer.press(customer.get(path), path, answer="no")
    with carrier(house, customer) as (network, asking):
        network.recycled_at[str(parse(customer.number).uri)] = datetime.now(UTC) + timedelta(hours=1)
        inside = asking.come_in()
    assert inside.status_code == 200
    assert [
        word for word in ("安客", "acme-shop", "已结束的授权", "您拒绝过的", "/receipt") if word in inside.text
    ] == []
    assert "没有有效的授权" in inside.text


def test_a_consent_that_stands_ends_when_a_new_holder_comes_in(house: Client, customer: Customer) -> None:
    customer.say_yes()
    with carrier(house, customer) as (network, asking):
        network.recycled_at[str(parse(customer.number).uri)] = datetime.now(UTC) + timedelta(hours=1)
        assert "没有有效的授权" in asking.come_in().text
    states = [row.state for row in customer.rows(tables.grants) if row.subject == subject_of(customer)]
    assert states == ["recycled"]


def test_while_the_carrier_does_not_answer_nobody_comes_in_and_the_code_stays_good(
    house: Client, customer: Customer
) -> None:
    customer.say_yes()
    with carrier(house, customer) as (network, asking):
        network.down.add("carrier")
        sent = asking.press(asking.get(DOOR), DOOR, number=customer.number)
        told = asking.press(sent, "/self/enter", code=customer.code)
        assert (told.status_code, "安客" in told.text, "是否已换人使用" in told.text) == (503, False, True)
        network.down.clear()
        assert "安客" in asking.press(told, "/self/enter", code=customer.code).text


@pytest.mark.parametrize("changed_by_hand", ["subject", "grant_id", "state", "expires_at", "since"])
def test_a_session_that_a_hand_changed_shows_and_does_nothing(
    customer: Customer, another: Customer, changed_by_hand: str
) -> None:
    victim = consents_of(customer.say_yes().text)
    inside = another.come_in()
    session = next(known["session"] for _, known in forms(inside.text))
    (row,) = doors_of(another)
    values = {
        "subject": subject_of(customer),
        "grant_id": victim[0],
        "state": "asked",
        "expires_at": row.expires_at + timedelta(days=1),
        "since": row.since + timedelta(days=-1, hours=25),
    }
    forged = sa.update(tables.doors).where(tables.doors.c.digest == row.digest)
    store = customer.client.services.store
    store.write(lambda tx: tx.execute(forged.values({changed_by_hand: values[changed_by_hand]})).rowcount)
    for verb in ("", "/receipt", "/share", "/withdraw-all", "/leave"):
        told = another.post(f"/self/me{verb}", {"session": session, "consent": victim[0], **HERE})
        assert (told.status_code, victim[0] in told.text) == (500, False), verb
    assert "记录有误" in told.text
    alarms = (customer.client.services.settings.store_dir / "alarms").read_text(encoding="utf-8")
    assert f"door-tampered\t{row.digest}" in alarms


def test_a_door_that_a_hand_wrote_or_gave_more_tries_lets_nobody_in(customer: Customer, another: Customer) -> None:
    sent = another.press(another.get(DOOR), DOOR, number=another.number)
    another.press(sent, "/self/enter", code="x")
    (row,) = doors_of(another)
    values = dict(row._mapping)
    store, table = customer.client.services.store, tables.doors
    more = sa.update(table).where(table.c.digest == row.digest).values(attempts=-100)
    store.write(lambda tx: tx.execute(more).rowcount)
    assert another.press(sent, "/self/enter", code=another.code).status_code == 500
    made = values | {"digest": digest_of("p" * 32), "state": "open", "subject": subject_of(customer)}
    store.write(lambda tx: tx.execute(sa.insert(table).values(**made)).rowcount)
    assert customer.post("/self/me", {"session": "p" * 32}).status_code == 500


def test_a_session_that_was_found_over_stays_so_when_the_clock_is_set_back(customer: Customer) -> None:
    inside = customer.come_in()
    later(customer, minutes=15)
    assert customer.press(inside, "/self/me").status_code == 404
    later(customer, minutes=-10)
    assert customer.press(inside, "/self/me").status_code == 404


def consents_of(page: str) -> list[str]:
    return sorted({known["consent"] for _, known in forms(page) if "consent" in known})
