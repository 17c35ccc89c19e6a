from __future__ import annotations

from dataclasses import replace

from contracts.registry import company, hotline
from haoma.guard.registry import added, changed, retired, uri_of
from haoma.guard.registry.proposed import Difference, differences


def test_what_is_there_stands_beside_what_is_to_be() -> None:
    of = replace(company(), version=1)
    line, over = (replace(hotline(of, number), version=1) for number in ("95588", "95599"))
    moved = changed(line, replace(line, uri=uri_of("95566"), owner="客服中心"))
    assert moved is not None
    found = list(differences([moved, retired(over)], [of], [line, over]))
    assert found == [
        Difference("change-hotline", line.uid, "安盈基金", "number", line.uri, uri_of("95566")),
        Difference("change-hotline", line.uid, "安盈基金", "owner", "", "客服中心"),
        Difference("retire-hotline", over.uid, "安盈基金", "valid_until", None, "when it is run"),
    ]


def test_a_new_hotline_is_told_with_the_name_of_its_new_organisation() -> None:
    of = company()
    found = list(differences([added(of), added(hotline(of))], [], []))
    assert {(one.do, one.name, one.before) for one in found} == {
        ("add-organisation", "安盈基金", None), ("add-hotline", "安盈基金", None)
    }  # fmt: skip
    assert {one.field for one in found} == {"name", "channels", "number", "organisation", "purposes", "valid_from"}
