"""What counts promise on every store.

A test class derives from `CountsContract` or `CountsKillContract` and gives the fixture `url`: an empty database.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from contracts.access import NOW, World, open_world
from contracts.killing import assert_all_or_nothing
from haoma.access import ENTRY_TYPES as ACCESS_TYPES
from haoma.access import Asker, Gate, People, Role
from haoma.access import tables as access
from haoma.errors import BadInput, Refused
from haoma.guard.registry import tables as registry
from haoma.ledger.service import Ledger
from haoma.storage import Store
from haoma.vault.retention import Expiring
from haoma.watch.counts import (
    ENTRY_TYPES,
    Batch,
    Counts,
    Flow,
    Months,
    Reason,
    Taken,
    batch_of_rows,
    changed_since,
    every_series,
    newest_of,
    read,
    series_of,
    signals_of,
    spanned,
    tenant_named,
)
from haoma.watch.counts.arrivals import Delays, arriving, delays_of
from haoma.watch.counts.keeping import EXPIRING
from haoma.watch.counts.reader import look
from haoma.watch.model import minute_of, moment_of

THIS = minute_of(NOW)
DAY = 24 * 60
OTHER = str(uuid.UUID(int=7))


def batch(*rows: tuple[str, int, Mapping[str, float | None]], revision: int = 0) -> Batch:
    """Rows of a hotline, a minute, and counts."""
    return batch_of_rows([(name, moment_of(minute), said) for name, minute, said in rows], revision)


def calls(name: str, minute: int, inquiries: float, errors: float | None = 0) -> tuple[str, int, Mapping[str, float]]:
    return name, minute, {"inquiries": inquiries, "errors": errors}


def counts_of(store: Store) -> Counts:
    """Who takes counts on this store, without anybody who may."""
    ledger = Ledger(store, [*ACCESS_TYPES, *ENTRY_TYPES], lambda: NOW)
    return Counts(Gate(store, ledger, None), Months(store), Flow(10**9), 7)


def tenant_in(store: Store, id_: str, name: str) -> str:
    row = {"tenant_id": id_, "name": name, "created_at": NOW}
    store.write(lambda tx: tx.execute(sa.insert(access.tenants).values(**row)) and None)
    return id_


def registered(store: Store, tenant: str, uid: str) -> None:
    """A hotline of a tenant's, as far as counts look at it."""
    company = {"organisation_id": uid, "tenant_id": tenant, "name": uid, "aliases": "[]", "domains": "[]"}
    hotline = {"hotline_id": uid, "organisation_id": uid, "uri": "tel:95588;phone-context=+86", "purposes": "[]"}
    more = {"channels": "[]", "owner": "x", "shared": False, "mobile": False, "valid_from": NOW, "number_fact": 1}

    def work(tx: sa.Connection) -> None:
        tx.execute(sa.insert(registry.organisations).values(**company, version=1, fact_id=1))
        tx.execute(sa.insert(registry.hotlines).values(**hotline, **more, version=1, fact_id=1))

    store.write(work)


@dataclass
class Office:
    """Somebody who records counts, somebody who may not, and a second tenant."""

    world: World
    counts: Counts
    editor: Asker
    agent: Asker

    def sent(self, given: Batch, **later: float) -> Taken:
        return self.counts.record(self.editor, given, self.world.now(**later))

    def seen(self, name: str, since: int, until: int, tenant: str = "", signals: int = 2) -> np.ndarray:
        with self.world.store.read() as tx:
            ids = {one.name: one.id for one in every_series(tx, tenant or self.editor.tenant)}
            return read(tx, [ids[name]], since, until, signals)[0]

    def changed(self, cursor: int = 0) -> tuple[dict[str, int], int]:
        with self.world.store.read() as tx:
            names = {one.id: one.name for one in every_series(tx)}
            found = changed_since(tx, cursor)
            return {names[id_]: minute for id_, minute in found.earliest.items()}, found.cursor


class CountsContract:
    """Counts: what is taken, what is corrected, what is read."""

    @pytest.fixture
    def office(self, url: str) -> Iterator[Office]:
        world = open_world(url)
        with world.store:
            world.ledger = Ledger(world.store, [*ACCESS_TYPES, *ENTRY_TYPES], lambda: world.clock[0])
            gate = Gate(world.store, world.ledger, world.keys)
            world.gate, world.people = gate, People(gate)
            system, security = world.admins()
            editor = world.staff(system, security, "ed", Role.HOTLINE_EDITOR)
            agent = world.staff(system, security, "an", Role.AGENT)
            tenant_in(world.store, OTHER, "other")
            yield Office(world, Counts(gate, Months(world.store), Flow(10**9), 7), editor, agent)

    def test_counts_are_read_as_they_came_and_what_did_not_come_is_missing(self, office: Office) -> None:
        taken = office.sent(batch(calls("east", THIS - 2, 12, 1), calls("east", THIS, 9), calls("west", THIS - 1, 3)))
        assert (taken.rows, taken.changed, taken.refused) == (3, 3, {})
        seen = office.seen("east", THIS - 3, THIS + 1)
        assert np.array_equal(seen, [[np.nan] * 2, [12, 1], [np.nan] * 2, [9, 0]], equal_nan=True)
        told = office.world.entries("watch.")
        assert [(one.type, one.body["rows"], one.body["by"]) for one in told] == [
            ("watch.counted", 3, office.editor.person)
        ]

    def test_the_log_has_no_digest_of_a_name_that_is_refused(self, office: Office) -> None:
        for name in ("138-0013-8000", "139-0013-9000", "desk"):
            office.sent(batch(calls("east", THIS, 1), calls(name, THIS, 2)))
        one, other, third = (told.body["batch"] for told in office.world.entries("watch."))
        assert one == other != third

    def test_a_batch_that_comes_again_changes_nothing_and_another_value_corrects_the_first(
        self, office: Office
    ) -> None:
        first = batch(calls("east", THIS - 1, 12, 1))
        assert [office.sent(first).changed for _ in range(3)] == [1, 0, 0]
        assert office.sent(batch(calls("east", THIS - 1, 13, 1))).changed == 1
        assert office.seen("east", THIS - 1, THIS).tolist() == [[13, 1]]

    def test_a_count_that_a_row_does_not_say_stays_as_it_was(self, office: Office) -> None:
        office.sent(batch(calls("east", THIS - 1, 12, 1)))
        office.sent(batch(("east", THIS - 1, {"errors": 4, "rival-desk": 2})))
        assert office.seen("east", THIS - 1, THIS, signals=3).tolist() == [[12, 4, 2]]
        with office.world.store.read() as tx:
            assert signals_of(tx, office.editor.tenant, [], add=False) == {"inquiries": 0, "errors": 1, "rival-desk": 2}

    def test_the_greater_revision_stays_whichever_came_last(self, office: Office) -> None:
        office.sent(batch(calls("east", THIS - 1, 20), revision=5))
        assert office.sent(batch(calls("east", THIS - 1, 10), revision=4)).changed == 0
        assert office.sent(batch(calls("east", THIS - 1, 30), revision=5)).changed == 1
        assert office.sent(batch(calls("east", THIS - 2, 11))).changed == 1
        assert office.seen("east", THIS - 2, THIS)[:, 0].tolist() == [11, 30]

    def test_rows_that_cannot_be_are_refused_each_and_the_others_are_taken(self, office: Office) -> None:
        rows = [
            calls("east", THIS, 5),
            calls("east", THIS + 3, 5),
            calls("east", THIS - 8 * DAY, 5),
            calls("east", THIS - 1, -1),
            calls("east", THIS - 1, float("nan")),
            calls("east", THIS - 1, float("inf")),
            calls("east", THIS - 1, 1_000_001),
            calls("east", THIS - 1, 2.5),
            ("east", THIS - 1, {"inquiries": None}),
            calls("138 0013 8000", THIS - 1, 5),
            calls("", THIS - 1, 5),
            calls(str(uuid.UUID(int=99)), THIS - 1, 5),
            calls("east", THIS + 2, 7),
        ]
        taken = office.sent(batch(*rows))
        assert taken.rows == 2
        assert [(one.row, one.reason.word) for one in taken.refusals] == [
            (1, "future"), (2, "late"), (3, "negative"), (4, "not-a-number"), (5, "huge"), (6, "huge"),
            (7, "fraction"), (8, "empty"), (9, "name"), (10, "name"), (11, "name"),
        ]  # fmt: skip
        assert taken.refused[Reason.NAME] == 3
        assert np.nansum(office.seen("east", THIS - 9 * DAY, THIS + 5)) == 12
        with office.world.store.read() as tx:
            assert [one.name for one in every_series(tx)] == ["east"]

    def test_a_bucket_may_be_a_week_late_over_http_and_as_old_as_counts_are_kept_out_of_a_file(
        self, office: Office
    ) -> None:
        assert office.sent(batch(calls("east", THIS - 7 * DAY, 5))).rows == 1
        old = batch(calls("east", THIS - 390 * DAY, 5), calls("east", THIS - 402 * DAY, 5))
        filled = office.counts.fill(office.editor.tenant, old, office.world.now())
        assert (filled.rows, filled.refused) == (1, {Reason.LATE: 1})
        with office.world.store.read() as tx:
            assert spanned(tx) == ((THIS - 390 * DAY) // 60 * 60, (THIS - 7 * DAY) // 60 * 60 + 60)
            assert newest_of(tx, office.editor.tenant) == (THIS - 7 * DAY) // 60 * 60 + 60
            assert newest_of(tx, OTHER) is None

    def test_two_tenants_that_use_one_name_have_two_hotlines(self, office: Office) -> None:
        office.sent(batch(calls("east", THIS - 1, 5)))
        office.counts.fill(OTHER, batch(calls("east", THIS - 1, 50)), office.world.now())
        assert office.seen("east", THIS - 1, THIS).tolist() == [[5, 0]]
        assert office.seen("east", THIS - 1, THIS, OTHER).tolist() == [[50, 0]]
        with office.world.store.read() as tx:
            assert tenant_named(tx, "other") == OTHER
            with pytest.raises(BadInput, match="several tenants"):
                tenant_named(tx, None)
            assert [one.tenant for one in every_series(tx)] == [office.editor.tenant, OTHER]
            assert [one.name for one in every_series(tx, OTHER)] == ["east"]

    def test_a_uid_is_one_of_the_tenant_s_own_hotlines(self, office: Office) -> None:
        own, others = (str(uuid.UUID(int=one)) for one in (101, 102))
        registered(office.world.store, office.editor.tenant, own)
        registered(office.world.store, OTHER, others)
        taken = office.sent(batch(calls(own, THIS - 1, 5), calls(others, THIS - 1, 5)))
        assert (taken.rows, [(one.row, one.reason) for one in taken.refusals]) == (1, [(1, Reason.NAME)])

    def test_whoever_has_looked_is_told_what_changed_behind_them(self, office: Office) -> None:
        office.sent(batch(calls("east", THIS, 5), calls("west", THIS, 5)))
        assert office.changed() == ({}, 0)
        office.sent(batch(calls("east", THIS, 6)))
        office.sent(batch(calls("west", THIS - 90, 1), calls("west", THIS - 30, 1), calls("north", THIS - 40, 2)))
        earliest, cursor = office.changed()
        assert earliest == {"east": THIS, "west": THIS - 90, "north": THIS - 40}
        office.sent(batch(calls("west", THIS - 90, 1)))
        assert office.changed(cursor) == ({}, cursor)

    def test_whoever_says_up_to_where_they_look_is_told_of_what_comes_behind_them_by_whichever_clock(
        self, office: Office
    ) -> None:
        look(office.world.store, THIS)
        look(office.world.store, THIS - 60)
        taken = office.sent(batch(calls("east", THIS, 5), calls("west", THIS + 1, 5)))
        assert (taken.rows, office.changed()[0]) == (2, {"east": THIS})

    def test_how_long_counts_take_is_told_of_minutes_that_come_as_they_are_counted(self, office: Office) -> None:
        def took(name: str) -> Delays | None:
            with office.world.store.read() as tx:
                ids = {one.name: one.id for one in every_series(tx)}
                return delays_of(tx, [*ids.values()], THIS).get(ids[name])

        now = office.world.now(minutes=2)
        after_s = now.timestamp() - (THIS + 1) * 60
        soon = batch(*(calls("east", THIS - back, 5) for back in (0, 1, 1, 30)))
        taken = office.sent(soon)
        assert taken.delays_s == pytest.approx([after_s + 60 * back for back in (30, 1, 0)], abs=5)
        found = took("east")
        assert found == Delays(180, 3_600, 3)
        office.sent(batch(calls("east", THIS - 30, 6), calls("east", THIS - 30, 7), calls("west", THIS - DAY, 1)))
        assert (took("east"), took("west")) == (found, None)
        office.counts.fill(office.editor.tenant, batch(calls("north", THIS - 1, 5)), now)
        office.counts.fill(office.editor.tenant, batch(calls("south", THIS - 1, 5)), now, "table")
        south = took("south")
        assert (took("north"), south and south.minutes) == (None, 1)
        assert arriving(found).endswith("60 min at worst")

    def test_who_may_not_record_counts_changes_nothing_and_is_recorded(self, office: Office) -> None:
        with pytest.raises(Refused):
            office.counts.record(office.agent, batch(calls("east", THIS, 5)), office.world.now())
        assert office.world.entries("watch.") == []
        with office.world.store.read() as tx:
            assert every_series(tx) == []

    def test_a_batch_is_bounded_and_so_are_the_names_of_counts(self, office: Office) -> None:
        with pytest.raises(BadInput, match="10,001 rows"):
            office.sent(batch(*[calls("east", THIS, 5)] * 10_001))
        for name in ("call 138-0013-8000", "", "x" * 65):
            with pytest.raises(BadInput):
                office.sent(batch(("east", THIS, {name: 1})))
        for one in range(6):
            office.sent(batch(("east", THIS, {f"more-{one}": 1})))
        with pytest.raises(BadInput, match="more than 8"):
            office.sent(batch(("east", THIS, {"more-6": 1})))

    def test_many_hotlines_are_read_as_each_of_them_is(self, office: Office) -> None:
        names = [f"desk-{one}" for one in range(300)]
        office.sent(batch(*(calls(name, THIS - 1, at, at % 7) for at, name in enumerate(names))))
        with office.world.store.read() as tx:
            ids = series_of(tx, office.editor.tenant, names)
            together = read(tx, [ids[name] for name in names], THIS - 70, THIS + 1)
            for name in names[::60]:
                assert np.array_equal(
                    read(tx, [ids[name]], THIS - 70, THIS + 1)[0], together[names.index(name)], equal_nan=True
                )
        assert together[:, 69, 0].tolist() == list(range(300))

    @pytest.mark.slow
    def test_a_batch_of_thousands_of_hours_is_taken_as_many_small_ones_are(self, office: Office) -> None:
        rows = [calls(f"desk-{n % 900}", THIS - 60 * (n // 900), n % 7) for n in range(5_000)]
        rows += [calls("desk-3", THIS, 9), calls("desk-3", THIS, 8)]
        taken = office.sent(batch(*rows))
        assert (taken.rows, taken.changed) == (5_002, 5_000)
        assert office.sent(batch(*rows)).changed == 0
        with office.world.store.read() as tx:
            ids = series_of(tx, office.editor.tenant, [f"desk-{n}" for n in range(900)])
            found = read(tx, [*ids.values()], THIS - 300, THIS + 1)[:, ::60, 0]
        wanted = np.full((6, 900), np.nan)
        wanted.reshape(-1)[:5_000] = np.arange(5_000) % 7
        wanted[0, 3] = 8
        assert np.array_equal(found, wanted[::-1].T[[*map(int, (name[5:] for name in ids))]], equal_nan=True)

    def test_nothing_is_read_of_no_hotline_and_of_no_time(self, office: Office) -> None:
        office.sent(batch(calls("east", THIS - 1, 5)))
        with office.world.store.read() as tx:
            (east,) = (one.id for one in every_series(tx))
            assert read(tx, [], THIS - 9, THIS).shape == (0, 9, 2)
            assert read(tx, [east], THIS, THIS).shape == read(tx, [east], THIS, THIS - 9).shape == (1, 0, 2)
            with pytest.raises(BadInput, match="too many"):
                read(tx, [east] * 1000, 0, THIS)

    def test_what_is_over_goes(self, office: Office) -> None:
        office.counts.fill(office.editor.tenant, batch(calls("east", THIS - 399 * DAY, 5)), office.world.now())
        assert self.over(office, EXPIRING[0], NOW) == 0
        assert self.over(office, EXPIRING[0], NOW + timedelta(days=2)) == 1
        assert self.over(office, EXPIRING[1], NOW + timedelta(days=8)) == 0
        assert self.over(office, EXPIRING[1], NOW + timedelta(days=10)) == 1

    @staticmethod
    def over(office: Office, one: Expiring, at: datetime) -> int:
        query = sa.select(sa.func.count()).select_from(one.table).where(one.over(at))
        return int(office.world.store.write(lambda tx: tx.scalar(query)))

    def test_two_who_write_one_hour_at_once_lose_nothing(self, office: Office) -> None:
        def send(offset: int) -> None:
            for minute in range(offset, 20, 2):
                office.counts.fill(office.editor.tenant, batch(calls("east", THIS - 60 + minute, minute)), NOW)

        threads = [threading.Thread(target=send, args=(one,)) for one in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert office.seen("east", THIS - 60, THIS - 40)[:, 0].tolist() == list(range(20))


def change_counts(store: Store, n: int) -> None:
    """A batch over two hours, in a month of its own."""
    name = f"killed{n}"
    with store.read() as tx:
        found = tx.scalar(sa.select(access.tenants.c.tenant_id))
    tenant = found or tenant_in(store, OTHER, "other")
    counts_of(store).fill(tenant, batch(calls(name, THIS - 70, 1), calls(name, THIS - 1, 2)), NOW)


def check_counts(store: Store, n: int, acknowledged: bool) -> None:
    with store.read() as tx:
        ids = {one.name: one.id for one in every_series(tx)}
        id_ = ids.get(f"killed{n}")
        assert id_ or not acknowledged
        if id_:
            assert np.nansum(read(tx, [id_], THIS - 80, THIS)[0]) == 3


class CountsKillContract:
    def test_a_batch_is_whole_or_not_there_wherever_its_process_is_killed(self, url: str) -> None:
        assert assert_all_or_nothing(url, change_counts, check_counts) > 10
