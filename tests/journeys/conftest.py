"""A PostgreSQL of each worker's own: started in a temporary directory, stopped and removed at the end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

READY_S = 60
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
ROOM_BYTES = 8 << 30
# Clients are killed here, and the server never is: what it wrote is kept by the kernel, and stays when it ends well.
QUICK = ("fsync=off", "full_page_writes=off", "autovacuum=off")
# These take minutes, and begin first, so that none is left for the end with the other worker idle.
LONG = (
    "journeys/test_compiled_code.py",
    "journeys/test_demo_guard.py",
    "journeys/test_guarded.py",
    "journeys/test_ledger_faults.py",
    "journeys/test_serve_attacked.py",
    "journeys/test_spark.py",
    "peers/test_api.py",
    "peers/test_api_scanners.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the order as random as it is among those that take minutes, and among the others."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


class Server:
    """One cluster on loopback, with a password; `stop` and `start` make it go and come back."""

    def __init__(self, programs: Path, place: Path) -> None:
        self.programs = programs
        self.place = place
        self.password = secrets.token_hex(8)
        # The server refuses to run as root.
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(place, "nobody", "nogroup")
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self.numbers = count(1)
        self.init()
        self.start()

    def init(self) -> None:
        file = self.place / "password"
        file.write_text(self.password)
        file.chmod(0o644)
        command = [self.programs / "initdb", "-D", self.place / "data", "-U", "haoma", "-A", "scram-sha-256", "-N"]
        ended = subprocess.run(
            [*command, "--pwfile", file, "-E", "UTF8", "--locale", "C"],
            cwd=self.place,
            capture_output=True,
            text=True,
            check=False,
            **self.user,
        )
        assert ended.returncode == 0, ended.stderr

    def start(self) -> None:
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.place)]
        options += [part for setting in QUICK for part in ("-c", setting)]
        with (self.place / "log").open("ab") as log:
            command = [self.programs / "postgres", "-D", self.place / "data", *options]
            self.process = subprocess.Popen(command, cwd=self.place, stdout=log, stderr=log, **self.user)
        until = time.monotonic() + READY_S
        while not self.answers():
            assert time.monotonic() < until, (self.place / "log").read_text()
            time.sleep(0.02)

    def answers(self) -> bool:
        command = [self.programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # "fast": connections are ended
        self.process.wait(timeout=READY_S)

    def url(self, database: str) -> str:
        return f"postgresql://haoma:{self.password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        name = f"test{next(self.numbers)}"
        engine = sa.create_engine(
            self.url("postgres").replace("postgresql", "postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as tx:
            tx.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template0"))
        engine.dispose()
        return self.url(name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server. Tests that need a database of it take `postgres`."""
    found = subprocess.run(
        ["sh", Path(__file__).with_name("postgres.sh")], stdout=subprocess.PIPE, text=True, check=True
    )
    # Not below pytest's directory, which only its owner may enter. In memory, for a database is a thousand files.
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    place = Path(tempfile.mkdtemp(prefix="haoma-postgres-", dir=MEMORY if roomy else None))
    server = Server(Path(found.stdout.strip()), place)
    yield server
    server.stop()
    shutil.rmtree(place)


@pytest.fixture
def postgres(postgres_server: Server) -> str:
    """The URL of a new database."""
    return postgres_server.new_database()
