"""A team keeps its data on a PostgreSQL server: the promises of the store, and what only a server can do to them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.databases import OnFiles
from contracts.made import made
from contracts.schema import differences
from contracts.store import AT, StoreContract, StoreKillContract, content, fill, names, put, unavailable
from haoma.errors import Unavailable
from haoma.storage import back_up, inspect_store, open_store, restore


@pytest.fixture
def url(postgres: str) -> str:
    return postgres


class TestPostgres(StoreContract, StoreKillContract):
    """The contract, on a server."""


class TestSqliteKilled(OnFiles, StoreKillContract):
    """The contract of kills, on a file."""


def test_the_declared_tables_are_what_the_migrations_make(url: str) -> None:
    open_store(url).close()
    assert differences(url) == []


@pytest.mark.parametrize("order", ["to PostgreSQL", "to SQLite"])
def test_a_backup_of_one_database_is_restored_into_the_other(order: str, url: str, tmp_path: Path) -> None:
    file = f"sqlite:///{tmp_path}/haoma.db"
    source, target = (file, url) if order == "to PostgreSQL" else (url, file)
    with open_store(source) as store:
        fill(store)
        made = back_up(store, tmp_path / "a", at=AT)
        before = content(store)
    assert restore(tmp_path / "a", target, sha256=made.sha256) == made
    with open_store(target) as store:
        assert content(store) == before
        again = back_up(store, tmp_path / "b", at=AT)
        assert [(table.name, table.parts) for table in again.tables] == [
            (table.name, table.parts) for table in made.tables
        ]
        statement = sa.text("INSERT INTO ledger_queue (entries) VALUES ('') RETURNING entry_id")
        assert store.write(lambda tx: tx.scalar(statement)) == 8


def test_works_that_cross_each_other_are_run_again_until_they_pass(url: str) -> None:
    both_read = threading.Barrier(2, timeout=10)
    tries: list[int] = []
    with open_store(made(url)) as store:
        store.write(put("count", "0"))

        def add(number: int) -> None:
            def work(tx: sa.Connection) -> None:
                tries.append(number)
                found = int(tx.scalar(sa.text("SELECT value FROM store_info")))
                if tries.count(number) == 1:
                    both_read.wait()
                tx.execute(sa.text("UPDATE store_info SET value = :value"), {"value": str(found + 1)})

            store.write(work)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(add, range(2)))
        with store.read() as tx:
            assert tx.scalar(sa.text("SELECT value FROM store_info")) == "2"
    assert len(tries) == 3


def test_a_row_that_another_holds_for_too_long_is_unavailable(url: str) -> None:
    with open_store(made(url), wait_s=2) as store, open_store(url) as other:
        store.write(put("a"))
        held, go = threading.Event(), threading.Event()

        def hold(tx: sa.Connection) -> None:
            tx.execute(sa.text("UPDATE store_info SET value = 'held'"))
            held.set()
            go.wait()

        with ThreadPoolExecutor(1) as pool:
            holding = pool.submit(other.write, hold)
            held.wait()
            said = unavailable(lambda: store.write(lambda tx: tx.execute(sa.text("DELETE FROM store_info")) and None))
            go.set()
            holding.result()
    assert "another process" in str(said)


def test_more_threads_than_connections_wait_their_turn(url: str) -> None:
    with open_store(made(url)) as store, ThreadPoolExecutor(64) as pool:
        done = set(pool.map(lambda number: store.write(put(str(number))), range(500)))
        assert names(store) == done


def test_a_commit_is_durable_where_the_server_is_set_up_to_be_fast(url: str) -> None:
    setting = sa.text("SELECT current_setting('synchronous_commit')")
    with open_store(made(url)) as store:
        store.write(
            lambda tx: tx.execute(sa.text(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off"))
        )
    with open_store(url) as store:
        assert store.write(lambda tx: tx.scalar(setting)) == "on"


def test_a_server_that_goes_away_is_unavailable_until_it_is_back(url: str, postgres_server: object) -> None:
    with open_store(made(url), wait_s=2) as store:
        store.write(put("a"))
        postgres_server.stop()
        assert "does not answer" in str(unavailable(lambda: store.write(put("b"))))
        assert "does not answer" in str(unavailable(lambda: names(store)))
        postgres_server.start()
        store.write(put("c"))
        assert names(store) == {"a", "c"}


def test_a_connection_that_breaks_inside_a_work_leaves_nothing_of_it(url: str) -> None:
    with open_store(made(url)) as store:

        def work(tx: sa.Connection) -> None:
            put("half")(tx)
            tx.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))

        assert "does not answer" in str(unavailable(lambda: store.write(work)))
        store.write(put("later"))
        assert names(store) == {"later"}


def test_a_leader_whose_process_ends_leads_no_more(url: str) -> None:
    with open_store(made(url)) as store, open_store(url) as other:
        end = sa.text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")

        def lead() -> None:
            with store.leader("test"):
                other.write(lambda tx: tx.execute(end).all() and None)
                with other.leader("test", wait_s=5) as second:
                    assert second

        lead()


def test_a_wrong_password_or_database_is_told_without_the_password(url: str, postgres_server: object) -> None:
    wrong = url.replace(postgres_server.password, "wrong-password")
    with pytest.raises(Unavailable) as caught:
        open_store(wrong)
    assert "wrong-password" not in f"{caught.value}{caught.value.hint}"
    assert "refuses" in str(unavailable(lambda: open_store(postgres_server.url("nothing"))))
    open_store(url).close()
    assert postgres_server.password not in inspect_store(url).name
