from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.log import KEY, NOW, sign
from contracts.made import made
from haoma.errors import Tampered
from haoma.ledger import KeyType, SignerKey, cosigned_at, leaf_hash, open_note, prove_consistency, root, tables
from haoma.ledger.witness import Request, format_request
from haoma.ledger.witnessing import WitnessService
from haoma.storage import Store, open_store

LEAVES = [leaf_hash(bytes([number])) for number in range(40)]
FORK = [*LEAVES[:5], leaf_hash(b"other"), *LEAVES[6:]]
WITNESS = SignerKey("witness.example/w1", KeyType.ED25519_COSIGNATURE, b"w" * 32)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/haoma.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(made(url)) as store:
        yield store


def witness(store: Store, now: datetime = NOW) -> WitnessService:
    return WitnessService(store, {KEY.name: [KEY.verifier]}, [WITNESS], lambda: now)


def ask(old: int, new: int, leaves: list[bytes] = LEAVES) -> bytes:
    proof = tuple(prove_consistency(leaves, old, new)) if 0 < old <= new else ()
    return format_request(Request(old, proof, sign(new, root(leaves[:new]))))


def seen(store: Store) -> list[tuple[int, bytes]]:
    with store.read() as tx:
        return [tuple(row) for row in tx.execute(sa.select(tables.witnessed.c.size, tables.witnessed.c.root))]


def dated(body: bytes, size: int, leaves: list[bytes] = LEAVES) -> datetime:
    note = sign(size, root(leaves[:size])) + body
    (one,) = open_note(note, [WITNESS.verifier.text]).signatures
    return datetime.fromtimestamp(cosigned_at(one), UTC)


def test_what_extends_what_was_seen_is_remembered_and_cosigned(store: Store) -> None:
    for old, new in ((0, 5), (5, 5), (5, 30)):
        verdict = witness(store).add_checkpoint(ask(old, new))
        assert verdict.status == 200
        assert dated(verdict.body, new) == NOW
    assert seen(store) == [(30, root(LEAVES[:30]))]


def test_a_forked_view_is_refused_whoever_signed_it(store: Store) -> None:
    witness(store).add_checkpoint(ask(0, 10))
    for old, new in ((10, 10), (10, 20)):
        assert witness(store).add_checkpoint(ask(old, new, FORK)).status == 422
    assert witness(store).add_checkpoint(ask(5, 20, FORK)).status == 409
    assert witness(store).add_checkpoint(ask(0, 20, FORK)).status == 409
    assert seen(store) == [(10, root(LEAVES[:10]))]
    assert witness(store).add_checkpoint(ask(10, 20)).status == 200


def test_a_smaller_tree_is_told_the_size_that_is_remembered(store: Store) -> None:
    witness(store).add_checkpoint(ask(0, 10))
    verdict = witness(store).add_checkpoint(ask(5, 7))
    assert (verdict.status, verdict.body, verdict.content_type) == (409, b"10\n", "text/x.tlog.size")


def test_what_is_no_request_or_of_no_known_log_is_remembered_nowhere(store: Store) -> None:
    stranger = SignerKey("example.com/stranger", KEY.type, b"s" * 32)
    forger = SignerKey(KEY.name, KEY.type, b"f" * 32)
    forged = sign(5, root(LEAVES[:5]), forger)
    for body, status in (
        (b"", 400),
        (format_request(Request(0, (), sign(5, root(LEAVES[:5]), stranger))), 404),
        (format_request(Request(0, (), forged)), 403),
    ):
        assert witness(store).add_checkpoint(body).status == status
    assert seen(store) == []


@pytest.mark.parametrize("years", [-40, -1, 1, 40])
def test_a_clock_that_jumps_dates_no_cosignature_before_the_last(store: Store, years: int) -> None:
    jumped = NOW + timedelta(days=365 * years)
    times = [
        dated(witness(store, now).add_checkpoint(ask(old, new)).body, new)
        for now, old, new in ((NOW, 0, 5), (jumped, 5, 6), (NOW, 6, 7))
    ]
    assert times == sorted(times)
    assert times[-1] == max(NOW, jumped)


def killed_before_signing(url: str) -> None:
    """Add a checkpoint in a process that is killed when it takes up its key: stored, and not signed."""

    class Bomb:
        def __getattr__(self, name: str) -> object:
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

    child = os.fork()
    if not child:
        try:
            with open_store(url) as store:
                WitnessService(store, {KEY.name: [KEY.verifier]}, [Bomb()], lambda: NOW).add_checkpoint(ask(0, 10))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_witness_that_was_killed_between_storing_and_signing_remembers_and_signs_no_fork(url: str) -> None:
    made(url)
    killed_before_signing(url)
    with open_store(url) as store:
        assert seen(store) == [(10, root(LEAVES[:10]))]
        assert witness(store).add_checkpoint(ask(0, 10, FORK)).status == 409
        assert witness(store).add_checkpoint(ask(10, 10, FORK)).status == 422
        assert witness(store).add_checkpoint(ask(10, 10)).status == 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_witnessed SET size = 'a'",
        "UPDATE ledger_witnessed SET size = -1",
        "UPDATE ledger_witnessed SET root = x'00'",
        "UPDATE ledger_witnessed SET root = 5",
        "UPDATE ledger_witnessed SET seen_at = 9223372036854775807",
        "UPDATE ledger_witnessed SET size = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_memory_that_cannot_be_is_tampered_and_nothing_is_cosigned(store: Store, statement: str) -> None:
    witness(store).add_checkpoint(ask(0, 10))
    store.write(lambda tx: tx.exec_driver_sql(statement) and None)
    with pytest.raises(Tampered):
        witness(store).add_checkpoint(ask(10, 20))


def test_of_views_that_come_at_once_one_history_is_cosigned(store: Store) -> None:
    one = witness(store)
    asked = [ask(0, 10), ask(0, 10, FORK)] * 8
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(one.add_checkpoint, asked))
    taken = {body for body, verdict in zip(asked, verdicts, strict=True) if verdict.status == 200}
    assert len(taken) == 1
