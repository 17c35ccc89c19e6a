from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.log import KEY, NOW, Log, entry, open_log, root_of
from contracts.made import made
from haoma.app import Services
from haoma.errors import BadInput, Conflict, NotFound, Tampered, Unavailable
from haoma.ledger import parse_checkpoint
from haoma.ledger.audit import audit
from haoma.ledger.commitment import Commitment
from haoma.ledger.entry import Entry, EntryType, decode, encode
from haoma.ledger.events import ENTRY_TYPES
from haoma.ledger.offline import proof_file, verify_file
from haoma.ledger.service import BATCH, Ledger
from haoma.settings import load
from haoma.storage import open_store
from haoma.storage.tables import store_info


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/haoma.db"


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    with open_log(url) as log:
        yield log


def insert(name: str) -> sa.Insert:
    return sa.insert(store_info).values(name=name, value="x")


def test_a_change_that_fails_leaves_no_entry_and_the_other_way_round(log: Log) -> None:
    log.store.write(lambda tx: tx.execute(insert("there already")) and None)

    def row_fails(tx: sa.Connection) -> None:
        log.ledger.append(tx, entry(1))
        tx.execute(insert("there already"))

    def entry_fails(tx: sa.Connection) -> None:
        tx.execute(insert("new"))
        log.ledger.append(tx, Entry("no.such", NOW, {}))

    with pytest.raises(Conflict):
        log.store.write(row_fails)
    with pytest.raises(BadInput):
        log.store.write(entry_fails)
    assert log.ledger.queued() == 0
    with log.store.read() as tx:
        assert "new" not in tx.scalars(sa.select(store_info.c.name)).all()


def test_ids_are_given_in_order_and_lead_to_the_entry(log: Log) -> None:
    ids = [*log.append(3), *log.append(0), *log.append(600)]
    assert ids == list(range(1, 604))
    assert (log.ledger.queued(), log.view.head().size) == (603, 0)
    assert log.ledger.integrate() == 603
    assert (log.ledger.queued(), log.ledger.integrate()) == (0, 0)
    assert [log.view.index_of(one) for one in ids] == list(range(603))
    assert log.view.head().root == root_of(log.entries())


def test_ids_with_gaps_lead_to_the_entry(log: Log) -> None:
    given = []
    for gap in (0, 3, 0, 5):
        if gap:  # as where transactions roll back on PostgreSQL
            log.change("UPDATE sqlite_sequence SET seq = seq + :gap WHERE name = 'ledger_queue'", gap=gap)
        given += log.append(2)
        log.ledger.integrate()
    assert given == [1, 2, 6, 7, 8, 9, 15, 16]
    assert [log.view.index_of(one) for one in given] == list(range(8))
    assert [log.view.index_of(one) for one in (0, 3, 5, 10, 14, 17)] == [None] * 6
    log.audit(from_postgresql=True)


def test_an_entry_of_a_lower_id_that_comes_later_gets_a_later_index(log: Log) -> None:
    first, second, third = [log.append()[0] for _ in range(3)]
    log.change("UPDATE ledger_queue SET entry_id = 100 WHERE entry_id = :id", id=second)
    log.ledger.integrate()
    log.change("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'ledger_queue'")
    assert log.append() == range(2, 3)
    log.ledger.integrate()
    assert [log.view.index_of(one) for one in (first, third, 100, 2)] == [0, 1, 2, 3]
    log.audit(from_postgresql=True)


def test_one_integration_takes_several_batches(log: Log) -> None:
    log.append(BATCH + 1)
    assert log.ledger.integrate() == BATCH + 1
    assert log.audit().entries == BATCH + 1


@pytest.mark.slow
def test_large_entries_are_taken_in_batches_of_bounded_bytes(url: str) -> None:

    large = EntryType("large", {"digests": "digest*"})
    with open_store(made(url)) as store:
        ledger = Ledger(store, [large], lambda: NOW)
        body = {"digests": ["f" * 64] * 970}
        store.write(lambda tx: ledger.append_all(tx, [Entry("large", NOW, body)] * 1_400))
        assert store.write(ledger._integrate) < 1_400
        ledger.integrate()
        with store.read() as tx:
            assert [one.entries for one in audit(tx)][-1] == 1_400


def test_the_longest_entry_is_appended_proved_and_verified(url: str) -> None:

    word = EntryType("word.list", {"words": "word*"})
    probe = Entry("word.list", NOW, {"words": []})
    room = 65_535 - len(encode(probe, {word.name: word}))
    words = ["a" * 61] * (room // 64) + ["a" * max(room % 64 - 2, 1)]
    longest = Entry("word.list", NOW, {"words": words})
    with open_log(url) as log:
        log.ledger = Ledger(log.store, [*ENTRY_TYPES, word], log.now)
        try:
            log.store.write(lambda tx: log.ledger.append(tx, longest))
        except BadInput:
            words.pop()
            log.store.write(lambda tx: log.ledger.append(tx, longest))
        log.publisher.checkpoint()
        assert len(log.view.entry(0)) > 65_400
        assert verify_file(proof_file(log.view, log.publisher, 0), [KEY.verifier.text]).entry == log.view.entry(0)


@pytest.mark.slow
def test_many_writers_and_a_leader_lose_nothing(log: Log) -> None:
    ended = threading.Event()

    def lead() -> None:
        while not ended.is_set():
            log.publisher.checkpoint()

    def write(number: int) -> int:
        return log.store.write(lambda tx: log.ledger.append(tx, entry(number)))

    with ThreadPoolExecutor(33) as pool:
        leading = pool.submit(lead)
        ids = list(pool.map(write, range(1_500)))
        ended.set()
        leading.result()
    log.ledger.integrate(wait_s=None)
    at = {log.view.index_of(one): number for number, one in enumerate(ids)}
    assert sorted(at) == list(range(1_500))
    assert b'"bytes":%d,' % at[700] in log.view.entry(700)
    log.audit()


def test_a_checkpoint_is_signed_while_writers_never_pause(log: Log) -> None:
    ended = threading.Event()

    def write(number: int) -> None:
        while not ended.is_set():
            log.store.write(lambda tx: log.ledger.append(tx, entry(number)))

    with ThreadPoolExecutor(17) as pool:
        writing = [pool.submit(write, number) for number in range(16)]
        while not log.ledger.queued():
            pass
        try:
            sizes = [pool.submit(log.publisher.checkpoint).result(timeout=30).size for _ in range(3)]
        finally:
            ended.set()
        for one in writing:
            one.result()
    assert sizes == sorted(set(sizes))


def test_of_two_leaders_one_waits_and_takes_over(log: Log, url: str) -> None:
    log.append(10)
    with open_log(url) as other, ThreadPoolExecutor(1) as pool:
        with log.store.leader("ledger"):
            assert other.ledger.integrate() == 0
            assert other.ledger.integrate(wait_s=0.1) == 0
            waiting = pool.submit(other.ledger.integrate, None)
            assert log.store.write(log.ledger._integrate) == 10
            log.append(3)
        assert waiting.result(timeout=10) == 3


def test_leaders_that_no_lock_keeps_apart_make_no_fork(log: Log, url: str) -> None:
    with open_log(url) as other, ThreadPoolExecutor(4) as pool:
        heads = [log.publisher.checkpoint()]
        for _ in range(30):
            log.append(7)
            both = [log, other, log, other]
            assert sum(pool.map(lambda one: one.store.write(one.ledger._integrate), both)) == 7
            heads.append(log.publisher.checkpoint())
        assert log.audit(*[head.note for head in heads]).entries == 210


def test_a_head_that_moves_inside_an_integration_is_a_conflict_and_undoes_it(log: Log) -> None:
    log.grow(5)
    log.append(2)
    statement = (
        "CREATE TRIGGER other AFTER INSERT ON ledger_runs BEGIN UPDATE ledger_head SET size = 6; END",
        "CREATE TRIGGER more AFTER UPDATE ON ledger_tiles BEGIN UPDATE ledger_head SET size = 6; END",
    )
    with log.store.changing() as tx:
        for one in statement:
            tx.exec_driver_sql(one)
    with pytest.raises(Conflict, match="two leaders"):
        log.ledger.integrate()
    assert (log.view.head().size, log.ledger.queued()) == (5, 2)
    assert log.audit().entries == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_tiles SET hashes = zeroblob(LENGTH(hashes)) WHERE level = 0 AND number = 1",
        "UPDATE ledger_tiles SET hashes = SUBSTR(hashes, 33) WHERE level = 0 AND number = 1",
        "UPDATE ledger_tiles SET hashes = zeroblob(32) WHERE level = 1",
        "UPDATE ledger_tiles SET hashes = 7 WHERE level = 1",
        "DELETE FROM ledger_tiles WHERE level = 1",
        "DELETE FROM ledger_tiles WHERE level = 0 AND number = 1",
        "UPDATE ledger_bundles SET entries = zeroblob(LENGTH(entries)) WHERE number = 1",
        "UPDATE ledger_bundles SET entries = x'00' WHERE number = 1",
        "UPDATE ledger_bundles SET entries = 'text' WHERE number = 1",
        "DELETE FROM ledger_bundles WHERE number = 1",
        "UPDATE ledger_head SET root = zeroblob(32)",
        "UPDATE ledger_head SET size = 299",
        "UPDATE ledger_head SET size = 512",
        "UPDATE ledger_head SET size = 'a'",
        "DELETE FROM ledger_head",
        "UPDATE ledger_queue SET entries = zeroblob(70000)",
        "UPDATE ledger_queue SET entries = SUBSTR(entries, 2)",
        "UPDATE ledger_queue SET entries = x'00'",
        "UPDATE ledger_queue SET entries = 5",
        "UPDATE ledger_queue SET length = 2",
        "UPDATE ledger_queue SET length = 0",
        "UPDATE ledger_queue SET length = 'a'",
    ],
)
def test_nothing_is_built_upon_a_log_that_was_changed(log: Log, statement: str) -> None:
    log.grow(300)
    log.append()
    log.change(statement)
    before = dump(log)
    with pytest.raises(Tampered) as caught:
        log.ledger.integrate()
    assert caught.value.hint
    assert dump(log) == before


def dump(log: Log) -> list[object]:
    names = ("queue", "tiles", "bundles", "runs", "head")
    with log.store.read() as tx:
        columns = [(name, row[1]) for name in names for row in tx.exec_driver_sql(f"PRAGMA table_info(ledger_{name})")]
        return [
            tx.scalar(sa.text(f"SELECT group_concat(quote({column})) FROM ledger_{name}"))  # noqa: S608
            for name, column in columns
        ]


def test_what_waits_is_taken_as_bytes_whatever_its_type_has_become(log: Log) -> None:
    log.append(2)
    log.change("UPDATE ledger_queue SET entries = CAST(entries AS TEXT)")
    assert log.audit().waiting == 2
    log.ledger.integrate()
    assert log.audit().entries == 2


@pytest.mark.parametrize("value", ["'text'", "CAST(x'ff00' AS TEXT)", "5", "1.5"])
def test_what_waits_and_is_no_bundle_is_found_and_never_comes_into_the_tree(log: Log, value: str) -> None:
    log.append()
    log.change(f"UPDATE ledger_queue SET entries = {value}")  # noqa: S608
    for read in (log.audit, log.ledger.integrate):
        with pytest.raises(Tampered, match="cannot be what the log wrote"):
            read()
    assert log.view.head().size == 0


def append_until_full(log: Log, count: int) -> int:
    """How many entries were acknowledged before the disk was full."""
    acknowledged = 0
    with suppress(Unavailable):
        for _ in range(1_000):
            log.append(count)
            acknowledged += count
    return acknowledged


def test_a_full_disk_is_unavailable_at_every_step_and_all_goes_on_where_there_is_room(log: Log) -> None:
    log.grow(400)
    kept = log.publisher.newest().note

    def room(pages: int) -> None:
        log.store.write(lambda tx: tx.exec_driver_sql(f"PRAGMA max_page_count={pages}").all() and None)

    with log.store.read() as tx:
        used = int(tx.exec_driver_sql("PRAGMA page_count").scalar())
    room(used + 40)
    waiting = append_until_full(log, 24)  # some 4,000 bytes: a page, which leaves the tree no room to spare
    assert log.ledger.queued() == waiting > 0
    for step in (lambda: log.append(1_000), log.ledger.integrate, log.publisher.checkpoint):
        room(used + 40)
        with pytest.raises(Unavailable, match="full"):
            step()
    assert (log.ledger.queued(), log.view.head().size) == (waiting, 400)
    assert log.audit(kept).entries == 400
    room(1_000_000)
    assert log.grow().size == 401 + waiting
    assert log.audit(kept).entries == 401 + waiting


def test_a_clock_that_jumps_by_years_changes_no_order(log: Log) -> None:
    kept = []
    for years in (0, 30, -40, 10, 0):
        log.clock[0] = NOW + timedelta(days=365 * years)
        kept.append(log.grow(3))
    assert [one.size for one in kept] == [3, 6, 9, 12, 15]
    assert log.publisher.newest() == kept[-1]
    assert [log.view.index_of(one) for one in range(1, 16)] == list(range(15))
    assert log.audit(*[one.note for one in kept]).checkpoints == 5
    assert log.view.head().integrated_at == NOW


def test_destroying_a_commitments_key_leaves_every_proof_valid_and_the_commitment_unprovable(tmp_path: Path) -> None:
    row = b'{"subject": "s-1", "tel": "+8613800138000"}'
    with Services(load(env={"HOME": str(tmp_path), "HAOMA_STORE_DIR": str(tmp_path)})) as services:
        keys, view = services.commitments, services.view
        kind = EntryType("row.changed", {"row": "commitment"})
        ledger = Ledger(services.store, [kind], lambda: NOW)
        made = Entry(kind.name, NOW, {"row": str(keys.commit("subject", row))})
        services.store.write(lambda tx: ledger.append(tx, made))
        kept = services.publisher.checkpoint().note
        vkey = services.log_key.verifier.text
        file = proof_file(view, services.publisher, 0)
        commitment = Commitment.parse(str(decode(verify_file(file, [vkey]).entry).body["row"]))
        assert keys.opens(commitment, row)
        assert not keys.opens(commitment, row + b" ")
        assert keys.destroy("subject") == 1
        assert decode(verify_file(file, [vkey]).entry).body["row"] == str(commitment)
        assert proof_file(view, services.publisher, 0) == file
        with services.store.read() as tx:
            *_, audited = audit(tx, [parse_checkpoint(kept)], [services.log_key.verifier])
        assert audited.entries == 1
        with pytest.raises(NotFound):
            keys.opens(commitment, row)
        assert keys.commit("subject", row).key_id != commitment.key_id
    assert b"13800138000" not in (tmp_path / "haoma.db").read_bytes()
