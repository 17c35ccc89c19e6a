"""The log and those outside: other instances as witnesses, OpenSSL as the authority, anvil as the chain."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts import anvil, c2sp_client, tsa
from contracts.made import made
from haoma.ledger.cosignature import cosigned_at
from haoma.ledger.keys import parse_verifier_key
from haoma.ledger.note import read_note
from haoma.ledger.stamp import verify

HAOMA = (sys.executable, "-c", "from haoma.cli.main import main; main()")
ORIGIN = "example.com/log"
READY_S = 60


class Instance:
    """One haoma with a store of its own."""

    def __init__(self, place: Path, origin: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        made(f"sqlite:///{place}/store/haoma.db")
        self.place = place
        self.env = {"HAOMA_STORE_DIR": str(place / "store"), "HAOMA_LEDGER_ORIGIN": origin}

    def run(self, *args: str | Path, code: int = 0) -> str:
        env = os.environ | self.env
        command = [*HAOMA, "ledger", *map(str, args)]
        ended = subprocess.run(
            command, cwd=self.place, env=env, capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.returncode == code, (args, ended.returncode, ended.stdout, ended.stderr)
        self.told = ended.stderr
        return ended.stdout

    def rows(self, *args: str | Path, code: int = 0) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run(*args, code=code).splitlines()]

    def append(self, text: str) -> None:
        (self.place / "file").write_text(text)
        self.run("append", "file")

    @contextmanager
    def serving(self, port: int = 0, prefix: str = "", more: Mapping[str, str] | None = None) -> Iterator[str]:
        command = [*HAOMA, "serve", "--port", str(port), "--prefix", prefix]
        env = os.environ | self.env | (more or {})
        with subprocess.Popen(command, cwd=self.place, env=env, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr
                told = process.stderr.readline()
                assert "http://" in told, told + process.stderr.read()
                yield told.rpartition(" ")[2].strip()
            finally:
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=60) == 128 + signal.SIGTERM


@pytest.fixture
def log(tmp_path: Path) -> Instance:
    log = Instance(tmp_path / "log", ORIGIN)
    log.append("first")
    return log


def waits_until(done: Any) -> None:
    until = time.monotonic() + READY_S
    while not done():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_two_of_three_witnesses_are_a_quorum_and_the_third_catches_up(log: Instance, tmp_path: Path) -> None:
    key = log.run("keys", "log", "--create").strip()
    witnesses = [Instance(tmp_path / f"w{at}", f"w{at}.example") for at in range(3)]
    ports, policy = [anvil.free_port() for _ in witnesses], [f"log {key}"]
    for at, one in enumerate(witnesses):
        (one.place / "policy").write_text(f"log {key}\nquorum none\n")
        one.env["HAOMA_LEDGER_POLICY"] = str(one.place / "policy")
        vkey = one.run("keys", "witness", "--create").strip()
        policy.append(f"witness W{at} {vkey} http://127.0.0.1:{ports[at]}/w/")
    trusted = log.place / "policy"
    trusted.write_text("\n".join([*policy, "group all-of-them 2 W0 W1 W2", "quorum all-of-them", ""]))
    log.env["HAOMA_LEDGER_POLICY"] = str(trusted)
    with ExitStack() as running:
        third = ExitStack()
        for at, one in enumerate(witnesses):
            (third if at == 2 else running).enter_context(one.serving(ports[at], "/w"))
        assert [row["behind"] for row in log.rows("witness")] == [0, 0, 0]
        third.close()
        log.append("second")
        rows = log.rows("witness")
        assert sorted(row["behind"] for row in rows) == [0, 0, 1]
        [late] = [row for row in rows if row["behind"]]
        assert late["name"].startswith("w2.example/witness+")
        assert "does not answer" in late["trouble"]
        assert "the others are a quorum" in log.told
        log.run("prove", "1", "-o", "proof")
        [proved] = log.rows("verify", "proof", "--policy", "policy")
        assert proved["signed_by"] == [ORIGIN, "w0.example/witness", "w1.example/witness"]
        with third, witnesses[2].serving(ports[2], "/w"):
            assert [row["behind"] for row in log.rows("witness")] == [0, 0, 0]
    log.append("third")
    rows = log.rows("witness", code=4)
    assert [row["behind"] for row in rows] == [1, 1, 1]
    assert all("does not answer" in row["trouble"] for row in rows)
    shown = {row["name"]: row for row in log.rows("show") if row["what"] == "witness"}
    assert {row["behind"] for row in shown.values()} == {1}
    # What a quorum saw is proved against what it saw; the newest checkpoint has no cosignature.
    log.run("prove", "0", "-o", "old")
    assert log.rows("verify", "old", "--policy", "policy")[0]["size"] == 2
    log.run("prove", "2", "-o", "new")
    log.run("verify", "new", "--policy", "policy", code=5)
    log.run("verify", "new", "--key", key)


def test_a_service_asks_its_witness_again_until_it_is_back_and_holds_up_no_entry(log: Instance, tmp_path: Path) -> None:
    key = log.run("keys", "log", "--create").strip()
    one = Instance(tmp_path / "w", "w.example")
    (one.place / "policy").write_text(f"log {key}\nquorum none\n")
    one.env["HAOMA_LEDGER_POLICY"] = str(one.place / "policy")
    vkey, port = one.run("keys", "witness", "--create").strip(), anvil.free_port()
    (log.place / "policy").write_text(f"witness W {vkey} http://127.0.0.1:{port}\nquorum W\n")
    log.env["HAOMA_LEDGER_POLICY"] = str(log.place / "policy")
    with log.serving(more={"HAOMA_LEDGER_CHECKPOINT_S": "1"}) as url, httpx.Client(trust_env=False) as http:
        client = c2sp_client.Client(http, url, key)
        waits_until(lambda: http.get(f"{url}/checkpoint").status_code == 200)
        log.append("second")
        waits_until(lambda: client.head().size == 2)
        waits_until(lambda: log.rows("show")[2]["trouble"] is not None)
        with one.serving(port):
            log.append("third")  # a new checkpoint is due at once
            waits_until(lambda: f"— {one.env['HAOMA_LEDGER_ORIGIN']}/witness " in http.get(f"{url}/checkpoint").text)
            note = http.get(f"{url}/checkpoint").content
            [signed] = read_note(note, [parse_verifier_key(vkey)]).signatures
            assert abs(cosigned_at(signed) - time.time()) < READY_S


def test_a_log_that_was_cut_or_forked_finds_no_witness(log: Instance, tmp_path: Path) -> None:
    key = log.run("keys", "log", "--create").strip()
    one = Instance(tmp_path / "w", "w.example")
    (one.place / "policy").write_text(f"log {key}\nquorum none\n")
    one.env["HAOMA_LEDGER_POLICY"] = str(one.place / "policy")
    vkey = one.run("keys", "witness", "--create").strip()
    with one.serving() as url:
        (log.place / "policy").write_text(f"witness W {vkey} {url}\nquorum W\n")
        log.env["HAOMA_LEDGER_POLICY"] = str(log.place / "policy")
        backup = Instance(tmp_path / "backup", ORIGIN)
        backup.env |= {"HAOMA_LEDGER_POLICY": log.env["HAOMA_LEDGER_POLICY"]}
        copy(log, backup)
        log.append("second")
        log.append("third")
        log.run("witness")
        backup.append("instead of the second")
        [cut] = backup.rows("witness", code=4)
        assert "has seen 3 entries of this log, which has 2" in cut["trouble"]
        backup.append("instead of the third")
        backup.append("and one more")
        [forked] = backup.rows("witness", code=4)
        assert "saw another log of this name" in forked["trouble"]


def copy(log: Instance, other: Instance) -> None:
    (other.place / "store" / "keys").mkdir(parents=True, mode=0o700)
    (other.place / "store").chmod(0o700)
    with (
        closing(sqlite3.connect(log.place / "store" / "haoma.db")) as source,
        closing(sqlite3.connect(other.place / "store" / "haoma.db")) as target,
    ):
        source.backup(target)
    key = other.place / "store" / "keys" / "log.key"
    key.write_bytes((log.place / "store" / "keys" / "log.key").read_bytes())
    key.chmod(0o600)


def test_a_stamp_is_kept_and_holds_for_openssl_without_the_log(log: Instance, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    desk = tsa.founded(tmp_path / "desk")
    log.env["HAOMA_LEDGER_TSA_ROOTS"] = str(desk / "root.pem")
    with tsa.answering(desk) as url:
        log.env["HAOMA_LEDGER_TSA"] = f"{url}/tsr?key=secret"
        [row] = log.rows("stamp")
        assert (row["what"], row["size"], row["behind"], row["trouble"]) == ("stamp", 1, 0, None)
        assert "secret" not in json.dumps(row)
    log.append("second")
    [late] = log.rows("stamp", code=4)
    assert (late["size"], late["behind"]) == (1, 1)
    assert "secret" not in json.dumps(late) + log.told
    [kept] = log.rows("show", "--evidence", "evidence")
    log.run("show", "--evidence", "evidence", code=1)
    log.run("show", "--evidence", "evidence", "--overwrite")
    reply, text = log.place / kept["file"], (log.place / kept["checkpoint"]).with_suffix(".text")
    assert sorted(path.name for path in (log.place / "evidence").iterdir()) == sorted(
        {"1.checkpoint", "1.text", reply.name}
    )
    (log.place / "store").rename(tmp_path / "gone")
    root = desk / "root.pem"
    tsa.openssl("ts", "-verify", "-in", reply, "-data", text, "-CAfile", root, cwd=tmp_path)
    assert verify(reply.read_bytes(), text.read_bytes(), [root.read_bytes()]).tsa_name == "CN=tsa,O=haoma tests"
    changed = tmp_path / "changed"
    changed.write_bytes(text.read_bytes().replace(b"\n1\n", b"\n2\n"))
    wrong = ["openssl", "ts", "-verify", "-in", str(reply), "-data", str(changed), "-CAfile", str(root)]
    assert subprocess.run(wrong, capture_output=True, check=False).returncode != 0


def test_a_contract_is_deployed_and_takes_the_log_as_it_grows(log: Instance, root: Path, tmp_path: Path) -> None:
    program, state = anvil.installed(root), tmp_path / "state.json"
    with anvil.running(program, state) as url, httpx.Client(trust_env=False) as http:
        log.env["HAOMA_LEDGER_CHAIN"] = url
        log.run("anchor", "--deploy", code=4)  # the account, made just now, has nothing to pay with
        owner = log.told.split()[2]
        assert (log.place / "store" / "keys" / "chain.key").stat().st_mode & 0o777 == 0o600
        given = {"jsonrpc": "2.0", "id": 1, "method": "anvil_setBalance", "params": [owner, hex(10**19)]}
        assert http.post(url, json=given).status_code == 200
        [made] = log.rows("anchor", "--deploy")
        assert made["owner"] == owner
        log.env["HAOMA_LEDGER_CONTRACT"] = made["ledger_contract"]
        assert made["ledger_contract"].startswith(f"eip155:{anvil.CHAIN}:0x")
        log.run("anchor", "--deploy", code=1)
        [row] = log.rows("anchor")
        assert (row["size"], row["behind"]) == (1, 0)
        log.append("second")
        log.run("anchor")
        [kept] = log.rows("show", "--evidence", "evidence")
        receipt = json.loads((log.place / kept["file"]).read_text())
        asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionReceipt", "params": [receipt["transaction"]]}
        [event] = http.post(url, json=asked).json()["result"]["logs"]
        head = (log.place / kept["checkpoint"]).read_bytes().split(b"\n")
        assert receipt["size"] == int(head[1]) == 2
        assert receipt["root"] == c2sp_client.base64.b64decode(head[2]).hex()
        assert receipt["root"] in event["data"] + "".join(event["topics"])
    log.append("third")
    [late] = log.rows("anchor", code=4)
    assert (late["size"], late["behind"]) == (2, 1)
    with anvil.running(program, state) as url:
        log.env["HAOMA_LEDGER_CHAIN"] = url
        assert [row["behind"] for row in log.rows("anchor")] == [0]
    (log.place / "store" / "keys" / "chain.key").unlink()
    assert log.rows("show")[2]["behind"] == 0
    log.append("fourth")
    assert "there is no key" in log.rows("anchor", code=4)[0]["trouble"]


def test_two_services_on_one_store_serve_one_log(log: Instance) -> None:
    key = log.run("keys", "log", "--create").strip()
    quick = {"HAOMA_LEDGER_CHECKPOINT_S": "1", "HAOMA_LEDGER_OPEN_ENTRIES": "true"}
    with httpx.Client(trust_env=False) as http, log.serving(more=quick) as one:
        with log.serving(more=quick) as two:
            clients = [c2sp_client.Client(http, url, key) for url in (one, two)]
            waits_until(lambda: all(http.get(f"{client.prefix}/checkpoint").status_code == 200 for client in clients))
            old = clients[0].head()
            for at in range(20):
                log.append(f"entry {at}")
            waits_until(lambda: all(client.head().size == old.size + 20 for client in clients))
            heads = [client.head() for client in clients]
            assert heads[0] == heads[1]
            proof = c2sp_client.consistency(clients[1].tree(21), old.size, 21)
            assert c2sp_client.extends(old, heads[1], proof)
        log.append("when one has ended")
        waits_until(lambda: clients[0].head().size == old.size + 21)
        entries = clients[0].entries(old.size + 21)
        assert c2sp_client.tree_of([c2sp_client.leaf(entry) for entry in entries]) == clients[0].head().root


def test_a_log_of_seventy_thousand_entries_is_read_as_the_specification_says(log: Instance) -> None:
    with log.serving(more={"HAOMA_LEDGER_CHECKPOINT_S": "1", "HAOMA_LEDGER_OPEN_ENTRIES": "true"}) as url:
        made = (
            "from haoma.app import Services; from haoma.settings import load; from haoma.ledger.entry import Entry;"
            "from datetime import UTC, datetime; s = Services(load());"
            "at = datetime.now(UTC);"
            "e = [Entry('file.recorded', at, {'sha256': f'{n:064x}', 'bytes': n}) for n in range(69_999)];"
            "s.store.write(lambda tx: s.ledger.append_all(tx, e)); s.__exit__()"
        )
        subprocess.run([sys.executable, "-c", made], env=os.environ | log.env, check=True, timeout=120)
        with httpx.Client(trust_env=False, timeout=30) as http:
            client = c2sp_client.Client(http, url, log.run("keys", "log").strip())
            waits_until(lambda: client.head().size == 70_000)
            head = client.head()
            entries = client.entries(head.size)
            assert c2sp_client.tree_of([c2sp_client.leaf(entry) for entry in entries]) == head.root
            client.fetched.clear()
            for index in (0, 65_535, 65_536, 69_999):
                proof = c2sp_client.inclusion(client.tree(head.size), index, head.size)
                leaf = c2sp_client.leaf(entries[index])
                assert c2sp_client.includes(leaf, index, head.size, proof, head.root)
            # The tiles that tlog-tiles itself names for a tree of this size.
            assert {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"} <= set(client.fetched)
