from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.carrier import PEM, RECYCLING, RETRIEVE, ROAMING, SIM_SWAP, Carrier, open_carrier
from contracts.desk import Desk
from haoma.locate.risk import SIGNALS

NUMBER = "13800138000"
ASKED = ("--tenant", "acme", "--purpose", "customer-care", "--recipient", "acme-desk")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk whose customer consented to a city, out of what their number and they themselves say."""
    folder: Path = tmp_path_factory.mktemp("desk")
    desk = Desk(folder)
    desk.open("acme")
    desk.add("ann", "agent")
    desk.add("dora", "dpo")
    (folder / "pia.txt").write_text("assessed")
    assess = ("consent", "notice", "assess", "pia.txt", "--tenant", "acme", "--purpose", "customer-care")
    desk.ok(*assess, "--until", "2028-12-31", by="dora")
    sources = [word for name in ("segment", "stated", "browser", "carrier") for word in ("--source", name)]
    shown = ("--name", "安客", "--contact", "privacy@acme.example", "--granularity", "city", "--days", "30")
    desk.ok("consent", "notice", "publish", *ASKED, *shown, *sources, by="dora")
    token = desk.ok("consent", "show", NUMBER, "--tenant", "acme", "--token-only", by="ann").strip()
    desk.ok("case", "open", token, by="ann")
    asked = desk.ok("consent", "request", NUMBER, *ASKED, "--holder-asks")
    said = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("messages"))
    code = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", said)[-1]
    desk.ok("consent", "grant", json.loads(asked)["request"], "--holder-asks", typed=(code,))
    return desk


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_shared_position_answers_for_a_store_and_a_region(desk: Desk) -> None:
    shared = ("31.2304,121.4737,60",)
    near = ("locate", "verify", NUMBER, *ASKED, "--shared", "--near")
    ended = desk.haoma(*near, "31.24,121.48", by="ann", typed=shared)
    assert (ended.returncode, rows(ended.stdout)[0]["verdict"]) == (0, "TRUE")
    assert "设备定位可信" in ended.stderr
    ended = desk.haoma(*near, "39.9,116.4", by="ann", typed=shared)
    assert (ended.returncode, rows(ended.stdout)[0]["verdict"]) == (1, "FALSE")
    [found] = rows(
        desk.ok("locate", "region", NUMBER, *ASKED, "--shared", "--finest", "macro-region", by="ann", typed=shared)
    )
    assert (found["region"], found["level"]) == ("华东", "macro-region")


def test_what_is_looked_up_comes_from_stdin_a_line_each(desk: Desk) -> None:
    heard = '{"wifiAccessPoints": [{"macAddress": "00:25:9c:00:00:01"}, {"macAddress": "00:25:9c:00:00:02"}]}'
    asked = ("locate", "region", NUMBER, *ASKED, "--shared", "--network", "--radio")
    ended = desk.haoma(*asked, by="ann", typed=("31.2304,121.4737,60", "180.76.76.76", heard))
    assert rows(ended.stdout)[0]["region"] == "上海市"
    assert "network did not answer" in ended.stderr
    assert "radio did not answer" in ended.stderr
    for lines in (("31.2304,121.4737,60", "180.76.76", heard), ("31.2304,121.4737,60", "180.76.76.76", "[1]")):
        ended = desk.haoma(*asked, by="ann", typed=lines)
        assert ended.returncode == 2
        assert not [one for one in ("180.76", "31.23") if one in ended.stderr]


def test_a_consent_to_a_city_shows_no_point(desk: Desk) -> None:
    ended = desk.haoma("locate", "place", NUMBER, *ASKED, "--shared", by="ann", typed=("31.2304,121.4737,60",))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "no point" in ended.stderr


def test_a_score_needs_a_consent_of_its_own(desk: Desk) -> None:
    asked = ("--tenant", "acme", "--purpose", "fraud-prevention", "--recipient", "acme-desk")
    assert desk.haoma("locate", "risk", NUMBER, *asked, by="ann").returncode == 3


def test_a_score_names_its_signals(desk: Desk) -> None:
    shared, asked = ("31.2304,121.4737,60",), ("locate", "risk", NUMBER, *ASKED, "--shared", "--declared")
    [calm] = rows(desk.ok(*asked, "上海市", by="ann", typed=shared))
    assert calm["alarm"] is False
    [found] = rows(desk.haoma(*asked, "北京市", by="ann", typed=shared).stdout)
    assert "declared-contradicted" in str(found["signals"])
    assert float(str(found["score"])) > float(str(calm["score"]))


def test_who_was_told_how_often_is_for_who_supervises(desk: Desk) -> None:
    desk.ok("locate", "verify", NUMBER, *ASKED, "--shared", "--in", "华东", by="ann", typed=("31.2304,121.4737,60",))
    ended = desk.haoma("locate", "disclosures", "--tenant", "acme", by="dora")
    assert ended.returncode == 0
    assert sum(int(str(row["disclosed"])) for row in rows(ended.stdout)) > 0
    assert "0 without a basis" in ended.stderr
    assert desk.haoma("locate", "disclosures", "--tenant", "acme", by="ann").returncode == 3


@pytest.mark.parametrize(
    "asked",
    [
        ("--in", "上海市", "--near", "31,121"),
        (),
        ("--near", "somewhere"),
        ("--near", "99,121"),
        ("--near", "31,121", "--within", "1"),
    ],
)
def test_what_is_no_question_is_told(desk: Desk, asked: tuple[str, ...]) -> None:
    ended = desk.haoma("locate", "verify", NUMBER, *ASKED, *asked, by="ann")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "13800138000" not in ended.stderr


@pytest.mark.parametrize("line", ["", "31.2", "31.2,121.4", "31.2,121.4,-5", "a,b,c", "31.2,121.4,60,7", "9" * 400])
def test_a_shared_position_that_is_none_is_told_without_it(desk: Desk, line: str) -> None:
    ended = desk.haoma("locate", "verify", NUMBER, *ASKED, "--shared", "--in", "上海市", by="ann", typed=(line,))
    assert ended.returncode == 2
    assert "31.2" not in ended.stderr.replace("31.2304", "")


def test_nobody_else_asks(desk: Desk) -> None:
    assert desk.haoma("locate", "verify", NUMBER, *ASKED, "--in", "上海市").returncode == 3
    assert desk.haoma("locate", "verify", NUMBER, *ASKED, "--in", "上海市", by="dora").returncode == 3
    assert desk.haoma("locate", "verify", "13800138001", *ASKED, "--in", "上海市", by="ann").returncode == 3


def test_what_was_learned_from_records_is_what_questions_are_answered_by(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = "2026-11-22T08:00:00Z"
    seen = [
        {"kind": "issued", "source": "segment", "at": at, "adcode": "110000", "confidence": 0.998},
        {"kind": "stated", "source": "crm", "at": at, "adcode": "310000", "address": "delivery"},
    ]
    record = json.dumps({"at": at, "truth": "310000", "seen": seen})
    asked = ("locate", "region", NUMBER, *ASKED, "--stated", "上海市")
    before = rows(desk.ok(*asked, by="ann"))[0]
    desk.ok("locate", "fit", "-", "--output", "priors.json", "--rounds", "3", typed=(record,) * 60)
    monkeypatch.setenv("HAOMA_FUSION_PRIORS", str(desk.folder / "priors.json"))
    after = rows(desk.ok(*asked, by="ann"))[0]
    assert float(str(after["confidence"])) > float(str(before["confidence"]))
    (desk.folder / "priors.json").write_text("{}")
    assert desk.haoma(*asked, by="ann").returncode == 2


def test_a_line_that_is_no_record_is_named(desk: Desk) -> None:
    ended = desk.haoma("locate", "fit", "-", "--output", "none.json", typed=("{}",))
    assert (ended.returncode, "line 1" in ended.stderr) == (2, True)


LEAP = ("31.2304,121.4737,20,0", "39.9042,116.4074,20,300", "39.9042,116.4074,20,600")


def signals_of(row: dict[str, object]) -> list[dict[str, object]]:
    found = row["signals"]
    assert isinstance(found, list)
    return found


def test_a_trail_is_the_rest_of_stdin(desk: Desk) -> None:
    asked = ("locate", "risk", NUMBER, *ASKED, "--shared", "--trail")
    ended = desk.haoma(*asked, by="ann", typed=("31.2304,121.4737,60", *LEAP))
    [found] = rows(ended.stdout)
    assert {"impossible-travel", "trail-breaks"} <= {str(one["signal"]) for one in signals_of(found)}
    assert (ended.returncode, found["alarm"], found["calibrated"]) == (1, True, False)
    still = ("31.2304,121.4737,60", "31.2304,121.4737,60,0", "31.2305,121.4738,60,60")
    [calm] = rows(desk.ok(*asked, by="ann", typed=still))
    assert (calm["alarm"], calm["signals"]) == (False, [])


@pytest.mark.parametrize(
    "trail",
    [(), ("",), ("33.9,118.7,60",), ("33.9,118.7,60,-5",), ("33.9,118.7,60,1.5",), ("93.9,118.7,60,1",), LEAP * 22],
)
def test_a_trail_that_is_none_is_told_without_it(desk: Desk, trail: tuple[str, ...]) -> None:
    ended = desk.haoma("locate", "risk", NUMBER, *ASKED, "--trail", by="ann", typed=trail)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert not [one for one in ("33.9", "93.9", "118.7", "39.9") if one in ended.stderr]


def test_a_score_is_a_probability_once_it_was_learned_from_cases(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("locate", "risk", NUMBER, *ASKED, "--trail")
    before = rows(desk.haoma(*asked, by="ann", typed=LEAP).stdout)[0]
    ends = [json.dumps({"log_odds": before["log_odds"], "bad": end % 4 == 0}) for end in range(100)]
    calm = json.dumps({"log_odds": -3.5, "bad": False})
    desk.ok("locate", "calibrate", "-", "--output", "calibration.json", typed=(*ends, calm))
    monkeypatch.setenv("HAOMA_RISK_CALIBRATION", str(desk.folder / "calibration.json"))
    after = rows(desk.haoma(*asked, by="ann", typed=LEAP).stdout)[0]
    assert (before["calibrated"], after["calibrated"]) == (False, True)
    assert after["log_odds"] == before["log_odds"]
    assert float(str(after["score"])) == pytest.approx(0.25, abs=0.03)
    for text in ("{}", "[]", "no json"):
        (desk.folder / "calibration.json").write_text(text)
        assert desk.haoma(*asked, by="ann", typed=LEAP).returncode == 2
    (desk.folder / "calibration.json").unlink()
    ended = desk.haoma(*asked, by="ann", typed=LEAP)
    assert (ended.returncode, "risk_calibration" in ended.stderr) == (2, True)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_cases_that_teach_nothing_leave_no_calibration(desk: Desk, method: str) -> None:
    alike = ('{"log_odds": -3.5, "bad": false}',) * 3
    for typed in ((), alike, ("{}",)):
        ended = desk.haoma("locate", "calibrate", "-", "--output", "none.json", "--method", method, typed=typed)
        assert ended.returncode == 2
    assert not (desk.folder / "none.json").exists()


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Carrier]:
    """A carrier and a radio service that the settings name."""
    key = tmp_path / "carrier.pem"
    key.write_bytes(PEM)
    key.chmod(0o600)
    with open_carrier() as carrier:
        named = {"CAMARA_URL": carrier.url, "CAMARA_ISSUER": carrier.url, "CAMARA_CLIENT_ID": "acme-desk"}
        files = {"CAMARA_KEY_FILE": str(key), "RADIO_URL": f"{carrier.url}/v1/geolocate"}
        for name, value in (named | files).items():
            monkeypatch.setenv(f"HAOMA_{name}", value)
        yield carrier


def test_every_signal_but_those_of_a_network_address_needs_no_database(desk: Desk, says: Carrier) -> None:
    now = datetime.now(UTC)
    at = {"lastLocationTime": now.isoformat(), "lastStatusTime": now.isoformat()}
    center = {"latitude": 30.57, "longitude": 104.07}
    says.says(RETRIEVE, {**at, "area": {"areaType": "CIRCLE", "center": center, "radius": 1000}})
    says.says(SIM_SWAP, {"latestSimChange": (now - timedelta(hours=3)).isoformat()})
    says.says(RECYCLING, {"phoneNumberRecycled": True})
    says.says(ROAMING, {**at, "roaming": True})
    says.says("/v1/geolocate", {"location": {"lat": 30.57, "lng": 104.07}, "accuracy": 30})
    heard = '{"wifiAccessPoints": [{"macAddress": "00:25:9c:00:00:01"}, {"macAddress": "00:25:9c:00:00:02"}]}'
    asked = ("locate", "risk", NUMBER, *ASKED, "--shared", "--radio", "--trail", "--declared", "北京市")
    ended = desk.haoma(*asked, by="ann", typed=("31.2304,121.4737,60", heard, *LEAP))
    [found] = rows(ended.stdout)
    assert {one["signal"] for one in signals_of(found)} == {*SIGNALS} - {"relayed", "issued-far-from-network"}
    assert (ended.returncode, "did not answer" in ended.stderr) == (1, False)
