from __future__ import annotations

import re
from pathlib import Path

import pytest

from haoma.access import EXCLUSIONS, NEEDS
from haoma.access.policy import _file
from haoma.app.exporting import exportables


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    return (root / "docs" / "guide" / "access.md").read_text(encoding="utf-8")


def test_the_guide_tells_every_exclusion_with_its_reason(guide: str) -> None:
    rows = [f"| `{one.one}` | `{one.other}` | {one.reason} |" for one in EXCLUSIONS]
    assert [row for row in rows if row not in guide] == []


def test_the_guide_tells_who_asks_for_what_and_who_approves_it(guide: str) -> None:
    for action, need in NEEDS.items():
        asked, approved = (", ".join(f"`{role}`" for role in sorted(some)) for some in (need.request, need.approve))
        hours = int(need.good_for.total_seconds() // 3600)
        assert f"| `{action}` | {asked} | {approved} | {need.approvers} | {hours} h | {need.reason} |" in guide


def test_the_guide_tells_what_each_limit_says(guide: str) -> None:
    limits = re.findall(r'@id\("([^"]+)"\)', _file("limits.cedar"))
    assert [limit for limit in limits if f"| `{limit}` |" not in guide] == []


def test_the_guide_tells_what_may_leave_in_an_export(guide: str) -> None:
    rows = {line.split("|")[1].strip(" `"): line for line in guide.splitlines() if line.startswith("| `")}
    for name, kind in exportables().items():
        assert rows[name].endswith(f"| {', '.join(kind.columns)} |"), name
