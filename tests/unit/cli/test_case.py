from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.desk import Desk

ORDER = ("--order", "A-2026-0001")
WHAT = ("--tenant", "acme", "--purpose", "customer-care", "--recipient", "acme-desk")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An agent beside the example CRM, a data-protection officer, a notice and an assessment."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.open("acme")
    desk.add("an", "agent")
    desk.add("dai", "dpo")
    desk.ok("case", "crm-example", "crm.db", "--tenant", "acme")
    (desk.folder / "haoma.toml").write_text('crm_map = "crm.toml"\n', encoding="utf-8")
    (desk.folder / "pia.pdf").write_bytes(b"assessed")
    desk.ok("consent", "notice", "assess", "pia.pdf", *WHAT[:4], "--until", "2028-01-31", by="dai")
    items = ("--name", "安客", "--contact", "privacy@acme.example", "--source", "stated", "--granularity", "city")
    desk.ok("consent", "notice", "publish", *WHAT, *items, "--days", "30", by="dai")
    return desk


def code(desk: Desk) -> str:
    """The code that the customer was sent last."""
    text = (desk.folder / "haoma" / "messages").read_text(encoding="utf-8").splitlines()[-1]
    return re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)[-1]


def test_a_customer_is_found_by_an_order_shown_by_code_and_counted(desk: Desk) -> None:
    (made,) = desk.rows("case", "open", *ORDER, by="an")
    assert (made["number"], made["shown_by"]) == ("138****8201", None)
    assert [way["way"] for way in made["ways"]] == ["e-mail", "in-app", "call-back"]
    case = str(made["case"])
    (sent,) = desk.rows("case", "verify", case, "--customer", "-", "--language", "en", by="an", typed=("C-1001",))
    assert sent["code_until"]
    assert desk.haoma("case", "confirm", case, by="an", typed=("x",)).returncode == 3
    (shown,) = desk.rows("case", "confirm", case, by="an", typed=(code(desk),))
    assert shown["shown_by"] == "code"
    assert {row["case"]: row["shown_by"] for row in desk.rows("case", "list", by="an")}[case] == "code"
    assert desk.rows("case", "due", by="dai") == [{"over": 0, "soon": 0, "later": 1}]
    assert desk.haoma("case", "due", by="root").returncode == 3
    reason = ("case", "reason", case)
    assert [desk.haoma(*reason, *one, by="dai").returncode for one in (ORDER, ("--order", "A-2026-0002"))] == [0, 1]
    again = desk.haoma("case", "open", "--order", "A-2026-0002", by="an")
    assert "joined" in again.stderr
    desk.ok("case", "close", case, by="an")


def test_a_customer_is_asked_through_the_case_and_a_no_shows_what_reaches_them(desk: Desk) -> None:
    (made,) = desk.rows("case", "open", "--order", "A-2026-0003", by="an")
    asked = ("case", "ask", str(made["case"]), "--order", "A-2026-0003", *WHAT[2:], "--call", "call-42")
    (request,) = desk.rows(*asked, by="an")
    (said,) = desk.rows("consent", "refuse", str(request["request"]), by="an")
    assert [way["zh"] for way in said["ways"]] == ["改用电子邮件联系", "约定时间，由客服回电"]
    (left,) = desk.rows("case", "decline", str(made["case"]), by="an")
    assert left["ways"] == said["ways"]


def test_who_says_yes_is_located_by_the_token_of_the_case(desk: Desk) -> None:
    reference = ("--customer", "C-1003")
    (made,) = desk.rows("case", "open", *reference, by="an")
    (request,) = desk.rows("case", "ask", str(made["case"]), *reference, *WHAT[2:], by="an")
    desk.ok("consent", "grant", str(request["request"]), by="an", typed=(code(desk),))
    said = ("--in", "华东", "--stated", "上海市")
    ended = desk.haoma("locate", "verify", str(made["subject"]), *WHAT, *said, by="an")
    assert ended.returncode in {0, 1}
    assert '"verdict":' in ended.stdout
    other = str(made["subject"]).replace("acme.", "beta.")
    assert desk.haoma("locate", "verify", other, *WHAT, *said, by="an").returncode == 2


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 2),
        (("--order", "A-1", "--customer", "C-1"), 2),
        (("acme.a1.x", "--order", "A-1"), 2),
        (("--order", ""), 2),
        (("--order", "A-2026-9999"), 1),
        (("--order", "' OR '1'='1"), 1),
        (("--customer", "C-1004"), 1),
    ],
)
def test_what_names_nobody_opens_no_case(desk: Desk, args: tuple[str, ...], code: int) -> None:
    ended = desk.haoma("case", "open", *args, by="an")
    assert (ended.returncode, ended.stdout) == (code, "")


def test_without_a_crm_nobody_is_found_by_an_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAOMA_CRM_MAP", "gone.toml")
    ended = desk.haoma("case", "open", *ORDER, by="an")
    assert (ended.returncode, "gone.toml" in ended.stderr) == (4, True)


def test_what_is_kept_of_cases_is_held_to_the_log_by_whoever_runs_the_store(desk: Desk) -> None:
    desk.ok("case", "open", *ORDER, by="an")
    (told,) = desk.rows("case", "audit")
    assert set(told) == {"references", "numbers", "codes", "searches"}
    assert told["references"] > 0
    for by, code in ((1, 5), (-1, 0)):
        with closing(sqlite3.connect(desk.folder / "haoma" / "haoma.db")) as file, file:
            file.execute("UPDATE case_references SET at = at + ? WHERE reference_id = 1", (by,))
        ended = desk.haoma("case", "audit")
        assert (ended.returncode, "case reference 1 is not what was recorded" in ended.stderr) == (code, code == 5)


def test_no_whole_number_and_no_order_is_in_any_file_but_the_crms(desk: Desk) -> None:
    kept: list[Path] = [path for path in (desk.folder / "haoma").rglob("*") if path.is_file()]
    assert len(kept) > 3
    for path in kept:
        data = path.read_bytes()
        assert not any(secret in data for secret in (b"13800138201", b"13800138202", b"A-2026-000", b"C-1001"))
