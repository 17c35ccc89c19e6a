from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

import haoma
from haoma.access import NEEDS
from haoma.app.packages import expiring, lasting
from haoma.consent.purposes import PURPOSES
from haoma.errors import BadInput
from haoma.storage import metadata
from haoma.vault import RETENTION, rule_of
from haoma.vault.ends import ENDS_KEPT
from haoma.vault.retention import EXPIRING
from haoma.vault.retention_page import retention_page

SRC = Path(haoma.__file__).parent
FILES = {
    "个人信息保护法": "PIPL-2021.md",
    "网络安全法": "CSL-2025-amended.md",
    "网络数据安全管理条例": "network-data-security-regs-2024.md",
}


def test_the_page_is_what_the_table_says(root: Path) -> None:
    page = root / "docs" / "guide" / "retention.md"
    assert page.read_text(encoding="utf-8") == retention_page(lasting()), "run tools/build_retention.py"


def test_the_law_is_quoted_word_for_word(shared: Path) -> None:
    for basis in {basis for rule in RETENTION for basis in rule.basis}:
        text = (shared / "law" / FILES[basis.law]).read_text(encoding="utf-8")
        article = text.replace("*", "").split(f"\n{basis.article}", 1)[1].split("\n第", 1)[0]
        for words in basis.text.split("……"):
            assert words in article, basis


def test_no_class_is_kept_for_less_than_the_law_asks_or_longer_than_promised() -> None:
    day = timedelta(days=1)
    assert rule_of("location.clear").longest == rule_of("location.token").longest == day
    assert rule_of("location.case").longest <= 181 * day
    assert rule_of("location.case-extended").longest <= 730 * day
    assert rule_of("audit").shortest >= 400 * day
    assert all(rule_of(name).shortest >= 3 * 366 * day for name in ("consent", "assessment", "sharing"))


def test_every_class_is_called_once_and_every_row_has_a_class() -> None:
    names = [rule.name for rule in RETENTION]
    assert len(set(names)) == len(names)
    assert {one.rule for one in EXPIRING} <= set(names)
    with pytest.raises(BadInput):
        rule_of("nothing")


def test_every_table_has_a_class_or_a_reason_to_stay() -> None:
    for path in SRC.rglob("tables.py"):
        import_module(".".join(("haoma", *path.relative_to(SRC).with_suffix("").parts)))
    ending = {one.table.name for one in expiring()} | {below.table.name for one in expiring() for below in one.below}
    there = set(metadata.tables)
    untold = there - ending - lasting().keys()
    assert untold == set(), "name each in EXPIRING or LASTING of its package's keeping.py"
    assert ending & lasting().keys() == set()
    assert (ending | lasting().keys()) - there == set()
    assert all(lasting().values())


def test_every_class_that_a_package_names_is_in_the_table() -> None:
    assert {one.rule for one in expiring()} <= {rule.name for rule in RETENTION}


def test_what_ended_is_known_for_longer_than_it_could_come_back() -> None:
    assert timedelta(days=max(one.longest_days for one in PURPOSES)) + timedelta(days=31) < ENDS_KEPT
    assert all(need.good_for < ENDS_KEPT for need in NEEDS.values())
