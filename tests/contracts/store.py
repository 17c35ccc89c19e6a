"""What every store does, whichever database is below it.

A test class derives from `StoreContract`, `StoreKillContract` or both and gives the fixture `url`: a database that is
empty, or not there.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.killing import assert_all_or_nothing
from contracts.made import made
from haoma.errors import BadInput, Conflict, HaomaError, NotFound, Tampered, Unavailable
from haoma.storage import Store, Time, back_up, inspect_store, open_store, quick, restore, schema
from haoma.storage.opening import store_at
from haoma.storage.tables import store_info

PAIR = ("first", "second")


def put(name: str, value: str = "x") -> Callable[[sa.Connection], str]:
    def work(tx: sa.Connection) -> str:
        tx.execute(sa.insert(store_info), {"name": name, "value": value})
        return name

    return work


def names(store: Store) -> set[str]:
    with store.read() as tx:
        return names_in(tx)


def names_in(tx: sa.Connection) -> set[str]:
    return set(tx.scalars(sa.select(store_info.c.name)))


def change_a_pair(store: Store, n: int) -> None:
    """Two rows by one work, while other threads write too."""

    def work(tx: sa.Connection) -> None:
        for part in PAIR:
            put(f"{n} {part}")(tx)

    def others(other: int) -> None:
        store.write(put(f"{n} other {other}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(others, range(8)))
        store.write(work)


def check_a_pair(store: Store, n: int, acknowledged: bool) -> None:
    there = {part for part in PAIR if f"{n} {part}" in names(store)}
    assert there in ({*PAIR}, set())
    assert there or not acknowledged


class StoreContract:
    """The promises of `Store`."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        with open_store(made(url)) as store:
            yield store

    def test_a_write_returns_what_the_work_returns_and_it_is_there(self, store: Store, url: str) -> None:
        assert store.write(put("a")) == "a"
        with open_store(url) as again:
            assert names(again) == {"a"}

    def test_a_work_that_raises_leaves_nothing_behind_and_its_error_is_the_callers(self, store: Store) -> None:
        def work(tx: sa.Connection) -> None:
            put("a")(tx)
            raise BadInput("no", hint="none")

        with pytest.raises(BadInput, match="no"):
            store.write(work)
        assert names(store) == set()

    def test_a_constraint_is_a_conflict_without_the_value_and_undoes_the_whole_work(self, store: Store) -> None:
        store.write(put("there already"))

        def work(tx: sa.Connection) -> None:
            put("new")(tx)
            put("there already")(tx)

        with pytest.raises(Conflict) as caught:
            store.write(work)
        assert "there already" not in f"{caught.value}{caught.value.__cause__}"
        assert "INSERT" not in str(caught.value)
        assert names(store) == {"there already"}

    def test_a_quick_statement_says_what_the_query_layer_says(self, store: Store) -> None:
        insert = "INSERT INTO store_info (name, value) VALUES (?, ?)"
        assert store.write(lambda tx: quick(tx, insert, "a", "1")) == []
        assert store.write(lambda tx: quick(tx, f"{insert} RETURNING name", "b", "%s?")) == [("b",)]
        with store.read() as tx:
            found = quick(tx, "SELECT name, value FROM store_info WHERE name <> ? ORDER BY name", "c", kinds=(str, str))
            assert found == [tuple(row) for row in tx.execute(sa.select(store_info).order_by(store_info.c.name))]
            assert found == [("a", "1"), ("b", "%s?")]

    def test_a_quick_statement_that_fails_is_told_in_words_and_undoes_the_whole_work(self, store: Store) -> None:
        insert = "INSERT INTO store_info (name, value) VALUES (?, ?)"
        store.write(lambda tx: quick(tx, insert, "there already", "1"))
        with pytest.raises(Conflict) as caught:
            store.write(lambda tx: [quick(tx, insert, name, "1") for name in ("new", "there already")])
        assert "there already" not in f"{caught.value}{caught.value.__cause__}"
        assert names(store) == {"there already"}

    def test_a_quick_statement_holds_cells_to_the_types_they_were_written_with(self, store: Store) -> None:
        store.write(put("a"))
        with pytest.raises(Tampered, match="not of the type that was written"), store.read() as tx:
            quick(tx, "SELECT name, value FROM store_info", kinds=(str, int))

    def test_one_statement_says_what_is_there_now_and_holds_cells_to_their_types(self, store: Store) -> None:
        sql = "SELECT name, value FROM store_info WHERE name = ?"
        assert store.rows(sql, "a") == []
        store.write(put("a", "b"))
        assert store.rows(sql, "a", kinds=(str, str)) == [("a", "b")]
        with pytest.raises(Tampered):
            store.rows(sql, "a", kinds=(str, int))
        assert "a" in names(store)

    def test_works_that_fail_among_others_fail_alone(self, store: Store) -> None:
        def one(number: int) -> str:
            def work(tx: sa.Connection) -> str:
                put(str(number))(tx)
                if number % 5 == 0:
                    raise BadInput("no")
                return str(number)

            try:
                return store.write(work)
            except BadInput:
                return ""

        with ThreadPoolExecutor(24) as pool:
            done = set(pool.map(one, range(200)))
        assert names(store) == done - {""} == {str(number) for number in range(200) if number % 5}

    def test_works_of_one_asker_end_each_as_its_own_and_in_their_order(self, store: Store) -> None:
        def failing(tx: sa.Connection) -> None:
            put("never")(tx)
            raise NotFound("nothing here")

        first, second, third, fourth = store.write_each([put("a"), failing, put("a"), names_in])
        assert (first.result, first.error) == ("a", None)
        assert isinstance(second.error, NotFound)
        assert isinstance(third.error, Conflict)
        assert (fourth.result, fourth.error) == ({"a"}, None)
        assert names(store) == {"a"}
        assert store.write_each([]) == []

    def test_works_of_many_askers_are_all_done_once(self, store: Store) -> None:
        def asked(asker: int) -> list[str]:
            return [one.result for one in store.write_each([put(f"{asker} {n}") for n in range(5)])]

        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(asked, range(12)))
        assert done == [[f"{asker} {n}" for n in range(5)] for asker in range(12)]
        assert names(store) == {name for one in done for name in one}

    def test_a_work_sees_what_was_written_before_it(self, store: Store) -> None:
        store.write(put("count", "0"))

        def add(_number: int) -> None:
            def work(tx: sa.Connection) -> None:
                found = int(tx.scalar(sa.select(store_info.c.value).where(store_info.c.name == "count")))
                tx.execute(sa.update(store_info).values(value=str(found + 1)))

            store.write(work)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(40)))
        with store.read() as tx:
            assert tx.scalar(sa.select(store_info.c.value)) == "40"

    def test_ctrl_c_inside_a_work_leaves_nothing_of_it(self, store: Store) -> None:
        def work(tx: sa.Connection) -> None:
            put("interrupted")(tx)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            store.write(work)
        store.write(put("later"))
        assert names(store) == {"later"}

    def test_a_write_inside_a_write_is_refused_at_once(self, store: Store) -> None:
        def work(tx: sa.Connection) -> None:
            put("outer")(tx)
            store.write(put("inner"))

        with pytest.raises(Conflict, match="inside"):
            store.write(work)
        store.write(put("later"))
        assert names(store) == {"later"}

    def test_a_work_may_read_the_store_as_it_was(self, store: Store) -> None:
        store.write(put("a"))

        def work(tx: sa.Connection) -> set[str]:
            put("b")(tx)
            return names(store)

        assert store.write(work) == {"a"}

    @pytest.mark.parametrize("end", [sa.Connection.commit, sa.Connection.rollback])
    def test_a_work_that_ends_the_transaction_is_refused(
        self, store: Store, end: Callable[[sa.Connection], None]
    ) -> None:
        def work(tx: sa.Connection) -> None:
            put("a")(tx)
            end(tx)

        with pytest.raises(Conflict, match="ended the transaction"):
            store.write(work)
        store.write(put("later"))
        assert names(store) == {"later"}

    def test_a_work_may_undo_a_part_of_itself(self, store: Store) -> None:
        def work(tx: sa.Connection) -> None:
            put("kept")(tx)
            nested = tx.begin_nested()
            put("undone")(tx)
            nested.rollback()

        store.write(work)
        assert names(store) == {"kept"}

    def test_what_a_programmer_did_wrong_comes_through_as_it_is(self, store: Store) -> None:
        with pytest.raises(sa.exc.ProgrammingError if store.dialect == "postgresql" else sa.exc.OperationalError):
            store.write(lambda tx: tx.execute(sa.text("SELECT nothing FROM nowhere")).all())
        with pytest.raises(KeyError):
            store.write(lambda _tx: {}["nothing"])

    def test_a_time_without_a_zone_is_bad_input_and_not_a_database_error(self, store: Store) -> None:
        naive = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - what is refused
        with pytest.raises(BadInput, match="zone"):
            store.write(lambda tx: tx.scalar(sa.select(sa.literal(naive, Time))))

    def test_a_reader_keeps_its_moment_while_others_write(self, store: Store) -> None:
        store.write(put("a"))
        with store.read() as tx:
            before = set(tx.scalars(sa.select(store_info.c.name)))
            store.write(put("b"))
            assert set(tx.scalars(sa.select(store_info.c.name))) == before == {"a"}
        assert names(store) == {"a", "b"}

    def test_a_reader_never_writes(self, store: Store) -> None:
        with pytest.raises((HaomaError, sa.exc.DBAPIError)), store.read() as tx:
            put("a")(tx)
        assert names(store) == set()

    def test_the_one_who_leads_is_the_only_one_until_its_end(self, store: Store, url: str) -> None:
        with open_store(url) as other, store.leader("test") as leads, other.leader("another") as elsewhere:
            assert (leads, elsewhere) == (True, True)
            with other.leader("test", wait_s=0.1) as second:
                assert not second
        with open_store(url) as other, other.leader("test", wait_s=0) as second:
            assert second

    def test_who_waits_to_lead_takes_over(self, store: Store) -> None:
        order: list[str] = []
        waiting = threading.Event()

        def second() -> None:
            waiting.set()
            with store.leader("test") as leads:
                order.append(f"second {leads}")

        with ThreadPoolExecutor(1) as pool, store.leader("test"):
            pool.submit(second)
            waiting.wait()
            time.sleep(0.2)
            order.append("first")
        assert order == ["first", "second True"]

    def test_the_name_of_a_lock_is_a_plain_word(self, store: Store) -> None:
        with pytest.raises(BadInput, match="name of a lock"), store.leader("../etc"):
            pass

    def test_opening_again_changes_nothing_and_many_may_open_at_once(self, url: str) -> None:
        def one(_number: int) -> str | None:
            with open_store(url) as store, store.read() as tx:
                return schema.revision(tx)

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(one, range(8))) == {schema.revisions()[-1]}
        assert inspect_store(url).pending == ()

    def test_a_store_that_is_not_there_is_not_made_unasked(self, url: str) -> None:
        with pytest.raises(NotFound):
            open_store(url, create=False)
        open_store(url).close()
        open_store(url, create=False).close()

    def test_a_database_of_a_newer_haoma_is_left_alone(self, store: Store, url: str) -> None:
        store.write(lambda tx: tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999_later'")) and None)
        with pytest.raises(Conflict, match="newer haoma") as caught:
            open_store(url)
        assert "9999_later" in str(caught.value)
        assert caught.value.hint

    def test_a_database_of_something_else_is_left_alone(self, url: str) -> None:
        with open_store(url) as store, store.changing() as tx:
            tx.execute(sa.text("DROP TABLE alembic_version"))
        for look in (open_store, inspect_store):
            with pytest.raises(Tampered, match="alembic_version"):
                look(url)
        with store_at(url, create=False) as store, store.changing() as tx:
            for table in reversed(schema.tables(tx)):
                table.drop(tx)
            tx.execute(sa.text("CREATE TABLE customers (id INTEGER)"))
        for look in (open_store, inspect_store):
            with pytest.raises(Conflict, match="not haoma's"):
                look(url)
        with store_at(url, create=False) as store, store.changing() as tx:
            tx.execute(sa.text("DROP TABLE customers"))
        for look in (inspect_store, lambda url: open_store(url, create=False)):
            with pytest.raises(NotFound, match="there is no store"):
                look(url)

    @pytest.mark.parametrize("revision", ["0000_earlier", "0001_other", "f3a9d2c1b0aa", ""])
    def test_a_revision_that_no_haoma_has_is_not_called_newer(self, revision: str, store: Store, url: str) -> None:
        said = sa.text("UPDATE alembic_version SET version_num = :revision")
        store.write(lambda tx: tx.execute(said, {"revision": revision}) and None)
        for look in (open_store, inspect_store):
            with pytest.raises(Tampered, match="no revision of haoma's"):
                look(url)

    @pytest.mark.parametrize(
        ("change", "gone"),
        [
            ("DROP TABLE store_info", "store_info"),
            ("ALTER TABLE store_info DROP COLUMN value", "store_info.value"),
        ],
    )
    def test_a_database_that_has_lost_a_table_or_a_column_is_told_as_such(
        self, change: str, gone: str, store: Store, url: str
    ) -> None:
        with store.changing() as tx:
            tx.execute(sa.text(change))
        with pytest.raises(Tampered, match="is gone"):
            store.write(put("a"))
        with pytest.raises(Tampered, match="is gone"), store.read() as tx:
            tx.execute(sa.select(store_info)).all()
        assert inspect_store(url).lost == (gone,)

    def test_a_migration_that_fails_leaves_everything_as_it_was(self, store: Store) -> None:
        def names_of_tables() -> set[str]:
            with store.read() as tx:
                return set(sa.inspect(tx).get_table_names())

        def migration() -> None:
            with store.changing() as tx:
                tx.execute(sa.text("CREATE TABLE half (a INTEGER)"))
                tx.execute(sa.text("DROP TABLE store_info"))
                raise KeyError

        before = names_of_tables()
        with pytest.raises(KeyError):
            migration()
        assert names_of_tables() == before

    @pytest.mark.slow
    def test_a_backup_restored_is_the_same_rows_keys_and_counters(self, store: Store, url: str, tmp_path: Path) -> None:
        fill(store)
        made = back_up(store, tmp_path / "a", at=AT)
        before = content(store)
        empty(store)
        restored = restore(tmp_path / "a", url, sha256=made.sha256)
        assert restored == made
        assert content(store) == before
        assert back_up(store, tmp_path / "b", at=AT) == made

    def test_a_backup_goes_into_nothing_but_an_empty_database(self, store: Store, url: str, tmp_path: Path) -> None:
        back_up(store, tmp_path / "a", at=AT)
        store.write(put("here already"))
        with pytest.raises(Conflict, match="empty"):
            restore(tmp_path / "a", url)
        assert names(store) == {"here already"}

    @pytest.mark.slow
    def test_a_change_is_whole_or_not_there_wherever_its_process_is_killed(self, url: str) -> None:
        assert assert_all_or_nothing(url, change_a_pair, check_a_pair) > 10


class StoreKillContract:
    """All or nothing while many changes are made. Takes its time, and is a journey."""

    def test_changes_are_whole_or_not_there_whenever_their_process_is_killed(self, url: str) -> None:
        assert assert_all_or_nothing(url, change_a_pair, check_a_pair, after_s=(0.05, 0.11, 0.23)) == 3


AT = dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC)


def fill(store: Store) -> None:
    """Rows of every kind, and a key whose row is gone."""
    with store.read() as tx:
        tables = {table.name: table for table in schema.tables(tx)}
    queue, head = tables["ledger_queue"], tables["ledger_head"]

    def work(tx: sa.Connection) -> None:
        tx.execute(sa.insert(store_info), [{"name": f"名 {n}", "value": "\u0001 'x'" * n} for n in range(2000)])
        tx.execute(sa.insert(queue), [{"entries": bytes([n, 0, 255]) * n} for n in range(7)])
        tx.execute(sa.delete(queue).where(queue.c.entry_id >= 5))
        tx.execute(sa.update(head).values(size=2**53 + 1))

    store.write(work)


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.read() as tx:
        ordered = {table.name: sa.select(table).order_by(*table.primary_key) for table in schema.tables(tx)}
        return {name: [tuple(row) for row in tx.execute(statement)] for name, statement in ordered.items()}


def empty(store: Store) -> None:
    """Take every table away."""
    with store.changing() as tx:
        found = sa.MetaData()
        found.reflect(tx)
        found.drop_all(tx)


def unavailable(work: Callable[[], object]) -> HaomaError:
    with pytest.raises(Unavailable) as caught:
        work()
    assert caught.value.hint
    assert "INSERT" not in str(caught.value)
    return caught.value
