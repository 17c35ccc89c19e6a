from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.access import NOW
from contracts.registry import CARE, NUMBERS, company, hotline
from haoma.errors import BadInput, Refused
from haoma.guard.model import Names, Purpose
from haoma.guard.registry import Organisation, added, changed, check_hotline, check_organisation, purpose_of, uri_of
from haoma.guard.registry.changes import MOST, changes_of, payload_of
from haoma.guard.registry.model import CHINA, moment_of
from haoma.guard.registry.states import hotline_of, hotline_state, organisation_of, organisation_state
from haoma.ledger.canonical import canonical

OF = company()
TEXTS = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)


@given(
    number=st.sampled_from(NUMBERS),
    purposes=st.frozensets(st.sampled_from(Purpose), min_size=1),
    channels=st.lists(TEXTS, max_size=3, unique=True),
    until=st.none() | st.datetimes(timezones=st.just(CHINA), min_value=NOW.replace(tzinfo=None, year=2027)),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_a_state_reads_back_to_the_same_hotline(
    number: str, purposes: frozenset[Purpose], channels: list[str], until: object, flags: tuple[bool, bool]
) -> None:
    one = hotline(OF, number, purposes=purposes, channels=tuple(channels), valid_until=until, shared=flags[0])
    one = replace(one, mobile=flags[1], version=3, fact=7)
    assert hotline_of(one.uid, hotline_state(one), 3, 7) == one
    assert canonical(hotline_state(one))


def test_a_state_reads_back_to_the_same_organisation() -> None:
    one = replace(company(aliases=("安盈",), domains=("anying.example",)), tenant="t", version=2)
    assert organisation_of(one.uid, organisation_state(one), "t", 2) == one


@pytest.mark.parametrize(
    "change",
    [{"purposes": []}, {"purposes": ["joy"]}, {"purposes": "客服"}, {"number": "95588"}, {"number": 95588},
     {"number": "tel:+8613800138000"}, {"owner": "ask 13800138000"}, {"owner": " x"}, {"owner": None},
     {"channels": ["web", "web"]}, {"channels": ["x" * 201]}, {"channels": ["a\nb"]}, {"valid_from": "soon"},
     {"valid_until": "2020-01-01"}, {"shared": 1}, {"organisation": "安盈"}, {"more": 1}, {"owner": "x" * 201}],
)  # fmt: skip
def test_what_is_no_hotline_is_bad_input(change: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        hotline_of(str(uuid.uuid4()), hotline_state(hotline(OF)) | change)


@pytest.mark.parametrize(
    "names",
    [Names(""), Names(" x"), Names("x" * 201), Names("a\x00"), Names("a", ("b", "b")), Names("a", ("",)),
     Names("a", (), ("nodot",)), Names("a", (), ("-a.example",)), Names("a", (), ("http://a.example",)),
     Names("a", tuple(map(str, range(51))))],
)  # fmt: skip
def test_what_is_no_organisation_is_bad_input(names: Names) -> None:
    with pytest.raises(BadInput):
        check_organisation(Organisation(str(uuid.uuid4()), names))


@pytest.mark.parametrize(
    "uid", ["", "x", "A" * 36, "6F1B4D2E-0000-4000-8000-000000000000", "6f1b4d2e000040008000000000000000"]
)
def test_a_uid_is_a_uuid_in_one_spelling(uid: str) -> None:
    with pytest.raises(BadInput):
        check_hotline(replace(hotline(OF), uid=uid))


def test_a_text_with_one_number_is_that_number_and_no_error_shows_one() -> None:
    assert uri_of("客服热线：９５５８８") == uri_of("95588")
    for text in ("", "95588 95599", "13800138000 13800138001"):
        with pytest.raises(BadInput) as raised:
            uri_of(text)
        assert "138001380" not in f"{raised.value}"


def test_a_day_is_one_of_china() -> None:
    assert moment_of("2027-01-31T08:00:00Z").isoformat() == "2027-01-31T16:00:00+08:00"
    for text in ("", "tomorrow", "2027-13-01", "0001-01-01T00:00+14:00"):
        with pytest.raises(BadInput):
            moment_of(text)
    assert purpose_of("ＦＡＸ") is Purpose.FAX


def test_a_change_says_what_differs_and_reads_back() -> None:
    before = replace(hotline(OF), version=1)
    assert changed(before, before) is None
    made = changed(before, replace(before, owner="客服中心"))
    assert made is not None
    assert made.fields == {"owner": "客服中心"}
    assert changes_of(payload_of([made, added(OF)], "moved")) == ([made, added(OF)], "moved")


GOOD = {"do": "add-organisation", "uid": OF.uid, "version": 0, "fields": organisation_state(OF)}


@pytest.mark.parametrize(
    "payload",
    [None, [], {}, {"changes": [GOOD]}, {"changes": [], "reason": "x"}, {"changes": [GOOD], "reason": " "},
     {"changes": [GOOD], "reason": "a\nb"}, {"changes": [GOOD, GOOD], "reason": "x"},
     {"changes": [GOOD | {"version": 1}], "reason": "x"}, {"changes": [GOOD | {"do": "drop"}], "reason": "x"},
     {"changes": [GOOD | {"uid": 7}], "reason": "x"}, {"changes": [GOOD | {"fields": {}}], "reason": "x"},
     {"changes": [GOOD | {"do": "retire-hotline", "version": 1}], "reason": "x"},
     {"changes": [GOOD | {"do": "change-organisation"}], "reason": "x"}, {"changes": ["x"], "reason": "x"},
     {"changes": [GOOD] * (MOST + 1), "reason": "x"}, {"changes": [GOOD], "reason": "x", "more": 1}],
)  # fmt: skip
def test_what_is_no_request_is_bad_input(payload: object) -> None:
    with pytest.raises(BadInput):
        changes_of(payload)  # type: ignore[arg-type]


def test_no_text_of_a_request_shows_a_personal_number() -> None:
    for change, reason in (
        (added(company("联系 13800138000")), "founded"),
        (added(company(aliases=("13800138000",))), "founded"),
        (added(hotline(OF, channels=("13800138000",))), "founded"),
        (added(OF), "as 138 0013 8000 said"),
    ):
        with pytest.raises(Refused) as raised:
            payload_of([change], reason)
        assert "0013" not in str(raised.value)
    assert payload_of([added(hotline(OF, "13800138000", mobile=True, purposes=CARE))], "the board of 95588")
