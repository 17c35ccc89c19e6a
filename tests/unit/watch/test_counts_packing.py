from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from haoma.errors import Tampered
from haoma.watch.counts.packing import pack, unpack
from haoma.watch.counts.revisions import revised, written

CELLS = st.one_of(st.just(np.nan), st.integers(0, 200).map(float), st.integers(0, 1_000_000).map(float))
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 8), st.just(60))
HOURS = hnp.arrays(np.float64, SHAPES, elements=CELLS, fill=st.sampled_from([np.nan, 0.0, 7.0]))


@given(HOURS)
def test_what_is_unpacked_is_what_was_packed(values: np.ndarray) -> None:
    assert np.array_equal(unpack(pack(values), values.shape[1]), values, equal_nan=True)


def test_the_largest_count_and_an_hour_in_which_nothing_came_are_kept() -> None:
    values = np.full((2, 2, 60), np.nan)
    values[0, 1, 59] = 1_000_000
    packed = pack(values)
    assert packed[1] == bytes([2, 0, 0])
    assert np.array_equal(unpack(packed, 2), values, equal_nan=True)


def test_a_signal_that_an_hour_does_not_have_is_missing_and_one_that_nobody_asks_for_is_left_out() -> None:
    values = np.arange(180.0).reshape(1, 3, 60)
    packed = pack(values)
    assert np.isnan(unpack(packed, 4)[0, 3]).all()
    assert np.array_equal(unpack(packed, 1), values[:, :1])


def test_an_hour_of_an_everyday_hotline_takes_less_than_a_hundred_bytes() -> None:
    chance = np.random.default_rng(7)
    values = np.stack([chance.poisson(40, (50, 60)), chance.poisson(1, (50, 60))], axis=1).astype(float)
    assert max(map(len, pack(values))) < 100


@pytest.mark.parametrize("cell", [b"", b"\x02", b"\x01\x08", bytes([1, 8]) + bytes(59), bytes([1, 33]) + bytes(248)])
def test_bytes_that_nobody_packed_are_told(cell: bytes) -> None:
    with pytest.raises(Tampered):
        unpack([cell], 2)


def test_revisions_are_kept_where_there_are_any() -> None:
    revisions = np.zeros((2, 60), np.int64)
    assert written(revisions) is None
    revisions[1, 7] = 2**31 - 1
    assert np.array_equal(revised(written(revisions), 2), revisions)
    assert not revised(None, 2).any()
    other = written(np.ones((3, 60), np.int64)) or b""
    bomb = b"\x02" + zlib.compress(bytes(1 << 24))
    back = b"\x01" + zlib.compress(b"\xff" * 240)
    for cell in (b"x", b"", b"\x02", other, other[:-1], bytes([2]) + other[1:], bomb, back, bytes([1, 0, 1, 0, 0, 0])):
        with pytest.raises(Tampered):
            revised(cell, 2)


@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 8), st.just(60)), elements=st.integers(0, 2**31 - 1)))
def test_revisions_are_read_as_they_were_written(revisions: np.ndarray) -> None:
    assert np.array_equal(revised(written(revisions), 8)[: len(revisions)], revisions)
    assert not revised(written(revisions), 8)[len(revisions) :].any()


@pytest.mark.parametrize("step", [0, 1, 60])
def test_revisions_of_every_value_of_an_hour_take_less_than_its_counts(step: int) -> None:
    assert len(written(np.tile(1_795_000_000 + step * np.arange(60), (2, 1))) or b"") < 50
