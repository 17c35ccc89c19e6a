"""The watch on PostgreSQL, under kills, and as processes."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from threading import Timer

import numpy as np

from contracts.commands import HAOMA, started
from contracts.databases import OnFiles, OnServer
from contracts.watch import DAY, TENANT, WatchContract, WatchKillContract, put, registered
from haoma.app import Services
from haoma.settings import load
from haoma.watch.model import minute_of


class TestOnPostgres(OnServer, WatchContract):
    pass


class TestSqliteKilled(OnFiles, WatchKillContract):
    pass


def said_by(process: subprocess.Popen[bytes]) -> bytes:
    """The next line of a process; nothing where it says none for a minute, for it is ended then."""
    assert process.stderr
    patience = Timer(60, process.kill)
    patience.start()
    try:
        return process.stderr.readline()
    finally:
        patience.cancel()


def test_one_process_leads_and_another_takes_over_when_it_is_killed(tmp_path: Path) -> None:
    env = os.environ | {"HAOMA_STORE_DIR": str(tmp_path / "store")}
    with Services(load({"store_dir": str(tmp_path / "store")})) as services:
        services.store.write(registered)
        counts = np.random.default_rng(1).poisson((20.0, 0.1), (2 * DAY, 2)).astype(float)
        put(services.store, TENANT, "desk", minute_of(services.now()) - 2 * DAY, counts, services.now())
    command, piped = (HAOMA, "watch", "run"), {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with started(*command, env=env, **piped) as first:
        assert b"judging counts" in said_by(first)
        with started(*command, env=env, **piped) as second:
            assert b"another process leads" in said_by(second)
            first.kill()
            assert b"judging counts" in said_by(second)
            second.send_signal(signal.SIGTERM)
            assert second.wait(timeout=30) == 128 + signal.SIGTERM
    ended = subprocess.run([HAOMA, "watch", "run", "--once"], env=env, capture_output=True, text=True, check=True)
    assert '"anew": 0' in ended.stdout
