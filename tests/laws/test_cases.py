"""Laws of finding customers: whatever a CRM says, and whatever is asked of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import BadInput, Unavailable
from haoma.locate.cases import By, Contact, Crms, Reference
from haoma.locate.cases.example import PEOPLE, make_example
from haoma.locate.cases.model import contact_of

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200) | st.binary(max_size=20)
    | st.datetimes() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
NAMES = st.sampled_from(["number", "customer", "updated_at", "verified_at", "email", "in_app", "more"])
WORDS = st.text(max_size=140) | st.text("'\"`;-%_*\\ ORAND=1()\0", max_size=30)


@given(st.dictionaries(NAMES, VALUES))
def test_whatever_a_crm_says_is_a_contact_or_unavailable(row: dict[str, object]) -> None:
    with suppress(Unavailable):
        found = contact_of(row, NOW)
        assert found.customer
        assert found.number.isprintable()
        for at in (found.updated_at, found.verified_at):
            assert at is None or at.utcoffset() is not None


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = make_example(tmp_path_factory.mktemp("crm") / "crm.db", "acme")
    before = rows(made)
    yield made
    assert rows(made) == before


def rows(chart: Path) -> list[object]:
    with closing(sqlite3.connect(chart.with_suffix(".db"))) as file:
        tables = ("customers", "orders")
        return [file.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]  # noqa: S608 - ours


@given(st.sampled_from(By), WORDS)
def test_whatever_is_asked_finds_who_is_called_so_and_nobody_else(chart: Path, by: By, id_: str) -> None:
    found: Contact | None = None
    with suppress(BadInput):
        found = Crms(chart)("acme").find(Reference(by, id_))
    assert (found is not None) == (by is By.CUSTOMER and id_ in {person[0] for person in PEOPLE})


@given(st.sampled_from(By), st.sampled_from(By), st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_two_references_are_committed_to_alike_only_where_they_are_one(a: By, b: By, x: str, y: str) -> None:
    with suppress(BadInput):
        one, other = Reference(a, x), Reference(b, y)
        assert (one.content("c") == other.content("c")) == (one == other)
