from __future__ import annotations

import pytest

from contracts.api import Client
from haoma.access import Role
from haoma.web.api.numbers import TellsNumber

LANDLINE = "0571-88888888转8001"


def test_all_the_numbers_of_a_text_are_told(api: Client) -> None:
    told = api.post("/v1/numbers/parse", {"text": "010-65051166、65051156"}, by="agent")
    assert told.status_code == 200
    assert [one["national"] for one in told.json()["numbers"]] == ["(010) 6505 1166", "(010) 6505 1156"]


def test_a_text_without_a_number_is_answered_with_the_reason(api: Client) -> None:
    told = api.post("/v1/numbers/parse", {"text": "138001380001"}, by="agent").json()
    assert told == {"numbers": [], "reason": "too many digits"}


def test_a_lookup_tells_who_issued_a_number_and_who_says_so(api: Client) -> None:
    told = api.post("/v1/numbers/lookup", {"number": LANDLINE}, by="agent").json()
    assert (told["uri"], told["issued_in"]["city"]) == ("tel:+8657188888888;ext=8001", "杭州市")
    assert told["sources"][0]["title"]
    assert told["note"].startswith("issued, not located")


@pytest.mark.parametrize("text", [LANDLINE, "13800138000", "95588", "+49 30 123456", "nothing"])
def test_a_lookup_and_a_parse_tell_a_number_the_same_way(api: Client, text: str) -> None:
    looked_up = api.post("/v1/numbers/lookup", {"number": text}, by="agent").json()
    assert looked_up == TellsNumber.model_validate(looked_up).model_dump()
    parsed = api.post("/v1/numbers/parse", {"text": text}, by="agent").json()["numbers"]
    assert parsed == ([looked_up] if looked_up["valid"] else [])


def test_a_batch_has_a_row_for_each_text(api: Client) -> None:
    told = api.post("/v1/numbers/batch", {"texts": ["13800138000", "nothing", "95588"]}, by="agent").json()
    assert [row["kind"] for row in told["rows"]] == ["mobile", "invalid", "national_service"]


def test_the_national_numbers_of_another_country_are_read(api: Client) -> None:
    for path, field in (("parse", "text"), ("lookup", "number")):
        told = api.post(f"/v1/numbers/{path}", {field: "030 123456", "region": "DE"}, by="agent").json()
        assert "tel:+4930123456" in str(told)


@pytest.mark.parametrize("role", Role)
def test_everybody_who_is_known_reads_numbers(api: Client, role: Role) -> None:
    assert api.post("/v1/numbers/lookup", {"number": "95588"}, by=str(role)).status_code == 200


def test_a_machine_reads_numbers_where_its_key_was_made_for_it(api: Client) -> None:
    api.machine("reader", "agent", Role.AGENT, "read-number")
    api.machine("locator", "agent", Role.AGENT, "locate")
    for path, body in (("parse", {"text": "95588"}), ("lookup", {"number": "95588"}), ("batch", {"texts": ["95588"]})):
        assert api.post(f"/v1/numbers/{path}", body, by="reader").status_code == 200
        refused = api.post(f"/v1/numbers/{path}", body, by="locator")
        assert (refused.status_code, refused.json()["reason"]) == (403, "limit-scope")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"number": 13800138000}',
        b'{"number": "95588", "13800138000": 1}',
        b'{"number": "95588", "region": "13800138000"}',
        b'{"number": "95588", "region": "ZZ"}',
        b'{"text": "\\ud800", "number": "\\ud800"}',
        b'{"text": "' + b"1" * 5000 + b'"}',
        b'\xff{"text": "95588"}',
    ],
)
@pytest.mark.parametrize("path", ["parse", "lookup"])
def test_a_malformed_body_is_told_without_what_it_holds(api: Client, path: str, body: bytes) -> None:
    told = api.post(
        f"/v1/numbers/{path}", content=body.replace(b"number", b"text") if path == "parse" else body, by="agent"
    )
    assert (told.status_code, told.headers["Content-Type"]) == (400, "application/problem+json")
    assert told.json()["code"] == "bad-input"
    assert "1380013" not in told.text
