"""A node of an EVM chain on this machine: anvil of npm, by London's rules."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PACKAGE = "@foundry-rs/anvil@1.7.1"
CHAIN = 31337
READY_S = 60


def installed(root: Path) -> Path:
    """The program, installed by npm below the checkout's cache."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        message = f"needs {' and '.join(missing)} for {PACKAGE}: install Node.js 20 or newer"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = root / ".cache" / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    # The program itself is in a package of its own for each platform, which the launcher's scripts need not fetch.
    options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    with (folder / "lock").open("w") as lock:  # tests in two processes ask for it
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(["npm", "install", *options, PACKAGE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm install {PACKAGE} failed:\n{done.stderr}"
    programs = sorted(folder.glob("node_modules/@foundry-rs/anvil-*/bin/anvil*"))
    assert programs, f"{PACKAGE} has no program for this platform"
    return programs[0]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(anvil: Path, state: Path, rules: str = "london") -> Iterator[str]:
    """A node's URL; its chain is kept in `state` when it ends."""
    port, log = free_port(), state.with_suffix(".log")
    command = [anvil, "--port", str(port), "--hardfork", rules, "--state", state, "--chain-id", str(CHAIN)]
    with log.open("ab") as out:
        process = subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + READY_S
            while not listens(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
