"""A number that goes through everything, looked for wherever it must not be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contracts.api import client_in, publish
from contracts.routing import rules_in
from haoma.access import Role

CANARY = "13800138666"
FORMS = (CANARY, "138 0013 8666", "138-0013-8666", f"+86{CANARY}", "0013 8666", "00138666")
LAT, LON = 31.987654, 121.876543
POINTS = ("31.987", "121.876", "987654", "876543", "114.114.77", "259ca0b1", "25:9c:a0:b1")
HEARD = {
    "network": {"address": "114.114.77.99"},
    "radio": {"access_points": [{"mac": "00:25:9c:a0:b1:c2"}, {"mac": "00259ca0b1c3"}]},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary")


def test_a_number_is_in_no_log_metric_header_problem_url_or_file(place: Path) -> None:
    shown, asked = list[str](), {"number": CANARY, "purpose": "customer-care", "recipient": "acme-desk"}
    with client_in(place, api_metrics=True, api_rate_per_min=1_000_000) as client:
        publish(client)
        client.machine("gateway", "agent", Role.AGENT, "take-reply")

        def post(path: str, body: object, by: str | None = "agent", **more: object) -> dict[str, object]:
            told = client.post(path, body, by=by, **more)
            shown.append(str(told.headers) + (told.text if "/numbers/" not in path or told.status_code >= 400 else ""))
            return dict(told.json())

        for form in FORMS:
            post("/v1/numbers/parse", {"text": form})
            post("/v1/numbers/lookup", {"number": form})
            post("/v1/numbers/lookup", {"number": form, form: form})
            post("/v1/numbers/parse", {"text": form, "region": form})
            post("/v1/numbers/parse", {form: form}, by=None)
            post(f"/v1/{form}", {"number": form})
            post(f"/v1/numbers/parse?number={form}", {"text": form})
            post("/v1/cases", {"number": form}, headers={"Idempotency-Key": form})
            post("/v1/cases", {"subject": form})
            post("/v1/consents/show", {"number": form, "subject": form})
            post("/v1/tokens/resolve", {"token": form})
            post("/v1/consents/replies", {"number": form, "text": form}, by="gateway")
            post("/v1/emergencies", {"number": form, "recipient": form, "reason": form, "reference": form})
            post("/v1/approvals", {"action": form, "payload": {"why": "x"}})
            post("/v1/approvals", {"action": "change-hotline", "payload": {form: form}}, by="hotline-editor")
            post("/v1/numbers/lookup", {"number": "95588"}, headers={"User-Agent": form, "traceparent": form})
            shown.append(client.get(f"/v1/cases?cursor={form}", by="agent").text)
            shown.append(client.get("/v1/cases", headers={"Authorization": f"Bearer {form}"}).text)
            shown.append(client.get(f"/v1/consents/{form}/receipt", by="agent").text)
        post("/v1/emergencies", {"number": CANARY, "recipient": "police", "reason": "fire", "reference": "f-1"})
        request = post("/v1/consents/requests", asked)["request"]
        answer = {"answer": "yes", "code": client.code}
        consent = post(f"/v1/consents/requests/{request}/answer", answer)["consent"]
        post("/v1/consents/show", {"number": CANARY})
        post(f"/v1/consents/{consent}/withdraw", None)
        post("/v1/consents/replies", {"number": CANARY, "text": "撤回"}, by="gateway")
        key = {"Authorization": f"Bearer {client.services.keys.metrics()}"}
        shown += [client.get("/metrics", headers=key).text, client.log.getvalue()]
    for text in shown:
        found = [form for form in FORMS if form in text]
        assert not found, (found, re.sub(r"\s+", " ", text)[:300])
    for path in [one for one in place.rglob("*") if one.is_file()]:
        data = path.read_bytes()
        assert not [form for form in FORMS if form.encode() in data], path


def test_a_coordinate_is_in_no_answer_log_metric_problem_or_file(place: Path) -> None:
    shown, number = list[str](), "13800138667"
    shared, near = {"lat": LAT, "lon": LON, "accuracy_m": 60}, {"lat": LAT, "lon": LON, "within_m": 3000}
    rules = rules_in(place / "rules")
    with client_in(place / "points", route_rules=rules, api_metrics=True, api_rate_per_min=1_000_000) as client:
        publish(client)
        client.number_case(number)
        client.consent(number)
        asked = {"number": number, "purpose": "customer-care", "recipient": "acme-desk", "shared": shared, **HEARD}
        wrong: list[dict[str, object]] = [
            {"near": {**near, "lat": 90 + LAT}},
            {"near": {**near, "lat": str(LAT)}},
            {"near": {**near, f"{LAT}": LON}},
            {"near": {"lat": LAT}},
            {"near": [LAT, LON]},
            {"near": near, "region": f"{LAT},{LON}"},
            {"region": f"{LAT},{LON}"},
            {"shared": {**shared, "lon": 180 + LON}, "region": "上海市"},
            {"stated": {"region": f"{LAT}"}, "region": "上海市"},
            {"network": {"address": "114.114.77.999"}, "region": "上海市"},
            {"network": {"114.114.77.99": 1}, "region": "上海市"},
            {"radio": {"access_points": [{"mac": "00:25:9c:a0:b1:c2:d3"}]}, "region": "上海市"},
        ]
        for changed in wrong:
            told = client.post("/v1/locations/verify", {**asked, **changed}, by="agent")
            assert told.status_code in {400, 404}, told.text
            shown.append(told.text)
        fix = {**shared, "radio": HEARD["radio"]}
        for trail in (
            [{**fix, "lat": 90 + LAT}],
            [{**fix, f"{LAT}": 1}],
            [fix] * 65,
            [fix] * 9,
            f"{LAT},{LON}",
            [[LAT]],
        ):
            told = client.post("/v1/risk", {**asked, "trail": trail}, by="agent")
            assert told.status_code == 400, told.text
            shown.append(told.text)
        for path, more in (
            ("/v1/locations/verify", {"near": near}),
            ("/v1/locations/region", {}),
            ("/v1/risk", {"declared": "北京市", "trail": [fix, {**fix, "lon": LON - 9, "age_s": 60}]}),
            ("/v1/routes", {"language": "en"}),
        ):
            told = client.post(path, {**asked, **more}, by="agent")
            assert told.status_code == 200, told.text
            shown += [told.text, str(told.headers), client.get(f"{path}?at={LAT},{LON}", by="agent").text]
        key = {"Authorization": f"Bearer {client.services.keys.metrics()}"}
        shown += [client.get("/metrics", headers=key).text, client.log.getvalue()]
    for text in shown:
        assert not [form for form in POINTS if form in text], text[:300]
    for path in [one for one in (place / "points").rglob("*") if one.is_file()]:
        assert not [form for form in POINTS if form.encode() in path.read_bytes()], path
