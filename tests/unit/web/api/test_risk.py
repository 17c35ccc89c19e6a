"""Whether a case adds up, as an analyst asks over HTTP."""

from __future__ import annotations

import pytest

from contracts.api import Client, publish

NUMBER = "13800138311"
ASKED = {"number": NUMBER, "purpose": "fraud-prevention", "recipient": "acme-risk"}
SHARED = {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 60}


@pytest.fixture(scope="module")
def ready(api: Client) -> Client:
    publish(api, "fraud-prevention", "acme-risk")
    api.number_case(NUMBER)
    api.consent(NUMBER, "fraud-prevention", "acme-risk")
    return api


def test_a_score_names_its_signals_in_words_and_no_place(ready: Client) -> None:
    said = [
        ready.post("/v1/risk", {**ASKED, "shared": SHARED, "declared": declared}, by="risk-analyst")
        for declared in ("上海市", "110000")
    ]
    calm, found = (one.json() for one in said)
    assert (calm["alarm"], calm["signals"]) == (False, [])
    assert found["score"] > calm["score"]
    [signal] = found["signals"]
    assert (signal["code"], signal["zh"]) == ("declared-contradicted", "声明的地区与证据不符。")
    assert 0.5 < signal["strength"] <= 1
    assert "上海" not in said[1].text


def test_a_score_is_for_analysts_and_shows_them_no_region(ready: Client) -> None:
    assert ready.post("/v1/risk", ASKED, by="agent").json()["reason"] == "policy"
    assert ready.post("/v1/locations/region", ASKED, by="risk-analyst").json()["reason"] == "policy"


def test_a_macro_region_is_no_declared_place(ready: Client) -> None:
    told = ready.post("/v1/risk", {**ASKED, "declared": "华东"}, by="risk-analyst")
    assert (told.status_code, told.json()["code"]) == (400, "bad-input")
