from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from contracts.cli_log import (
    CLOSED,
    EDITED,
    assert_a_closed_stream_is_told,
    assert_an_edited_database_is_tampered,
    edit,
    make_log,
)
from contracts.commands import HAOMA, started
from haoma.app import Services
from haoma.cli.main import run
from haoma.cli.serve_listeners import listening
from haoma.errors import Conflict
from haoma.ledger.cosignature import cosign
from haoma.ledger.entry import Entry
from haoma.ledger.keys import KeyType, SignerKey, witness_name
from haoma.ledger.signatures import Signature, split_note
from haoma.settings import load

READING = (["show"], ["show", "0"], ["show", "--entry", "1"], ["audit"], ["prove", "0"], ["keys"], ["checkpoint"])


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAOMA_STORE_DIR", str(tmp_path / "store"))
    return tmp_path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three entries, made once, with its first checkpoint in `kept`."""
    folder = tmp_path_factory.mktemp("made")
    make_log(folder)
    return folder


@pytest.fixture
def logged(place: Path, made: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Path:
    """A log of three entries of the test's own, a copy, with its first checkpoint in `kept`."""
    shutil.copytree(made, place, dirs_exist_ok=True)
    capfdbinary.readouterr()
    return place


def ledger(*args: str) -> int:
    code = run(["ledger", *args])
    sys.stdout.flush()
    return code


def rows(captured: pytest.CaptureFixture[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def vkey(captured: pytest.CaptureFixture[bytes]) -> str:
    captured.readouterr()
    assert ledger("keys", "log") == 0
    return captured.readouterr().out.decode().strip()


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_whoever_only_reads_makes_nothing_where_there_is_nothing(
    command: list[str], place: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ledger(*command) == 1
    told = capfdbinary.readouterr()
    assert told.out == b""
    assert told.err.startswith(b"haoma: ")
    assert list(place.iterdir()) == []


def test_types_are_shown_without_a_log(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ledger("show", "--types") == 0
    named = [one["properties"]["type"]["const"] for one in json.loads(capfdbinary.readouterr().out)["oneOf"]]
    assert "file.recorded" in named
    assert list(place.iterdir()) == []


def test_a_file_is_appended_shown_proved_and_verified_without_the_database(
    place: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (place / "a.txt").write_text("hi\n")
    digest = hashlib.sha256(b"hi\n").hexdigest()
    assert ledger("append", "a.txt") == 0
    assert rows(capfdbinary) == [{"entry": 1, "index": 0, "type": "file.recorded"}]
    assert ledger("show", "0") == 0
    [shown] = rows(capfdbinary)
    assert (shown["index"], shown["body"]) == (0, {"bytes": 3, "sha256": digest})
    assert ledger("prove", "--entry", "1", "-o", "a.tlog-proof") == 0
    key = vkey(capfdbinary)
    (place / "store").rename(place / "gone")
    assert ledger("verify", "a.tlog-proof", "--key", key) == 0
    [found] = rows(capfdbinary)
    assert (found["ok"], found["index"], found["body"], found["size"]) == (True, 0, shown["body"], 1)
    assert not (place / "store").exists()


def test_an_entry_of_another_type_is_appended_by_its_body(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    body = json.dumps({"sha256": "0" * 64, "bytes": 2})
    assert ledger("append", "--type", "file.recorded", "--body", body) == 0
    assert ledger("append", "--type", "file.recorded", "--body", body, "--format", "csv") == 0
    assert capfdbinary.readouterr().out.endswith(b"entry,index,type\n2,1,file.recorded\n")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "give FILES, or --type with --body"),
        (["nothing"], "does not exist"),
        (["."], "is a directory"),
        (["--type", "file.recorded"], "give FILES, or --type with --body"),
        (["--body", "{}"], "give FILES, or --type with --body"),
        (["--type", "file.recorded", "--body", "{"], "the body is no JSON object"),
        (["--type", "file.recorded", "--body", "[" * 100_000], "the body is no JSON object"),
        (["--type", "file.recorded", "--body", "[]"], "the body is no JSON object"),
        (["--type", "file.recorded", "--body", '{"sha256": "95588", "bytes": 1}'], "sha256 is no digest"),
        (["--type", "file.recorded", "--body", '{"bytes": NaN}'], "bytes is no count"),
        (["--type", "13800138000", "--body", "{}"], "no entry type of this name"),
    ],
)
def test_what_is_no_entry_is_bad_input_and_nothing_is_appended(
    args: list[str], told: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ledger("append", *args) == 2
    said = capfdbinary.readouterr().err.decode()
    assert told in said
    assert "13800138000" not in said
    assert ledger("show") in {0, 1}
    assert all(row["size"] == 0 for row in rows(capfdbinary))


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["show", "3"], 1),
        (["show", "--entry", "4"], 1),
        (["show", "--entry", "0"], 2),
        (["show", "--entry", "9" * 30], 2),
        (["show", "9" * 30], 2),
        (["show", "0", "--entry", "1"], 2),
        (["show", "0", "--types"], 2),
        (["show", "one"], 2),
        (["show", "--evidence", "kept"], 2),
        (["show", "--evidence", "new"], 1),
        (["prove", "3"], 1),
        (["prove"], 2),
        (["prove", "0", "--entry", "1"], 2),
        (["prove", "0", "-o", "kept"], 1),
        (["prove", "0", "-o", "."], 2),
        (["prove", "0", "-o", "no/such"], 2),
        (["checkpoint", "-o", "kept"], 1),
        (["verify", "kept"], 2),
        (["verify", "kept", "--key", "nonsense"], 2),
        (["audit", "--checkpoint", "a.txt"], 2),
        (["audit", "--checkpoint", "nothing"], 2),
        (["audit", "--checkpoint", "kept", "--key", "nonsense"], 2),
        (["witness"], 2),
        (["stamp"], 2),
        (["anchor"], 2),
        (["anchor", "--deploy"], 2),
        (["keys", "witness"], 1),
        (["keys", "chain"], 2),
        (["nonsense"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_every_failure_has_its_exit_code_and_words(
    args: list[str], code: int, logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    kept = (logged / "kept").read_bytes()
    assert ledger(*args) == code
    told = capfdbinary.readouterr()
    assert told.out == b""
    assert told.err.startswith(b"haoma: ")
    assert b"fault of haoma's own" not in told.err
    assert (logged / "kept").read_bytes() == kept


@pytest.mark.parametrize("bad", [b"", b"\n", b"\x00" * 100, b"\xff" * 4096, b"c2sp.org/tlog-proof@v1\nindex 0\n"])
def test_a_file_that_is_something_else_is_bad_input_wherever_it_is_read(
    bad: bytes, logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (logged / "bad").write_bytes(bad)
    key = vkey(capfdbinary)
    assert ledger("prove", "0", "-o", "proof") == 0
    assert ledger("verify", "bad", "--key", key) == 2
    assert ledger("audit", "--checkpoint", "bad") == 2
    assert ledger("verify", "proof", "--policy", "bad") == 2
    assert run(["--ledger-policy", "bad", "ledger", "show"]) == 2


def test_a_proof_is_no_checkpoint_and_a_checkpoint_no_proof(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ledger("prove", "2", "-o", "proof") == 0
    assert ledger("audit", "--checkpoint", "proof") == 2
    assert ledger("verify", "kept", "--key", vkey(capfdbinary)) == 2


def test_a_proof_that_was_changed_is_tampered(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ledger("prove", "1", "-o", "proof") == 0
    key, made = vkey(capfdbinary), (logged / "proof").read_bytes()
    for bad in (made.replace(b"index 1", b"index 0"), made.replace(b"\n3\n", b"\n4\n")):
        (logged / "changed").write_bytes(bad)
        assert ledger("verify", "changed", "--key", key) == 5
        assert capfdbinary.readouterr().out == b""


def test_a_proof_of_another_log_is_tampered(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ledger("prove", "1", "-o", "proof") == 0
    capfdbinary.readouterr()
    other = ["--store-dir", "other", "ledger", "keys", "log", "--create"]
    assert run(other) == 0
    sys.stdout.flush()
    assert ledger("verify", "proof", "--key", capfdbinary.readouterr().out.decode().strip()) == 5


def test_an_entry_changed_behind_the_log_is_named(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ledger("audit", "--checkpoint", "kept") == 0
    [found] = rows(capfdbinary)
    assert (found["ok"], found["entries"]) == (True, 3)
    with closing(sqlite3.connect(logged / "store" / "haoma.db")) as database, database:
        [bundle] = database.execute("SELECT entries FROM ledger_bundles").fetchone()
        at = bundle.rindex(b'"bytes":4')
        database.execute("UPDATE ledger_bundles SET entries = ?", (bundle[:at] + b'"bytes":5' + bundle[at + 9 :],))
    assert ledger("audit", "--checkpoint", "kept") == 5
    told = capfdbinary.readouterr()
    assert told.out == b""
    assert b"entry 2 " in told.err


def test_an_audit_without_a_checkpoint_says_what_it_does_not_show(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ledger("audit") == 0
    assert b"without --checkpoint" in capfdbinary.readouterr().err


def test_an_auditor_without_the_log_key_gives_the_public_one(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    key = vkey(capfdbinary)
    (logged / "store" / "keys" / "log.key").unlink()
    assert ledger("audit", "--checkpoint", "kept") == 1
    assert ledger("audit", "--checkpoint", "kept", "--key", key) == 0
    assert not (logged / "store" / "keys" / "log.key").exists()


def test_a_log_whose_key_is_gone_signs_with_no_other(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    key = logged / "store" / "keys" / "log.key"
    text = key.read_bytes()
    key.unlink()
    assert ledger("append", "a.txt") == 0
    for command in (["checkpoint"], ["prove", "3"], ["keys", "--create"]):
        assert ledger(*command) == 1
        assert b"is gone, and this log has signed with it" in capfdbinary.readouterr().err
    assert not key.exists()
    key.write_bytes(text)
    key.chmod(0o600)
    assert ledger("checkpoint") == 0


def test_a_key_file_that_is_damaged_foreign_or_open_to_others_is_refused(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    key = logged / "store" / "keys" / "log.key"
    text = key.read_bytes()
    for bad in (b"", b"\xff\xfe", text[:40]):
        key.write_bytes(bad)
        assert ledger("keys") == 2
    assert text[-20:-5] not in capfdbinary.readouterr().err
    key.write_bytes(text)
    assert run(["--ledger-origin", "example.com/another", "ledger", "keys"]) == Conflict.exit_code
    key.chmod(0o644)
    assert ledger("keys") == 3


def test_keys_are_made_on_demand_for_their_owner_alone(place: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ledger("keys", "--create") == 0
    made = {row["of"]: row["type"] for row in rows(capfdbinary)}
    assert made == {"log": "ed25519", "witness": "ml_dsa_44_cosignature"}
    assert [oct(path.stat().st_mode & 0o777) for path in (place / "store", place / "store" / "keys")] == ["0o700"] * 2
    assert {oct(path.stat().st_mode & 0o777) for path in (place / "store" / "keys").iterdir()} == {"0o600"}
    assert ledger("keys", "--create") == 0
    assert {row["of"]: row["type"] for row in rows(capfdbinary)} == made


def test_no_command_shows_a_private_key(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    secret = (logged / "store" / "keys" / "log.key").read_text().split("+", 4)[4].strip()
    assert len(secret) > 40
    for command in (["keys"], ["show"], ["checkpoint"], ["prove", "0"]):
        assert ledger(*command) == 0
    told = capfdbinary.readouterr()
    assert secret.encode() not in told.out + told.err


@pytest.mark.parametrize("fmt", ["table", "json", "jsonl", "csv", "parquet"])
@pytest.mark.parametrize("command", [["show"], ["show", "0"], ["keys"], ["audit"], ["append", "a.txt"]], ids=" ".join)
def test_results_come_in_every_format(
    command: list[str], fmt: str, logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ledger(*command, "--format", fmt) == 0
    out = capfdbinary.readouterr().out
    assert out.startswith({"json": b"[", "jsonl": b"{", "parquet": b"PAR1"}.get(fmt, b""))
    assert len(out) > 20


def test_show_tells_people_how_far_the_log_is(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert ledger("append", "a.txt") == 0
    capfdbinary.readouterr()
    assert ledger("show", "--format", "table") == 0
    lines = [line.split() for line in capfdbinary.readouterr().out.decode().replace("│", " ").splitlines()]
    [log] = [line for line in lines if line[:1] == ["log"]]
    [checkpoint] = [line for line in lines if line[:1] == ["checkpoint"]]
    assert (log[1:4], checkpoint[1:4]) == (["haoma.local/log", "4", "0"], ["haoma.local/log", "3", "1"])
    assert log[5].endswith("+08:00")


def test_a_file_is_replaced_only_when_that_is_asked(logged: Path) -> None:
    before = (logged / "kept").read_bytes()
    assert ledger("append", "a.txt") == 0
    assert ledger("checkpoint", "-o", "kept", "--overwrite") == 0
    assert (logged / "kept").read_bytes() != before
    assert sorted(path.name for path in logged.iterdir()) == ["a.txt", "b.txt", "c.txt", "kept", "store"]


def test_a_proof_of_an_entry_that_is_covered_signs_nothing(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert ledger("append", "a.txt") == 0
    assert ledger("prove", "0") == 0
    capfdbinary.readouterr()
    assert ledger("show") == 0
    assert [row["size"] for row in rows(capfdbinary) if row["what"] == "checkpoint"] == [3]
    assert ledger("prove", "3") == 0
    assert b"\n4\n" in capfdbinary.readouterr().out


@pytest.mark.slow
def test_a_full_disk_is_unavailable(logged: Path) -> None:
    assert ledger("checkpoint", "-o", "/dev/full") == 4
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([HAOMA, "ledger", "prove", "0"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (4, b"haoma: the output: No space left on device")


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_a_command_quietly(logged: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        gone = subprocess.run([HAOMA, "ledger", "prove", "0"], stdout=closed, stderr=subprocess.PIPE, check=False)
    assert (gone.returncode, gone.stderr) == (141, b"")


def test_a_service_sends_small_answers_at_once() -> None:
    async def accepted() -> int:
        delayed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            made: socket.socket = writer.get_extra_info("socket")
            delayed.set_result(made.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listening("127.0.0.1", 0)
        async with await asyncio.start_server(met, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            found = await delayed
            writer.close()
            return found

    assert asyncio.run(accepted()) != 0


@pytest.mark.slow
def test_a_service_serves_and_ends_when_it_is_told(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    command = (HAOMA, "serve", "--port", "0", "--prefix", "/log")
    with started(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as served:
        assert served.stderr
        told = served.stderr.readline().decode()
        url = told.rpartition(" ")[2].strip()
        assert url.endswith("/log"), told
        with httpx.Client(trust_env=False, timeout=20) as http:
            assert http.get(f"{url}/checkpoint").content == (logged / "kept").read_bytes()
            port = url.split(":")[2].partition("/")[0]
            assert run(["serve", "--port", port]) == 4
            assert b"in use" in capfdbinary.readouterr().err
            served.send_signal(signal.SIGTERM)
            out, err = served.communicate(timeout=60)
    assert (served.returncode, out, err) == (128 + signal.SIGTERM, b"", b"")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_bundles SET entries = zeroblob(9)",
        "UPDATE ledger_head SET size = 0",
        "DELETE FROM ledger_head",
        "DROP TABLE ledger_tiles",
        "DROP TABLE ledger_runs",
    ],
)
def test_what_is_appended_to_a_damaged_log_is_told_with_its_id_so_that_nobody_appends_it_again(
    statement: str, logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    edit(logged, statement)
    assert ledger("append", "a.txt") == 5
    told = capfdbinary.readouterr()
    assert json.loads(told.out) == {"entry": 4, "index": None, "type": "file.recorded"}
    assert b"do not append them again" in told.err


def test_a_head_of_fewer_entries_than_were_signed_is_told_by_whoever_reads(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    edit(logged, "UPDATE ledger_head SET size = 0")
    for command in (["show"], ["show", "0"], ["prove", "0"], ["audit"]):
        assert ledger(*command) == 5, command


@pytest.mark.parametrize(("statements", "commands"), EDITED)
def test_an_edited_database_is_tampered_whatever_was_edited(
    statements: list[str], commands: list[str], logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    edit(logged, *statements)
    for command in commands:
        code = ledger(*command.split())
        told = capfdbinary.readouterr().err
        assert (code, command) == (5, command), told
        assert b"Traceback" not in told


@pytest.mark.slow
def test_an_edited_database_is_tampered_in_a_process_too(logged: Path) -> None:
    assert_an_edited_database_is_tampered(["DROP TABLE ledger_tiles"], ["audit"], logged)


def attest(place: Path, kind: str, name: str, evidence: str) -> None:
    edit(place, f"INSERT INTO ledger_attestations VALUES (1, '{kind}', '{name}', 1, 0, 1, NULL, {evidence})")  # noqa: S608 - of the test itself


def with_policy(place: Path, captured: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> SignerKey:
    """A policy of one witness, set; returns the witness's key."""
    witness = SignerKey("w.example", KeyType.ML_DSA_44_COSIGNATURE, b"w" * 32)
    text = f"log {vkey(captured)}\nwitness w {witness.verifier.text}\nquorum w\n"
    (place / "policy").write_text(text)
    monkeypatch.setenv("HAOMA_LEDGER_POLICY", "policy")
    return witness


def test_a_cosignature_is_handed_out_only_where_it_holds(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = with_policy(logged, capfdbinary, monkeypatch)
    text = split_note((logged / "kept").read_bytes())[0]
    name = witness_name(witness.verifier)
    attest(logged, "witness", name, f"x'{cosign(text, witness, 9).line.encode().hex()}'")
    assert ledger("prove", "0", "-o", "proof") == 0
    assert ledger("verify", "proof", "--policy", "policy") == 0
    assert ledger("show", "--evidence", "sound") == 0
    other = cosign(text.replace(b"\n3\n", b"\n4\n"), witness, 9).line.encode().hex()
    for number, bad in enumerate((f"x'{other}'", "x'ff00ff'", "'text'", "NULL", "x''")):
        edit(logged, f"UPDATE ledger_attestations SET evidence = {bad}")  # noqa: S608 - of the test itself
        capfdbinary.readouterr()
        assert ledger("prove", "0") == 5, bad
        assert capfdbinary.readouterr().out == b""
        assert ledger("show", "--evidence", f"bad{number}") == 5, bad
    edit(logged, "DELETE FROM ledger_attestations")
    assert ledger("prove", "0") == 0  # nobody has cosigned: there is no quorum to lose


@pytest.mark.parametrize(
    ("kind", "evidence"),
    [("stamp", "x'7261'"), ("anchor", "'text'"), ("anchor", "x'7b7d'"), ("anchor", "NULL"), ("../../etc", "x'00'")],
)
def test_evidence_that_cannot_be_any_is_left_out_and_told(
    kind: str, evidence: str, logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    attest(logged, kind, "someone", evidence)
    assert ledger("show", "--evidence", "new") == 5
    told = capfdbinary.readouterr()
    assert told.out == b""
    assert b"left out" in told.err
    assert not (logged / "new").exists()


def test_a_checkpoint_whose_own_signature_is_damaged_is_handed_out_to_nobody(logged: Path) -> None:
    note = (logged / "kept").read_bytes()
    text, [signature] = split_note(note)
    bad = text + b"\n" + Signature(signature.name, signature.key_id, bytes(64)).line.encode()
    edit(logged, f"UPDATE ledger_checkpoints SET note = x'{bad.hex()}'")  # noqa: S608 - of the test itself
    assert ledger("prove", "0") == 5


def test_nothing_is_signed_with_the_key_of_another_log(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["--store-dir", "other", "ledger", "keys", "log", "--create"]) == 0
    (logged / "store" / "keys" / "log.key").unlink()
    (logged / "other" / "keys" / "log.key").rename(logged / "store" / "keys" / "log.key")
    assert ledger("append", "a.txt") == 0
    capfdbinary.readouterr()
    for command in ("checkpoint", "prove 0", "prove 3"):
        assert ledger(*command.split()) == Conflict.exit_code, command
        told = capfdbinary.readouterr()
        assert told.out == b""
        assert b"another" in told.err


@pytest.mark.parametrize(("origin", "code"), [("other/log", Conflict.exit_code), ("two words", 2), ("a+b", 2)])
def test_a_name_that_is_not_the_logs_is_never_ignored(origin: str, code: int, logged: Path) -> None:
    for command in ("append a.txt", "show", "show 0", "prove 0", "checkpoint", "keys", "audit"):
        assert run(["--ledger-origin", origin, "ledger", *command.split()]) == code, command
    assert run(["--ledger-origin", origin, "serve", "--port", "0"]) == code


def test_a_key_that_is_gone_is_to_be_restored_and_not_made(
    logged: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (logged / "store" / "keys" / "log.key").unlink()
    for command in (["keys"], ["keys", "log"], ["keys", "log", "--create"]):
        assert ledger(*command) == 1
        told = capfdbinary.readouterr().err
        assert b"backup" in told
        assert b"--create" not in told


@pytest.mark.slow
@pytest.mark.parametrize("command", ["append - <&-", "prove 0 >&-"])
def test_a_stdin_or_stdout_that_is_closed_is_told(command: str, logged: Path) -> None:
    assert_a_closed_stream_is_told(command, CLOSED[command], logged)
    assert ledger("show", "3") == 1


def test_a_field_that_is_given_twice_is_no_body(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    body = f'{{"bytes": 1, "bytes": 2, "sha256": "{"0" * 64}"}}'
    assert ledger("append", "--type", "file.recorded", "--body", body) == 2
    assert b"twice" in capfdbinary.readouterr().err


def test_what_waits_is_shown_by_an_audit(logged: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with Services(load()) as services:
        entry = Entry("file.recorded", services.view.head().integrated_at, {"sha256": "0" * 64, "bytes": 1})
        services.store.write(lambda tx: services.ledger.append(tx, entry))
    assert ledger("audit") == 0
    told = capfdbinary.readouterr()
    assert (json.loads(told.out)["waiting"], json.loads(told.out)["checkpoints"]) == (1, 1)
    assert b"1 entries wait" in told.err
