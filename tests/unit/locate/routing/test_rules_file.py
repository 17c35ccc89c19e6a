from __future__ import annotations

import os
from pathlib import Path

import pytest

from contracts.routing import RULES
from haoma.errors import BadInput
from haoma.locate.routing import Flaw, examine, load_rules
from haoma.locate.routing.rules_file import LARGEST
from haoma.places import Level


def flaws_of(folder: Path, text: str | bytes) -> tuple[Flaw, ...]:
    file = folder / "rules.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    rules, flaws = examine(file)
    assert (rules is None) == bool(flaws)
    return flaws


def test_rules_are_read(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    rules = load_rules(tmp_path / "rules.toml")
    assert [one.id for one in rules.desks] == ["east-en", "shanghai", "east", "national"]
    assert (rules.fallback.id, rules.language) == ("national", "zh")
    assert rules.desks[0].regions[0].level is Level.MACRO_REGION
    assert rules.stores is not None
    assert (rules.stores.path, rules.stores.within_m) == (str(tmp_path / "stores.csv"), 3000)
    assert rules.remote[0].extra_days == 5


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "why"),
    [
        ('fallback = "national"', 'fallback = "nobody"', 1, "fallback", "no desk has this id"),
        ('fallback = "national"', "", None, "fallback", "required"),
        ('coordinates = "wgs84"', "", 3, "stores.coordinates", "required"),
        ('coordinates = "wgs84"', 'coordinates = "mars"', 5, "stores.coordinates", "gcj02"),
        ('file = "stores.csv"', 'file = "stores.csv"\nwithin_m = 5', 5, "stores.within_m", "metres"),
        ('languages = ["en"]', 'languages = ["English please"]', 11, "desks[1].languages[1]", "BCP 47"),
        ('languages = ["en"]', 'languages = "en"', 11, "desks[1].languages", "a list of language tags"),
        ('regions = ["310000"]', 'regions = ["310101"]', 19, "desks[2].regions[1]", "no city and no province"),
        ('regions = ["310000"]', 'regions = ["亚特兰蒂斯"]', 19, "desks[2].regions[1]", "have this name"),
        ('contact = "queue:sh"', 'telephone = "1"', 20, "desks[2].telephone", "the keys id, zh, en"),
        ('contact = "queue:sh"', 'hours = ["always"]', 20, "desks[2].hours[1]", "mon-fri 09:00-18:00"),
        ('id = "east"\n', 'id = "east-en"\n', 23, "desks[3].id", "an earlier one has this id"),
        ("extra_days = 5", 'extra_days = "5"', 40, "remote[1].extra_days", "whole days"),
        ('regions = ["西藏"]', "", 35, "remote[1].regions", "required"),
        ('zh = "上海坐席"', 'zh = "上海\\u001b[31m"', 16, "desks[2].zh", "does not print"),
        ('en = "Shanghai"', 'en = "a\\r\\nSet-Cookie: x"', 17, "desks[2].en", "does not print"),
        ('zh = "上海坐席"', 'zh = "\\u0000"', 16, "desks[2].zh", "does not print"),
        ('zh = "上海坐席"', 'zh = " \\u3000 "', 16, "desks[2].zh", "blank"),
        ('contact = "queue:sh"', 'contact = "queue:\\u202esh"', 20, "desks[2].contact", "does not print"),
        ('file = "stores.csv"', 'file = "a\\u0000"', 4, "stores.file", "does not print"),
        ('fallback = "national"', 'fallback = "national"\n"no key" = 1', 2, "no key", "the keys fallback"),
        ('fallback = "national"', 'fallback = "national"\n"n\\u006f" = 1', 2, "no", "the keys fallback"),
        ("[[remote]]", '["other"]\nid = 1\n[[remote]]', 35, "other", "the keys fallback"),
    ],
)
def test_a_flaw_is_told_with_its_line_its_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, line: int | None, key: str, why: str
) -> None:
    assert old in RULES
    [flaw] = flaws_of(tmp_path, RULES.replace(old, new, 1))
    assert (flaw.line, flaw.key) == (line, key)
    assert why in flaw.why


def test_the_wide_blank_of_chinese_text_is_no_flaw(tmp_path: Path) -> None:
    assert flaws_of(tmp_path, RULES.replace('zh = "上海坐席"', 'zh = "上海\u3000坐席"', 1)) == ()


def test_all_flaws_are_told_at_once(tmp_path: Path) -> None:
    text = RULES.replace('languages = ["en"]', "languages = []").replace("extra_days = 5", "extra_days = 99")
    assert [one.key for one in flaws_of(tmp_path, text)] == ["desks[1].languages", "remote[1].extra_days"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"= 1",
        b"fallback = [" * 5000,
        b"desks = 3",
        b"desks = [1, 2]",
        b"[desks]\nid = 1",
        b'fallback = "a"\ndesks = [{id = "a"}]',
        b"x = 1" + b"0" * 5000,
        b'fallback = "a\x00"',
        b"#" + b" " * LARGEST,
    ],
)
def test_garbage_is_told_as_such(tmp_path: Path, text: bytes) -> None:
    assert flaws_of(tmp_path, text)
    with pytest.raises(BadInput, match=r"rules\.toml") as error:
        load_rules(tmp_path / "rules.toml")
    assert len(str(error.value)) < 1000


def test_a_line_of_no_toml_is_told(tmp_path: Path) -> None:
    [flaw] = flaws_of(tmp_path, RULES + "regions = oops\n")
    assert flaw.line == len(RULES.splitlines()) + 1


@pytest.mark.parametrize("name", ["nowhere.toml", ".", "pipe"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput):
        load_rules(tmp_path / name)
