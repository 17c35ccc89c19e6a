from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from contracts.desk import Desk
from contracts.routing import RULES, STORES, rules_in

NUMBER = "13800138000"
ASKED = ("--tenant", "acme", "--purpose", "customer-care", "--recipient", "acme-desk")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with rules, whose customer consented to a district."""
    folder: Path = tmp_path_factory.mktemp("desk")
    desk = Desk(folder)
    rules_in(folder)
    (folder / "haoma.toml").write_text('route_rules = "rules.toml"')
    desk.open("acme")
    desk.add("ann", "agent")
    desk.add("dora", "dpo")
    (folder / "pia.txt").write_text("assessed")
    assess = ("consent", "notice", "assess", "pia.txt", "--tenant", "acme", "--purpose", "customer-care")
    desk.ok(*assess, "--until", "2028-12-31", by="dora")
    sources = [word for name in ("segment", "stated", "browser") for word in ("--source", name)]
    shown = ("--name", "安客", "--contact", "privacy@acme.example", "--granularity", "district", "--days", "30")
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


def test_a_customer_is_sent_to_a_store_and_a_desk(desk: Desk) -> None:
    shared = ("31.2304,121.4737,60",)
    [found] = rows(desk.ok("route", "customer", NUMBER, *ASKED, "--shared", "--language", "en", by="ann", typed=shared))
    assert found["store"]["id"] == "sh-1"
    assert (found["desk"]["id"], found["desk_rule"], found["open"]) == ("east-en", "desks.east-en", True)
    assert (found["notice"], found["no_store"], found["level"]) == (None, None, "city")
    [found] = rows(desk.ok("route", "customer", NUMBER, *ASKED, "--stated", "拉萨市", by="ann"))
    assert (found["store"], found["no_store"], found["notice"]["extra_days"]) == (None, "too-coarse", 5)


def test_nobody_else_is_told(desk: Desk) -> None:
    assert desk.haoma("route", "customer", NUMBER, *ASKED).returncode == 3
    assert desk.haoma("route", "customer", NUMBER, *ASKED, by="dora").returncode == 3
    assert desk.haoma("route", "customer", "13800138001", *ASKED, by="ann").returncode == 3


def test_rules_are_tried_about_nobody(desk: Desk) -> None:
    [found] = rows(desk.ok("route", "try", "--region", "西藏", "--language", "zh-CN", "--at", "2026-11-23T09:00+08:00"))
    assert (found["desk_rule"], found["notice_rule"]) == ("desks.national", "remote.tibet")
    [found] = rows(desk.ok("route", "try", "rules.toml", "--language", "ja"))
    assert (found["desk_rule"], found["notice"]) == ("fallback", None)


def test_rules_that_are_right_are_told_so(desk: Desk) -> None:
    [found] = rows(desk.ok("route", "check"))
    assert found == {"desks": 4, "remote": 1, "never_reached": [], "stores": 3, "wrong_rows": 0}


def test_what_is_wrong_with_rules_is_told(desk: Desk, tmp_path: Path) -> None:
    wrong = rules_in(tmp_path / "wrong", RULES.replace("extra_days = 5", "extra_days = -5"))
    ended = desk.haoma("route", "check", str(wrong))
    assert ended.returncode == 2
    [flaw] = rows(ended.stdout)
    assert (flaw["line"], flaw["key"]) == (40, "remote[1].extra_days")
    hidden = rules_in(tmp_path / "hidden", RULES.replace('languages = ["en"]\nregions = ["华东"]', ""))
    ended = desk.haoma("route", "check", str(hidden))
    assert (ended.returncode, rows(ended.stdout)[0]["never_reached"]) == (1, ["shanghai", "east", "national"])
    assert "the desk shanghai is never reached" in ended.stderr


def test_rows_that_are_no_stores_are_named(desk: Desk, tmp_path: Path) -> None:
    file = rules_in(tmp_path, stores=STORES + "x,X,121,31,\n").parent / "stores.csv"
    ended = desk.haoma("route", "stores", str(file), "--coordinates", "gcj02")
    assert (ended.returncode, rows(ended.stdout)) == (1, [{"row": 5, "why": "its lat and lon look exchanged"}])
    assert "3 stores in 4 rows; 1 rows are none" in ended.stderr
    assert desk.haoma("route", "stores", str(file)).returncode == 2
    assert desk.haoma("route", "stores").returncode == 0
    assert desk.haoma("route", "check", str(tmp_path / "rules.toml")).returncode == 1


def test_a_file_with_a_header_alone_is_told(desk: Desk, tmp_path: Path) -> None:
    file = rules_in(tmp_path, stores=STORES.splitlines()[0] + "\n").parent / "stores.csv"
    for asked in (("check", str(tmp_path / "rules.toml")), ("stores", str(file), "--coordinates", "gcj02")):
        ended = desk.haoma("route", *asked)
        assert (ended.returncode, "a header and no row" in ended.stderr) == (1, True)


@pytest.mark.parametrize(
    "asked",
    [
        ("check", "nowhere.toml"),
        ("stores", "nowhere.csv", "--coordinates", "gcj02"),
        ("try", "--region", "330106"),
        ("try", "--language", "no language"),
        ("try", "--at", "tomorrow"),
        ("try", "--at", "2026-11-23T09:00"),
    ],
)
def test_what_is_no_question_is_told(desk: Desk, asked: tuple[str, ...]) -> None:
    ended = desk.haoma("route", *asked)
    assert (ended.returncode, ended.stdout) == (2, "")


def test_without_rules_it_is_told_what_to_set(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "none.toml").write_text("")
    monkeypatch.setenv("HAOMA_CONFIG", str(tmp_path / "none.toml"))
    ended = desk.haoma("route", "customer", NUMBER, *ASKED, by="ann")
    assert ended.returncode == 4
    assert "route_rules" in ended.stderr
    assert desk.haoma("route", "check").returncode == 2
