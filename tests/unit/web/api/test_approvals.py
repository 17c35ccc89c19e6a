from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from contracts.api import Client
from haoma.numbers import parse
from haoma.vault.model import SubjectToken

PATH = "/v1/approvals"
UID = "12345678-1234-4123-8123-123456789012"


def hotlines(reason: str = "founded", **fields: object) -> dict[str, object]:
    """A request that the registry take up an organisation."""
    said = {"name": "安盈基金", "aliases": [], "domains": []} | fields
    change = {"do": "add-organisation", "uid": UID, "version": 0, "fields": said}
    return {"action": "change-hotline", "payload": {"reason": reason, "changes": [change]}}


def voted(api: Client, made: dict[str, str], by: str, vote: str = "approve") -> dict[str, object]:
    body = {"vote": vote, "role": by, "digest": made["digest"]}
    told = api.post(f"{PATH}/{made['approval']}/votes", body, by=by)
    assert told.status_code == 200, told.text
    return told.json()


def test_a_number_is_revealed_by_two_others_once_and_to_who_requested_it(api: Client) -> None:
    number = "13800138301"
    subject = api.number_case(number)
    sealed(api, subject, number)
    body = {
        "action": "reveal-number",
        "payload": {"subject": subject, "purpose": "customer-care", "reason": "call-back"},
    }
    made = api.post(PATH, body, by="agent")
    assert made.status_code == 201, made.text
    seen = api.get(f"{PATH}/{made.json()['approval']}", by="approver").json()
    assert seen["payload"] == body["payload"]
    assert made.json()["approval"] in api.get(f"{PATH}?limit=100", by="approver").text
    assert voted(api, made.json(), "approver")["state"] == "requested"
    assert voted(api, made.json(), "dpo")["state"] == "approved"
    path, key = f"{PATH}/{made.json()['approval']}/run", str(uuid.uuid4())
    assert api.post(path, by="dpo").status_code == 403
    ran = api.post(path, by="agent", key=key)
    assert ran.status_code == 200, ran.text
    assert number in ran.text
    again = api.post(path, by="agent", key=key)
    assert (again.status_code, again.json()["state"]) == (200, "done")
    assert number not in again.text
    assert api.post(path, by="agent").status_code == 409


def test_a_request_is_refused_by_another_or_taken_back_by_who_made_it(api: Client) -> None:
    first, second = (api.post(PATH, hotlines(), by="hotline-editor").json() for _ in range(2))
    assert voted(api, first, "approver", "refuse")["state"] == "refused"
    taken = api.post(f"{PATH}/{second['approval']}/withdraw", by="hotline-editor")
    assert taken.json()["state"] == "withdrawn"
    assert api.post(f"{PATH}/{second['approval']}/withdraw", by="hotline-editor").status_code == 409


def test_a_payload_with_a_number_is_not_written_down(api: Client) -> None:
    for body in (hotlines("call 13800138000"), hotlines(aliases=["138-0013-8000"])):
        told = api.post(PATH, body, by="hotline-editor")
        assert (told.status_code, told.json()["code"]) == (400, "bad-input")
        assert "0013" not in told.text


def test_what_is_no_vote_is_bad_input_and_one_for_something_else_a_conflict(api: Client) -> None:
    made = api.post(PATH, hotlines(), by="hotline-editor").json()
    path = f"{PATH}/{made['approval']}/votes"
    for body in ({"vote": "maybe"}, {"vote": "approve", "role": "king", "digest": "0" * 64}):
        assert api.post(path, body, by="approver").status_code == 400
    other = {"vote": "approve", "role": "approver", "digest": "0" * 64}
    assert api.post(path, other, by="approver").status_code == 409


def test_a_hotline_is_asked_for_over_http_approved_by_one_and_run(api: Client) -> None:
    of, line = str(uuid.uuid4()), str(uuid.uuid4())
    body = hotlines(name=f"安盈 {of[:4]}")
    body["payload"]["changes"][0]["uid"] = of
    said = {"organisation": of, "number": "tel:4008109090;phone-context=+86", "purposes": ["客服"], "channels": []}
    said |= {
        "valid_from": "2026-11-22T00:00:00+08:00",
        "valid_until": None,
        "owner": "",
        "shared": False,
        "mobile": False,
    }
    body["payload"]["changes"].append({"do": "add-hotline", "uid": line, "version": 0, "fields": said})
    made = api.post(PATH, body, by="hotline-editor")
    assert made.status_code == 201, made.text
    assert voted(api, made.json(), "approver")["state"] == "approved"
    ran = api.post(f"{PATH}/{made.json()['approval']}/run", by="hotline-editor")
    assert ran.json()["shown"] == {"organisations_added": 1, "hotlines_added": 1}
    del body["payload"]["changes"][0]
    body["payload"]["changes"][0]["uid"] = str(uuid.uuid4())
    said["number"] = "tel:+8613800138000"
    assert api.post(PATH, body, by="hotline-editor").status_code == 400
    said["number"], said["owner"] = "tel:4008109090;phone-context=+86", "400-810-9090"
    assert api.post(PATH, body, by="hotline-editor").status_code == 400


def sealed(api: Client, subject: str, number: str) -> None:
    """The number, as a call-back keeps it."""
    token, until = SubjectToken.parse(subject), datetime.now(UTC) + timedelta(hours=1)
    seal = api.services.vault.seal
    api.services.store.write(lambda tx: seal(tx, token, "customer-care", parse(number), until))


def test_an_export_is_run_over_http_and_its_file_is_not_handed_out(api: Client) -> None:
    since, until = "2026-01-01T00:00:00+08:00", (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
    payload = {"what": "decisions", "from": since, "to": until, "columns": ["at", "action", "asker"], "rows": 1000}
    body = {"action": "bulk-export", "payload": payload | {"purpose": "audit-2026", "recipient": "acme-auditor"}}
    made = api.post(PATH, body, by="risk-analyst")
    assert made.status_code == 201, made.text
    for by in ("approver", "dpo"):
        voted(api, made.json(), by)
    ran = api.post(f"{PATH}/{made.json()['approval']}/run", by="risk-analyst")
    assert ran.status_code == 200, ran.text
    shown = ran.json()["shown"]
    assert (sorted(shown), shown["file"]) == (["file", "rows", "sha256"], f"{made.json()['approval']}.jsonl")
    assert api.post(f"{PATH}/{made.json()['approval']}/run", by="risk-analyst").status_code == 409


def test_ids_and_moments_in_a_payload_are_no_numbers_and_numbers_beside_them_are(api: Client) -> None:
    plain = hotlines("2026-11-22T00:00:00+08:00", aliases=[UID, "12" * 32])
    assert api.post(PATH, plain, by="hotline-editor").status_code == 201
    hidden = hotlines("2026-11-22T00:00:00+08:00 13800138000")
    assert api.post(PATH, hidden, by="hotline-editor").status_code == 400
