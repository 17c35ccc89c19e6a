from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.consent import TENANT, World
from haoma.consent import tables
from haoma.consent.code import Answer, message, read_reply
from haoma.consent.notice import make_notice
from haoma.consent.purposes import PURPOSES
from haoma.errors import BadInput, NotFound, Refused, Tampered
from haoma.ledger.canonical import canonical


def notice(**more: object) -> object:
    given = {
        "purpose": "delivery", "recipient": "acme", "name": "Acme", "contact": "privacy@acme.example",
        "sources": ["carrier"], "granularity": "city", "days": 7,
    }  # fmt: skip
    return make_notice(**(given | more))


@pytest.mark.parametrize(
    "wrong",
    [
        {"granularity": "point"},
        {"granularity": "street"},
        {"days": 31},
        {"days": 0},
        {"sources": []},
        {"sources": ["satellite"]},
        {"recipient": "Acme"},
        {"recipient": "a13800138000"},
        {"name": " "},
        {"contact": "a\nb"},
        {"purpose": "curiosity"},
    ],
)
def test_a_notice_asks_for_no_more_than_its_purpose_needs(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        notice(**wrong)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_notice_tells_everything_that_the_law_names_in_both_languages(language: str) -> None:
    told = notice(sources=["carrier", "stated"]).text(language)
    words = {
        "zh": ["Acme", "privacy@acme.example", "目的", "运营商", "市级", "7 天", "撤回", "敏感", "监护人", "不影响"],
        "en": ["Acme", "privacy@acme.example", "Purpose", "carrier", "city", "7 days", "Withdraw", "sensitive",
               "guardian", "served all the same"],
    }  # fmt: skip
    assert [word for word in words[language] if word not in told] == []


def test_a_digest_changes_with_every_field() -> None:
    changes = [
        {"name": "B"}, {"contact": "b@b.example"}, {"days": 8}, {"granularity": "province"}, {"sources": ["stated"]},
        {"recipient": "b"}, {"purpose": "customer-care"},
    ]  # fmt: skip
    digests = [notice(**change).digest for change in [{}, *changes]]
    assert len(set(digests)) == len(digests)
    assert notice().digest == digests[0]


@pytest.mark.parametrize("purpose", PURPOSES, ids=lambda purpose: purpose.name)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("channel", ["web", "sms"])
def test_a_message_names_its_code_once_and_is_answered_by_it(purpose: object, language: str, channel: str) -> None:
    text = message(
        notice(purpose=purpose.name, granularity="yes-no", days=1), "012345", language, channel, guardian=False
    )
    assert text.count("012345") == 1
    if channel == "sms":
        how = {"zh": "同意 012345", "en": "YES 012345"}[language]
        assert how in text
        assert read_reply(how) == (Answer.YES, "012345")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("同意 123456", Answer.YES), ("123456", Answer.YES), ("Y123456", Answer.YES), ("ＹＥＳ，123456。", Answer.YES),
        ("同意", Answer.UNCLEAR), ("不同意", Answer.NO), ("N", Answer.NO), ("拒绝", Answer.NO), ("TD", Answer.NO),
        ("不同意 123456", Answer.NO), ("撤回", Answer.WITHDRAW), ("Stop", Answer.WITHDRAW), ("", Answer.UNCLEAR),
        ("同意 1234567", Answer.UNCLEAR), ("123456 654321", Answer.UNCLEAR), ("maybe 123456", Answer.UNCLEAR),
    ],
)  # fmt: skip
def test_a_reply_means_what_it_says_and_nothing_is_read_into_it(text: str, answer: Answer) -> None:
    assert read_reply(text)[0] is answer


def test_a_published_version_stays_and_the_same_again_is_no_new_one(world: World) -> None:
    world.publish(days=7)
    world.publish(days=7)
    versions = [(one.version, one.notice.days) for one in world.consent.notices.all(TENANT)]
    assert versions == [(1, 30), (2, 7)]
    newest = world.consent.notices.newest(TENANT, "customer-care", "acme-desk")
    assert newest.digest == newest.notice.digest == world.entries("consent.notice")[-1].body["digest"]


@pytest.mark.parametrize(
    "change",
    [
        {"body": sa.func.replace(tables.notices.c.body, "安客", "他人")},
        {"body": sa.func.replace(tables.notices.c.body, "不满十四周岁", "")},
        {"body": "{"},
        {"body": "[]"},
        {"body": '{"purpose": "customer-care"}'},
        {"digest": "0" * 64},
    ],
    ids=["another-name", "less", "no-json", "no-object", "a-part", "another-digest"],
)
def test_a_notice_that_was_changed_is_neither_shown_nor_sent_nor_consented_to(
    world: World, change: dict[str, object]
) -> None:
    asked, code = world.ask(), world.sent.code
    sent = len(world.sent.messages)
    world.store.write(lambda tx: tx.execute(sa.update(tables.notices).values(**change)).rowcount)
    for read in (
        lambda: world.consent.notices.newest(TENANT, "customer-care", "acme-desk"),
        lambda: world.consent.notices.all(TENANT),
        world.ask,
        lambda: world.consent.answers.yes(asked.request_id, code),
    ):
        with pytest.raises(Tampered):
            read()
    assert len(world.sent.messages) == sent
    assert world.rows(tables.grants) == []


def test_a_notice_whose_digest_was_made_anew_over_less_is_not_shown(world: World) -> None:
    for body in ({"purpose": "customer-care", "recipient": "acme-desk"}, {"sources": ["satellite"]}):
        text = canonical({**json.loads(world.rows(tables.notices)[0].body), **body} if "sources" in body else body)
        values = {"body": text.decode(), "digest": hashlib.sha256(text).hexdigest()}
        world.store.write(lambda tx, values=values: tx.execute(sa.update(tables.notices).values(**values)).rowcount)
        with pytest.raises(Tampered):
            world.consent.notices.all(TENANT)


def test_a_notice_is_not_shown_for_another_recipient(world: World) -> None:
    world.store.write(lambda tx: tx.execute(sa.update(tables.notices).values(recipient="other-desk")).rowcount)
    with pytest.raises(Tampered):
        world.ask(recipient="other-desk")


def test_a_consent_names_the_version_that_was_seen(world: World) -> None:
    from haoma.consent.receipt import verify_receipt

    asked = world.ask()
    world.publish(days=7)
    given = world.consent.answers.yes(asked.request_id, world.sent.code)
    said = verify_receipt(given.receipt, world.keys)
    assert said["processing"]["privacy_notice"] == f"urn:sha256:{asked.published.digest}"
    assert said["event"]["validity_duration"] == "P30D"


@pytest.mark.parametrize("who", ["agent", "analyst", "admin"])
def test_only_who_supervises_publishes(world: World, who: str) -> None:
    with pytest.raises(Refused) as error:
        world.consent.notices.publish(world.people[who], TENANT, notice())
    assert error.value.reason == "policy"
    with pytest.raises(NotFound):
        world.consent.notices.newest(TENANT, "delivery", "acme")


@pytest.mark.parametrize(
    "webhook", ["http://recipient.example/x", "https://user@recipient.example/x", "https://r.example/x?tel=1",
                "https://r.example/13800138000", "ftp://r.example", "https://r example/"],
)  # fmt: skip
def test_a_webhook_is_a_plain_https_url(world: World, webhook: str) -> None:
    with pytest.raises(BadInput):
        world.consent.notices.publish(world.people["dpo"], TENANT, notice(), webhook=webhook)


def test_a_recipient_abroad_is_refused(world: World) -> None:
    with pytest.raises(BadInput, match="abroad"):
        world.consent.notices.publish(world.people["dpo"], TENANT, notice(), country="US")


@pytest.mark.parametrize(("digest", "days"), [("xx", 1), ("ab" * 32, 0), ("ab" * 32, 1101)])
def test_an_assessment_has_a_digest_and_an_end(world: World, digest: str, days: int) -> None:
    with pytest.raises(BadInput):
        world.consent.notices.assess(
            world.people["dpo"], TENANT, "delivery", digest, world.clock[0] + timedelta(days=days)
        )
    assert len(world.rows(tables.assessments)) == 1
