"""The log under everything that may befall it: kills, torn pages, full disks, two leaders, two histories."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from starlette.applications import Starlette

from contracts.entries import all_entries, change_a_row, check_a_row
from contracts.killing import assert_all_or_nothing
from contracts.log import (
    KEY,
    NOW,
    Attacker,
    Log,
    assert_what_waited_before_bundles_goes_on,
    checkpoint_of,
    entry,
    open_log,
    rewrite,
    sign,
)
from contracts.made import made
from haoma.errors import HaomaError, Tampered, Unavailable
from haoma.ledger import KeyType, Request, SignerKey, format_request, leaf_hash, root
from haoma.ledger.attesters import WitnessAttester
from haoma.ledger.entry import decode
from haoma.ledger.witnessing import WitnessService
from haoma.storage import open_store
from haoma.web.log import witness_routes

TESTS = Path(__file__).parents[1]
KILLS = 10
WITNESS = SignerKey("witness.example/w1", KeyType.ED25519_COSIGNATURE, b"w" * 32)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return f"sqlite:///{tmp_path}/haoma.db"


@dataclass
class Witnessed:
    """What was acknowledged to those who appended, and what was signed; it grows from kill to kill."""

    file: Path
    entries: dict[int, int] = field(default_factory=dict)
    notes: set[bytes] = field(default_factory=set)
    indices: dict[int, int] = field(default_factory=dict)
    placed: set[int] = field(default_factory=set)

    def read(self) -> None:
        for line in self.file.read_bytes().splitlines():
            match line.split():
                case [b"entry", number, entry_id]:
                    self.entries[int(number)] = int(entry_id)
                case [b"checkpoint", note]:
                    self.notes.add(bytes.fromhex(note.decode()))

    def signed(self) -> int:
        """How many checkpoints were told of until now."""
        return self.file.read_bytes().count(b"checkpoint") if self.file.exists() else 0

    def check(self, log: Log, *, anew: bool = False) -> None:
        """No acknowledged entry is lost or there twice, no index changes, and every checkpoint ever signed holds.

        An entry's id is asked for its index until it has one; `anew`, every one is.
        """
        self.read()
        if anew:
            self.placed.clear()
        numbers = [decoded.body["bytes"] for decoded in all_entries(log.store)]
        assert len(set(numbers)) == len(numbers)
        assert self.entries.keys() <= set(numbers)
        at = index_by_number(log)
        for number in self.entries.keys() - self.placed:
            assert at.get(number) == log.view.index_of(self.entries[number])
        self.placed |= self.entries.keys() & at.keys()
        assert self.indices.items() <= at.items()
        self.indices = at
        assert log.audit(*self.notes).checkpoints >= len(self.notes)


def index_by_number(log: Log) -> dict[int, int]:
    return {int(str(decode(one).body["bytes"])): index for index, one in enumerate(log.entries())}


class Writers:
    """Starts processes that write to a log, and kills them."""

    def __init__(self, url: str, file: Path) -> None:
        command = [sys.executable, "-m", "contracts.writers", url, str(file)]
        env = os.environ | {"PYTHONPATH": str(TESTS)}
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, round_: int) -> int:
        """The id of a process that is writing."""
        return self.told(f"start {round_}")

    def kill(self, process_id: int) -> None:
        assert self.told(f"kill {process_id}") == -signal.SIGKILL

    def told(self, line: str) -> int:
        assert self.process.stdin
        assert self.process.stdout
        print(line, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@pytest.fixture
def writers(url: str, tmp_path: Path) -> Iterator[Writers]:
    """They write what was acknowledged into the file `told`."""
    writers = Writers(made(url), tmp_path / "told")
    with writers.process:
        yield writers


def test_64_writers_and_a_leader_that_are_killed_again_and_again_lose_nothing(
    url: str, writers: Writers, tmp_path: Path
) -> None:
    seen, chance = Witnessed(tmp_path / "told"), random.Random(64)
    for round_ in range(KILLS):
        process, signed = writers.start(round_), seen.signed()
        time.sleep(chance.uniform(0.05, 0.5))
        until = time.monotonic() + 60
        while round_ % 3 == 2 and seen.signed() == signed:  # a busy machine signs less between two kills
            assert time.monotonic() < until, "nobody signs"
            time.sleep(0.02)
        writers.kill(process)
        with open_log(url) as log:
            seen.check(log)
    assert len(seen.entries) > 10 * KILLS
    assert len(seen.notes) > 1
    with open_log(url) as log:
        log.publisher.checkpoint()
        seen.check(log, anew=True)
        assert log.ledger.queued() == 0
        assert seen.entries.keys() <= index_by_number(log).keys()


def test_of_two_processes_that_lead_the_second_takes_over_when_the_first_is_killed(
    url: str, writers: Writers, tmp_path: Path
) -> None:
    seen, size = Witnessed(tmp_path / "told"), 0
    first = writers.start(0)
    for round_ in range(1, 4):
        second = writers.start(round_)
        writers.kill(first)
        size = grown(url, beyond=size)
        with open_log(url) as log:
            size = log.view.head().size
        size = grown(url, beyond=size)
        first = second
    writers.kill(first)
    with open_log(url) as log:
        log.publisher.checkpoint()
        seen.check(log, anew=True)
    assert {number // 10**9 for number in seen.entries} == {0, 1, 2, 3}


def grown(url: str, *, beyond: int) -> int:
    """Wait until the log is larger; its size then."""
    until = time.monotonic() + 30
    with open_log(url) as log:
        while (size := log.view.head().size) <= beyond:
            assert time.monotonic() < until, "nobody leads"
            time.sleep(0.05)
    return size


def test_leaders_that_no_lock_keeps_apart_make_no_fork(url: str) -> None:
    ended = threading.Event()
    with ExitStack() as stack, ThreadPoolExecutor(12) as pool:
        logs = [stack.enter_context(open_log(url)) for _ in range(4)]
        heads = []

        def lead(log: Log) -> int:
            integrated = 0
            while not ended.is_set() or log.ledger.queued():
                integrated += log.store.write(log.ledger._integrate)
            return integrated

        def write(number: int) -> int:
            log = logs[number % 4]
            return log.store.write(lambda tx: log.ledger.append(tx, entry(number)))

        leading = [pool.submit(lead, log) for log in logs]
        ids = []
        for start in range(0, 1_000, 100):
            ids += pool.map(write, range(start, start + 100))
            heads.append(logs[0].publisher.checkpoint())
        ended.set()
        assert sum(one.result() for one in leading) <= 1_000
        logs[0].publisher.checkpoint()
        assert sorted(logs[1].view.index_of(one) for one in ids) == list(range(1_000))
        assert logs[2].audit(*{head.note for head in heads}).entries == 1_000


def test_a_row_and_its_entry_are_one_wherever_the_process_is_killed(url: str) -> None:
    assert assert_all_or_nothing(url, change_a_row, check_a_row) > 10


def test_what_waited_before_there_were_bundles_keeps_its_ids_and_comes_into_the_tree(url: str) -> None:
    assert_what_waited_before_bundles_goes_on(url)


def test_entries_of_transactions_that_end_in_another_order_all_get_in_once(postgres: str) -> None:
    with open_log(postgres) as log, open_log(postgres) as other, ThreadPoolExecutor(1) as pool:
        begun, go = threading.Event(), threading.Event()

        def slow(tx: sa.Connection) -> int:
            given = other.ledger.append(tx, entry(1))
            begun.set()
            go.wait(10)
            return given

        waiting = pool.submit(other.store.write, slow)
        assert begun.wait(10)
        second = log.store.write(lambda tx: log.ledger.append(tx, entry(2)))
        assert log.publisher.checkpoint().size == 1
        go.set()
        first = waiting.result()
        assert first < second
        assert log.publisher.checkpoint().size == 2
        assert [log.view.index_of(one) for one in (second, first)] == [0, 1]
        log.append(3)
        log.grow(3)
        log.audit()


def test_a_witness_that_is_shown_two_histories_at_once_cosigns_one(postgres: str) -> None:
    leaves = [[leaf_hash(bytes([log, number])) for number in range(10)] for log in range(2)]
    with open_store(made(postgres)) as store:
        service = WitnessService(store, {KEY.name: [KEY.verifier]}, [WITNESS], lambda: NOW)
        asked = [format_request(Request(0, (), sign(10, root(leaves[n % 2])))) for n in range(32)]
        with ThreadPoolExecutor(16) as pool:
            verdicts = list(pool.map(service.add_checkpoint, asked))
        assert {verdict.status for verdict in verdicts} == {200, 409} or len(verdicts) == 1
        assert len({body for body, verdict in zip(asked, verdicts, strict=True) if verdict.status == 200}) == 1


@contextmanager
def served(service: WitnessService) -> Iterator[str]:
    """Where the witness is served."""
    config = uvicorn.Config(Starlette(routes=witness_routes(service)), port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_log_that_shows_a_witness_another_history_is_refused_and_told_so(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/w/haoma.db") as store, ExitStack() as stack:
        service = WitnessService(store, {KEY.name: [KEY.verifier]}, [WITNESS], lambda: NOW)
        http = stack.enter_context(httpx.Client(trust_env=False))
        attester = WitnessAttester(WITNESS.verifier, stack.enter_context(served(service)), http)
        urls = [f"sqlite:///{tmp_path}/{name}/haoma.db" for name in ("a", "b")]
        with open_log(urls[0], [attester]) as log, open_log(urls[1], [attester]) as fork:
            fork.next_number = 500
            for count in (300, 20):
                log.grow(count)
                assert log.publisher.attest()[0].trouble is None
                fork.grow(count)
                (standing,) = fork.publisher.attest(at_once=True)
                assert standing.done_at is None
                assert standing.trouble.startswith("tampered:")
            cut = log.publisher.newest()
            log.grow(7)
            assert log.publisher.attest()[0].size == 327
            rewrite(log.store, log.entries()[:320], Attacker.CHECKPOINTS)
            with pytest.raises(Tampered, match="320"):
                attester.attest(cut._replace(size=320), 0, log.view.consistency)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes], bytes]:
    """A log of 3,000 entries in one file, closed; its entries, and a checkpoint kept elsewhere."""
    path = tmp_path_factory.mktemp("log") / "haoma.db"
    with open_log(f"sqlite:///{path}") as log:
        for _ in range(6):
            kept = log.grow(500).note
        entries = log.entries()
    assert [one.name for one in path.parent.iterdir() if "db-" in one.name] == []
    return path, entries, kept


def tear(path: Path, chance: random.Random) -> None:
    """Overwrite random blocks of 512 bytes, or cut the file."""
    content = bytearray(path.read_bytes())
    if chance.random() < 0.2:
        content = content[: chance.randrange(len(content))]
    else:
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(content) // 512) * 512
            content[at : at + 512] = chance.choice([bytes(512), b"\xff" * 512, chance.randbytes(512)])
    path.write_bytes(content)


def use(path: Path, entries: list[bytes], kept: bytes) -> Iterator[HaomaError]:
    """Whatever a torn database answers is what it was asked for; what it cannot answer is told."""
    try:
        with open_log(f"sqlite:///{path}") as log:
            log.next_number = len(entries)
            for index in range(0, len(entries), 97):
                try:
                    assert log.view.entry(index) == entries[index]
                except HaomaError as error:
                    yield error
            for step in (lambda: log.audit(kept), log.append, log.publisher.checkpoint, lambda: log.audit(kept)):
                try:
                    step()
                except HaomaError as error:
                    yield error
    except HaomaError as error:
        yield error


@pytest.mark.parametrize("seed", range(150))
def test_a_torn_page_is_told_and_never_answered_with_something_else(
    whole: tuple[Path, list[bytes], bytes], tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "haoma.db"
    shutil.copy(whole[0], path)
    tear(path, random.Random(seed))
    errors = list(use(path, *whole[1:]))
    assert {type(error) for error in errors} <= {Tampered, Unavailable}


@pytest.mark.parametrize("seed", range(30))
def test_a_torn_write_ahead_log_is_a_shorter_log_and_a_kept_checkpoint_tells(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with open_log(f"sqlite:///{tmp_path}/haoma.db") as log:
        notes = [log.grow(40).note for _ in range(8)]
        entries = log.entries()
        (tmp_path / "torn").mkdir()
        for name in ("haoma.db", "haoma.db-wal"):
            shutil.copy(tmp_path / name, tmp_path / "torn" / name)
    wal = tmp_path / "torn" / "haoma.db-wal"
    tear(wal, chance)
    with suppress(Tampered, Unavailable), open_log(f"sqlite:///{tmp_path}/torn/haoma.db") as log:
        size = log.view.head().size
        assert log.entries() == entries[:size]
        held = [note for note in notes if checkpoint_of(note).size <= size]
        log.audit(*held)
        if len(held) < len(notes):
            with pytest.raises(Tampered, match="cut"):
                log.audit(notes[-1])


def haoma(*arguments: str, place: Path, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    """The command line on the store in `place`, with files of at most `limit` bytes."""
    env = os.environ | {"HAOMA_STORE_DIR": str(place)}
    code = "import sys; from haoma.cli.main import main; main()"
    if limit is not None:
        bound = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
        code = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {bound}; {code}"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_a_torn_page_ends_the_command_line_with_a_word_and_an_exit_code(tmp_path: Path) -> None:
    place = tmp_path / "store"
    assert haoma("ledger", "append", __file__, place=place).returncode == 0
    with open_log(f"sqlite:///{place}/haoma.db") as log:
        log.append(600)
    kept = tmp_path / "kept"
    assert haoma("ledger", "checkpoint", "-o", str(kept), place=place).returncode == 0
    whole = (place / "haoma.db").read_bytes()
    codes = set()
    for seed in range(12):
        (place / "haoma.db").write_bytes(whole)
        tear(place / "haoma.db", random.Random(seed))
        ended = haoma("ledger", "audit", "--checkpoint", str(kept), place=place)
        assert "Traceback" not in ended.stderr
        codes.add(ended.returncode)
    assert codes <= {0, 4, 5}  # 0: a block that holds nothing of the log
    assert codes & {4, 5}


def test_a_full_disk_ends_every_command_with_exit_code_4_and_all_goes_on_where_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "store"
    assert haoma("ledger", "append", __file__, place=place).returncode == 0
    with open_log(f"sqlite:///{place}/haoma.db") as log:
        log.append(2_000)
    for command in (["append", __file__], ["checkpoint"]):
        ended = haoma("ledger", *command, place=place, limit=100_000)
        assert (ended.returncode, "Traceback" in ended.stderr) == (4, False), ended.stderr
        assert "disk" in ended.stderr
    with open_log(f"sqlite:///{place}/haoma.db") as log:
        assert log.ledger.queued() >= 2_000
    for command in (["append", __file__], ["checkpoint"], ["audit"]):
        assert haoma("ledger", *command, place=place).returncode == 0
    with open_log(f"sqlite:///{place}/haoma.db") as log:
        assert log.ledger.queued() == 0
        assert log.view.head().size >= 2_002
