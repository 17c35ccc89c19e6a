from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.desk import Desk
from haoma.access.policy import shipped_text

SUBJECT = f"acme.a1.{'ab' * 16}"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("access"))
    desk.open("acme")
    for login, role in (("pru", "approver"), ("dora", "dpo"), ("an", "agent"), ("aud", "audit-admin")):
        desk.add(login, role)
    return desk


def test_everybody_is_listed_with_their_roles(desk: Desk) -> None:
    rows = desk.told("people", "list", by="safe")
    roles = {row["login"]: row["roles"] for row in rows}
    assert (roles["root"], roles["an"]) == (["system-admin"], ["agent"])


def test_nobody_acts_without_a_session(desk: Desk) -> None:
    ended = desk.run("people", "list")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "HAOMA_SESSION" in ended.stderr


def test_a_refusal_names_the_policy_and_exits_with_3(desk: Desk) -> None:
    ended = desk.run("people", "grant", "an", "dpo", by="dora")
    assert (ended.returncode, "no-policy" in ended.stderr) == (3, True)


def test_an_excluded_role_exits_with_1_and_its_reason(desk: Desk) -> None:
    ended = desk.run("people", "grant", "an", "approver", by="safe")
    assert (ended.returncode, "does not approve that it is shown" in ended.stderr) == (1, True)


def test_a_wrong_password_is_refused_and_not_shown(desk: Desk) -> None:
    ended = desk.run("sign-in", "--login", "an", typed=("a wrong password", "000000"))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "a wrong password" not in ended.stderr
    assert desk.run("sign-in", "--login", "an").returncode == 2


def test_a_second_first_person_is_refused(desk: Desk) -> None:
    args = ("people", "add", "--login", "x2", "--name", "X")
    assert desk.run(*args, "--first", "--tenant", "t").returncode == 1
    assert desk.run(*args, "--first").returncode == 2


def test_a_key_is_made_listed_and_revoked(desk: Desk) -> None:
    args = ("--owner", "an", "--name", "desk", "--role", "agent", "--scope", "locate")
    (made,) = desk.told("keys", "make", *args, by="safe")
    assert made["secret"].startswith("haoma_key_")
    (listed,) = desk.told("keys", "list", by="safe")
    assert (listed["key"], listed["scopes"], "secret" in listed) == (made["key"], ["locate"], False)
    assert desk.run("keys", "revoke", made["key"], by="safe").returncode == 0
    assert desk.told("keys", "list", by="safe")[0]["revoked"] is True
    assert desk.run("keys", "make", *args, "--kind", "ed25519", "--public-key", "zz", by="safe").returncode == 2


def test_a_policy_is_changed_by_four_eyes_and_more(desk: Desk) -> None:
    file = desk.folder / "new.cedar"
    file.write_text(
        shipped_text() + '@id("more") permit (principal, action == Action::"see", resource in Object::"case");'
    )
    assert desk.run("policy", "check", str(file)).returncode == 0
    assert desk.run("policy", "ask", "audit-admin", "see", "case.agent").returncode == 1
    (asked,) = desk.told("policy", "change", str(file), by="safe")
    (shown,) = desk.told("approve", "show", asked["approval"], by="pru")
    assert shown["payload"]["policy"] == file.read_text()
    desk.approve(asked, pru="approver", dora="dpo")
    assert [row["state"] for row in desk.told("approve", "list", by="pru")] == ["approved"]
    assert desk.run("approve", "run", asked["approval"], by="safe").returncode == 0
    assert desk.run("approve", "run", asked["approval"], by="safe").returncode == 1
    (told,) = desk.told("policy", "ask", "audit-admin", "see", "case.agent")
    assert told == {"allowed": True, "policies": ["more"], "version": 1}
    assert desk.run("policy", "show").stdout == file.read_text()
    assert desk.run("policy", "show", "--shipped").stdout == shipped_text()


def test_an_empty_policy_is_not_one_that_could_be_put_in_force(desk: Desk) -> None:
    file = desk.folder / "zero.cedar"
    file.write_text("")
    for args in (("check", str(file)), ("change", str(file))):
        ended = desk.run("policy", *args, by="safe")
        assert (ended.returncode, "nobody could change the policy again" in ended.stderr) == (2, True)


def test_a_request_is_refused_or_taken_back(desk: Desk) -> None:
    file = desk.folder / "same.cedar"
    file.write_text(shipped_text())
    for end in (("no", "pru", "--role", "approver"), ("withdraw", "safe")):
        (asked,) = desk.told("policy", "change", str(file), by="safe")
        assert desk.run("approve", end[0], asked["approval"], *end[2:], by=end[1]).returncode == 0
    assert desk.told("approve", "list", by="pru") == []


def test_a_text_that_is_no_policy_exits_with_2(desk: Desk) -> None:
    for content in (b"permit all", b"\xff"):
        (desk.folder / "bad.cedar").write_bytes(content)
        assert desk.run("policy", "check", "bad.cedar").returncode == 2


def test_a_case_is_opened_listed_and_closed(desk: Desk) -> None:
    (made,) = desk.rows("case", "open", SUBJECT, by="an")
    assert [row["case"] for row in desk.rows("case", "list", by="an")] == [made["case"]]
    assert desk.haoma("case", "close", made["case"], by="an").returncode == 0
    assert desk.rows("case", "list", by="an") == []


@pytest.mark.parametrize(("subject", "code"), [("13700137001", 2), (SUBJECT.replace("acme", "beta"), 3)])
def test_a_case_about_a_number_or_another_tenants_customer_is_not_opened(desk: Desk, subject: str, code: int) -> None:
    ended = desk.haoma("case", "open", subject, by="an")
    assert (ended.returncode, ended.stdout, subject in ended.stderr) == (code, "", False)


def test_the_auditor_sees_what_was_decided_and_others_do_not(desk: Desk) -> None:
    rows = desk.told("decisions", "--limit", "5", by="aud")
    assert len(rows) == 5
    assert (rows[0]["action"], rows[0]["object"], rows[0]["allowed"]) == ("see", "audit.decisions", True)
    assert desk.run("decisions", by="an").returncode == 3


def test_every_decision_is_held_to_the_log_and_a_hand_is_found_out(desk: Desk, tmp_path: Path) -> None:
    made = Desk(tmp_path)
    made.open("acme")
    (told,) = made.told("audit")
    assert told == {"decisions": 1, "audit_rows": 0, "cases": 0, "approvals": 0}
    with closing(sqlite3.connect(tmp_path / "haoma" / "haoma.db")) as database:
        database.executescript("DROP TRIGGER access_decisions_unchanged; UPDATE access_decisions SET asker = 'x'")
    ended = made.run("audit")
    assert (ended.returncode, ended.stdout) == (5, "")
    assert "decision 1 is not what was recorded" in ended.stderr


def test_who_is_suspended_signs_out_or_lost_all_is_out(desk: Desk) -> None:
    desk.add("eve", "agent")
    assert desk.run("people", "suspend", "eve", by="safe").returncode == 0
    assert desk.haoma("case", "list", by="eve").returncode == 3
    assert desk.run("people", "restore", "eve", by="safe").returncode == 0
    (made,) = desk.told("people", "enrol-again", "eve", by="root")
    assert desk.run("people", "restore", "eve", by="root").returncode == 3
    assert desk.run("people", "restore", "eve", by="aud").returncode == 0
    desk.come_in("eve", made["token"])
    assert desk.run("sign-out", by="eve").returncode == 0
    assert desk.haoma("case", "list", by="eve").returncode == 3
    (left,) = desk.told("people", "revoke", "eve", "agent", by="safe")
    assert left["roles"] == []


def test_an_identity_of_a_provider_is_linked(desk: Desk) -> None:
    (made,) = desk.told("people", "add", "--login", "ida", "--name", "Ida", by="root")
    (linked,) = desk.told("people", "link", "ida", "--issuer", "https://id.example", "--subject", "7", by="root")
    assert (linked, bool(made["token"])) == ({"login": "ida", "state": "active"}, True)


def test_the_policy_can_be_asked_where_there_is_no_store(tmp_path: Path) -> None:
    ended = Desk(tmp_path).run("policy", "ask", "agent", "see", "subject.place", "--in-case")
    assert json.loads(ended.stdout) == {"allowed": True, "policies": ["agent-sees-subject"], "version": 0}
    assert not (tmp_path / "haoma").exists()
