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

`assert_all_or_nothing` of `contracts.killing` runs both in processes of their own and kills one statement later each
time. A field of the Entry has to tell the change `n`. Give `url` an SQLite file in `tests/unit`, and the fixture
`postgres` in `tests/journeys`.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from haoma.ledger import tables
from haoma.ledger.entry import Entry, decode
from haoma.ledger.view import View
from haoma.storage import Store


def all_entries(store: Store) -> list[Entry]:
    """What is in the tree, and behind it what is committed and waits."""
    view = View(store)
    integrated = [view.entry(index) for index in range(view.head().size)]
    with store.read() as tx:
        waiting = tx.scalars(sa.select(tables.queue.c.entry).order_by(tables.queue.c.entry_id)).all()
    return [decode(one) for one in (*integrated, *waiting)]


def entries_where(store: Store, says: Callable[[Entry], bool]) -> list[Entry]:
    """The entries, integrated or waiting, that say so."""
    return [entry for entry in all_entries(store) if says(entry)]


def assert_one_change(*, changed: bool, entries: list[Entry], acknowledged: bool) -> None:
    """The change is there with exactly one entry, or neither is; an acknowledged one is."""
    assert len(entries) == int(changed), f"changed: {changed}, entries: {len(entries)}"
    assert changed or not acknowledged, "acknowledged, and not there"
