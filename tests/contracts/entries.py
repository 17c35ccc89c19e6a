"""A change and its Entry are one: kill -9 leaves both or neither, and once acknowledged both are there.

For a package that changes rows and says so in the log. In its test file:

    def change(store: Store, n: int) -> None:
        # the verb under test, once; appends an Entry in the transaction that changes its rows
        services(store).grant(subject=f"subject {n}", nonce=digest(n))

    def check(store: Store, n: int, acknowledged: bool) -> None:
        said = entries_where(store, lambda entry: entry.body.get("nonce") == digest(n))
        assert_one_change(changed=is_granted(store, n), entries=said, acknowledged=acknowledged)

    def test_a_grant_and_its_entry_are_one_wherever_the_process_is_killed(url: str) -> None:
        assert assert_all_or_nothing(url, change, check) > 3

`change_a_row` and `check_a_row` below are the least such pair. `assert_all_or_nothing` of `contracts.killing` runs both
in processes of their own and kills one statement later each time. A field of the Entry has to tell the change `n`. Give
`url` an SQLite file and the fixture `postgres`, both in `tests/journeys`: kills take their time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import sqlalchemy as sa

from contracts.log import Log, entry
from haoma.ledger.entry import Entry, decode
from haoma.ledger.queue import waiting
from haoma.storage import Store
from haoma.storage.tables import store_info


def all_entries(store: Store) -> list[Entry]:
    """What is in the tree, and behind it what is committed and waits."""
    integrated = Log(store).entries()
    with store.read() as tx, closing(waiting(tx)) as rows:
        return [decode(one) for one in (*integrated, *(entry for row in rows for entry in row.entries))]


def entries_where(store: Store, says: Callable[[Entry], bool]) -> list[Entry]:
    """The entries, integrated or waiting, that say so."""
    return [entry for entry in all_entries(store) if says(entry)]


def assert_one_change(*, changed: bool, entries: list[Entry], acknowledged: bool) -> None:
    """The change is there with exactly one entry, or neither is; an acknowledged one is."""
    assert len(entries) == int(changed), f"changed: {changed}, entries: {len(entries)}"
    assert changed or not acknowledged, "acknowledged, and not there"


def change_a_row(store: Store, n: int) -> None:
    """A row and the entry that says so, then an integration and a checkpoint."""
    log = Log(store)

    def work(tx: sa.Connection) -> None:
        log.ledger.append(tx, entry(n))
        tx.execute(sa.insert(store_info).values(name=str(n), value="x"))

    store.write(work)
    log.publisher.checkpoint()


def check_a_row(store: Store, n: int, acknowledged: bool) -> None:
    """The row and its entry are both there, or neither is; and the log is sound."""
    with store.read() as tx:
        changed = bool(tx.scalar(sa.select(sa.exists().where(store_info.c.name == str(n)))))
    said = entries_where(store, lambda one: one.body["bytes"] == n)
    assert_one_change(changed=changed, entries=said, acknowledged=acknowledged)
    Log(store).audit()
