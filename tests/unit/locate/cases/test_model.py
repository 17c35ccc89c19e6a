from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from haoma.errors import BadInput, Unavailable
from haoma.locate.cases import By, Reference
from haoma.locate.cases.model import contact_of

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ROW = {"number": "138 0013 8201", "customer": "C-1"}


@pytest.mark.parametrize(
    ("id_", "flaw"),
    [
        ("", "it is empty"),
        (" ", "it is empty"),
        ("x" * 129, "it has 129 characters"),
        ("A\n1", "do not print"),
        ("A\0", "do not print"),
        ("A\u202e1", "do not print"),
        (" A-1", "blanks around it"),
        ("A-1 ", "blanks around it"),
    ],
)
def test_what_names_nothing_is_no_reference_and_is_not_told(id_: str, flaw: str) -> None:
    with pytest.raises(BadInput, match=f"this names no order: .*{flaw}$") as raised:
        Reference(By.ORDER, id_)
    assert not id_.strip() or id_ not in str(raised.value)


def test_a_reference_shows_its_kind_alone_and_is_committed_to_for_one_case() -> None:
    one = Reference(By.ORDER, "A-2026-0001")
    assert "0001" not in f"{one!r} {one}"
    assert one.content("a") != one.content("b")
    assert one.content("a") != Reference(By.CUSTOMER, "A-2026-0001").content("a")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-02 10:15:00", datetime(2026, 3, 2, 2, 15, tzinfo=UTC)),
        ("2026-03-02T10:15:00Z", datetime(2026, 3, 2, 10, 15, tzinfo=UTC)),
        ("2026-03-02", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        (datetime(2026, 3, 2, 10, 15), datetime(2026, 3, 2, 2, 15, tzinfo=UTC)),  # noqa: DTZ001 - as drivers give it
        (None, None),
        ("", None),
    ],
)
def test_a_moment_without_a_zone_is_chinas(at: object, told: datetime | None) -> None:
    assert contact_of({**ROW, "updated_at": at}, NOW).updated_at == told


@pytest.mark.parametrize(
    "row",
    [
        {"number": "138 0013 8201"},
        {"number": "138 0013 8201", "customer": ""},
        {**ROW, "number": "1" * 129},
        {**ROW, "number": "138\n0013 8201"},
        {**ROW, "number": True},
        {**ROW, "number": 1.38e10},
        {**ROW, "number": b"13800138201"},
        {**ROW, "number": ["13800138201"]},
        {**ROW, "customer": {"id": 1}},
        {**ROW, "email": "jia@customers.example"},
        {**ROW, "in_app": 2},
        {**ROW, "updated_at": "yesterday"},
        {**ROW, "updated_at": 1_700_000_000},
        {**ROW, "updated_at": "2026-11-31"},
        {**ROW, "updated_at": NOW + timedelta(days=2)},
        {**ROW, "verified_at": "0001-01-01T00:00:00"},
    ],
)
def test_what_was_not_agreed_is_not_used_and_not_told(row: dict[str, object]) -> None:
    with pytest.raises(Unavailable) as raised:
        contact_of(row, NOW)
    assert not any(str(value) in f"{raised.value} {raised.value.hint}" for value in row.values() if value)


def test_a_customer_can_be_offered_what_is_there() -> None:
    found = contact_of({"number": None, "customer": 1001, "email": 1, "in_app": 0}, NOW)
    assert (found.number, found.customer) == ("", "1001")
    assert [str(way) for way in found.ways] == ["e-mail"]
    assert [str(way) for way in contact_of({**ROW, "in_app": True}, NOW).ways] == ["in-app", "call-back"]
    assert "1001" not in repr(found)
