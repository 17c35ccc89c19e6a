from __future__ import annotations

from pathlib import Path

import pytest

from haoma.errors import BadInput, Refused
from haoma.guard.probe import read_pipeline

GOOD = """
name = "cms"
[keys]
"h-1" = "fund-7"
[[hop]]
stage = "storage"
system = "cms"
[hop.in]
kind = "csv"
file = "staging.csv"
column = "phone"
where = { id = "{key}" }
[hop.out]
kind = "sql"
url = "postgresql://reader@db.example/cms"
password = { env = "CMS_PASSWORD" }
query = "SELECT phone FROM hotlines WHERE id = :key"
[[hop]]
stage = "transport"
system = "api"
out = { kind = "http", url = "https://api.example/hotlines/{key}", pointer = "/phone", token = { file = "api.token" } }
[[hop]]
stage = "display"
system = "site"
out = { kind = "page", url = "http://www.example/contact", selector = "#tel" }
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pipeline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_pipeline_is_read_hop_by_hop(tmp_path: Path) -> None:
    found = read_pipeline(written(tmp_path, GOOD))
    assert [(str(hop.stage), hop.system) for hop in found.hops] == [
        ("storage", "cms"),
        ("transport", "api"),
        ("display", "site"),
    ]
    assert found.asked("h-1", "o", "tel:95588;phone-context=+86").key == "fund-7"
    assert found.asked("h-2", "o", "tel:95588;phone-context=+86").key == "h-2"
    assert str(tmp_path / "staging.csv") in repr(found.hops[0].come)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "cms"', 'nam = "cms"', "no key 'nam'"),
        ('stage = "storage"', 'stage = "attic"', "stage"),
        ('stage = "storage"', "stage = 1", "stage"),
        ('kind = "csv"', 'kind = "xls"', "kind"),
        ("[hop.out]", "[hop.output]", "no key 'output'"),
        ('column = "phone"', "", "column"),
        ("where = { id", "where = { id = 1, b", "where"),
        ('pointer = "/phone"', 'pointer = "phone"', "JSON Pointer"),
        ("postgresql://reader@", "postgresql://reader:hunter2@", "without its password"),
        ("postgresql://", "mysql://", "sqlite:///FILE"),
        ('{ env = "CMS_PASSWORD" }', '"hunter2"', "never written here"),
        ('{ env = "CMS_PASSWORD" }', '{ text = "hunter2" }', "never written here"),
        ("https://api.example", "http://api.example", "over HTTPS"),
        ("https://api.example", "https://me:hunter2@api.example", "without a name or password"),
        ("http://www.example", "file:///etc/passwd", "https://HOST"),
        ('selector = "#tel"', 'selector = ""', "selector"),
        ('selector = "#tel"', 'selector = "#tel", wait_s = 900', "wait_s"),
        ('kind = "page"', 'kind = "mentions"', "no key 'selector'"),
        (
            'kind = "page", url = "http://www.example/contact", selector = "#tel"',
            'kind = "mentions"',
            "either url or file",
        ),
        (
            'kind = "page", url = "http://www.example/contact", selector = "#tel"',
            'kind = "mentions", render = 1',
            "render",
        ),
        ("[[hop]]", "[hop]", "TOML"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_shown(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(BadInput) as found:
        read_pipeline(path)
    assert said in f"{found.value} {found.value.hint}"
    assert "hunter2" not in f"{found.value} {found.value.hint}"


def test_a_pipeline_without_hops_is_none(tmp_path: Path) -> None:
    for text in ("", "hop = []", "hop = 1", "\x00", 'name = "' + "x" * 20_000 + '"'):
        with pytest.raises(BadInput):
            read_pipeline(written(tmp_path, text))
    with pytest.raises(BadInput, match="cannot be read"):
        read_pipeline(tmp_path / "none.toml")
    (tmp_path / "gbk.toml").write_bytes("name = '客服'".encode("gbk"))
    with pytest.raises(BadInput, match="UTF-8"):
        read_pipeline(tmp_path / "gbk.toml")


def test_a_person_s_number_stands_in_no_name(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        read_pipeline(written(tmp_path, GOOD.replace('system = "api"', 'system = "13800138000"')))
