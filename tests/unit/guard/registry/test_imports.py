from __future__ import annotations

from pathlib import Path

import pytest

from contracts.registry import open_desk
from haoma.guard.registry.chart import Chart
from haoma.guard.registry.diff import What
from haoma.guard.registry.incoming import read_rows

COLUMNS = Chart({"organisation": "org", "number": "number"}, mapped=True)


@pytest.mark.slow
def test_the_hotlines_of_a_country_are_imported_and_the_second_time_nothing_changes(
    shared: Path, tmp_path: Path
) -> None:
    rows = read_rows(shared / "guard" / "cn_hotlines.jsonl")
    with open_desk(f"sqlite:///{tmp_path / 'haoma.db'}") as desk:
        found = desk.registry.compare(desk.people["ed"], rows, COLUMNS, desk.world.now())
        # What is refused are senders of messages (106…) and codes that nobody can dial.
        assert (len(rows), found.count(What.NEW)) == (372, 354)
        assert all("no number" in line.reason for line in found.lines if line.what is What.REFUSED)
        desk.did(*found.changes)
        again = desk.registry.compare(desk.people["ed"], rows, COLUMNS, desk.world.now())
        assert (again.count(What.UNCHANGED), again.changes) == (354, ())
        assert desk.audited().hotlines == 354
