from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from haoma.errors import Tampered, Unavailable
from haoma.storage import Store, quick
from haoma.vault import open_keys
from haoma.vault.key_reads import KeyReads

_WHY = "SELECT why FROM vault_ends WHERE ended_id = ?"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_keys(f"sqlite:///{tmp_path}/vault.db") as store:
        yield store


def note(store: Store, ended_id: str, why: object = "withdrawn") -> None:
    insert = "INSERT INTO vault_ends (ended_id, why, noted_at) VALUES (?, ?, 0)"
    store.write(lambda tx: quick(tx, insert, ended_id, why))


def test_what_was_committed_before_is_read_and_what_is_gone_is_not(store: Store) -> None:
    reads = KeyReads(store)
    assert reads.rows(_WHY, "a") == []
    note(store, "a")
    assert reads.rows(_WHY, "a") == [("withdrawn",)]
    store.write(lambda tx: quick(tx, "DELETE FROM vault_ends WHERE ended_id = ?", "a"))
    assert reads.rows(_WHY, "a") == []


def test_many_threads_read_at_once(store: Store) -> None:
    reads = KeyReads(store)
    for n in range(8):
        note(store, str(n), f"why {n}")
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda n: reads.rows(_WHY, str(n % 8)), range(400)))
    assert said == [[(f"why {n % 8}",)] for n in range(400)]


def test_nothing_is_written(store: Store) -> None:
    with pytest.raises(Unavailable):
        KeyReads(store).rows("DELETE FROM vault_ends WHERE ended_id = ? RETURNING why", "a")


def test_a_cell_that_a_hand_wrote_is_told_as_such(store: Store) -> None:
    note(store, "a", b"\x00")
    with pytest.raises(Tampered, match="not of the type that was written"):
        KeyReads(store).rows(_WHY, "a", kinds=(str,))


def test_a_file_that_was_replaced_is_read_as_it_is_now_and_none_is_unavailable(store: Store, tmp_path: Path) -> None:
    reads = KeyReads(store)
    note(store, "a")
    assert reads.rows(_WHY, "a") == [("withdrawn",)]
    with open_keys(f"sqlite:///{tmp_path}/other.db") as other:
        note(other, "a", "expired")
    store.close()
    for file in tmp_path.glob("vault.db*"):
        file.unlink()
    with pytest.raises(Unavailable):
        reads.rows(_WHY, "a")
    (tmp_path / "other.db").rename(tmp_path / "vault.db")
    assert reads.rows(_WHY, "a") == [("expired",)]
