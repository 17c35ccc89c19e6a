"""The question behind a link: what it shows, and what a yes, a no and anything else come to."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contracts.api import Client
from contracts.page import RECIPIENT, Customer, forms
from haoma.consent import Channel, tables, verify_receipt
from haoma.consent.jws import jwks_of
from haoma.consent.links import digest_of
from haoma.consent.requests import Question
from haoma.numbers import parse


def handle_of(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


def request_of(customer: Customer, path: str) -> sa.Row[tuple[object, ...]]:
    (row,) = [row for row in customer.rows(tables.requests) if row.handle == digest_of(handle_of(path))]
    return row


def change(customer: Customer, path: str, **values: object) -> None:
    c = tables.requests.c
    changed = sa.update(tables.requests).where(c.handle == digest_of(handle_of(path))).values(**values)
    customer.client.services.store.write(lambda tx: tx.execute(changed).rowcount)


def mine(customer: Customer) -> list[sa.Row[tuple[object, ...]]]:
    services = customer.client.services
    subject = str(services.consent.office.subject("acme", parse(customer.number)))
    return [row for row in customer.rows(tables.grants) if row.subject == subject]


def test_a_message_leads_to_the_question_and_only_its_digest_is_kept(customer: Customer) -> None:
    path = customer.asked()
    assert re.fullmatch("/self/q/[a-p]{32}", path)
    assert handle_of(path) not in str(customer.rows(tables.requests))
    assert request_of(customer, path).state == "asked"


def test_whoever_asks_does_not_see_the_link(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    asked = {"number": customer.number, "purpose": "customer-care", "recipient": RECIPIENT}
    told = house.post("/v1/consents/requests", asked, by="agent")
    assert told.status_code == 201
    assert handle_of(customer.link) not in told.text
    assert "self" not in told.text


def test_a_spoken_question_and_one_by_message_have_no_link(customer: Customer, another: Customer) -> None:
    ask = customer.client.services.consent.requests.ask
    ask(None, Question("acme", parse(customer.number), "customer-care", RECIPIENT, Channel.SMS))
    ask(None, Question("acme", parse(another.number), "customer-care", RECIPIENT, Channel.IVR, call_id="call-a"))
    assert "/self/" not in customer.message + another.message


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            [
                "谁在请求",
                "安客",
                "了解您大致所在的地区",
                "运营商网络中的位置",
                "市级",
                "自您同意之日起 30 天",
                "如何撤回",
                "不再询问",
            ],
        ),
        (
            "en",
            ["Who asks", "安客", "roughly where you are", "carrier", "the city", "30 days", "take it back", "served"],
        ),
    ],
)
def test_the_question_tells_who_asks_what_for_and_all_else_that_the_law_names(
    customer: Customer, language: str, words: list[str]
) -> None:
    path = customer.asked(language=language)
    page = customer.get(path).text
    assert [word for word in words if word not in page] == []
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in page
    notice = customer.client.services.consent.notices.newest("acme", "customer-care", RECIPIENT).notice
    text = page.replace("&#x27;", "'")
    assert [line for line in notice.text(language).splitlines() if line not in text] == []


def test_what_is_asked_for_less_than_the_notice_says_so(customer: Customer) -> None:
    page = customer.get(customer.asked(days=3)).text
    assert "<dd>自您同意之日起 3 天</dd>" in page


def test_yes_and_no_are_equal_buttons_and_neither_is_chosen(customer: Customer) -> None:
    page = customer.get(customer.asked()).text
    yes, no = re.findall(r'<button type="submit" name="answer" value="(?:yes|no)"([^>]*)>', page)
    assert (yes, no) == ("", " formnovalidate")  # a no needs no code; nothing else tells them apart
    assert "checked" not in page
    assert "selected" not in page
    first = re.findall(r"<button[^>]*>", page)[0]
    assert first == '<button type="submit" disabled hidden>'  # what Enter would press


def test_opening_a_link_changes_nothing_however_often(customer: Customer) -> None:
    path = customer.asked()
    before = request_of(customer, path)
    assert {customer.get(path).status_code for _ in range(3)} == {200}
    assert request_of(customer, path) == before


def test_a_yes_takes_the_code_and_has_a_receipt_that_verifies(customer: Customer) -> None:
    path = customer.asked()
    page = customer.press(customer.get(path), path, answer="yes", code=customer.code)
    assert (page.status_code, "已同意" in page.text) == (200, True)
    receipt = customer.press(page, "/self/me/receipt")
    assert receipt.headers["content-disposition"] == 'attachment; filename="consent-receipt.jws"'
    said = verify_receipt(receipt.text.strip(), jwks_of(customer.client.services.custody))
    (row,) = mine(customer)
    assert said["record_id"] == f"urn:uuid:{row.grant_id}"
    assert (row.channel, row.state) == ("web", "given")


def test_a_no_takes_nothing_but_the_link_and_is_remembered(customer: Customer) -> None:
    path = customer.asked()
    page = customer.press(customer.get(path), path, answer="no")
    assert (page.status_code, "不同意" in page.text) == (200, True)
    assert request_of(customer, path).state == "refused"
    assert mine(customer) == []


def test_the_link_alone_is_no_proof(customer: Customer) -> None:
    path = customer.asked()
    right = customer.code
    for code in ("", "000000" if right != "000000" else "000001", "x" * 6, right[:5]):
        page = customer.press(customer.get(path), path, answer="yes", code=code)
        assert (page.status_code, 'role="alert"' in page.text) == (403, True)
    assert mine(customer) == []


def test_five_wrong_codes_end_the_question(customer: Customer) -> None:
    path = customer.asked()
    wrong = f"{(int(customer.code) + 1) % 10**6:06d}"
    page = customer.get(path)
    told = [customer.press(page, path, answer="yes", code=wrong).status_code for _ in range(6)]
    assert told == [403] * 4 + [410] * 2
    assert customer.press(page, path, answer="yes", code=customer.code).status_code == 410
    assert mine(customer) == []


def test_an_answer_that_is_sent_again_changes_nothing(customer: Customer, another: Customer) -> None:
    path = customer.asked()
    page = customer.get(path)
    customer.press(page, path, answer="yes", code=customer.code)
    for answer in ("yes", "no"):
        assert customer.press(page, path, answer=answer, code=customer.code).status_code == 410
    assert [row.state for row in mine(customer)] == ["given"]
    refused = another.asked()
    page = another.get(refused)
    another.press(page, refused, answer="no")
    assert another.press(page, refused, answer="yes", code=another.code).status_code == 410
    assert mine(another) == []


def test_a_link_ends_with_its_question_and_leads_to_the_door(customer: Customer) -> None:
    path = customer.asked()
    page = customer.get(path)
    row = request_of(customer, path)
    change(customer, path, asked_at=row.asked_at - timedelta(hours=1), expires_at=row.expires_at - timedelta(hours=1))
    for told in (customer.get(path), customer.press(page, path, answer="yes", code=customer.code)):
        assert told.status_code == 410
        assert 'href="/self/my/acme?lang=zh"' in told.text
    assert mine(customer) == []


@pytest.mark.parametrize("handle", ["a" * 32, "x", "A" * 32, "...", "%00", "%F0%9F%98%80", "q" * 3000])
def test_a_link_that_nobody_made_leads_nowhere(customer: Customer, handle: str) -> None:
    told = customer.get(f"/self/q/{handle}")
    assert told.status_code == 404
    assert "acme" not in told.text


def test_the_token_of_a_page_is_good_for_its_own_link_alone(customer: Customer, another: Customer) -> None:
    path, other = customer.asked(), another.asked()
    ((_, known),) = forms(another.get(other).text)
    for token in (known["token"], "", "a" * 32, "é"):
        told = customer.post(path, {"token": token, "answer": "no"})
        assert told.status_code == 403
    assert customer.post(path, {"answer": "no"}).status_code == 403
    assert request_of(customer, path).state == "asked"


def test_the_code_of_one_question_answers_no_other(customer: Customer, another: Customer) -> None:
    path, other = customer.asked(), another.asked()
    if customer.code != another.code:
        told = customer.press(customer.get(path), path, answer="yes", code=another.code)
        assert told.status_code == 403
    assert request_of(another, other).attempts == 0


def test_a_parent_is_told_that_they_are_asked_as_one(customer: Customer, another: Customer) -> None:
    from haoma.consent import Holder

    question = Question(
        "acme",
        parse(customer.number),
        "customer-care",
        RECIPIENT,
        holder=Holder.UNDER_14,
        guardian=parse(another.number),
    )
    customer.client.services.consent.requests.ask(None, question)
    page = another.get(another.link)
    assert "监护人的身份" in page.text
    given = another.press(page, another.link, answer="yes", code=another.code)
    assert (given.status_code, "/self/me/share" in given.text) == (200, False)  # a parent is not where the child is
    known = next(known for _, known in forms(given.text) if "consent" in known)
    told = another.post("/self/me/share", {**known, "lat": "31.2", "lon": "121.4", "accuracy": "60"})
    assert told.status_code == 403
    inside = another.come_in()
    assert another.press(inside, "/self/me/withdraw").status_code == 200
    assert [row.state for row in mine(customer)] == ["withdrawn"]


def test_a_notice_that_was_changed_by_hand_is_shown_to_nobody(customer: Customer) -> None:
    path = customer.asked("acme-shop")
    services = customer.client.services
    c = tables.notices.c
    here = sa.update(tables.notices).where(c.recipient == "acme-shop")
    kept = next(row.body for row in customer.rows(tables.notices) if row.recipient == "acme-shop")
    services.store.write(lambda tx: tx.execute(here.values(body=kept.replace("30", "29"))).rowcount)
    try:
        told = customer.get(path)
    finally:
        services.store.write(lambda tx: tx.execute(here.values(body=kept)).rowcount)
    assert told.status_code == 500
    assert "安客" not in told.text
