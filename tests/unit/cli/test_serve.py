from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from haoma.cli.main import run
from haoma.cli.serve_listeners import listen_alone, listening
from haoma.cli.serve_process import free_place
from haoma.errors import Unavailable


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--port", "70000"], 2),
        (["--workers", "0"], 2),
        (["--prefix", "log"], 2),
        (["--prefix", "/v1"], 2),
        (["--host", "no.such.host.invalid"], 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_what_cannot_be_served_is_told_before_anything_listens(
    args: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    assert run(["serve", *args]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("haoma: ")
    assert "fault of haoma's own" not in told.err


SETTLED = """
import gc
from haoma.cli.serve_process import settle
before = len(gc.get_objects())
settle()
assert gc.get_freeze_count() > before // 2
assert len(gc.get_objects()) < before // 2
"""


def test_what_a_process_has_before_it_answers_is_looked_through_no_more() -> None:
    assert subprocess.run([sys.executable, "-c", SETTLED], check=False).returncode == 0


def test_workers_listen_for_themselves_so_that_each_gets_connections() -> None:
    with listening("127.0.0.1", 0, shared=True) as kept, ExitStack() as held:
        address = kept.getsockname()
        workers = [held.enter_context(kept.dup()) for _ in range(2)]
        for worker in workers:
            listen_alone(worker)
        for _ in range(64):
            held.enter_context(socket.create_connection(address))
        assert len(select.select(workers, [], [], 0)[0]) == 2


def test_an_address_that_workers_share_is_taken_for_everybody_else() -> None:
    with listening("127.0.0.1", 0, shared=True) as kept, kept.dup() as worker:
        listen_alone(worker)
        port = kept.getsockname()[1]
        for shared in (False, True):
            with pytest.raises(Unavailable, match="in use"):
                listening("127.0.0.1", port, shared=shared)


def test_an_address_is_taken_before_workers_listen_there_and_after_all_were_killed() -> None:
    with listening("127.0.0.1", 0, shared=True) as kept:
        port = kept.getsockname()[1]
        for killed in (False, True):
            for shared in (False, True):
                with pytest.raises(Unavailable, match="in use"):
                    listening("127.0.0.1", port, shared=shared)
            if not killed:
                with kept.dup() as worker:
                    listen_alone(worker)
    with listening("127.0.0.1", port, shared=True) as again, again.dup() as worker:
        listen_alone(worker)


def test_a_worker_that_is_started_in_the_stead_of_another_has_its_place(tmp_path: Path) -> None:
    held = [free_place(tmp_path) for _ in range(3)]
    assert [place for place, _ in held] == [0, 1, 2]
    os.close(held[1][1])  # as the system does of a process that is killed
    held[1] = free_place(tmp_path)
    assert held[1][0] == 1
    for _, file in held:
        os.close(file)


PINNED = """
import os
from haoma.cli.serve_process import keep_to_core
allowed = os.sched_getaffinity(0)
cores = set()
for place in range(len(allowed)):
    os.sched_setaffinity(0, allowed)
    keep_to_core(place)
    assert len(os.sched_getaffinity(0)) == 1
    cores |= os.sched_getaffinity(0)
assert cores == allowed
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps no process to a core")
def test_workers_of_one_service_keep_to_a_core_each() -> None:
    assert subprocess.run([sys.executable, "-c", PINNED], check=False).returncode == 0
