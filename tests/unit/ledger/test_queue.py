from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.log import Log, assert_what_waited_before_bundles_goes_on, entry, open_log
from haoma.errors import Tampered
from haoma.ledger.entry import encode
from haoma.ledger.queue import take, waiting


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/haoma.db"


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    with open_log(url) as log:
        yield log


def test_a_batch_is_a_row_for_each_bundle_and_its_ids_are_never_given_again(log: Log) -> None:
    assert [*log.append(600), *log.append()] == list(range(1, 602))
    with log.store.read() as tx:
        rows = tx.execute(sa.text("SELECT entry_id, length FROM ledger_queue")).all()
    assert rows == [(1, 256), (257, 256), (513, 88), (601, 1)]
    log.change("DELETE FROM ledger_queue WHERE entry_id >= 513")
    assert log.append(2) == range(602, 604)


def test_what_waits_is_found_by_its_id_alone(log: Log) -> None:
    log.append(600)
    log.append()
    assert log.view.waiting(601) == encode(entry(600), log.ledger.types)
    assert log.view.waiting(400) == encode(entry(399), log.ledger.types)
    assert [log.view.waiting(one) for one in (-1, 0, 602, 2**63, 2**70)] == [None] * 5
    log.ledger.integrate()
    assert log.view.waiting(400) is None


def test_rows_are_taken_until_there_are_enough_entries_or_bytes(log: Log) -> None:
    log.append(600)
    with log.store.read() as tx:
        assert [row.length for row in take(tx, 300, 1 << 20)] == [256, 256]
        assert [row.length for row in take(tx, 300, 1)] == [256]
        with closing(waiting(tx)) as rows:
            assert [entry for row in rows for entry in row.entries] == [log.view.waiting(one) for one in range(1, 601)]


def test_a_row_that_is_no_bundle_is_tampered(log: Log) -> None:
    log.append(3)
    log.change("UPDATE ledger_queue SET length = 2")
    with pytest.raises(Tampered, match="entry id 1 "):
        log.view.waiting(1)


def test_what_waited_before_there_were_bundles_keeps_its_ids_and_comes_into_the_tree(url: str) -> None:
    assert_what_waited_before_bundles_goes_on(url)
