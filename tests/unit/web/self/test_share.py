"""A position that a customer shares on the page: taken, kept sealed, used by a question, and gone."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from contracts.api import Client
from contracts.page import RECIPIENT, Customer, forms
from haoma.app.packages import expiring
from haoma.consent import make_notice
from haoma.locate.shared.tables import shared
from haoma.vault.retention import Retention

HERE = {"lat": "31.2304", "lon": "121.4737", "accuracy": "60"}
NEAR = {"near": {"lat": 31.24, "lon": 121.48, "within_m": 3000}}
ASKED = {"purpose": "customer-care", "recipient": RECIPIENT, "stated": {"region": "上海市"}}


def verdict(house: Client, customer: Customer) -> str:
    told = house.post("/v1/locations/verify", {"number": customer.number, **ASKED, **NEAR}, by="agent")
    assert told.status_code in {200, 403}, told.text
    return str(told.json().get("verdict", told.json().get("reason")))


def kept(customer: Customer, consent: str) -> list[sa.Row[tuple[object, ...]]]:
    return [row for row in customer.rows(shared) if row.grant_id == consent]


def consent_of(page: str) -> str:
    (found,) = {known["consent"] for _, known in forms(page) if "consent" in known}
    return found


def test_a_question_uses_the_position_that_was_really_shared(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    page = customer.say_yes()
    assert verdict(house, customer) == "UNKNOWN"
    told = customer.press(page, "/self/me/share", **HERE)
    assert (told.status_code, "位置已收到" in told.text) == (200, True)
    assert verdict(house, customer) == "TRUE"
    customer.press(told, "/self/me/share", **HERE | {"lat": "31.30", "lon": "121.20"})  # a newer one
    assert verdict(house, customer) == "FALSE"
    assert len(kept(customer, consent_of(page.text))) == 1


def test_a_position_goes_with_the_withdrawal_and_the_proof_counts_it(house: Client, customer: Customer) -> None:
    from haoma.consent import verify_deletion
    from haoma.consent.jws import jwks_of

    page = customer.say_yes()
    customer.press(page, "/self/me/share", **HERE)
    services, consent = house.services, consent_of(page.text)
    row = services.consent.withdrawals.by_receipt(customer.press(page, "/self/me/receipt").text.strip())
    assert kept(customer, consent) == []
    said = verify_deletion(row.proofs[0], jwks_of(services.custody))
    assert said["destroyed"]["places"] == 1


def test_a_position_can_be_deleted_without_withdrawing(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    page = customer.say_yes()
    told = customer.press(page, "/self/me/share", **HERE)
    gone = customer.press(told, "/self/me/drop")
    assert "位置已删除" in gone.text
    assert kept(customer, consent_of(page.text)) == []
    assert verdict(house, customer) == "UNKNOWN"


def test_a_position_is_for_a_day_whatever_its_row_says(house: Client, customer: Customer) -> None:
    house.number_case(customer.number)
    page = customer.say_yes()
    customer.press(page, "/self/me/share", **HERE)
    consent = consent_of(page.text)
    (row,) = kept(customer, consent)
    assert row.until - row.shared_at == timedelta(days=1)
    older = {"shared_at": row.shared_at - timedelta(days=1), "until": row.until - timedelta(days=1)}
    changed = sa.update(shared).where(shared.c.grant_id == consent)
    house.services.store.write(lambda tx: tx.execute(changed.values(**older)).rowcount)
    assert verdict(house, customer) == "UNKNOWN"
    Retention(house.services.vault, expiring()).run()
    assert kept(customer, consent) == []


def test_a_position_that_a_hand_moved_or_copied_tells_nothing(
    house: Client, customer: Customer, another: Customer
) -> None:
    house.number_case(customer.number)
    house.number_case(another.number)
    page, other = customer.say_yes(), another.say_yes()
    customer.press(page, "/self/me/share", **HERE)
    another.press(other, "/self/me/share", **HERE)
    (theirs,) = kept(customer, consent_of(page.text))
    mine = sa.update(shared).where(shared.c.grant_id == consent_of(other.text))
    copied = {"sealed": theirs.sealed, "key_id": theirs.key_id, "shared_at": theirs.shared_at, "until": theirs.until}
    house.services.store.write(lambda tx: tx.execute(mine.values(**copied)).rowcount)
    told = house.post("/v1/locations/verify", {"number": another.number, **ASKED, **NEAR}, by="agent")
    assert told.status_code in {403, 500}
    assert "verdict" not in told.json()
    later = sa.update(shared).where(shared.c.grant_id == consent_of(page.text))
    moved = {"shared_at": theirs.shared_at + timedelta(hours=3)}
    house.services.store.write(lambda tx: tx.execute(later.values(**moved)).rowcount)
    told = house.post("/v1/locations/verify", {"number": customer.number, **ASKED, **NEAR}, by="agent")
    assert told.json()["code"] == "tampered"


NONE = (
    {"lat": "91"},
    {"lon": "-180.1"},
    {"lat": "nan"},
    {"lon": "inf"},
    {"accuracy": "0"},
    {"accuracy": "-5"},
    {"accuracy": "100001"},
    {"accuracy": "nan"},
    {"lat": ""},
    {"lat": "31,2"},
    {"lat": "1" * 60},
    {"lat": "0x1f"},
    {"lat": "１２"},
    {"lat": "1_0"},
    {"lat": " 31.2"},
    {"lat": "+31.2"},
    {"lat": "31."},
    {"accuracy": "٦٠"},
    {"accuracy": "1e9999"},
)


def test_what_is_no_position_is_not_taken_and_not_told_back(customer: Customer) -> None:
    page = customer.say_yes()
    for changed in NONE:
        told = customer.press(page, "/self/me/share", **HERE | changed)
        assert told.status_code == 400, changed
        assert "31.2304" not in told.text + customer.client.log.getvalue()
    assert kept(customer, consent_of(page.text)) == []


def test_a_position_is_read_as_a_browser_writes_it(customer: Customer) -> None:
    page = customer.say_yes()
    for lat in ("-31.23040000000001", "1e-7", "0"):
        assert customer.press(page, "/self/me/share", **HERE | {"lat": lat}).status_code == 200


def test_a_position_goes_with_the_consent_that_a_second_yes_replaces(customer: Customer) -> None:
    first = customer.say_yes()
    assert customer.press(first, "/self/me/share", **HERE).status_code == 200
    second = customer.say_yes()
    assert consent_of(first.text) not in second.text
    assert kept(customer, consent_of(first.text)) == []


def test_a_consent_that_does_not_name_the_browser_has_no_button_and_takes_no_position(
    house: Client, customer: Customer
) -> None:
    services = house.services
    dpo = services.sign_in.asker(house.tokens["dpo"], services.now())
    notice = make_notice("customer-care", "acme-plain", "安客", "dpo@acme.example", ["stated"], "city", 30)
    services.consent.notices.publish(dpo, "acme", notice)
    page = customer.say_yes("acme-plain")
    assert "/self/me/share" not in page.text
    assert "share.js" not in page.text
    session = next(known["session"] for _, known in forms(page.text))
    told = customer.post("/self/me/share", {"session": session, "consent": consent_of(page.text), **HERE})
    assert told.status_code == 403
    assert kept(customer, consent_of(page.text)) == []


def test_a_withdrawn_consent_takes_no_position(customer: Customer) -> None:
    page = customer.say_yes()
    customer.press(page, "/self/me/withdraw")
    assert customer.press(page, "/self/me/share", **HERE).status_code == 403
    assert kept(customer, consent_of(page.text)) == []


def test_sharing_is_apart_optional_and_needs_a_script_that_all_else_does_not(customer: Customer) -> None:
    page = customer.say_yes().text
    assert '<button type="submit" hidden>分享我的位置</button>' in page
    assert "<noscript>" in page
    assert page.count("<script") == 1
    assert '<script src="/self/static/share.js" defer></script>' in page


def test_a_coordinate_is_in_no_page_log_row_or_file(house: Client, customer: Customer) -> None:
    precise = {"lat": "31.987654", "lon": "121.876543", "accuracy": "61.357911"}
    page = customer.say_yes()
    told = customer.press(page, "/self/me/share", **precise)
    customer.press(told, "/self/me")
    forms_of = ("987654", "876543", "357911", "31.98", "121.87")
    texts = [one.text + str(one.headers) for one in customer.shown] + [customer.client.log.getvalue()]
    assert [one for text in texts for one in forms_of if one in text] == []
    for path in [one for one in house.services.settings.store_dir.rglob("*") if one.is_file()]:
        data = path.read_bytes()
        assert [one for one in forms_of[:3] if one.encode() in data] == [], path


def test_a_page_that_is_off_leaves_the_questions_as_they_were(house: Client) -> None:
    from dataclasses import replace

    from haoma.app import Services

    with Services(replace(house.services.settings, self_url="")) as plain:
        assert [one.terms.name for one in plain.locate.sources] == ["segment"]
    assert [one.terms.name for one in house.services.locate.sources] == ["segment", "shared"]


def test_a_position_of_an_ended_consent_goes_although_another_needs_the_key(house: Client, customer: Customer) -> None:
    pages = [customer.say_yes(recipient) for recipient in (RECIPIENT, "acme-shop")]
    for page in pages:
        assert customer.press(page, "/self/me/share", **HERE).status_code == 200
    house.services.consent.withdrawals.by_receipt(customer.press(pages[0], "/self/me/receipt").text.strip())
    Retention(house.services.vault, expiring()).run()
    assert [len(kept(customer, consent_of(page.text))) for page in pages] == [0, 1]
