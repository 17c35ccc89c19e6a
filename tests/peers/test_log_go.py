"""A log as `haoma serve` serves it, read by Go's own packages over HTTP (golang.org/x/mod/sumdb).

Needs Debian's golang-go, golang-golang-x-mod-dev and golang-golang-x-crypto-dev, as go.sh installs them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from contracts.serving import append, serving, settings_in
from haoma.app import Services

OLD, NEW = 300, 700
GOPATH = os.environ.get("GOPATH", "/usr/share/gocode")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None or not Path(GOPATH, "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("needs Go: apt-get install golang-go golang-golang-x-mod-dev golang-golang-x-crypto-dev")
    work = tmp_path_factory.mktemp("go")
    settings = {"GO111MODULE": "off", "GOPATH": GOPATH, "GOCACHE": str(work / "cache"), "GOFLAGS": ""}
    source = Path(__file__).with_name("log_client.go")
    command = ["go", "build", "-o", str(work / "client"), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, env=os.environ | settings, check=False)
    assert built.returncode == 0, built.stderr
    return work / "client"


@pytest.mark.parametrize("prefix", ["", "/log"])
def test_go_finds_every_entry_in_the_log_and_that_it_only_grew(program: Path, prefix: str, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    append(settings, OLD)
    with Services(settings) as services:
        before = services.view.head().root
        vkey, key = services.log_key.verifier.text, services.entries_key
    append(settings, NEW - OLD)
    with serving(settings, prefix) as url:
        ask = [program, url, vkey, key, str(OLD), b64encode(before).decode()]
        found = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=120)
        assert (found.returncode, found.stdout, found.stderr) == (0, f"haoma.local/log {NEW} true\n", "")
        ask[5] = b64encode(bytes(32)).decode()
        forked = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=120)
        assert forked.returncode == 1
