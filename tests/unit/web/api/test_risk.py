"""Whether a case adds up, as an analyst asks over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from contracts.api import Client, client_in, publish
from contracts.carrier import BEGIN, PEM, RECYCLING, RETRIEVE, ROAMING, SIM_SWAP, Carrier, Reply, open_carrier
from contracts.mmdb import SHANGHAI as AT_SHANGHAI
from contracts.mmdb import write_mmdb
from haoma.locate.risk import SIGNALS
from haoma.locate.sources.ip_files import take_in
from haoma.locate.sources.network import NetworkAddress

NUMBER = "13800138311"
ASKED = {"number": NUMBER, "purpose": "fraud-prevention", "recipient": "acme-risk"}
SHANGHAI, BEIJING = (31.2304, 121.4737), (39.9042, 116.4074)
SHARED = {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 60}


class Told(NamedTuple):
    """What a service told of a case."""

    alarm: bool
    codes: set[str]
    silent: tuple[str, ...] = ()


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


def test_a_trail_that_nobody_travels_is_an_alarm_and_a_calm_one_is_not(ready: Client) -> None:
    away = {**SHARED, "lat": 39.9042, "lon": 116.4074, "age_s": 300}
    leap, calm = (
        ready.post("/v1/risk", {**ASKED, "trail": trail}, by="risk-analyst").json()
        for trail in ([SHARED, away], [SHARED, {**SHARED, "age_s": 300}])
    )
    assert {"impossible-travel", "trail-breaks"} <= {signal["code"] for signal in leap["signals"]}
    assert (leap["alarm"], leap["calibrated"], leap["log_odds"] > 0) == (True, False, True)
    assert (calm["alarm"], calm["signals"], calm["log_odds"]) == (False, [], -3.5)


def test_a_trail_is_for_risk_alone(ready: Client) -> None:
    told = ready.post("/v1/locations/region", {**ASKED, "trail": [SHARED]}, by="agent")
    assert (told.status_code, told.json()["code"]) == (400, "bad-input")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """What a service with carrier, radio and a database of addresses tells where all is fine, and where nothing is."""
    place = tmp_path_factory.mktemp("all")
    key = place / "carrier.pem"
    key.write_bytes(PEM)
    key.chmod(0o600)
    with open_carrier() as carrier:
        carrier.says(BEGIN, {"auth_req_id": "req-1", "expires_in": 120, "interval": 0})
        carrier.says(RECYCLING, {"phoneNumberRecycled": False})
        named = {"camara_url": carrier.url, "camara_issuer": carrier.url, "camara_client_id": "acme-desk"}
        with client_in(place, **named, camara_key_file=key, radio_url=f"{carrier.url}/v1/geolocate") as client:
            take_in(place / "ip", [write_mmdb(place / "ip.mmdb", {"180.76.0.0/16": AT_SHANGHAI})], "1", "sha512-x")
            client.services.gathering.readers["network"] = NetworkAddress(place / "ip")
            publish(client, "fraud-prevention", "acme-risk")
            client.number_case(NUMBER)
            client.consent(NUMBER, "fraud-prevention", "acme-risk")
            return {name: told_of(client, carrier, name) for name in ("fine", "false", "half")}


def told_of(client: Client, carrier: Carrier, name: str) -> Told:
    fine, now, there = name == "fine", datetime.now(UTC), SHANGHAI if name == "fine" else BEIJING
    at = {"lastLocationTime": now.isoformat(), "lastStatusTime": now.isoformat()}
    center = {"latitude": there[0], "longitude": there[1]}
    carrier.says(RETRIEVE, {**at, "area": {"areaType": "CIRCLE", "center": center, "radius": 1000}})
    carrier.says(SIM_SWAP, {"latestSimChange": None if fine else (now - timedelta(hours=3)).isoformat()})
    carrier.says(RECYCLING, Reply({}, 503) if name == "half" else {"phoneNumberRecycled": not fine})
    carrier.says(ROAMING, {**at, "roaming": not fine})
    carrier.says("/v1/geolocate", {"location": {"lat": there[0], "lng": there[1]}, "accuracy": 30})
    heard = {"access_points": [{"mac": "00:25:9c:00:00:01"}, {"mac": "00:25:9c:00:00:02"}]}
    lons = [121.4737 - (0 if fine else 9) * (step % 2) for step in range(4)]
    trail = [{**SHARED, "lon": lon, "age_s": 60.0 * step, "radio": heard} for step, lon in enumerate(lons)]
    network = {} if fine else {"network": {"address": "180.76.76.76", "kind": "fixed"}}
    asked = {**ASKED, **network, "declared": "上海市" if fine else "成都市", "shared": SHARED, "trail": trail}
    told = client.post("/v1/risk", asked, by="risk-analyst")
    assert told.status_code == 200, told.text
    said = told.json()
    return Told(said["alarm"], {signal["code"] for signal in said["signals"]}, tuple(said["silent"]))


@pytest.mark.parametrize("code", SIGNALS)
def test_every_signal_can_be_reached_over_http(found: dict[str, Told], code: str) -> None:
    assert code in found["false"].codes
    assert (found["false"].alarm, found["false"].silent) == (True, ())
    assert found["fine"] == Told(False, set())


def test_a_carrier_that_does_not_tell_of_holders_is_silent_and_what_else_it_tells_counts(
    found: dict[str, Told],
) -> None:
    assert found["half"] == Told(True, {*SIGNALS} - {"number-recycled"}, ("carrier",))
