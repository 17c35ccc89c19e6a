"""Whatever order counts come in, however often and in however many pieces, what is stored is one and the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.access import NOW
from contracts.counts import OTHER, THIS, batch, counts_of, tenant_in
from contracts.made import made
from haoma.errors import BadInput
from haoma.storage import Store, open_store
from haoma.watch.counts import Batch, every_series, read, read_request

SPAN = 70
NAMES = count()


class Said(NamedTuple):
    hotline: int
    back: int
    count: str
    value: int
    revision: int


SAID = st.builds(
    Said,
    st.integers(0, 1),
    st.integers(1, SPAN),
    st.sampled_from(["inquiries", "errors"]),
    st.integers(0, 300),
    st.integers(0, 2),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(made(f"sqlite:///{tmp_path_factory.mktemp('counts') / 'haoma.db'}")) as store:
        tenant_in(store, OTHER, "other")
        yield store


def stored(store: Store, sent: list[list[Said]]) -> np.ndarray:
    """What is there after these batches, for two hotlines of their own."""
    names = [f"law{next(NAMES)}" for _ in range(2)]
    counts = counts_of(store)
    for part in sent:
        for revision in sorted({one.revision for one in part}):
            rows = [(names[s.hotline], THIS - s.back, {s.count: s.value}) for s in part if s.revision == revision]
            counts.fill(OTHER, batch(*rows, revision=revision), NOW)
    with store.read() as tx:
        ids = {one.name: one.id for one in every_series(tx)}
        return np.stack(
            [read(tx, [ids[n]] if n in ids else [], THIS - SPAN, THIS)[0] if n in ids else nothing() for n in names]
        )


def nothing() -> np.ndarray:
    return np.full((SPAN, 2), np.nan)


def last(sent: list[Said]) -> np.ndarray:
    """What stays: of each bucket the greatest revision, and of those with it what came last."""
    kept: dict[tuple[int, int, str], Said] = {}
    for one in sent:
        place = one.hotline, one.back, one.count
        if place not in kept or one.revision >= kept[place].revision:
            kept[place] = one
    found = np.stack([nothing(), nothing()])
    for one in kept.values():
        found[one.hotline, SPAN - one.back, ["inquiries", "errors"].index(one.count)] = one.value
    return found


@settings(max_examples=15)
@given(st.lists(st.lists(SAID, max_size=6), max_size=5), st.booleans())
def test_what_is_stored_is_what_came_last_of_the_greatest_revision(
    store: Store, sent: list[list[Said]], again: bool
) -> None:
    # In a batch of this law's what has the greater revision comes last, for a batch has one.
    order = [one for part in sent for one in sorted(part, key=lambda one: one.revision)]
    repeated = [*sent, *sent[-1:]] if again else sent
    assert np.array_equal(stored(store, repeated), last(order), equal_nan=True)


@settings(max_examples=15)
@given(st.data())
def test_splitting_repeating_and_reordering_change_nothing_where_revisions_tell_values_apart(
    store: Store, data: st.DataObject
) -> None:
    said = data.draw(
        st.lists(SAID, max_size=12, unique_by=lambda one: (one.hotline, one.back, one.count, one.revision))
    )
    shuffled = data.draw(st.permutations([*said, *said[: len(said) // 2]]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    assert np.array_equal(stored(store, parts), stored(store, [said]), equal_nan=True)


@given(st.binary(max_size=200), st.booleans())
def test_whatever_bytes_come_they_are_counts_or_bad_input(said: bytes, packed: bool) -> None:
    body = bytes(pa.Codec("snappy").compress(said, asbytes=True)) if packed else said
    with suppress(BadInput):
        assert isinstance(read_request(body), Batch)
