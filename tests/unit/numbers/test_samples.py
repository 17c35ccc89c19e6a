from __future__ import annotations

import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from haoma.numbers.columns import enrich
from haoma.numbers.model import Kind
from haoma.numbers.sample_forms import FORMS, POOLS
from haoma.numbers.samples import TRUTH, customers, samples

ROWS = 20_000


@pytest.fixture(scope="module")
def made() -> pa.Table:
    return samples(ROWS)


def test_the_same_seed_makes_the_same_cells_and_another_makes_others(made: pa.Table) -> None:
    assert samples(ROWS).equals(made)
    assert not samples(ROWS, seed=1).equals(made)


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_few_rows_are_made_too(rows: int) -> None:
    assert (len(samples(rows)), samples(rows).schema) == (rows, TRUTH)


def test_every_kind_of_number_and_every_way_to_write_it_occurs(made: pa.Table) -> None:
    assert set(made["kind"].to_pylist()) == {str(kind) for kind in Kind}
    made.validate(full=True)
    assert {name for form in FORMS for name in form.draw} == set(POOLS)


def test_a_uri_is_there_exactly_where_a_number_is(made: pa.Table) -> None:
    assert pc.all(pc.xor(pc.equal(made["kind"].cast(pa.string()), "invalid"), made["uri"].is_valid())).as_py()


def test_most_cells_are_clean_mobiles_and_few_hold_no_number(made: pa.Table) -> None:
    clean = pc.sum(pc.match_substring_regex(made["cell"], r"^1\d{10}$")).as_py() / ROWS
    nothing = pc.sum(pc.equal(made["kind"].cast(pa.string()), "invalid")).as_py() / ROWS
    assert 0.40 < clean < 0.60
    assert 0.03 < nothing < 0.15


def test_foreign_numbers_are_ones_that_libphonenumber_takes(made: pa.Table) -> None:
    foreign = made.filter(pc.equal(made["kind"].cast(pa.string()), "international"))["uri"].to_pylist()
    assert foreign
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(uri.removeprefix("tel:"))) for uri in foreign)


def test_what_a_cell_was_made_to_say_is_what_a_column_finds(made: pa.Table) -> None:
    found = enrich(made["cell"], ["uri", "kind"])
    for name in ("uri", "kind"):
        pairs = zip(made["cell"].to_pylist(), found[name].to_pylist(), made[name].to_pylist(), strict=True)
        assert [(cell, got, planted) for cell, got, planted in pairs if got != planted] == []


def test_a_customer_file_numbers_its_rows() -> None:
    file = customers(pa.array(["95588", "12315"]))
    assert file["customer"].to_pylist() == ["C00000001", "C00000002"]
    assert file.column_names == ["customer", "note", "phone"]
