from __future__ import annotations

import itertools
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.store import StoreContract, names, put, unavailable
from haoma.errors import NotFound, Unavailable
from haoma.storage import Store, inspect_store, open_store
from haoma.storage.group import Call
from haoma.storage.sqlite import SqliteStore, _commit
from haoma.storage.store import Work


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "haoma.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


class TestSqlite(StoreContract):
    """The contract, on a file."""


def test_file_and_directory_are_their_owners_alone(url: str, path: Path) -> None:
    with open_store(url) as store:
        store.write(put("a"))
        modes = {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_every_commit_is_synced_and_foreign_keys_hold(url: str) -> None:
    def pragmas(tx: sa.Connection) -> list[object]:
        wanted = ("journal_mode", "synchronous", "foreign_keys", "page_size")
        return [tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted]

    with open_store(url) as store:
        assert store.write(pragmas) == ["wal", 2, 1, 4096]


def test_a_database_that_another_process_holds_is_unavailable_after_a_while(url: str, path: Path) -> None:
    with open_store(url, wait_s=0.2) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another process" in str(unavailable(lambda: store.write(put("a"))))
        assert names(store) == set()
        other.execute("ROLLBACK")
        store.write(put("b"))
        assert names(store) == {"b"}


MANY_WRITES = """
import sys
from concurrent.futures import ThreadPoolExecutor
from haoma.storage import open_store
from contracts.store import put
with open_store(sys.argv[1]) as store, ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda number: store.write(put(f"{sys.argv[2]} {number}")), range(200)))
"""


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(url: str, root: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", MANY_WRITES, url]
    env = {"PYTHONPATH": str(root / "tests")}
    running = [subprocess.Popen([*command, str(number)], env=env) for number in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    with open_store(url) as store:
        assert names(store) == {f"{process} {number}" for process in range(3) for number in range(200)}


def fills(store: Store) -> int:
    """Write until the disk is full; how many writes were acknowledged."""
    for count in itertools.count():
        try:
            store.write(put(f"{count}", "x" * 4000))
        except Unavailable as error:
            said = str(error)
            break
    assert "the disk is full" in said
    return count


def test_a_full_database_is_unavailable_and_nothing_is_half_written(url: str) -> None:
    with open_store(url) as store:
        store.write(lambda tx: tx.exec_driver_sql("PRAGMA max_page_count=200").all() and None)
        count = fills(store)
        assert names(store) == {str(number) for number in range(count)}
        store.write(lambda tx: tx.exec_driver_sql("DELETE FROM store_info") and None)
        store.write(put("room again"))
        assert names(store) == {"room again"}


FILE_TOO_LARGE = """
import resource, signal, sys
from concurrent.futures import ThreadPoolExecutor
from haoma.errors import Unavailable
from haoma.storage import open_store
from contracts.store import names, put
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_store(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
    def until_full(writer):
        for count in range(1000):
            try:
                store.write(put(f"{writer} {count}", "x" * 4000))
            except Unavailable:
                return {f"{writer} {number}" for number in range(count)}
    with ThreadPoolExecutor(8) as pool:
        acknowledged = set().union(*pool.map(until_full, range(8)))
    assert names(store) == acknowledged, "in the same process"
print(*sorted(acknowledged), sep="\\n")
"""


def test_a_disk_that_takes_no_more_bytes_is_unavailable_and_what_was_acknowledged_stays(url: str, root: Path) -> None:
    command = [sys.executable, "-c", FILE_TOO_LARGE, url]
    ended = subprocess.run(
        command, env={"PYTHONPATH": str(root / "tests")}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    with open_store(url) as store:
        assert names(store) == set(ended.stdout.splitlines()) != set()


@pytest.mark.parametrize("moment", ["before", "behind"])
def test_an_interrupted_commit_says_so_and_is_whole_or_not_there(
    moment: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(sqlite3.Connection):
        armed = False

        def commit(self) -> None:
            strikes, Interrupted.armed = Interrupted.armed, False
            if strikes and moment == "before":
                raise KeyboardInterrupt
            super().commit()
            if strikes:
                raise KeyboardInterrupt

    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.dbapi2.connect", lambda *args, **more: connect(*args, factory=Interrupted, **more))
    with open_store(url) as store:
        store.write(put("a"))
        Interrupted.armed = True
        with pytest.raises(KeyboardInterrupt):
            store.write(put("b"))
        assert names(store) == ({"a"} if moment == "before" else {"a", "b"})
        store.write(put("c"))
        assert "c" in names(store)


def test_a_commit_that_fails_leaves_no_call_done_for_who_is_interrupted_before_it_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(sqlite3.Connection):
        armed = False

        def commit(self) -> None:
            if Full.armed:
                self.rollback()  # as SQLite does where the disk takes no more
                raise sqlite3.OperationalError
            super().commit()

    def interrupted(_store: SqliteStore) -> None:
        if Full.armed:
            Full.armed = False
            raise KeyboardInterrupt

    connect = sqlite3.connect
    monkeypatch.setattr("sqlite3.dbapi2.connect", lambda *args, **more: connect(*args, factory=Full, **more))
    monkeypatch.setattr(SqliteStore, "_drop", interrupted)
    began, go = threading.Event(), threading.Event()

    def first(tx: sa.Connection) -> None:
        began.set()
        assert go.wait(10)
        put("first")(tx)
        Full.armed = True

    with open_store(url) as store, ThreadPoolExecutor(3) as pool:
        assert isinstance(store, SqliteStore)
        before = pool.submit(store.write, lambda _tx: began.set() or go.wait(10))
        assert began.wait(10)
        leader = pool.submit(store.write, first)
        while not store._group._waiting:
            pass
        follower = pool.submit(store.write, put("second"))
        while len(store._group._waiting) < 2:
            pass
        go.set()
        assert before.result(10)
        with pytest.raises(KeyboardInterrupt):
            leader.result(10)
        assert follower.result(10) == "second"
        assert names(store) == {"second"}


def test_who_is_interrupted_behind_a_commit_leaves_no_work_to_be_done_again() -> None:
    class Strikes(Call[Work]):
        def __setattr__(self, name: str, value: object) -> None:
            super().__setattr__(name, value)
            if name == "done" and value:
                raise KeyboardInterrupt

    with closing(sqlite3.connect(":memory:")) as driver:
        calls = [Call(put("a")), Strikes(put("b")), Call(put("c")), Call(put("d"))]
        with pytest.raises(KeyboardInterrupt):
            _commit(driver, calls)
        assert [call.done for call in calls] == [True] * 4


def test_a_file_that_is_no_database_is_left_as_it_is(url: str, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"my novel, chapter one\n" * 1000)
    assert "no database" in str(unavailable(lambda: open_store(url)))
    assert path.read_bytes() == b"my novel, chapter one\n" * 1000


def damage(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(content)


def damage_rows(path: Path) -> None:
    """Overwrite pages that hold rows: the last ones but a few."""
    last = path.stat().st_size // 4096
    for page in range(last - 40, last - 20):
        damage(path, page)


def values(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.scalars(sa.text("SELECT value FROM store_info")))


def test_a_torn_page_is_told_and_never_an_internal_error(url: str, path: Path) -> None:
    with open_store(url) as store:
        for number in range(300):
            store.write(put(str(number), "x" * 1000))
    damage_rows(path)
    with open_store(url) as store:
        assert "damaged" in str(unavailable(lambda: values(store)))


def test_a_damaged_database_is_not_migrated(url: str, path: Path) -> None:
    with open_store(url) as store:
        for number in range(300):
            store.write(put(str(number), "x" * 1000))
        store.write(lambda tx: tx.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_store'") and None)
    damage_rows(path)
    assert "damaged" in str(unavailable(lambda: open_store(url)))
    assert not list(path.parent.glob("*.bak"))


def test_a_database_that_was_replaced_is_not_written_to(url: str, path: Path) -> None:
    with open_store(url) as store:
        store.write(put("a"))
        path.rename(path.with_name("aside"))
        assert "replaced" in str(unavailable(lambda: store.write(put("b"))))
        assert not path.exists()


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be made" in str(unavailable(lambda: open_store(f"sqlite:///{tmp_path}/file/haoma.db")))


def test_a_directory_that_takes_no_lock_is_told(url: str, path: Path) -> None:
    open_store(url).close()
    lock = path.with_name("haoma.db.open.lock")
    lock.unlink()
    lock.mkdir()
    assert "directory" in str(unavailable(lambda: open_store(url)).hint)


def test_seeing_a_store_makes_none(url: str, path: Path) -> None:
    with pytest.raises(NotFound):
        inspect_store(url)
    assert not path.parent.exists()


def test_a_store_is_the_same_from_wherever_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("sqlite:///haoma.db") as store:
        monkeypatch.chdir("/")
        store.write(put("a"))
        assert names(store) == {"a"}
