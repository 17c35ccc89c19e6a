from __future__ import annotations

import json

import pytest

from haoma.guard.extract.state import holds_numbers, in_state

STATE = {
    "site": {"name": "甲银行", "serviceTel": "021-38784800", "hotel": "021-38784899", "version": "021-38784898"},
    "list": [{"title": "乙证券", "phone": ["400-810-9090"], "faxNumber": "021-38784801"}],
}
READ = [("021-38784800", "甲银行", False), ("400-810-9090", "乙证券", False), ("021-38784801", "乙证券", True)]


def told(source: str) -> list[tuple[str, str | None, bool]]:
    return [(one.text, one.owner, one.fax) for one in in_state(source)]


@pytest.mark.parametrize(
    "form", ["{}", "window.__DATA__={};", "var page = {};init(page)", "x=function(a){{return {}}}(1)"]
)
def test_numbers_under_keys_that_say_telephone_belong_to_the_object_with_a_name(form: str) -> None:
    source = form.format(json.dumps(STATE, ensure_ascii=False))
    assert holds_numbers(source)
    assert told(source) == ([] if form.startswith("x=") else READ)


def test_state_that_is_no_json_is_read_by_its_keys() -> None:
    source = "window.__NUXT__={site:{name:'甲银行',tel:'021-38784800',fax:'021-38784801'},n:a}"
    assert told(source) == [("021-38784800", "甲银行", False), ("021-38784801", "甲银行", True)]


def test_a_label_beside_a_number_or_in_front_of_it_tells_that_it_is_one() -> None:
    block = {"label": "客服热线", "value": "95588", "sort": "021-38784898"}
    text = {
        "items": ["投诉电话：021-38784800", "邮编：200120"],
        "html": "<p>证监会 <b>12386</b> 热线</p>",
        "code": "021-38784898",
    }
    found = in_state(json.dumps({"name": "甲银行", "blocks": [block, text]}, ensure_ascii=False))
    told = [(one.text, one.contact, one.told) for one in found]
    assert told == [
        ("95588", "客服热线", False),
        ("021-38784898", "客服热线", False),
        ("投诉电话：021-38784800", "", True),
        ("证监会 12386 热线", "", True),
    ]


def test_what_a_script_writes_into_the_page_is_read_and_what_it_keeps_is_not() -> None:
    source = "var tel='400-810-9191'; document.write('客服热线：<b>400-810-9090</b>');"
    assert holds_numbers(source)
    assert told(source) == [("客服热线：400-810-9090", None, False)]


def test_a_script_without_numbers_is_passed_over() -> None:
    assert not holds_numbers("var a={ts:1635079447000,id:'550771830124'};")


def test_nesting_without_end_is_cut() -> None:
    deep = '{"a":' * 5000 + '{"tel":"021-38784800"}' + "}" * 5000
    assert told(deep) in ([], [("021-38784800", None, False)])
