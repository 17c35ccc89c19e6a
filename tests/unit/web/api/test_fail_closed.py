"""What haoma needs does not answer: nothing is allowed because of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from contracts.api import Client, client_in, lines, opened_in, publish
from contracts.carrier import PEM
from contracts.routing import rules_in
from haoma.access import tables
from haoma.consent import make_notice

NUMBER = "13800138501"
CARE = {"purpose": "customer-care", "recipient": "acme-desk"}
CHANGES = (
    ("/v1/cases", {"number": NUMBER}),
    ("/v1/consents/requests", {**CARE, "number": NUMBER}),
    ("/v1/approvals", {"action": "reveal-number", "payload": {}}),
)
ASKS = (
    ("POST", "/v1/consents/show", {"number": NUMBER}),
    ("POST", "/v1/tokens/resolve", {"token": "loc.aaaa"}),
    ("POST", "/v1/locations/verify", {**CARE, "number": NUMBER, "region": "华东"}),
    ("POST", "/v1/locations/region", {**CARE, "number": NUMBER}),
    ("POST", "/v1/risk", {**CARE, "number": NUMBER}),
    ("POST", "/v1/routes", {**CARE, "number": NUMBER}),
    ("GET", "/v1/cases", None),
    ("GET", "/v1/approvals", None),
    ("GET", "/v1/ledger/entries", None),
)
NUMBERS = (
    ("POST", "/v1/numbers/parse", {"text": "95588"}),
    ("POST", "/v1/numbers/lookup", {"number": "95588"}),
    ("POST", "/v1/numbers/batch", {"texts": ["95588"]}),
    ("POST", "/v1/routes/desk", {"language": "en"}),
)


def refused(client: Client, *asks: tuple[str, str, object]) -> None:
    for method, path, body in asks:
        told = client.ask(method, path, body, by="agent")
        assert (told.status_code, told.json()["code"]) == (503, "unavailable"), (path, told.text)
        assert str(client.services.settings.store_dir) not in told.text
        assert "://" not in told.text


def test_where_the_policy_cannot_be_read_nothing_is_allowed(tmp_path: Path) -> None:
    with client_in(tmp_path, route_rules=rules_in(tmp_path / "rules")) as client:
        client.number_case(NUMBER)
        row = {"text": "permit", "digest": "0" * 64, "since": datetime.now(UTC), "approval_id": "x"}
        client.services.store.write(lambda tx: tx.execute(sa.insert(tables.policies).values(**row)).rowcount)
        refused(client, *NUMBERS, *ASKS[:1], *ASKS[2:], *(("POST", path, body) for path, body in CHANGES[:2]))
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["policy"], ready.json()["database"]) == (503, "down", "up")


def test_where_the_database_is_gone_nothing_is_decided(tmp_path: Path) -> None:
    with client_in(tmp_path, route_rules=rules_in(tmp_path / "rules")) as client:
        publish(client)
        client.number_case(NUMBER)
        place = client.services.settings.store_dir
        (place / "haoma.db").rename(place / "elsewhere.db")
        refused(client, *ASKS, *(("POST", path, body) for path, body in CHANGES))
        assert str(lines(client)[-1]["trouble"]).startswith(f"{place / 'haoma.db'}: ")


def test_where_the_custody_does_not_answer_nothing_is_decided_opened_or_sealed(tmp_path: Path) -> None:
    with client_in(tmp_path, route_rules=rules_in(tmp_path / "rules")) as client:
        tokens = client.tokens
    with opened_in(
        tmp_path,
        tokens,
        route_rules=tmp_path / "rules" / "rules.toml",
        vault_custody="transit+http://127.0.0.1:9/transit",
    ) as client:
        refused(client, *ASKS, *(("POST", path, body) for path, body in CHANGES))
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["keys"], ready.json()["policy"]) == (503, "down", "up")


def test_where_the_carrier_does_not_answer_nobody_is_said_to_be_anywhere(tmp_path: Path) -> None:
    key = tmp_path / "carrier.pem"
    key.write_bytes(PEM)
    key.chmod(0o600)
    carrier = {
        "camara_url": "http://127.0.0.1:9",
        "camara_issuer": "http://127.0.0.1:9",
        "camara_client_id": "acme-desk",
    }
    with client_in(tmp_path, **carrier, camara_key_file=key) as client:
        publish(client)  # an assessment
        dpo = client.services.sign_in.asker(client.tokens["dpo"], datetime.now(UTC))
        alone = make_notice(*CARE.values(), "安客", "dpo@acme.example", ["carrier"], "city", 30)
        client.services.consent.notices.publish(dpo, "acme", alone)
        client.number_case(NUMBER)
        client.consent(NUMBER)
        asked = {**CARE, "number": NUMBER}
        said = client.post("/v1/locations/verify", {**asked, "region": "华东"}, by="agent")
        assert said.status_code == 200, said.text
        assert (said.json()["verdict"], said.json()["silent"]) == ("UNKNOWN", ["carrier"])
        found = client.post("/v1/locations/region", asked, by="agent").json()
        assert (found["region"], found["confidence"], found["token"]) == (None, None, None)
