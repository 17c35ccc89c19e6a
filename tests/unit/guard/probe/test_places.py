from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from haoma.errors import BadInput, Refused, Unavailable
from haoma.guard.probe import Asked
from haoma.guard.probe.files import CsvPlace, JsonPlace, YamlPlace
from haoma.guard.probe.html import HtmlPlace
from haoma.guard.probe.pointer import at_pointer
from haoma.guard.probe.secret import Secret
from haoma.guard.probe.sql import SqlPlace

ASKED = Asked("0b7a4c1e-1", "org/1", "tel:95588;phone-context=+86", "fund/7")


@pytest.fixture
def cms(tmp_path: Path) -> sa.URL:
    with sqlite3.connect(tmp_path / "cms.db") as database:
        database.execute("CREATE TABLE hotlines (id TEXT, phone TEXT, fax INTEGER)")
        database.execute("INSERT INTO hotlines VALUES ('fund/7', '955 88', 95599), ('fund/8', '95599', NULL)")
    database.close()
    return sa.make_url(f"sqlite:///{tmp_path / 'cms.db'}")


def test_a_query_is_asked_with_the_names_of_the_hotline_bound(cms: sa.URL) -> None:
    assert SqlPlace(cms, "SELECT phone FROM hotlines WHERE id = :key").read(ASKED) == ["955 88"]
    assert SqlPlace(cms, "SELECT fax FROM hotlines WHERE id = :key").read(ASKED) == ["95599"]
    assert SqlPlace(cms, "SELECT fax FROM hotlines WHERE id = 'fund/8'").read(ASKED) == []
    assert SqlPlace(cms, "SELECT phone FROM hotlines ORDER BY id").read(ASKED) == ["955 88", "95599"]


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM hotlines", "SELECT nothing FROM hotlines", "SELECT phone FROM hotlines WHERE id = :other", "no"],
)
def test_a_query_changes_nothing_and_says_nothing_of_itself_when_it_fails(cms: sa.URL, query: str) -> None:
    with pytest.raises(Unavailable) as found:
        SqlPlace(cms, query).read(ASKED)
    assert "hotlines" not in str(found.value)
    assert SqlPlace(cms, "SELECT count(*) FROM hotlines").read(ASKED) == ["2"]


@pytest.mark.slow
def test_a_query_that_takes_too_long_is_ended(cms: sa.URL) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(Unavailable):
        SqlPlace(cms, endless, timeout_s=1).read(ASKED)


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        SqlPlace(sa.make_url(f"sqlite:///{tmp_path / 'none.db'}"), "SELECT 1").read(ASKED)
    assert list(tmp_path.iterdir()) == []


def test_a_json_file_is_read_at_a_pointer_with_names_escaped(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    file.write_text(json.dumps({"fund/7": {"phones": ["955 88", 95588]}}))
    assert JsonPlace(file, "/{key}/phones/0").read(ASKED) == ["955 88"]
    assert JsonPlace(file, "/{key}/phones").read(ASKED) == ["955 88", "95588"]
    assert JsonPlace(file, "/{uid}/phones").read(ASKED) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_json_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "out.json").write_bytes(content)
    with pytest.raises(Unavailable):
        JsonPlace(tmp_path / "out.json", "/phone").read(ASKED)


def test_what_is_no_number_and_no_text_cannot_be_read() -> None:
    deep = json.loads("[" * 900 + "]" * 900)
    for found in ({"a": {}}, {"a": True}, {"a": 1.5}, {"a": [[["95588"]]]}, {"a": deep}):
        with pytest.raises(Unavailable):
            at_pointer(found, "/a")


@pytest.mark.parametrize("pointer", ["/b", "/a/9", "/a/-1", "/a/x", "/a/0/c"])
def test_a_pointer_to_nothing_finds_nothing(pointer: str) -> None:
    assert at_pointer({"a": ["95588"]}, pointer) == []


def test_yaml_is_read_as_it_stands_there(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text("contact:\n  phone: 0571\n  made: !!python/object/apply:os.system [x]\n")
    assert YamlPlace(file, "/contact/phone").read(ASKED) == ["0571"]
    file.write_text("a: [")
    with pytest.raises(Unavailable):
        YamlPlace(file, "/a").read(ASKED)


def test_a_csv_file_is_read_by_column_and_cells(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("编号,电话\nfund/7,955 88\nfund/8,95599\n", encoding="gb18030")
    assert CsvPlace(file, "电话", {"编号": "{key}"}, "gb18030").read(ASKED) == ["955 88"]
    for place in (
        CsvPlace(file, "电话", {}),
        CsvPlace(file, "传真", {}, "gb18030"),
        CsvPlace(file, "电话", {}, "nothing"),
    ):
        with pytest.raises(Unavailable):
            place.read(ASKED)


def test_a_name_leads_out_of_no_folder(tmp_path: Path) -> None:
    (tmp_path / "fund_7.json").write_text('{"phone": "95588"}')
    assert JsonPlace(tmp_path / "{key}.json", "/phone").read(ASKED) == ["95588"]


PAGE = '<html><meta charset="gbk"><body><p id="tel">客服 <b>955</b>88</p><a href="tel:95599">x</a></body></html>'


@pytest.mark.parametrize(
    ("selector", "attribute", "found"),
    [
        ("#tel", "", ["客服 95588"]),
        ("//p[@id='tel']", "", ["客服 95588"]),
        ("a", "href", ["tel:95599"]),
        ("#none", "", []),
        ("//p/text()", "", []),
        ("count(//p)", "", None),
        ("/[", "", None),
        ("((", "", None),
        ("p[", "", None),
    ],
)
def test_a_served_page_is_read_by_css_or_xpath(
    tmp_path: Path, selector: str, attribute: str, found: list[str] | None
) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(PAGE.encode("gbk"))
    place = HtmlPlace(selector, file=file, attribute=attribute)
    if found is None:
        with pytest.raises(Unavailable):
            place.read(ASKED)
    else:
        assert place.read(ASKED) == found


def test_a_secret_comes_from_the_environment_or_from_a_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_PASSWORD", "s3cret")
    assert Secret(env="CMS_PASSWORD").read() == "s3cret"
    file = tmp_path / "token"
    file.write_text("t0ken\n")
    with pytest.raises(Refused):
        Secret(file=file).read()
    file.chmod(0o600)
    assert Secret(file=file).read() == "t0ken"


def test_a_secret_that_is_not_there_or_no_word_is_told_by_where_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWO_LINES", "s3cret\nX-Other: 1")
    monkeypatch.delenv("NOT_SET", raising=False)
    for secret, name in ((Secret(env="TWO_LINES"), "TWO_LINES"), (Secret(env="NOT_SET"), "NOT_SET"),
                         (Secret(file=tmp_path / "none"), "none")):  # fmt: skip
        with pytest.raises(BadInput, match=name) as found:
            secret.read()
        assert "s3cret" not in str(found.value)
