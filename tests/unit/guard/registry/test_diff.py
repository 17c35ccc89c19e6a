from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from contracts.access import NOW
from contracts.registry import CARE, company, hotline
from haoma.guard.model import Purpose
from haoma.guard.registry.chart import Chart
from haoma.guard.registry.diff import Diff, Present, What, diff, uid_of_key
from haoma.guard.registry.incoming import row_of
from haoma.guard.registry.model import Hotline, uri_of

TENANT = str(uuid.UUID(int=1))
OWN = replace(company(aliases=("安盈",)), tenant=TENANT, version=1)
RIVAL = replace(company("安赢基金"), tenant=str(uuid.UUID(int=2)), version=1)


def held(*hotlines: Hotline, rows: list[dict[str, object]], chart: Chart | None = None) -> Diff:
    present = Present(TENANT, [OWN, RIVAL], hotlines, NOW)
    named = (chart or Chart()).renamed([row_of(place, row) for place, row in enumerate(rows, 2)])
    return diff(named, present, (chart or Chart()).purposes)


def whats(found: Diff) -> list[str]:
    return [str(line.what) for line in found.lines]


def row(number: str = "95588", **more: object) -> dict[str, object]:
    return {"organisation": "安盈基金", "number": number, **more}


def test_a_row_is_new_changed_or_unchanged() -> None:
    there = replace(hotline(OWN), version=1)
    found = held(there, rows=[row(), row("95599", purposes="投诉、客服"), row("95588", organisation="安盈")])
    assert whats(found) == ["unchanged", "new", "refused"]
    assert "row 2" in found.lines[2].reason
    (change,) = found.changes
    assert change.fields["purposes"] == ["客服", "投诉"]
    found = held(there, rows=[row(owner="客服中心", purposes="care;complaint", valid_until="2027-01-01")])
    assert (whats(found), found.lines[0].fields) == (["changed"], ("owner", "purposes", "valid_until"))
    assert found.changes[0].fields["valid_until"] == "2026-12-31T16:00:00.000000Z"


def test_what_a_row_does_not_say_stays() -> None:
    there = replace(hotline(OWN, owner="客服中心", purposes=CARE), version=3)
    assert held(there, rows=[row(owner="", purposes=None)]).changes == ()


def test_a_key_is_the_same_hotline_whatever_its_number_has_become() -> None:
    uid = uid_of_key(TENANT, "cms-7")
    (made,) = held(rows=[row(key="cms-7")]).changes
    assert (made.uid, uid_of_key(str(uuid.UUID(int=2)), "cms-7") == uid) == (uid, False)
    there = replace(hotline(OWN), uid=uid, version=1)
    found = held(there, rows=[row("95599", key="cms-7")])
    assert (whats(found), found.lines[0].fields, found.changes[0].uid) == (["changed"], ("number",), uid)
    over = replace(there, valid_until=NOW - timedelta(days=1))
    assert "retired" in held(over, rows=[row(key="cms-7")]).lines[0].reason


def test_an_organisation_that_is_not_known_is_added_with_its_first_hotline() -> None:
    new = {"organisation": "新华保险", "aliases": "新华;新华人寿", "domains": "newchinalife.com"}
    found = held(rows=[{**new, "number": "95567"}, {"organisation": "新华保险", "number": "400-810-9090"}])
    assert [change.do for change in found.changes] == ["add-organisation", "add-hotline", "add-hotline"]
    assert found.changes[0].fields["aliases"] == ["新华", "新华人寿"]
    assert held(rows=[{**new, "number": "nothing"}]).changes == ()


def test_a_number_of_another_is_refused_unless_both_share_it() -> None:
    theirs = hotline(RIVAL)
    assert whats(held(theirs, rows=[row()])) == ["refused"]
    assert whats(held(theirs, rows=[row(shared="yes")])) == ["refused"]
    assert whats(held(replace(theirs, shared=True), rows=[row(shared="是")])) == ["new"]
    both = [row(shared="1"), {"organisation": "新华保险", "number": "95588", "shared": "1"}]
    assert whats(held(rows=both)) == ["new", "new"]
    both[1]["shared"] = "no"
    assert whats(held(rows=both)) == ["new", "refused"]


def test_two_hotlines_change_places_and_a_row_that_falls_out_takes_no_place() -> None:
    one, other = (replace(hotline(OWN, number), uid=uid_of_key(TENANT, number)) for number in ("95588", "95599"))
    found = held(one, other, rows=[row("95599", key="95588"), row("95588", key="95599")])
    assert whats(found) == ["changed", "changed"]
    found = held(
        one, other, rows=[row("95599", key="95588"), row("95588", key="95599", owner="call 95588 95599 95577")]
    )
    assert whats(found) == ["refused", "refused"]


def test_a_row_that_cannot_be_is_refused_with_its_reason() -> None:
    reasons = [
        (row("138 0013 8000"), "personal mobile"), (row("no number"), "no number"), (row("95588 95599"), "2 numbers"),
        ({"number": "95588"}, "no organisation"), (row(purposes="joy"), "no purpose"), (row(shared="so"), "yes nor no"),
        (row(valid_from="soon"), "no date"), (row(valid_until="2020-01-01"), "until before"),
        (row(channels="call 13800138000"), "personal number"), ({"organisation": {"a": 1}, "number": "1"}, "no text"),
        (row(owner="x" * 300), "300 characters"),
    ]  # fmt: skip
    found = held(rows=[one for one, _ in reasons])
    assert found.changes == ()
    for line, (_, said) in zip(found.lines, reasons, strict=True):
        assert (line.what, said in line.reason) == (What.REFUSED, True), line.reason
        assert "13800138000" not in line.reason
    assert whats(held(rows=[row("138 0013 8000", mobile="yes")])) == ["new"]


def test_a_map_says_which_column_is_what_and_what_words_mean() -> None:
    chart = Chart({"number": "tel", "purposes": "kind"}, {"organisation": "安盈"}, {"1": Purpose.FAX}, mapped=True)
    found = held(rows=[{"tel": "95588", "kind": "1", "id": "7"}], chart=chart)
    assert (found.changes[0].fields["number"], found.changes[0].fields["purposes"]) == (uri_of("95588"), ["传真"])
