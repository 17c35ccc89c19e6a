from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

import pytest

from contracts.store import names, put
from haoma.errors import Unavailable
from haoma.storage import open_store
from haoma.storage.locks import Line


def is_taken(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    time.sleep(0.001)
    return False


def test_who_waits_in_line_comes_before_who_has_just_written(tmp_path: Path) -> None:
    one, other, came = Line(tmp_path / "haoma.db", 10), Line(tmp_path / "haoma.db", 10), list[str]()

    def wait() -> None:
        with other.turn():
            came.append("who waited")
            time.sleep(0.02)

    with one.turn():
        came.append("who was first")
        waiting = threading.Thread(target=wait)
        waiting.start()
        while not is_taken(tmp_path / "haoma.db.next.lock"):
            assert waiting.is_alive()
    with one.turn():
        came.append("who came again")
    waiting.join()
    one.close()
    other.close()
    assert came == ["who was first", "who waited", "who came again"]


def test_who_stays_at_the_head_of_the_line_keeps_nobody_from_writing_for_good(tmp_path: Path) -> None:
    path = tmp_path / "haoma.db"
    with open_store(f"sqlite:///{path}", wait_s=0.1) as store:
        stays = Line(path, 10)
        with stays.turn():
            store.write(put("a"))
        stays.close()
        assert names(store) == {"a"}


def test_who_gives_up_waiting_stands_in_nobodys_way(tmp_path: Path) -> None:
    one, other, third = (Line(tmp_path / "haoma.db", wait_s) for wait_s in (10, 0, 10))
    with one.turn(), other.turn():
        pass
    begun = time.monotonic()
    with third.turn():
        assert time.monotonic() - begun < 5
    for line in (one, other, third):
        line.close()


def test_a_place_that_cannot_be_opened_is_unavailable_and_leaves_no_more_open_each_time(tmp_path: Path) -> None:
    path = tmp_path / "haoma.db"
    second = tmp_path / "haoma.db.writes.lock"
    with open_store(f"sqlite:///{path}") as store:
        second.mkdir()

        def refused() -> int:
            with pytest.raises(Unavailable, match=r"writes\.lock"):
                store.write(put("a"))
            return len([*Path("/proc/self/fd").iterdir()])

        assert refused() == [refused() for _ in range(5)][-1]
        second.rmdir()
        store.write(put("b"))
        assert names(store) == {"b"}
