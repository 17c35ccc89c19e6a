from __future__ import annotations

import json
import re
import sqlite3
import stat
from contextlib import closing

import pytest

from contracts.desk import Desk

NUMBER, OTHER = "13800138000", "13800138001"
ASKED = ("--tenant", "acme", "--purpose", "customer-care", "--recipient", "acme-desk")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An agent and a data-protection officer who signed in, a notice and an assessment, and two customers."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.open("acme")
    desk.add("an", "agent")
    desk.add("dai", "dpo")
    (desk.folder / "pia.pdf").write_bytes(b"assessed")
    desk.ok("consent", "notice", "assess", "pia.pdf", *ASKED[:4], "--until", "2028-01-31", by="dai")
    items = ("--name", "安客", "--contact", "privacy@acme.example", "--source", "carrier", "--granularity", "city")
    desk.ok("consent", "notice", "publish", *ASKED, *items, "--days", "30", by="dai")
    for number in (NUMBER, OTHER):
        token = desk.ok("consent", "show", number, "--tenant", "acme", "--token-only", by="an").strip()
        desk.ok("case", "open", token, by="an")
    return desk


def code(desk: Desk) -> str:
    """The code that the customer was sent last."""
    text = (desk.folder / "haoma" / "messages").read_text(encoding="utf-8").splitlines()[-1]
    return re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)[-1]


def ask(desk: Desk, *more: str, number: str = NUMBER) -> str:
    answer = desk.ok("consent", "request", number, *ASKED, *more, by="an")
    return str(json.loads(answer)["request"])


def test_a_customer_consents_withdraws_with_their_receipt_says_no_and_is_not_asked_again(desk: Desk) -> None:
    request = ask(desk, "--channel", "agent", "--call", "call-1")
    desk.ok("consent", "grant", request, "-o", "receipt.jws", by="an", typed=(code(desk),))
    desk.ok("consent", "receipt", "keys", "-o", "keys.json", "--overwrite")
    said = json.loads(desk.ok("consent", "receipt", "verify", "receipt.jws", "--keys", "keys.json"))
    shown = json.loads(desk.ok("consent", "show", NUMBER, "--tenant", "acme", by="an"))
    assert said[0]["record_id"] == f"urn:uuid:{shown['consent']}"
    assert (shown["state"], shown["purpose"]) == ("given", "customer-care")
    again = desk.ok("consent", "receipt", "show", shown["consent"], by="an")
    assert again == (desk.folder / "receipt.jws").read_text(encoding="utf-8")
    desk.ok("consent", "withdraw", "--receipt", "receipt.jws", "-o", "proof.jws")
    desk.ok("consent", "receipt", "show", shown["consent"], "-o", "again.jws", by="an")
    personal = [desk.folder / f"{name}.jws" for name in ("receipt", "proof", "again")]
    assert {stat.S_IMODE(file.stat().st_mode) for file in personal} == {0o600}
    proof = json.loads(desk.ok("consent", "receipt", "verify", "proof.jws", "--keys", "keys.json"))
    assert proof[0]["event_state"] == "dpv:ConsentWithdrawn"
    assert json.loads(desk.ok("consent", "show", NUMBER, "--tenant", "acme", by="dai"))["state"] == "withdrawn"
    # A changed receipt is told apart.
    text = (desk.folder / "receipt.jws").read_text(encoding="utf-8").split(".")
    (desk.folder / "changed.jws").write_text(".".join([text[0], text[1], text[2][::-1].strip()]), encoding="utf-8")
    ended = desk.haoma("consent", "receipt", "verify", "changed.jws", "--keys", "keys.json")
    assert ended.returncode in {2, 5}
    (desk.folder / "none.json").write_text("{", encoding="utf-8")
    assert desk.haoma("consent", "receipt", "verify", "receipt.jws", "--keys", "none.json").returncode == 2
    # A no shows what may be offered, and nobody asks again.
    said = json.loads(desk.ok("consent", "refuse", ask(desk), by="an"))
    assert "网点" in said["offer_zh"]
    ended = desk.haoma("consent", "request", NUMBER, *ASKED, by="an")
    assert (ended.returncode, "has said no" in ended.stderr) == (3, True)


@pytest.mark.parametrize(
    ("args", "by", "code"),
    [
        (("request", NUMBER, *ASKED, "--purpose", "delivery"), "an", 3),
        (("request", NUMBER, "--tenant", "acme", "--purpose", "marketing", "--recipient", "acme-desk"), "an", 3),
        (("request", NUMBER, *ASKED), "", 3),
        (("request", NUMBER, *ASKED), "dai", 3),
        (("show", NUMBER, "--tenant", "acme"), "root", 3),
        (("withdraw",), "an", 2),
        (("withdraw", "00000000-0000-4000-8000-000000000000"), "an", 1),
        (("receipt", "show", "00000000-0000-4000-8000-000000000000"), "an", 1),
        (("refuse", "00000000-0000-4000-8000-000000000000"), "an", 1),
    ],
)
def test_what_may_not_be_is_refused_without_the_number(desk: Desk, args: tuple[str, ...], by: str, code: int) -> None:
    ended = desk.haoma("consent", *args, by=by)
    assert ended.returncode == code, ended.stderr
    assert NUMBER not in ended.stdout + ended.stderr


@pytest.mark.parametrize("tenant", ["beta", "nobody"])
@pytest.mark.parametrize("more", [(), ("--token-only",)])
@pytest.mark.parametrize("by", ["an", "dai", "root"])
def test_nobody_sees_tokens_of_another_tenant_or_has_a_key_made(
    desk: Desk, tenant: str, more: tuple[str, ...], by: str
) -> None:
    with closing(sqlite3.connect(desk.folder / "haoma" / "haoma.db")) as data:
        with data:
            row = ("00000000-0000-4000-8000-0000000000bb", "beta", 0)
            data.execute("INSERT OR IGNORE INTO access_tenants (tenant_id, name, created_at) VALUES (?, ?, ?)", row)
        before = data.execute("SELECT count(*) FROM access_decisions").fetchone()[0]
        ended = desk.haoma("consent", "show", NUMBER, "--tenant", tenant, *more, by=by)
        asked = data.execute("SELECT count(*) FROM access_decisions WHERE allowed = 0").fetchone()[0]
        after = data.execute("SELECT count(*) FROM access_decisions").fetchone()[0]
    assert (ended.returncode, ended.stdout) == (3, "")
    assert after == before + 1
    assert asked
    (keys,) = desk.folder.rglob("vault.db")
    with closing(sqlite3.connect(keys)) as kept:
        assert kept.execute("SELECT count(*) FROM vault_keys WHERE scope = ?", (tenant,)).fetchone() == (0,)


def test_no_key_is_made_for_a_tenant_that_is_asked_about_and_is_not_there(desk: Desk) -> None:
    ended = desk.haoma("consent", "request", NUMBER, "--tenant", "nobody", *ASKED[2:], "--holder-asks")
    assert ended.returncode == 3
    (keys,) = desk.folder.rglob("vault.db")
    with closing(sqlite3.connect(keys)) as kept:
        assert kept.execute("SELECT count(*) FROM vault_keys WHERE scope = 'nobody'").fetchone() == (0,)


def test_an_audit_counts_what_stands_and_names_what_does_not(desk: Desk) -> None:
    # Behind what was consented to above, withdrawn and refused.
    stands = json.loads(desk.ok("consent", "audit"))
    assert stands["notices"] == 1
    with closing(sqlite3.connect(desk.folder / "haoma" / "haoma.db")) as data, data:
        data.execute("UPDATE consent_notices SET body = replace(body, '安客', '别家')")
    ended = desk.haoma("consent", "audit")
    assert (ended.returncode, ended.stdout) == (5, "")
    assert "the notice acme customer-care acme-desk 1" in ended.stderr
    with closing(sqlite3.connect(desk.folder / "haoma" / "haoma.db")) as data, data:
        data.execute("UPDATE consent_notices SET body = replace(body, '别家', '安客')")
    assert json.loads(desk.ok("consent", "audit")) == stands


def test_the_rest_is_listed_and_done(desk: Desk) -> None:
    (notice,) = desk.ok("consent", "notice", "list", "--tenant", "acme", "--language", "en").splitlines()
    assert json.loads(notice)["text"].startswith("May 安客 know where you are?")
    ran = json.loads(desk.ok("consent", "run"))
    assert ran == {"ended": 0, "erased": 0, "told": {"done": 0, "again": 0, "failed": 0}, "unheard": 0}


def test_what_is_typed_in_other_bytes_than_utf_8_is_told(desk: Desk) -> None:
    for typed in (("\udcff",), ("1\udcff345",)):
        ended = desk.haoma("consent", "grant", "ID", "--holder-asks", typed=typed)
        assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, "haoma: the code is not UTF-8")
    assert desk.run("sign-in", "--login", "an", typed=("\udcff", "123456")).returncode == 2


def test_keys_that_are_none_are_told(desk: Desk) -> None:
    (desk.folder / "r.jws").write_text("a.b.c")
    for text in ("[" * 200_000, "", "\x00"):
        (desk.folder / "keys.json").write_text(text)
        ended = desk.haoma("consent", "receipt", "verify", "r.jws", "--keys", "keys.json")
        assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, "haoma: keys.json is no JWKS")


def test_a_customer_answers_and_withdraws_by_short_message(desk: Desk) -> None:
    reply = ("consent", "reply", OTHER, "--tenant", "acme")
    assert desk.haoma(*reply, typed=("what?",)).returncode == 1
    ask(desk, "--channel", "sms", number=OTHER)
    assert desk.haoma(*reply, typed=("同意 000000",)).returncode == 3
    said = json.loads(desk.ok(*reply, typed=(f"同意 {code(desk)}",)))
    assert (said["said"], len(said["consents"])) == ("yes", 1)
    assert json.loads(desk.ok(*reply, typed=("撤回",))) == {"said": "withdraw", "consents": said["consents"]}
    ask(desk, "--channel", "sms", number=OTHER)
    assert json.loads(desk.ok(*reply, typed=("不同意",)))["said"] == "no"


def test_an_emergency_is_disclosed_located_and_reviewed_by_two_others(desk: Desk) -> None:
    desk.add("dee", "dpo")
    emergency, to = ("consent", "emergency"), ("--tenant", "acme", "--recipient", "police-pudong")
    why = ("--reason", "fire", "--reference", "fire-2026-11-22")
    place = ("locate", "place", OTHER, *to, "--purpose", "emergency", "--shared")
    here = ("31.2304,121.4737,60",)
    assert desk.haoma(*place, by="an", typed=here).returncode == 3
    assert desk.haoma(*emergency, "disclose", OTHER, *to, *why, by="dai").returncode == 3
    assert desk.haoma(*emergency, "disclose", OTHER, *to, "--reason", "curiosity", *why[2:], by="an").returncode == 3
    made = json.loads(desk.ok(*emergency, "disclose", OTHER, *to, *why, by="an"))["disclosure"]
    found = json.loads(desk.ok(*place, by="an", typed=here))
    assert round(found["latitude"], 2) == 31.23
    assert desk.haoma(*emergency, "list", *to[:2], by="an").returncode == 3
    assert json.loads(desk.ok(*emergency, "list", *to[:2], by="dai"))["disclosure"] == made
    review = (*emergency, "review", made)
    assert desk.haoma(*review, "--justified", by="an").returncode == 3
    assert json.loads(desk.ok(*review, "--justified", by="dai"))["state"] == "due"
    assert desk.haoma(*review, "--justified", by="dai").returncode == 3
    assert json.loads(desk.ok(*review, "--unjustified", by="dee"))["state"] == "unjustified"
    assert desk.haoma(*place, by="an", typed=here).returncode == 3
    assert desk.ok(*emergency, "list", *to[:2], by="dai") == ""
    desk.ok("consent", "run")
