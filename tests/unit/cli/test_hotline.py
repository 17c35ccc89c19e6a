from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contracts.desk import Desk

WHY = ("--reason", "the board decided so")
MAP = """
url = "sqlite:///cms.db"
table = "service numbers"
[columns]
key = "id"
organisation = "company"
number = "tel"
purposes = "kind"
[purposes]
"1" = "客服"
"2" = "传真"
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An editor, an approver, and an agent, who only sees."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    desk.open("acme")
    for login, role in {"ed": "hotline-editor", "pru": "approver", "an": "agent"}.items():
        desk.add(login, role)
    return desk


def done(desk: Desk, *args: str) -> dict[str, object]:
    """A request of an editor's, approved and run."""
    asked = json.loads(desk.ok("hotline", *args, by="ed").splitlines()[-1])
    desk.approve(asked, pru="approver")
    desk.ok("access", "approve", "run", str(asked["approval"]), by="ed")
    return asked


def company(desk: Desk, name: str) -> str:
    return str(done(desk, "organisation", "add", name, *WHY)["uid"])


def test_a_hotline_is_asked_for_approved_changed_and_retired(desk: Desk) -> None:
    company(desk, "安盈基金")
    what = ("--organisation", "安盈基金", "--purpose", "客服", "--purpose", "complaint", "--owner", "客服中心")
    uid = str(done(desk, "add", "400-810-9090", *what, *WHY)["uid"])
    (shown,) = desk.rows("hotline", "show", "4008109090", by="ed")
    assert (shown["uid"], shown["number"]) == (uid, "tel:4008109090;phone-context=+86")
    assert (shown["purposes"], shown["owner"]) == (["客服", "投诉"], "客服中心")
    (hidden,) = desk.rows("hotline", "list", "--organisation", "安盈基金", by="an")
    assert (hidden["uid"], hidden["owner"]) == (uid, "***")
    done(desk, "change", uid, "--number", "95588", "--channel", "web", "--until", "2099-01-01", *WHY)
    done(desk, "change", uid, "--until", "never", *WHY)
    done(desk, "retire", uid, "--reason", "closed")
    assert desk.rows("hotline", "list", "--organisation", "安盈基金", by="ed") == []
    past = desk.rows("hotline", "history", uid, by="ed")
    assert [(one["version"], one["change"], one["approved_by"]) for one in past] == [
        (1, "added", ["pru"]), (2, "changed", ["pru"]), (3, "changed", ["pru"]), (4, "retired", ["pru"])
    ]  # fmt: skip
    assert (past[-1]["reason"], past[-1]["state"]["number"]) == ("closed", "tel:95588;phone-context=+86")
    assert desk.haoma("hotline", "history", uid, by="an").returncode == 3
    assert desk.rows("hotline", "audit")[0]["changes"] >= 5


def test_nothing_is_there_before_another_has_approved_it(desk: Desk) -> None:
    company(desk, "慎行基金")
    ended = desk.haoma("hotline", "add", "95577", "--organisation", "慎行基金", "--purpose", "客服", *WHY, by="ed")
    asked = json.loads(ended.stdout)
    for said in (
        "hotline proposed",
        f"approve yes {asked['approval']} --role approver --digest {asked['digest']}",
        "run",
    ):
        assert said in ended.stderr
    read = desk.haoma("hotline", "proposed", asked["approval"], by="pru")
    rows = [json.loads(line) for line in read.stdout.splitlines()]
    assert {(row["name"], row["do"], row["now"]) for row in rows} == {("慎行基金", "add-hotline", None)}
    assert [row["then"] for row in rows if row["field"] == "number"] == ["tel:95577;phone-context=+86"]
    assert asked["digest"] in read.stderr
    assert desk.haoma("hotline", "proposed", asked["approval"], by="an").returncode == 3
    named = ("access", "approve", "yes", asked["approval"], "--role", "hotline-editor", "--digest", asked["digest"])
    assert desk.haoma(*named, by="ed").returncode == 3
    assert desk.haoma("access", "approve", "run", asked["approval"], by="ed").returncode == 1
    assert desk.haoma("hotline", "show", "95577", by="ed").returncode == 1


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("add", "13800138000", "--purpose", "客服"), 2, "personal mobile"),
        (("add", "95588 95599", "--purpose", "客服"), 2, "2 numbers"),
        (("add", "95588"), 2, "purpose"),
        (("add", "95588", "--purpose", "joy"), 2, "no purpose"),
        (("add", "95588", "--purpose", "客服", "--owner", "13800138000"), 3, "owner"),
        (("add", "95588", "--purpose", "客服", "--reason", "call 13800138000"), 3, "personal number"),
        (("add", "95588", "--purpose", "客服", "--from", "soon"), 2, "no date"),
    ],
)
def test_what_is_no_hotline_is_told(desk: Desk, args: tuple[str, ...], code: int, says: str) -> None:
    if "测试基金" not in desk.ok("hotline", "organisation", "list", by="ed"):
        company(desk, "测试基金")
    ended = desk.haoma("hotline", *args[:1], *WHY, *args[1:], "--organisation", "测试基金", by="ed")
    assert (ended.returncode, ended.stdout) == (code, "")
    assert says in ended.stderr
    assert "13800138000" not in ended.stderr


def test_who_may_not_ask_for_a_change_does_not(desk: Desk) -> None:
    company(desk, "他人基金")
    ended = desk.haoma("hotline", "add", "95511", "--organisation", "他人基金", "--purpose", "客服", *WHY, by="an")
    assert ended.returncode == 3


def test_an_import_tells_of_every_row_and_is_one_request(desk: Desk) -> None:
    file = desk.folder / "lines.csv"
    head, name = "organisation,number,purposes,key\n", "新华保险"
    text = f"{head}{name},95567,客服,a\n{name},400-600-1234,传真,b\n{name},nothing,传真,c\n"
    file.write_bytes(text.encode("gb18030"))
    ended = desk.haoma("hotline", "import", str(file), "--dry-run", by="ed")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert (ended.returncode, [row["what"] for row in told]) == (1, ["new", "new", "refused"])
    assert told[2]["reason"].startswith("no number")
    assert "2 new, 0 changed, 0 unchanged, 1 refused" in ended.stderr
    ended = desk.haoma("hotline", "import", str(file), *WHY, by="ed")
    asked = json.loads(ended.stdout)
    desk.approve(asked, pru="approver")
    (ran,) = desk.rows("access", "approve", "run", asked["approval"], by="ed")
    assert (ran["organisations_added"], ran["hotlines_added"]) == (1, 2)
    file.write_text(f"{head}{name},95567,客服,a\n{name},400-600-9999,传真,b\n", encoding="utf-8")
    (row,) = desk.rows("hotline", "import", str(file), "--dry-run", by="ed")
    assert (row["what"], row["fields"], row["uid"]) == ("changed", ["number"], told[1]["uid"])
    assert desk.haoma("hotline", "import", str(file), by="ed").returncode == 2
    file.write_text("organisation,telephone\n新华保险,95567\n", encoding="utf-8")
    ended = desk.haoma("hotline", "import", str(file), "--dry-run", by="ed")
    assert (ended.returncode, "'telephone'" in ended.stderr) == (2, True)


def test_the_table_of_a_cms_is_imported_by_a_map(desk: Desk) -> None:
    with closing(sqlite3.connect(desk.folder / "cms.db")) as file, file:
        file.execute('CREATE TABLE "service numbers" (id INTEGER, company TEXT, tel TEXT, kind INTEGER)')
        rows = [(7, "泰康保险", "95522", 1), (8, "泰康保险", "010-65051166", 2), (9, "泰康保险", None, 1)]
        file.executemany('INSERT INTO "service numbers" VALUES (?, ?, ?, ?)', rows)
    chart = desk.folder / "cms.toml"
    chart.write_text(MAP, encoding="utf-8")
    chart.chmod(0o644)
    assert desk.haoma("hotline", "import", "--map", str(chart), "--dry-run", by="ed").returncode == 3
    chart.chmod(0o600)
    ended = desk.haoma("hotline", "import", "--map", str(chart), "--dry-run", by="ed")
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [(row["what"], row["number"]) for row in told] == [
        ("new", "tel:95522;phone-context=+86"), ("new", "tel:+861065051166"), ("refused", None)
    ]  # fmt: skip
    assert desk.haoma("hotline", "import", by="ed").returncode == 2
    assert desk.haoma("hotline", "import", str(chart), "--map", str(chart), "--dry-run", by="ed").returncode == 2


def test_a_hand_in_the_database_is_told(desk: Desk) -> None:
    company(desk, "留痕基金")
    done(desk, "add", "95566", "--organisation", "留痕基金", "--purpose", "客服", *WHY)
    desk.ok("hotline", "audit")
    change = "UPDATE registry_hotlines SET owner = ? WHERE uri LIKE 'tel:95566%'"
    path: Path = desk.folder / "haoma" / "haoma.db"
    for owner, code in (("x", 5), ("", 0)):
        with closing(sqlite3.connect(path)) as file, file:
            file.execute(change, (owner,))
        assert desk.haoma("hotline", "audit").returncode == code
