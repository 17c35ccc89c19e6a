"""What the detector knew, kept and read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from contracts.made import made
from haoma.errors import Tampered
from haoma.storage import Store, open_store
from haoma.watch.running import tables
from haoma.watch.running.states import BLOCK, Kept, newest_before, save

MINUTE, SIZE = 29_000_039, 1_760


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(made(f"sqlite:///{tmp_path / 'haoma.db'}")) as store:
        yield store


def kept(hotlines: int) -> Kept:
    """Records of which a half is alike in all of them."""
    rng = np.random.default_rng(1)
    records = np.zeros((hotlines, SIZE), np.uint8)
    records[:, SIZE // 2 :] = rng.integers(0, 256, (hotlines, SIZE // 2))
    return Kept(MINUTE, tuple(range(7, 7 + hotlines)), records.tobytes())


@pytest.mark.parametrize("hotlines", [1, BLOCK, BLOCK + 1])
def test_what_is_kept_is_read_as_it_was_and_takes_less(store: Store, hotlines: int) -> None:
    one = kept(hotlines)
    store.write(lambda tx: save(tx, [one], MINUTE - 1, "tuning"))
    with store.read() as tx:
        assert newest_before(tx, MINUTE + 1, "tuning") == one
        assert newest_before(tx, MINUTE + 1, "another") is newest_before(tx, MINUTE, "tuning") is None
        size = tx.scalar(sa.select(sa.func.sum(sa.func.length(tables.states.c.state))))
    assert hotlines == 1 or size < 0.6 * len(one.state)


@pytest.mark.parametrize("hand", [b"", b"\0" * 9, b"\xff" * 200, (5).to_bytes(4, "little") + b"nothing"])
def test_what_a_hand_wrote_there_is_told(store: Store, hand: bytes) -> None:
    store.write(lambda tx: save(tx, [kept(3)], MINUTE - 1, "tuning"))
    store.write(lambda tx: tx.execute(sa.update(tables.states).values(state=hand)) and None)
    with store.read() as tx, pytest.raises(Tampered):
        newest_before(tx, MINUTE + 1, "tuning")
