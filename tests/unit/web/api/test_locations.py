"""A customer who consented is asked about, region and store, and the answer's token resolves for who asked."""

from __future__ import annotations

import asyncio
import json
import uuid
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from contracts.api import Client, publish
from haoma.access import Role
from haoma.web.api.locations import TellsVerdict

CARE = {"purpose": "customer-care", "recipient": "acme-desk"}
SHANGHAI = {"lat": 31.2304, "lon": 121.4737}
SHARED = {**SHANGHAI, "accuracy_m": 60}
STORE = {"lat": 31.24, "lon": 121.48, "within_m": 3000}
NUMBER = "13800138301"
VERIFY, REGION, PLACE = "/v1/locations/verify", "/v1/locations/region", "/v1/locations/place"


@pytest.fixture(scope="module")
def ready(api: Client) -> Client:
    """A customer who consented to a city."""
    publish(api)
    api.number_case(NUMBER)
    api.consent(NUMBER)
    return api


def about(**more: object) -> dict[str, object]:
    return {**CARE, "number": NUMBER, **more}


def reason_of(api: Client, path: str, body: object, by: str = "agent") -> str:
    told = api.post(path, body, by=by)
    assert told.status_code == 403, told.text
    return str(told.json()["reason"])


def disclosed(api: Client) -> int:
    dpo = api.services.sign_in.asker(api.tokens["dpo"], datetime.now(UTC))
    found = api.services.locate.disclosed(dpo, "acme", datetime.now(UTC) - timedelta(days=1))
    return sum(one.disclosed for one in found)


@pytest.mark.parametrize(
    ("area", "verdict"),
    [
        ({"near": STORE}, "TRUE"),
        ({"near": {"lat": 39.9, "lon": 116.4}}, "FALSE"),
        ({"region": "华东"}, "TRUE"),
        ({"region": "310000"}, "TRUE"),
        ({"region": "浙江"}, "FALSE"),
    ],
)
def test_a_shared_position_answers_for_a_store_and_for_regions(
    ready: Client, area: dict[str, object], verdict: str
) -> None:
    said = ready.post(VERIFY, about(shared=SHARED, **area), by="agent").json()
    assert (said["verdict"], said["match_rate"], said["silent"]) == (verdict, None, [])
    assert {"code", "zh", "en"} == set(said["reasons"][0])
    assert "device-trusted" in [one["code"] for one in said["reasons"]]
    assert said["entry"] > 0


def test_a_verdict_has_the_form_of_its_model(ready: Client) -> None:
    for more in ({"shared": SHARED, "near": STORE}, {"region": "浙江"}):
        text = ready.post(VERIFY, about(**more), by="agent").text
        assert TellsVerdict.model_validate_json(text).model_dump_json() == text


def test_no_question_reads_a_table_from_end_to_end(ready: Client) -> None:
    ready.machine("planned", "agent", Role.AGENT, "locate")
    store, said = ready.services.store, list[str]()

    def listen(tx: sa.Connection) -> None:
        driver: Any = tx.connection.dbapi_connection
        driver.set_trace_callback(said.append)

    with store.read() as tx:
        listen(tx)
    store.write(listen)
    assert ready.post(VERIFY, about(region="华东"), by="planned").status_code == 200
    asked = [one for one in said if one.startswith(("SELECT", "INSERT", "UPDATE"))]
    assert len(asked) > 10
    with store.read() as tx:
        plans = [str(row[-1]) for one in asked for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}")]
    assert {one for one in plans if one.startswith("SCAN")} <= {"SCAN v"}  # the one version in force


@pytest.mark.parametrize("path", [VERIFY, REGION])
def test_a_body_that_is_wrong_everywhere_is_told_once_and_holds_up_nobody(ready: Client, path: str) -> None:
    told = ready.post(path, {f"a{at}": at for at in range(6_000)}, by="agent")
    assert (told.status_code, told.json()["reason"]) == (400, "malformed")
    assert [one["at"] for one in told.json()["errors"]] == ["body"]


def test_whoever_asks_at_once_gets_their_own_answer_and_each_is_counted(ready: Client) -> None:
    ready.machine("many", "agent", Role.AGENT, "locate")
    ready.machine("strange", "agent@other", Role.AGENT, "locate")
    asked: list[tuple[str, dict[str, object], int, str | None]] = [
        ("many", about(region="浙江"), 200, "FALSE"),
        ("many", about(shared=SHARED, region="华东"), 200, "TRUE"),  # goes on in a thread of its own
        ("strange", about(region="华东"), 403, None),
        ("nobody", about(region="华东"), 401, None),
        ("many", about(region="Atlantis"), 404, None),
        ("many", about(), 400, None),
        ("many", {**about(region="华东"), "number": "13800138399"}, 403, None),
    ]
    many, before = asked * 12, disclosed(ready)

    async def all_of_them() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(ready.app), base_url="http://haoma.test") as http:
            shown = [{"Authorization": f"Bearer {ready.tokens.get(by, 'haoma_key_none')}"} for by, *_ in many]
            return await asyncio.gather(
                *(http.post(VERIFY, json=body, headers=one) for one, (_, body, *_) in zip(shown, many, strict=True))
            )

    answers = ready.runner.run(all_of_them())
    assert [one.status_code for one in answers] == [code for *_, code, _ in many]
    assert [one.json().get("verdict") for one in answers] == [verdict for *_, verdict in many]
    assert len({one.json()["entry"] for one in answers if one.status_code == 200}) == 24
    assert disclosed(ready) == before + 24


def test_what_is_not_known_finely_enough_is_unknown(ready: Client) -> None:
    said = ready.post(VERIFY, about(stated={"region": "上海市"}, near=STORE), by="agent").json()
    assert said["verdict"] == "UNKNOWN"


def test_what_is_old_counts_for_less(ready: Client) -> None:
    fresh, old = (ready.post(REGION, about(shared={**SHARED, "age_s": age}), by="agent").json() for age in (0, 604_800))
    assert fresh["confidence"] > (old["confidence"] or 0)


def test_a_region_is_as_coarse_as_asked_and_its_token_resolves_for_who_asked(ready: Client) -> None:
    said = ready.post(REGION, about(shared=SHARED, finest="macro-region"), by="agent").json()
    assert said["region"] == {"name": "华东", "adcode": None, "level": "macro-region"}
    assert said["confidence"] > 0.9
    found = ready.post("/v1/tokens/resolve", {"token": said["token"]}, by="agent").json()
    assert json.loads(b64decode(found["value"]))["name"] == "华东"
    assert (found["purpose"], found["until"]) == ("customer-care", said["until"])
    for by in ("risk-analyst", "dpo", "agent@other"):
        assert ready.post("/v1/tokens/resolve", {"token": said["token"]}, by=by).status_code == 403


def test_number_and_token_name_one_customer(ready: Client) -> None:
    subject = ready.post("/v1/consents/show", {"number": NUMBER}, by="agent").json()["subject"]
    said = ready.post(REGION, {**CARE, "subject": subject, "shared": SHARED}, by="agent").json()
    assert said["region"] == {"name": "上海市", "adcode": "310000", "level": "city"}


def test_nothing_is_told_before_a_consent_and_after_its_end(ready: Client) -> None:
    number = "13800138302"
    ready.number_case(number)
    asked = {**CARE, "number": number, "shared": SHARED}
    assert reason_of(ready, REGION, asked) == "no-grant"
    consent = ready.consent(number)
    key = str(uuid.uuid4())
    token = ready.post(REGION, asked, by="agent", key=key).json()["token"]
    ready.post(f"/v1/consents/{consent}/withdraw", by="agent")
    assert reason_of(ready, REGION, asked) == "withdrawn"
    assert reason_of(ready, VERIFY, {**asked, "near": STORE}) == "withdrawn"
    assert ready.post("/v1/tokens/resolve", {"token": token}, by="agent").status_code == 403
    again = ready.post(REGION, asked, by="agent", key=key)
    assert (again.status_code, again.json()["reason"]) == (403, "withdrawn"), "no key brings an answer back"


def test_each_time_it_is_asked_is_counted(ready: Client) -> None:
    before, key = disclosed(ready), str(uuid.uuid4())
    first, again = (ready.post(VERIFY, about(shared=SHARED, near=STORE), by="agent", key=key) for _ in range(2))
    assert again.json()["entry"] > first.json()["entry"]
    assert disclosed(ready) == before + 2


def test_another_purpose_is_another_consent_and_nobody_is_located_for_marketing(ready: Client) -> None:
    assert reason_of(ready, REGION, about(purpose="marketing")) == "purpose-never"
    assert ready.post(REGION, about(purpose="delivery"), by="agent").status_code == 403


def test_a_consent_to_yes_or_no_shows_no_region(ready: Client) -> None:
    publish(ready, "identity-verification", "acme-door", "yes-no", 1)
    number = "13800138303"
    ready.number_case(number)
    ready.consent(number, "identity-verification", "acme-door")
    asked = {"number": number, "purpose": "identity-verification", "recipient": "acme-door", "shared": SHARED}
    said = ready.post(VERIFY, {**asked, "region": "上海市"}, by="agent").json()
    assert said["verdict"] == "TRUE"
    assert reason_of(ready, REGION, asked) == "granularity"


@pytest.fixture(scope="module")
def roadside(api: Client) -> dict[str, object]:
    """What is asked about a customer who consented to the exact place, for help on the road."""
    publish(api, "service-provision", "acme-road", "point", 1)
    number = "13800138304"
    api.number_case(number)
    api.consent(number, "service-provision", "acme-road")
    return {"number": number, "purpose": "service-provision", "recipient": "acme-road"}


def test_a_point_is_told_to_who_consented_to_one_and_its_token_resolves(
    ready: Client, roadside: dict[str, object]
) -> None:
    said = ready.post(PLACE, {**roadside, "shared": SHARED}, by="agent").json()
    circle = said["circle"]
    assert (round(circle["latitude"], 2), round(circle["longitude"], 2)) == (31.23, 121.47)
    assert circle["radius_m"] < 300
    assert 0.9 <= circle["coverage"] < 1
    found = ready.post("/v1/tokens/resolve", {"token": said["token"]}, by="agent").json()
    assert json.loads(b64decode(found["value"])) == circle


def test_without_a_position_no_point_is_told(ready: Client, roadside: dict[str, object]) -> None:
    said = ready.post(PLACE, {**roadside, "stated": {"region": "上海市"}}, by="agent").json()
    assert (said["circle"], said["token"], said["reasons"][0]["code"]) == (None, None, "no-position")


def test_a_consent_to_a_city_shows_no_point(ready: Client) -> None:
    assert reason_of(ready, PLACE, about(shared=SHARED)) == "granularity"


def test_an_address_that_cannot_be_looked_up_is_told_as_silent_and_never_told_back(ready: Client) -> None:
    network = {"address": "180.76.253.254", "kind": "mobile"}
    radio = {"access_points": [{"mac": "00:25:9c:a0:b1:c2"}, {"mac": "00:25:9c:a0:b1:c3", "ssid": "x_nomap"}]}
    told = ready.post(REGION, about(network=network, radio=radio), by="agent")
    assert set(told.json()["silent"]) == {"network", "radio"}
    assert told.json()["credits"] == []
    wrong = [
        {"network": {"address": "180.76.253.254.1"}},
        {"network": {**network, "kind": "180.76.253.254"}},
        {"radio": {"access_points": [{"mac": "00:25:9c:a0:b1:c2:d3"}]}},
        {"radio": {"access_points": [{"mac": "00:25:9c:a0:b1:zz"}]}},
    ]
    texts = [told.text, ready.log.getvalue()]
    for more in wrong:
        refused = ready.post(REGION, about(**more), by="agent")
        assert refused.status_code == 400, refused.text
        texts.append(refused.text)
    assert not [one for one in ("180.76", "a0:b1", "259c") if one in " ".join(texts)]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, 400),
        ({"region": "上海市", "near": STORE}, 400),
        ({"region": "上海市", "subject": "acme.a1.x"}, 400),
        ({"near": {"lat": 91, "lon": 0}}, 400),
        ({"near": {**SHANGHAI, "within_m": 10}}, 400),
        ({"region": "330106"}, 400),
        ({"region": "上海市", "stated": {"region": "华东"}}, 400),
        ({"region": "上海市", "shared": {**SHARED, "accuracy_m": 0}}, 400),
        ({"region": "亚特兰蒂斯"}, 404),
        ({"region": "990000"}, 404),
    ],
)
def test_what_is_no_question_is_told(ready: Client, more: dict[str, object], status: int) -> None:
    told = ready.post(VERIFY, about(**more), by="agent")
    assert told.status_code == status, told.text
    assert NUMBER not in told.text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_what_is_no_number_of_degrees_is_malformed(ready: Client, number: str) -> None:
    body = json.dumps(about(near={"lat": 7, "lon": 1})).replace('"lat": 7', f'"lat": {number}')
    told = ready.post(VERIFY, by="agent", content=body.encode())
    assert (told.status_code, told.json()["reason"]) == (400, "malformed")
