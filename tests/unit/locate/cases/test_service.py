from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.cases import (
    CUSTOMER,
    DIGITS,
    LANDLINE,
    ORDER,
    SECOND,
    THIRD,
    Desk,
    customer,
    open_desk,
    order,
    person_of,
)
from contracts.consent import TENANT
from haoma.app.packages import subject_columns
from haoma.consent import tables as consent
from haoma.consent.doors import Doors
from haoma.consent.requests import Channel
from haoma.errors import BadInput, Conflict, HaomaError, NotFound, Refused, Tampered, Unavailable
from haoma.lineage import latest
from haoma.locate.cases import Reference, tables
from haoma.locate.cases.search import MISSES, MOST
from haoma.numbers import parse
from haoma.vault import tables as vault
from haoma.vault.rotation import Rotation


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(f"sqlite:///{tmp_path / 'haoma.db'}", tmp_path) as desk:
        yield desk


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Desk]:
    """With a carrier that knows whether a number has another holder."""
    with open_desk(f"sqlite:///{tmp_path / 'haoma.db'}", tmp_path, recycling=True) as desk:
        yield desk


def crm(tmp_path: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as file, file:
        file.execute(statement, values)


def refused(desk: Desk, reference: Reference, by: str = "agent") -> str:
    with pytest.raises(Refused) as raised:
        desk.open(reference, by)
    return raised.value.reason


# ---- finding


def test_an_agent_sees_a_masked_number_and_meets_the_customer_by_token_alone(desk: Desk) -> None:
    made = desk.open()
    assert made.standing.case.subject == str(desk.world.subject("13800138201"))
    assert not any(digits in repr(made) for digits in DIGITS)
    assert str(made.standing.updated_at) == "2026-03-02 02:15:00+00:00"
    assert desk.open(customer(LANDLINE)).masked.count("*") >= 3


def test_orders_of_one_customer_join_the_case_of_the_same_agent_alone(desk: Desk) -> None:
    first = desk.case()
    assert desk.open(order(SECOND)).standing.case.id == first
    assert desk.open(customer()).standing.case.id == first
    assert desk.open(order(THIRD)).standing.case.id != first
    assert desk.open(order(), by="colleague").standing.case.id != first
    desk.world.pass_(hours=12)
    assert desk.open().standing.case.id != first


def test_a_case_tells_whether_it_was_opened_from_a_reference_and_keeps_none(desk: Desk) -> None:
    case = desk.case()
    desk.open(order(SECOND))
    desk.open()
    assert [desk.customers.was_for(desk.agent, case, one) for one in (order(), order(SECOND), order(THIRD))] == [
        True, True, False,
    ]  # fmt: skip
    assert not desk.customers.was_for(desk.agent, case, customer(ORDER))
    assert desk.customers.was_for(desk.world.people["dpo"], case, order())
    assert len(desk.world.rows(tables.references)) == 2
    for other in ("admin", "colleague"):
        with pytest.raises(Refused):
            desk.customers.was_for(desk.world.people[other], case, order())


def test_who_tries_out_from_which_order_a_case_was_opened_is_stopped_as_who_searches_is(desk: Desk) -> None:
    case = desk.case()
    assert desk.customers.was_for(desk.agent, case, order())
    for number in range(MISSES):
        assert not desk.customers.was_for(desk.agent, case, order(f"A-2026-9{number:03d}"))
    for call in (
        lambda: desk.customers.was_for(desk.agent, case, order()),
        lambda: desk.open(order(SECOND)),
    ):
        with pytest.raises(Refused) as raised:
            call()
        assert raised.value.reason == "too-often"
    assert desk.decided()[-2:] == [("case.reason", "refused", "too-often"), ("case.search", "refused", "too-often")]
    assert desk.customers.was_for(desk.world.people["dpo"], case, order())
    desk.world.pass_(hours=1)
    assert desk.customers.was_for(desk.agent, case, order())
    assert [entry.body["found"] for entry in desk.world.entries("case.searched")][-2:] == [True, True]


def test_every_search_is_decided_recorded_and_in_the_log_without_its_id(desk: Desk) -> None:
    desk.open()
    for wrong in (order("A-2026-9999"), customer("C-1004")):
        with pytest.raises(HaomaError):
            desk.open(wrong)
    assert desk.decided() == [
        ("case.search", "allowed", "found"),
        ("case.refer", "allowed", "order"),
        ("case.search", "refused", "not-found"),
        ("case.search", "refused", "unfit"),
    ]
    told = [dict(entry.body) for entry in desk.world.entries("case.searched")]
    assert [(one["by"], one["found"]) for one in told] == [("order", True), ("order", False), ("customer", False)]
    commitments = {row.commitment for row in desk.world.rows(vault.audit)}
    assert {one["audit"] for one in told} <= commitments
    assert ORDER not in "".join(str(entry.body) for entry in desk.world.entries())


def test_another_tenants_customer_is_as_unknown_as_nobody(desk: Desk, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "crm.db", tmp_path / "beta.db")
    chart = tmp_path / "crm.toml"
    chart.write_text(chart.read_text() + chart.read_text().replace("acme", "beta").replace("crm.db", "beta.db"))
    crm(tmp_path, "DELETE FROM orders WHERE order_no = ?", ORDER)
    other = person_of(desk.world, "beta")
    said = []
    for asker, reference in ((desk.agent, order()), (desk.agent, order("A-2026-9999"))):
        with pytest.raises(NotFound) as raised:
            desk.customers.open(asker, reference)
        said.append((str(raised.value), raised.value.hint))
    assert said[0] == said[1]
    assert desk.customers.open(other, order()).standing.case.subject.startswith("beta.")


def test_the_case_of_another_tenant_or_agent_is_not_there(desk: Desk, tmp_path: Path) -> None:
    case = desk.case()
    for asker in (person_of(desk.world, "beta"), desk.world.people["colleague"], desk.world.people["dpo"]):
        with pytest.raises(NotFound):
            desk.customers.verify(asker, case, order())
        with pytest.raises(NotFound):
            desk.customers.confirm(asker, case, "123456")
        with pytest.raises(NotFound):
            desk.customers.decline(asker, case)
    other = person_of(desk.world, "gamma")
    with pytest.raises(Refused):
        desk.customers.was_for(other, case, order())
    assert desk.customers.due(other).over == 0


def test_whoever_misses_too_often_or_asks_too_much_is_stopped_for_an_hour(desk: Desk) -> None:
    for n in range(MISSES):
        with pytest.raises(NotFound):
            desk.open(order(f"A-{n}"))
    assert refused(desk, order()) == "too-often"
    desk.open(order(), by="colleague")
    desk.world.pass_(hours=1)
    row = {"actor": desk.world.rows(tables.searches)[0].actor, "at": desk.world.clock[0], "state": "found"}
    rows = [{**row, "kept_until": desk.world.clock[0]}] * (MOST - 1)
    desk.world.store.write(lambda tx: tx.execute(tables.searches.insert(), rows).rowcount)
    desk.open()
    assert refused(desk, order()) == "too-often"


def test_a_crm_that_does_not_answer_is_unavailable_and_costs_the_agent_nothing(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "crm.db").rename(tmp_path / "away.db")
    for _ in range(MISSES + 1):
        with pytest.raises(Unavailable):
            desk.open()
    (tmp_path / "away.db").rename(tmp_path / "crm.db")
    assert desk.open().masked


NO_NUMBERS = ("12345", "400 820 8820", "没有", "+1 999 999 9999", "", "138 0013 8201 / 138 0013 8202")


def test_a_number_of_the_crm_that_is_none_or_two_is_a_conflict(desk: Desk, tmp_path: Path) -> None:
    for number in NO_NUMBERS:
        crm(tmp_path, "UPDATE customers SET phone = ?", number)
        with pytest.raises(Conflict):
            desk.open()


def test_a_case_is_joined_and_checked_under_the_token_it_was_opened_with(desk: Desk) -> None:
    case = desk.case()
    Rotation(desk.world.vault, subject_columns()).rotate_tenant(TENANT)
    assert desk.open(order(SECOND)).standing.case.id == case
    desk.customers.verify(desk.agent, case, order())
    assert desk.customers.confirm(desk.agent, case, desk.world.sent.code).how == "code"
    desk.customers.verify(desk.agent, case, order())


# ---- checking


def test_a_code_that_is_read_back_shows_the_number_and_is_a_fact(desk: Desk) -> None:
    desk.world.ready()
    given = desk.world.give("13800138201", channel=Channel.WEB)
    desk.world.pass_(days=31)
    case = desk.case()
    sent = desk.customers.verify(desk.agent, case, order(SECOND))
    number, text = desk.world.sent.messages[-1]
    assert (str(number.uri), sent.shown) == ("tel:+8613800138201", None)
    assert "13800138201" not in text
    assert TENANT in text
    shown = desk.customers.confirm(desk.agent, case, f" {desk.world.sent.code} ")
    assert (shown.due_at - shown.shown_at).days == 180
    subject = desk.open().standing.case.subject
    with desk.world.store.read() as tx:
        fact = latest(tx, subject, "number_is_theirs")
    assert fact is not None
    assert (fact.source, fact.observed_at, fact.confidence) == ("locate.cases:code", shown.shown_at, 1_000_000)
    # It is the check that consent asks for after 30 days.
    (grant,) = [row for row in desk.world.rows(consent.grants) if row.grant_id == given.grant_id]
    assert grant.checked_at == shown.shown_at


def test_a_wrong_code_is_counted_and_five_end_it(desk: Desk) -> None:
    case = desk.case()
    desk.customers.verify(desk.agent, case, order())
    right = desk.world.sent.code
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    told = []
    for code in [wrong] * 5 + [right]:
        with pytest.raises(Refused) as raised:
            desk.customers.confirm(desk.agent, case, code)
        told.append(raised.value.reason)
    assert told == ["code-wrong"] * 5 + ["request-over"]
    assert [row.attempts for row in desk.world.rows(tables.codes)] == [5]
    assert desk.decided()[-6:] == [("case.number", "refused", reason) for reason in told]
    assert desk.customers.mine(desk.agent)[0].shown is None


def test_a_code_is_good_once_for_five_minutes_and_for_its_case(desk: Desk) -> None:
    case, other = desk.case(), desk.case(order(THIRD))
    desk.customers.verify(desk.agent, case, order())
    code = desk.world.sent.code
    with pytest.raises(NotFound):
        desk.customers.confirm(desk.agent, other, code)
    desk.world.pass_(minutes=5)
    with pytest.raises(Refused, match="over"):
        desk.customers.confirm(desk.agent, case, code)
    desk.customers.verify(desk.agent, case, order())
    assert desk.customers.confirm(desk.agent, case, desk.world.sent.code).how == "code"
    with pytest.raises(Refused, match="over"):
        desk.customers.confirm(desk.agent, case, desk.world.sent.code)


def test_codes_and_questions_to_one_number_count_together(desk: Desk) -> None:
    desk.world.ready()
    case = desk.case()
    desk.world.ask("13800138201", channel=Channel.WEB)
    for _ in range(2):
        desk.customers.verify(desk.agent, case, order())
    with pytest.raises(Refused) as raised:
        desk.customers.verify(desk.agent, case, order())
    assert raised.value.reason == "too-often"
    assert len(desk.world.sent.messages) == 3
    with pytest.raises(Refused):
        desk.customers.verify(desk.world.people["colleague"], desk.open(by="colleague").standing.case.id, order())


def test_whatever_is_sent_to_one_number_counts_together(desk: Desk) -> None:
    desk.world.ready()
    case, doors, number = desk.case(), Doors(desk.world.consent.office), parse("13800138201")
    doors.knock(TENANT, number, "zh", "192.0.2.1")
    desk.customers.verify(desk.agent, case, order())
    desk.world.ask("13800138201")
    for work in (
        lambda: desk.customers.verify(desk.agent, case, order()),
        lambda: desk.world.ask("13800138201"),
    ):
        with pytest.raises(Refused) as raised:
            work()
        assert raised.value.reason == "too-often"
    doors.knock(TENANT, number, "zh", "192.0.2.1")
    assert len(desk.world.sent.messages) == 3


def test_a_reference_to_somebody_else_or_a_number_that_changed_gets_no_code(desk: Desk, tmp_path: Path) -> None:
    case = desk.case()
    with pytest.raises(Conflict):
        desk.customers.verify(desk.agent, case, order(THIRD))
    crm(tmp_path, "UPDATE customers SET phone = '138 0013 8209' WHERE customer_id = ?", CUSTOMER)
    with pytest.raises(Conflict):
        desk.customers.verify(desk.agent, case, order())
    landline = desk.case(customer(LANDLINE))
    with pytest.raises(BadInput):
        desk.customers.verify(desk.agent, landline, customer(LANDLINE))
    assert desk.world.sent.messages == []


def test_without_a_carrier_of_messages_the_case_stays_as_it_was(desk: Desk) -> None:
    case = desk.case()
    desk.world.sent.down.add("sms")
    with pytest.raises(Unavailable):
        desk.customers.verify(desk.agent, case, order())
    desk.world.sent.down.clear()
    desk.customers.verify(desk.agent, case, order())
    assert desk.customers.confirm(desk.agent, case, desk.world.sent.code)


def test_a_carrier_that_knows_the_holder_spares_the_customer_a_code(asking: Desk) -> None:
    case = asking.shown()
    asking.world.pass_(days=1)
    case = asking.case()
    sent = asking.customers.verify(asking.agent, case, order())
    assert sent.shown is not None
    assert (sent.expires_at, sent.shown.how, sent.shown.shown_at) == (None, "carrier", asking.world.clock[0])
    assert len(asking.world.sent.messages) == 1
    asking.world.sent.down.add("carrier")
    assert asking.customers.verify(asking.agent, case, order()).shown is None
    assert len(asking.world.sent.messages) == 2


def test_a_number_that_changed_hands_gets_no_code_is_due_at_once_and_takes_no_consent_with_it(asking: Desk) -> None:
    asking.world.ready()
    asking.world.give("13800138201", channel=Channel.WEB)
    asking.shown()
    asking.world.pass_(days=1)
    case = asking.case()
    asking.world.sent.recycled_at[str(parse("13800138201").uri)] = asking.world.clock[0]
    with pytest.raises(Refused) as raised:
        asking.customers.verify(asking.agent, case, order())
    assert raised.value.reason == "recycled"
    assert asking.customers.due(asking.agent).over == 1
    assert len(asking.world.sent.messages) == 2
    assert [row.state for row in asking.world.rows(consent.grants)] == ["recycled"]


def test_no_carrier_is_asked_about_who_has_declined_or_by_who_may_not_check(asking: Desk) -> None:
    asking.shown()
    asking.world.pass_(days=1)
    case = asking.case()
    asking.world.sent.recycled_at[str(parse("13800138201").uri)] = asking.world.clock[0]
    scopes = frozenset({"find-customer", "see"})
    narrow = replace(asking.agent, methods=frozenset({"key"}), scopes=scopes)
    with pytest.raises(Refused, match="limit-scope"):
        asking.customers.verify(narrow, case, order())
    asking.customers.decline(asking.agent, case)
    with pytest.raises(Refused) as raised:
        asking.customers.verify(asking.agent, case, order())
    assert raised.value.reason == "refused-before"
    assert asking.customers.due(asking.agent).over == 0


def changed(desk: Desk, **values: object) -> None:
    desk.world.store.write(lambda tx: tx.execute(sa.update(tables.numbers).values(**values)).rowcount)


@pytest.mark.parametrize(
    ("column", "days"), [("due_at", 3650), ("shown_at", 1), ("shown_at", -30), ("kept_until", 3650), ("kept_until", -1)]
)
def test_a_day_that_a_hand_put_off_is_tampered_wherever_it_would_be_told(asking: Desk, column: str, days: int) -> None:
    case = asking.shown()
    (row,) = asking.world.rows(tables.numbers)
    changed(asking, **{column: getattr(row, column) + timedelta(days=days)})
    for call in (
        lambda: asking.customers.mine(asking.agent),
        lambda: asking.customers.verify(asking.agent, case, order()),
        lambda: asking.open(order(SECOND)),
    ):
        with pytest.raises(Tampered, match="not what was recorded"):
            call()
    changed(asking, **{column: getattr(row, column)})
    assert [one.shown.how for one in asking.customers.mine(asking.agent) if one.shown] == ["code"]


def test_another_facts_row_shows_nothing(desk: Desk) -> None:
    desk.shown(order(THIRD))
    case = desk.shown()
    theirs, mine = desk.world.rows(tables.numbers)
    here = sa.update(tables.numbers).where(tables.numbers.c.number_id == mine.number_id)
    for values in ({"fact_id": theirs.fact_id}, {"fact_id": 10**6}, {"how": "carrier"}):
        desk.world.store.write(lambda tx, values=values: tx.execute(here.values(**values)).rowcount)
        with pytest.raises(Tampered):
            desk.customers.verify(desk.agent, case, order())
        desk.world.store.write(lambda tx: tx.execute(here.values(fact_id=mine.fact_id, how="code")).rowcount)
    assert desk.customers.mine(desk.agent)


# ---- declining


def test_whoever_declines_gets_no_other_code_in_this_case_and_is_offered_what_reaches_them(desk: Desk) -> None:
    case = desk.case(order(THIRD))
    desk.customers.verify(desk.agent, case, order(THIRD))
    code = desk.world.sent.code
    ways = desk.customers.decline(desk.agent, case)
    assert [(str(way), way.zh) for way in ways] == [
        ("e-mail", "改用电子邮件联系"),
        ("call-back", "约定时间，由客服回电"),
    ]
    for call in (
        lambda: desk.customers.verify(desk.agent, case, order(THIRD)),
        lambda: desk.customers.confirm(desk.agent, case, code),
    ):
        with pytest.raises(Refused):
            call()


def test_a_case_that_was_never_asked_can_be_declined_beforehand(desk: Desk) -> None:
    case = desk.case()
    desk.customers.decline(desk.agent, case)
    with pytest.raises(Refused) as raised:
        desk.customers.verify(desk.agent, case, order())
    assert raised.value.reason == "refused-before"
    with pytest.raises(Refused):
        desk.customers.confirm(desk.agent, case, "")


def test_a_customer_is_asked_for_consent_by_their_order_and_their_no_shows_the_ways(desk: Desk) -> None:
    desk.world.ready()
    case = desk.case()
    what = {"purpose": "customer-care", "recipient": "acme-desk"}
    asked = desk.customers.ask(desk.agent, case, order(), **what, call_id="call-1")
    assert str(asked.subject) == desk.open().standing.case.subject
    said = desk.world.consent.answers.no(asked.request_id, desk.agent)
    assert [str(way) for way in said.ways] == ["e-mail", "in-app", "call-back"]
    with pytest.raises(Conflict):
        desk.customers.ask(desk.agent, case, order(THIRD), **what)
    with pytest.raises(Refused) as raised:
        desk.customers.ask(desk.agent, case, order(), **what)
    assert raised.value.reason == "refused-before"


def test_of_whom_nobody_looked_for_no_way_is_known(desk: Desk) -> None:
    desk.world.ready()
    asked = desk.world.ask("13800138201", channel=Channel.WEB)
    assert desk.world.consent.answers.no(asked.request_id).ways == ()


def test_a_machine_finds_customers_where_its_key_was_made_for_it(desk: Desk) -> None:
    narrow, wide = (
        replace(desk.agent, id=f"00000000-0000-4000-8000-20000000000{n}", methods=frozenset({"key"}), scopes=scopes)
        for n, scopes in enumerate((frozenset({"open-case", "see"}), frozenset({"open-case", "find-customer", "see"})))
    )
    with pytest.raises(Refused, match="limit-scope"):
        desk.customers.open(narrow, order())
    assert desk.customers.open(wide, order()).masked
