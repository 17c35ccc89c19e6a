from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from contracts.consent import NUMBER, OTHER, TENANT, World
from haoma.consent import Consent, tables
from haoma.consent.purposes import PURPOSES, Granularity, Holder
from haoma.consent.reach import countries_of
from haoma.consent.requests import Channel, Question
from haoma.errors import BadInput, NotFound, Refused, Unavailable
from haoma.numbers import parse


def reason_of(world: World, number: str = NUMBER, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        world.ask(number, **more)
    return refused.value.reason


def test_a_customer_is_shown_the_notice_and_sent_a_code_without_their_number(world: World) -> None:
    asked = world.ask()
    number, text = world.sent.messages[-1]
    assert number == parse(NUMBER)
    assert world.sent.code in text
    assert "1380013" not in text + asked.text + repr(asked)
    assert "不同意不影响" in asked.text


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"purposes": ["customer-care", "delivery"]}, "bundled"),
        ({"purposes": "customer-care,delivery"}, "bundled"),
        ({"purposes": "advertising"}, "purpose-never"),
        ({"purposes": "dpv:TargetedAdvertising"}, "purpose-never"),
        ({"purposes": "delivery"}, "not-assessed"),
        ({"recipient": "nobody"}, "no-notice"),
        ({"holder": Holder.UNDER_14}, "guardian-needed"),
        ({"holder": Holder.UNDER_14, "guardian": parse(NUMBER)}, "guardian-needed"),
        ({"by": "analyst"}, "policy"),
        ({"by": "colleague"}, "policy"),
        ({"by": None, "channel": Channel.AGENT, "call_id": "call-1"}, "policy"),
    ],
)
def test_a_question_that_may_not_be_asked_is_refused_and_nothing_is_sent(
    world: World, more: dict[str, object], reason: str
) -> None:
    assert reason_of(world, **more) == reason
    assert world.sent.messages == []
    assert world.entries("consent.tried")[-1].body["reason"] == reason
    assert world.rows(tables.requests) == []


@pytest.mark.parametrize(
    "more",
    [
        {"channel": Channel.AGENT},
        {"channel": Channel.WEB, "call_id": "call-1"},
        {"channel": Channel.IVR, "call_id": "13800138000"},
        {"channel": Channel.IVR, "call_id": "138-0013-8000"},
        {"channel": Channel.IVR, "call_id": "two words"},
        {"language": "fr"},
        {"guardian": parse(OTHER)},
        {"days": 0},
    ],
)
def test_a_question_that_makes_no_sense_is_bad_input(world: World, more: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        world.ask(**more)


@pytest.mark.parametrize(
    "number",
    [
        "110",
        "95588",
        "10086",
        "4008109090",
        "021-61234567",
        "1064812345678",
        "17400000000",
        "+44 20 7946 0958",
        "",
        "1",
    ],
)
def test_a_code_goes_to_no_number_that_nobody_holds_in_their_hand(world: World, number: str) -> None:
    before = len(world.entries())
    for more in ({"number": number}, {"holder": Holder.UNDER_14, "guardian": parse(number)}):
        with pytest.raises(BadInput, match="mobile"):
            world.ask(**more)
    assert world.sent.messages == []
    assert len(world.entries()) == before


ABROAD = ("+852 9123 4567", "+44 7400 123456", "+1 876 555 0100")


@pytest.mark.parametrize("number", ["17000000000", *ABROAD])
def test_a_code_goes_to_any_mobile_number_of_the_countries_that_are_named(world: World, number: str) -> None:
    office = replace(world.consent.office, countries=countries_of("86 852,44, 1"))
    asked = Question(TENANT, parse(number), "customer-care", "acme-desk")
    Consent(office).requests.ask(None, asked)
    assert world.sent.messages[-1][0] == parse(number)


@pytest.mark.parametrize("number", ABROAD)
def test_nothing_is_sent_to_a_country_that_is_not_named(world: World, number: str) -> None:
    with pytest.raises(BadInput, match="no message is sent"):
        world.ask(number)
    with pytest.raises(BadInput, match="no message is sent"):
        world.ask(holder=Holder.UNDER_14, guardian=parse(number))
    assert world.sent.messages == []


@pytest.mark.parametrize("text", ["", ",", "CN", "0", "+86", "1234", "８６"])
def test_what_names_no_countries_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="sms_countries"):
        countries_of(text)


def test_who_said_no_is_told_apart_and_not_asked_again_but_by_themselves(world: World) -> None:
    asked = world.ask(by="agent")
    said = world.consent.answers.no(asked.request_id, world.agent)
    assert said.offer_zh == PURPOSES[0].offer_zh
    assert reason_of(world, by="agent") == "refused-before"
    assert reason_of(world, channel=Channel.SMS) == "refused-before"
    world.pass_(hours=1)
    world.ask()
    world.pass_(days=90)
    world.ask(by="agent")


def test_a_no_holds_for_its_purpose_whoever_would_be_told(world: World) -> None:
    world.publish(recipient="acme-web")
    world.ready("delivery", days=10)
    world.consent.answers.no(world.ask(by="agent").request_id)
    assert reason_of(world, by="agent", recipient="acme-web") == "refused-before"
    world.ask(by="agent", purposes="delivery")
    world.ask(recipient="acme-web")


def test_a_guardian_is_not_pressed_by_asking_about_one_child_after_another(world: World) -> None:
    wards = [f"1380013810{n}" for n in range(4)]
    for ward in wards[:3]:
        world.ask(ward, holder=Holder.UNDER_14, guardian=parse(OTHER))
    assert reason_of(world, number=wards[3], holder=Holder.UNDER_14, guardian=parse(OTHER)) == "too-often"
    assert reason_of(world, number=OTHER) == "too-often"
    assert [number for number, _ in world.sent.messages].count(parse(OTHER)) == 3


def test_a_customer_is_not_pressed(world: World) -> None:
    for _ in range(3):
        world.ask()
    assert reason_of(world) == "too-often"
    world.pass_(minutes=11)
    for _ in range(3):
        world.ask()
    world.pass_(minutes=11)
    assert reason_of(world) == "too-often"
    world.pass_(days=1)
    world.ask()


def test_a_code_is_good_for_five_tries_and_the_right_one_comes_too_late_then(world: World) -> None:
    asked = world.ask()
    right = world.sent.code
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            world.consent.answers.yes(asked.request_id, wrong)
        assert refused.value.reason == "code-wrong"
    with pytest.raises(Refused) as refused:
        world.consent.answers.yes(asked.request_id, right)
    assert refused.value.reason == "request-over"
    assert world.rows(tables.grants) == []


def test_a_code_is_good_for_five_minutes_and_once(world: World) -> None:
    asked = world.ask()
    world.pass_(minutes=5)
    with pytest.raises(Refused, match="over"):
        world.consent.answers.yes(asked.request_id, world.sent.code)
    asked = world.ask()
    world.pass_(minutes=4, seconds=59)
    world.consent.answers.yes(asked.request_id, f" {world.sent.code}\n")
    with pytest.raises(Refused, match="over"):
        world.consent.answers.yes(asked.request_id, world.sent.code)


def test_a_code_of_one_question_does_not_answer_another(world: World) -> None:
    first = world.ask()
    code = world.sent.code
    second = world.ask()
    assert first.request_id != second.request_id
    if world.sent.code != code:
        with pytest.raises(Refused, match="not the code"):
            world.consent.answers.yes(second.request_id, code)
    world.consent.answers.yes(second.request_id, world.sent.code)


def test_neither_code_nor_number_is_in_the_database(world: World) -> None:
    world.ask()
    row = world.rows(tables.requests)[0]
    assert world.sent.code not in str(row)
    assert "1380013" not in str(row)


def test_a_question_that_was_never_asked_has_no_answer(world: World) -> None:
    with pytest.raises(NotFound):
        world.consent.answers.yes("00000000-0000-4000-8000-000000000000", "123456")


def test_a_message_that_is_not_taken_asks_nobody(world: World) -> None:
    world.sent.down.add("sms")
    with pytest.raises(Unavailable):
        world.ask()
    assert world.sent.messages == []


def test_a_consent_may_be_for_less_than_the_notice_and_never_for_more(world: World) -> None:
    less = world.give(days=2, granularity=Granularity.YES_NO)
    assert (less.until - world.clock[0]).days == 2
    more = world.give(days=400, granularity=Granularity.POINT)
    assert (more.until - world.clock[0]).days == 30
    assert world.require().granularity is Granularity.YES_NO


def test_a_child_consents_through_a_guardian_on_another_number(world: World) -> None:
    asked = world.ask(holder=Holder.UNDER_14, guardian=parse(OTHER))
    assert world.sent.messages[-1][0] == parse(OTHER)
    assert "被监护人" in world.sent.messages[-1][1]
    given = world.consent.answers.yes(asked.request_id, world.sent.code)
    row = world.rows(tables.grants)[0]
    assert (row.holder, row.guardian) == ("under-14", str(world.subject(OTHER)))
    assert given.subject == world.subject(NUMBER)
    assert world.require().subject == world.subject(NUMBER)


def test_who_is_said_to_be_a_child_hears_of_it_and_how_to_object(world: World) -> None:
    child = {"holder": Holder.UNDER_14, "guardian": parse(OTHER), "by": "agent"}
    asked = world.ask(**child, channel=Channel.AGENT, call_id="call-1")
    (told, text), (asked_of, code) = world.sent.messages
    assert (told, asked_of) == (parse(NUMBER), parse(OTHER))
    assert ("撤回" in text, "privacy@acme.example" in text, world.sent.code in text) == (True, True, False)
    assert not re.search(r"[0-9]{5}", text)
    assert world.sent.code in code
    world.consent.answers.yes(asked.request_id, world.sent.code, world.agent)
    world.consent.replies.read(TENANT, parse(NUMBER), "撤回")
    with pytest.raises(Refused, match="withdrawn"):
        world.require()


@pytest.mark.parametrize("words", ["撤回", "不同意"])
def test_who_is_said_to_be_a_child_ends_the_question_before_it_is_answered(world: World, words: str) -> None:
    child = {"holder": Holder.UNDER_14, "guardian": parse(OTHER), "by": "agent", "channel": Channel.AGENT}
    asked = world.ask(**child, call_id="call-1")
    world.consent.replies.read(TENANT, parse(NUMBER), words)
    with pytest.raises(Refused, match="over"):
        world.consent.answers.yes(asked.request_id, world.sent.code, world.agent)
    assert reason_of(world, **child, call_id="call-2") == "refused-before"


def test_where_who_is_said_to_be_a_child_cannot_be_told_nobody_is_asked(world: World) -> None:
    world.sent.down.add("sms")
    with pytest.raises(Unavailable):
        world.ask(holder=Holder.UNDER_14, guardian=parse(OTHER))
    assert world.sent.messages == []


def test_an_agent_records_the_call_in_which_a_customer_read_out_the_code(world: World) -> None:
    asked = world.ask(by="agent", channel=Channel.AGENT, call_id="call-2026-11-22-0042")
    given = world.consent.answers.yes(asked.request_id, world.sent.code, world.agent)
    row = world.rows(tables.grants)[0]
    assert (row.grant_id, row.channel, row.call_id) == (given.grant_id, "agent", "call-2026-11-22-0042")


def test_a_colleague_without_the_case_takes_down_no_answer(world: World) -> None:
    asked = world.ask(by="agent", channel=Channel.AGENT, call_id="call-1")
    with pytest.raises(Refused) as refused:
        world.consent.answers.yes(asked.request_id, world.sent.code, world.people["colleague"])
    assert refused.value.reason == "policy"
    with pytest.raises(Refused) as refused:
        world.consent.answers.no(asked.request_id, world.people["colleague"])
    assert refused.value.reason == "policy"
    assert world.rows(tables.grants) == world.rows(tables.refusals) == []


def test_a_reply_by_message_consents_refuses_and_withdraws(world: World) -> None:
    read = world.consent.replies.read
    world.ask(channel=Channel.SMS)
    assert read(TENANT, parse(NUMBER), "你们是谁？") is None
    assert read(TENANT, parse(NUMBER), "同意") is None
    read(TENANT, parse(NUMBER), f"同意 {world.sent.code}")
    assert world.require().basis == "consent"
    read(TENANT, parse(NUMBER), "撤回")
    with pytest.raises(Refused, match="withdrawn"):
        world.require()
    world.ask(channel=Channel.SMS)
    read(TENANT, parse(NUMBER), "Ｎ")
    assert [row.purpose for row in world.rows(tables.refusals)] == ["customer-care"]


def test_a_reply_from_another_number_answers_nothing(world: World) -> None:
    world.ask(channel=Channel.SMS)
    with pytest.raises(NotFound):
        world.consent.replies.read(TENANT, parse(OTHER), f"Y {world.sent.code}")
    with world.store.read() as tx:
        assert tx.scalar(sa.select(tables.requests.c.state)) == "asked"
