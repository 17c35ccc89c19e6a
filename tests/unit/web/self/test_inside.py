"""What a holder sees inside, and how they end it."""

from __future__ import annotations

import re

from contracts.api import Client
from contracts.page import RECIPIENT, Customer, forms
from haoma.consent import tables, verify_deletion
from haoma.consent.jws import jwks_of
from haoma.numbers import parse

ASKED = {"purpose": "customer-care", "recipient": RECIPIENT}
OF_ONE = ("/withdraw", "/receipt", "/proof", "/share", "/drop")
HERE = {"lat": "31.2304", "lon": "121.4737", "accuracy": "60"}


def states(customer: Customer) -> list[str]:
    subject = str(customer.client.services.consent.office.subject("acme", parse(customer.number)))
    return [str(row.state) for row in customer.rows(tables.grants) if row.subject == subject]


def asks(house: Client, customer: Customer, path: str = "/v1/locations/verify", **more: object) -> int:
    """An agent's question about the customer; its status."""
    told = house.post(path, {"number": customer.number, **ASKED, **more}, by="agent")
    return told.status_code


def test_a_holder_sees_what_stands_who_was_told_and_in_what_role(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    customer.say_yes()
    told = {"region": "上海市", "stated": {"region": "上海市"}}
    assert asks(house, customer, **told) == 200
    page = customer.come_in().text
    for words in ("安客", "了解您大致所在的地区", "市级", "共 1 次", "客服人员", RECIPIENT, "是否在某地"):
        assert words in page, words
    names = [customer.client.people["agent"], "agent@other", "person:"]
    assert [name for name in names if name in page] == []


def test_whoever_asks_without_a_consent_is_counted_for_the_holder(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    assert asks(house, customer, region="上海市") == 403
    assert "另有 1 次询问被拒绝" in customer.come_in().text


def test_one_press_withdraws_and_the_next_question_is_refused(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    customer.say_yes()
    told = {"region": "上海市", "stated": {"region": "上海市"}}
    assert asks(house, customer, **told) == 200
    inside = customer.come_in()
    gone = customer.press(inside, "/self/me/withdraw")
    assert (gone.status_code, "已撤回" in gone.text) == (200, True)
    assert states(customer) == ["withdrawn"]
    assert asks(house, customer, **told) == 403
    proof = customer.press(gone, "/self/me/proof")
    said = verify_deletion(proof.text.strip(), jwks_of(customer.client.services.custody))
    assert said["why"] == "withdrawn"
    assert customer.press(inside, "/self/me/withdraw").status_code == 200  # a second time changes nothing
    assert states(customer) == ["withdrawn"]


def test_withdrawing_takes_no_more_steps_than_consenting(customer: Customer) -> None:
    def pages(work: object) -> int:
        before = len(customer.shown)
        assert callable(work)
        work()
        return len(customer.shown) - before

    yes = pages(customer.say_yes)
    right_after = pages(lambda: customer.press(customer.shown[-1], "/self/me/withdraw"))
    assert (yes, right_after) == (2, 1)
    assert states(customer) == ["withdrawn"]


def test_one_of_two_or_all_are_withdrawn(customer: Customer) -> None:
    customer.say_yes()
    customer.say_yes("acme-shop")
    inside = customer.come_in()
    first = next(known["consent"] for where, known in forms(inside.text) if "/withdraw?" in where)
    after = customer.press(inside, "/self/me/withdraw", consent=first)
    assert sorted(states(customer)) == ["given", "withdrawn"]
    assert "/self/me/withdraw-all" not in after.text
    customer.wait(minutes=10)
    customer.say_yes("acme-shop")
    customer.press(customer.come_in(), "/self/me/withdraw-all")
    assert "given" not in states(customer)


def test_the_session_of_a_yes_sees_that_consent_alone(customer: Customer) -> None:
    customer.say_yes()
    page = customer.say_yes("acme-shop")
    consents = {known["consent"] for _, known in forms(page.text) if "consent" in known}
    assert len(consents) == 1
    other = next(str(row.grant_id) for row in customer.rows(tables.grants) if row.grant_id not in consents)
    session = next(known["session"] for _, known in forms(page.text))
    for verb in OF_ONE:
        told = customer.post(f"/self/me{verb}", {"session": session, "consent": other, **HERE})
        assert told.status_code == 404, verb
    assert states(customer) == ["given", "given"]


def test_the_consent_of_another_is_not_there(customer: Customer, another: Customer) -> None:
    customer.say_yes()
    (theirs,) = {known["consent"] for _, known in forms(customer.come_in().text) if "consent" in known}
    session = next(known["session"] for _, known in forms(another.come_in().text))
    for verb in OF_ONE:
        for consent in (theirs, "", "' OR 1=1 --"):
            told = another.post(f"/self/me{verb}", {"session": session, "consent": consent, **HERE})
            assert told.status_code == 404, verb
            assert theirs not in told.text
    assert states(customer) == ["given"]


def test_without_a_session_nothing_is_done(customer: Customer) -> None:
    page = customer.say_yes()
    (consent,) = {known["consent"] for _, known in forms(page.text) if "consent" in known}
    for verb in ("", "/withdraw-all", "/leave", *OF_ONE):
        for session in ("", "a" * 32):
            told = customer.post(f"/self/me{verb}", {"session": session, "consent": consent})
            assert told.status_code == (200 if verb == "/leave" else 404), verb
            assert consent not in told.text
    assert states(customer) == ["given"]


def test_who_said_no_sees_until_when_nobody_asks_again(customer: Customer) -> None:
    path = customer.asked()
    customer.press(customer.get(path), path, answer="no")
    page = customer.come_in().text
    assert "您拒绝过的" in page
    assert re.search(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}（北京时间） 之前不再询问", page)


def test_the_whole_of_it_is_there_in_english(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    customer.say_yes(language="en")
    asks(house, customer, region="上海市", stated={"region": "上海市"})
    customer.say_yes("acme-shop", language="en")
    inside = customer.come_in(language="en")
    gone = customer.press(inside, "/self/me/withdraw")
    for page in (inside, gone):
        left = re.sub(r"安客|中文", "", page.text)
        assert re.findall("[\u4e00-\u9fff]+", left) == []
    assert "a customer-service agent" in inside.text


def test_no_page_holds_a_number(customer: Customer, another: Customer) -> None:
    customer.say_yes()
    inside = customer.come_in()
    customer.press(inside, "/self/me/receipt")
    gone = customer.press(inside, "/self/me/withdraw")
    customer.press(gone, "/self/me/proof")
    for told in customer.shown:
        assert customer.number not in told.text + str(told.headers) + str(told.request.url)
        assert customer.number[-8:] not in told.text
    assert customer.number not in customer.client.log.getvalue()


def test_a_receipt_withdraws_without_a_code_and_shows_the_proof(house: Client, customer: Customer) -> None:
    receipt = customer.press(customer.say_yes(), "/self/me/receipt").text
    front = customer.get("/self/my/acme")
    broken = " \r\n".join(receipt[at : at + 76] for at in range(0, len(receipt), 76))  # as mail programs do
    gone = customer.press(front, "/self/receipt", receipt=broken)
    assert gone.status_code == 200
    (proof,) = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", gone.text)
    assert verify_deletion(proof, jwks_of(house.services.custody))["why"] == "withdrawn"
    assert states(customer) == ["withdrawn"]
    assert customer.press(front, "/self/receipt", receipt=receipt).status_code == 200


def test_what_is_no_receipt_withdraws_nothing(customer: Customer) -> None:
    for changed in ("", "x", "a.b.c", "<script>alert(1)</script>", "eyJ"):
        told = customer.press(customer.get("/self/my/acme"), "/self/receipt", receipt=changed)
        assert (told.status_code, "这不是我们签发的收据" in told.text) == (400, True)
        assert "<script>" not in told.text


def test_a_receipt_that_was_changed_withdraws_nothing(customer: Customer) -> None:
    receipt = customer.press(customer.say_yes(), "/self/me/receipt").text.strip()
    head, body, signature = receipt.split(".")
    front = customer.get("/self/my/acme")
    for text in (f"{head}.{body}.{signature[::-1]}", f"{head}.{body[:-8]}AAAAAAAA.{signature}"):
        assert customer.press(front, "/self/receipt", receipt=text).status_code == 400
    assert states(customer) == ["given"]


def test_only_the_holder_begins_anew_what_they_refused(customer: Customer, another: Customer) -> None:
    path = customer.asked()
    customer.press(customer.get(path), path, answer="no")
    inside, sent = customer.come_in(), customer.messages
    wrong = customer.press(inside, "/self/me/again", number=another.number)
    assert (customer.messages, "请输入手机号码" in wrong.text) == (sent, True)
    asked = customer.press(inside, "/self/me/again", number=customer.number)
    assert (customer.messages, "问题已发送" in asked.text) == (sent + 1, True)
    given = customer.press(customer.get(customer.link), customer.link, answer="yes", code=customer.code)
    assert (given.status_code, states(customer)) == (200, ["given"])
    for changed in ({"recipient": "acme-shop"}, {"purpose": "delivery"}):
        told = customer.press(inside, "/self/me/again", number=customer.number, **changed)
        assert told.status_code == 404
