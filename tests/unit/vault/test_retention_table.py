from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from haoma.errors import BadInput
from haoma.vault import RETENTION, rule_of
from haoma.vault.retention import EXPIRING
from haoma.vault.retention_page import retention_page

FILES = {
    "个人信息保护法": "PIPL-2021.md",
    "网络安全法": "CSL-2025-amended.md",
    "网络数据安全管理条例": "network-data-security-regs-2024.md",
}


def test_the_page_is_what_the_table_says(root: Path) -> None:
    page = root / "docs" / "guide" / "retention.md"
    assert page.read_text(encoding="utf-8") == retention_page(), "run tools/build_retention.py"


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
