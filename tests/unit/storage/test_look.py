"""A work in two parts: the first done while others write, and again where what it read is not the same any more."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.store import names, put
from haoma.errors import Conflict
from haoma.storage import Store, look, open_store, quick, sqlite
from haoma.storage.group import Call
from haoma.storage.locks import Line
from haoma.storage.look import Looking, judged_again
from haoma.storage.sqlite import SqliteStore
from haoma.storage.store import Work

NAMED = "SELECT name FROM store_info WHERE name = ?"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'haoma.db'}") as opened:
        opened.write(put("there"))
        yield opened


class Counts:
    """A first part that reads by names and counts how often it was done; the second writes down what it read."""

    def __init__(self, *asked: str) -> None:
        self._asked = asked
        self.times = 0

    def __call__(self, tx: sa.Connection) -> Callable[[sa.Connection], str]:
        self.times += 1
        found = [name for asked in self._asked for (name,) in quick(tx, NAMED, asked, kinds=(str,))]
        return put(f"found {' '.join(found)}")


def waits(_line: Line, meanwhile: Callable[[], bool]) -> None:
    """Wait in line until there is nothing to do meanwhile."""
    while meanwhile():
        pass


def ahead(store: Store, work: Looking[str]) -> Looking[str]:
    with store.read() as snapshot:
        work.ahead(snapshot)
    return work


def test_where_nobody_is_in_the_way_both_parts_are_done_in_the_transaction(store: Store) -> None:
    first = Counts("there")
    assert store.write(Looking(first)) == "found there"
    assert first.times == 1


def test_what_still_reads_the_same_is_not_worked_out_again(store: Store) -> None:
    first = Counts("there", "nowhere")
    work = ahead(store, Looking(first))
    store.write(put("another"))  # nobody looked at that
    assert store.write(work) == "found there"
    assert first.times == 1


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM store_info WHERE name = 'there'", "found "),
        ("UPDATE store_info SET name = 'elsewhere' WHERE name = 'there'", "found "),
        ("INSERT INTO store_info (name, value) VALUES ('nowhere', 'x')", "found there nowhere"),
    ],
)
def test_where_a_row_came_changed_or_went_it_is_worked_out_anew(store: Store, change: str, found: str) -> None:
    first = Counts("there", "nowhere")
    work = ahead(store, Looking(first))
    store.write(lambda tx: quick(tx, change))
    assert store.write(work) == found
    assert first.times == 2


def test_what_changed_earlier_in_the_same_transaction_counts(store: Store) -> None:
    work = ahead(store, Looking(Counts("there")))
    _, told = store.write_each([lambda tx: quick(tx, "DELETE FROM store_info WHERE name = 'there'"), work])
    assert told.result == "found "


def test_what_was_worked_out_long_ago_is_worked_out_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "GOOD_S", 0.0)
    first = Counts("there")
    assert store.write(ahead(store, Looking(first))) == "found there"
    assert first.times == 2


def test_what_is_judged_again_is_not_compared(store: Store) -> None:
    times = []

    def first(tx: sa.Connection) -> Callable[[sa.Connection], str]:
        times.append(1)
        found = quick(judged_again(tx), NAMED, "nowhere")
        return lambda tx: "the same" if quick(tx, NAMED, "nowhere") == found else "judged otherwise"

    work = ahead(store, Looking(first))
    store.write(put("nowhere"))
    assert store.write(work) == "judged otherwise"
    assert len(times) == 1


def test_what_is_read_twice_is_the_callers_own_and_the_same(store: Store) -> None:
    def first(tx: sa.Connection) -> Callable[[sa.Connection], str]:
        rows = quick(tx, NAMED, "there")
        rows += [("made up",)]
        return put(" ".join(name for (name,) in quick(tx, NAMED, "there")) + " once")

    assert store.write(ahead(store, Looking(first))) == "there once"


@pytest.mark.parametrize(
    "reads",
    [
        lambda tx: tx.execute(sa.text("SELECT 1")).all(),
        lambda tx: tx.scalar(sa.text("SELECT 1")),
        lambda tx: judged_again(tx).scalar(sa.text("SELECT 1")),
        lambda tx: tx.exec_driver_sql("SELECT 1").all(),
        lambda tx: tx.connection.driver_connection.execute("SELECT 1").fetchall(),
        lambda tx: tx.connection.dbapi_connection.cursor().execute("SELECT 1").fetchall(),
    ],
)
def test_what_is_read_past_the_hot_statements_waits_for_the_transaction(
    store: Store, reads: Callable[[sa.Connection], object]
) -> None:
    found = []

    def first(tx: sa.Connection) -> Callable[[sa.Connection], str]:
        found.append(reads(tx))
        return put("read")

    work = ahead(store, Looking(first))
    assert found == []
    assert store.write(work) == "read"
    assert len(found) == 1


@pytest.mark.parametrize(
    "change",
    ["INSERT INTO store_info (name, value) VALUES ('x', 'x')", "UPDATE store_info SET name = 'x' RETURNING name"],
)
def test_a_first_part_writes_nothing_ahead(store: Store, change: str) -> None:
    def first(tx: sa.Connection) -> Callable[[sa.Connection], str]:
        quick(tx, change)
        return put("second")

    before = names(store)
    ahead(store, Looking(first))
    assert names(store) == before


def test_a_first_part_that_fails_fails_in_its_transaction_alone(store: Store) -> None:
    def first(_tx: sa.Connection) -> Callable[[sa.Connection], str]:
        message = "not this one"
        raise ValueError(message)

    work = ahead(store, Looking(first))
    failed, beside = store.write_each([work, put("beside")])
    assert isinstance(failed.error, ValueError)
    assert beside.error is None


def test_what_cannot_be_looked_up_ahead_fails_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(store, SqliteStore)

    def full(_store: SqliteStore) -> sa.Connection:
        message = "too many open files"
        raise OSError(message)

    def writes(_tx: sa.Connection) -> Callable[[sa.Connection], str]:
        return store.write(put("inside"))  # type: ignore[return-value]

    first = Counts("there")
    with monkeypatch.context() as patched:
        patched.setattr(Line, "_come", waits)
        inside, beside = store.write_each([Looking(writes), put("beside")])
        assert isinstance(inside.error, Conflict)
        assert beside.error is None
        patched.setattr(SqliteStore, "_reader", full)
        found, plain = store.write_each([Looking(first), put("plain")])
    assert (found.result, plain.result) == ("found there", "plain")


def test_no_more_is_looked_up_ahead_than_is_good_by_then(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def slow(_tx: sa.Connection) -> Callable[[sa.Connection], str]:
        done.append(1)
        time.sleep(0.004)
        return lambda _tx: "done"

    monkeypatch.setattr(Line, "_come", waits)
    told = store.write_each([Looking(slow) for _ in range(60)])
    assert [one.result for one in told] == ["done"] * 60
    assert len(done) <= 75  # some done ahead in vain


def test_who_is_interrupted_while_they_look_holds_no_place_in_line(store: Store) -> None:
    assert isinstance(store, SqliteStore)

    def interrupted(_tx: sa.Connection) -> Callable[[sa.Connection], str]:
        raise KeyboardInterrupt

    other = Line(store.path, 10.0)
    with other.turn(), pytest.raises(KeyboardInterrupt):
        store.write(Looking(interrupted))
    with other.turn(lambda: pytest.fail("somebody is in line")):
        pass
    other.close()
    assert store.write(put("after")) == "after"


def test_who_comes_while_another_process_writes_joins_the_group_that_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(store, SqliteStore)
    commit, groups = sqlite._commit, list[int]()

    def counted(driver: sqlite3.Connection, calls: list[Call[Work]]) -> None:
        groups.append(len(calls))
        commit(driver, calls)

    def first(_tx: sa.Connection) -> Callable[[sa.Connection], str]:
        looked.append(1)
        return lambda _tx: "second"

    monkeypatch.setattr(sqlite, "_commit", counted)
    looked, other = list[int](), Line(store.path, 10.0)
    with ThreadPoolExecutor(4) as pool:
        with other.turn():
            told = [pool.submit(store.write, Looking(first))]
            until = time.monotonic() + look.GOOD_S / 2
            while time.monotonic() < until:
                time.sleep(0.001)
                if looked and len(told) < 4:
                    told += [pool.submit(store.write, Looking(first)) for _ in range(3)]
        assert [one.result() for one in told] == ["second"] * 4
    other.close()
    assert (len(looked), groups) == (4, [4])


def test_while_another_process_writes_the_first_part_is_done_and_the_second_waits(store: Store) -> None:
    assert isinstance(store, SqliteStore)
    first, done = Counts("there"), list[str]()
    other = Line(store.path, 10.0)
    with other.turn():
        thread = threading.Thread(target=lambda: done.append(store.write(Looking(first))))
        thread.start()
        until = time.monotonic() + 0.9  # a place in line is waited for so long
        while not first.times and time.monotonic() < until:
            time.sleep(0.001)
        assert first.times == 1
        assert done == []
    thread.join()
    other.close()
    assert done == ["found there"]
    assert first.times == 1
