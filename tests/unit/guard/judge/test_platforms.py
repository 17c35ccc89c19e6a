from __future__ import annotations

from pathlib import Path

import pytest

from haoma.errors import BadInput, NotFound
from haoma.guard.judge.model import SourceKind
from haoma.guard.judge.platforms import FIELDS, platform_for, read_platforms

OWN = """[map-desk]
zh = "某地图"
en = "a map"
channel = "api"
site = "map.example"
covers = []
for = ["page"]
due_days = 3
remind_days = 1
letter = "$organisation: $number $$"
"""


def test_every_kind_of_source_has_a_platform_and_every_letter_can_be_written() -> None:
    shipped = read_platforms()
    said = dict.fromkeys(FIELDS, "…")
    for kind in SourceKind:
        assert "$" not in platform_for(shipped, kind).written(said)


def test_the_one_stop_correction_covers_the_platforms_that_label_numbers() -> None:
    found = platform_for(read_platforms(), SourceKind.PLATFORM)
    assert (found.id, found.site) == ("opene164", "opene164.org.cn")
    assert set(found.covers) == {"360", "腾讯", "阿里", "百度", "搜狗", "泰迪熊", "电话邦"}


def test_a_file_of_ones_own_adds_platforms_and_takes_the_place_of_shipped_ones(tmp_path: Path) -> None:
    path = tmp_path / "platforms.toml"
    path.write_text(OWN + OWN.replace("map-desk", "opene164").replace('"page"', '"platform"'), encoding="utf-8")
    found = read_platforms(path)
    assert platform_for(found, SourceKind.PAGE).id == "map-desk"
    assert platform_for(found, SourceKind.PAGE, "site-owner").id == "site-owner"
    assert found["opene164"].due_days == 3
    assert found["map-desk"].written({"organisation": "安心", "number": "95588"}) == "安心: 95588 $\n"
    with pytest.raises(NotFound):
        platform_for(found, SourceKind.PAGE, "nobody")


@pytest.mark.parametrize(
    "text",
    [
        OWN.replace("$number", "$customer"),
        OWN.replace("$$", "$"),
        OWN.replace('"api"', '"pigeon"'),
        OWN.replace('["page"]', '["moon"]'),
        OWN.replace("due_days = 3", "due_days = 0"),
        OWN.replace("due_days = 3", "due_days = true"),
        OWN.replace('site = "map.example"\n', ""),
        OWN + "colour = 1\n",
        OWN.replace("map-desk", "Map"),
        "map-desk = 1",
        "[[",
    ],
)
def test_what_is_wrong_in_the_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "platforms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput):
        read_platforms(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_platforms(tmp_path / "nothing.toml")
