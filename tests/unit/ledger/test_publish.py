from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.log import KEY, NOW, Attacker, Log, checkpoint_of, open_log, rewrite
from haoma.errors import Tampered, Unavailable
from haoma.ledger import EMPTY_ROOT, verify_consistency
from haoma.ledger.publish import LONGEST_WAIT, Signed


class Friend:
    """Somebody outside who checks that what is shown extends what was shown before, and answers when it likes."""

    def __init__(self, kind: str = "witness", name: str = "w.example") -> None:
        self.kind = kind
        self.name = name
        self.answers = True
        self.seen: list[Signed] = []
        self.asked = 0

    def attest(self, signed: Signed, since: int, prove: Callable[[int, int], list[bytes]]) -> bytes:
        self.asked += 1
        if not self.answers:
            raise Unavailable("no answer " * 50)
        if self.seen and self.seen[-1].size:
            before = self.seen[-1]
            assert since == before.size
            roots = {"old_root": before.root, "new_root": signed.root}
            verify_consistency(old_size=since, new_size=signed.size, proof=prove(since, signed.size), **roots)
        self.seen.append(signed)
        return f"— {self.name} {signed.size}\n".encode()


@pytest.fixture
def friend() -> Friend:
    return Friend()


@pytest.fixture
def log(tmp_path: Path, friend: Friend) -> Iterator[Log]:
    with open_log(f"sqlite:///{tmp_path}/haoma.db", [friend, Friend("stamp", "tsa.example")]) as log:
        yield log


def test_the_first_checkpoint_is_over_nothing_where_nothing_is(log: Log) -> None:
    assert log.publisher.newest() is None
    assert log.publisher.published() is None
    assert log.publisher.attest() == log.publisher.standing()
    signed = log.publisher.checkpoint()
    assert (signed.size, signed.root) == (0, EMPTY_ROOT)
    assert log.grow(3).size == 3


def test_a_checkpoint_is_over_all_that_was_appended_and_signed_once(log: Log) -> None:
    signed = log.grow(300)
    told = checkpoint_of(signed.note)
    assert (told.origin, told.size, told.root) == (KEY.name, 300, log.view.root(300))
    assert log.publisher.checkpoint() == log.publisher.newest() == signed
    assert log.publisher.published() == signed.note


def test_checkpoints_of_many_at_once_are_one(log: Log) -> None:
    log.append(10)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: log.publisher.checkpoint(), range(16)))) == 1
    log.audit()


def test_attesters_see_the_newest_checkpoint_and_their_word_is_published(log: Log, friend: Friend) -> None:
    for count in (3, 4):
        log.grow(count)
        log.grow(count)
        standing = log.publisher.attest()
    assert [one.size for one in friend.seen] == [6, 14]
    assert [(one.kind, one.size, one.behind, one.trouble) for one in standing] == [
        ("witness", 14, 0, None),
        ("stamp", 14, 0, None),
    ]
    newest = log.publisher.newest()
    assert log.publisher.published() == newest.note + b"\xe2\x80\x94 w.example 14\n"
    assert log.publisher.evidence(newest)["stamp", "tsa.example"] == "— tsa.example 14\n".encode()
    log.publisher.attest(at_once=True)
    assert friend.asked == 2


def test_one_kind_is_asked_alone(log: Log, friend: Friend) -> None:
    log.grow()
    assert [one.kind for one in log.publisher.attest("stamp")] == ["stamp"]
    assert friend.asked == 0


def test_one_that_fails_is_shown_and_asked_again_later_and_later(log: Log, friend: Friend) -> None:
    log.grow()
    friend.answers = False
    waits = []
    for _ in range(12):
        log.publisher.attest()
        asked = friend.asked
        waited = timedelta(0)
        while friend.asked == asked:
            step = timedelta(seconds=15 if waited < timedelta(minutes=4) else 120)
            log.clock[0] += step
            waited += step
            log.publisher.attest()
        waits.append(waited)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(seconds=30), LONGEST_WAIT)
    now = log.clock[0]
    for later, asked in ((LONGEST_WAIT - timedelta(seconds=1), friend.asked), (LONGEST_WAIT, friend.asked + 1)):
        log.clock[0] = now + later
        log.publisher.attest()
        assert friend.asked == asked
    lagging = log.publisher.standing()[0]
    assert (lagging.size, lagging.behind, lagging.done_at, lagging.attempts) == (0, 1, None, friend.asked)
    assert lagging.trouble.startswith("unavailable: no answer")
    assert len(lagging.trouble) == 255
    assert log.publisher.standing()[1].behind == 0
    friend.answers = True
    assert log.publisher.attest(at_once=True)[0].trouble is None


@pytest.mark.parametrize("years", [-30, -1, 1, 30])
def test_a_clock_that_jumps_holds_no_retry_back(log: Log, friend: Friend, years: int) -> None:
    log.grow()
    friend.answers = False
    log.publisher.attest()
    log.publisher.attest()
    assert friend.asked == 1
    log.clock[0] += timedelta(days=365 * years)
    friend.answers = True
    assert log.publisher.attest()[0].behind == 0
    log.clock[0] = NOW
    assert log.grow().size == 2
    assert log.publisher.attest()[0].size == 2
    assert [one.size for one in friend.seen] == [1, 2]


def test_of_two_who_attest_at_once_one_does(log: Log, friend: Friend) -> None:
    log.grow()
    with log.store.leader("attest"):
        assert log.publisher.attest()[0].behind == 1
    assert friend.asked == 0


def refused(log: Log) -> Tampered:
    with pytest.raises(Tampered) as caught:
        log.publisher.checkpoint()
    assert caught.value.hint
    return caught.value


def test_a_log_that_was_cut_gets_no_new_checkpoint(log: Log) -> None:
    log.grow(300)
    log.grow(5)
    rewrite(log.store, log.entries()[:300], Attacker.ALL_HASHES)
    assert "was cut" in str(refused(log))
    log.append(10)
    log.ledger.integrate()
    refused(log)
    assert log.publisher.newest().size == 305


@pytest.mark.parametrize("more", [0, 1, 300])
def test_a_log_that_was_rewritten_gets_no_new_checkpoint(log: Log, more: int) -> None:
    log.grow(300)
    entries = log.entries()
    rewrite(log.store, [entries[1], entries[0], *entries[2:]], Attacker.ALL_HASHES)
    log.append(more)
    assert "does not extend" in str(refused(log))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_checkpoints SET size = 299",
        "UPDATE ledger_checkpoints SET size = 'a'",
        "UPDATE ledger_checkpoints SET root = zeroblob(32)",
        "UPDATE ledger_checkpoints SET root = 7",
        "UPDATE ledger_checkpoints SET note = SUBSTR(note, 1, 40)",
        "UPDATE ledger_checkpoints SET note = CAST(x'ff' AS TEXT)",
        "UPDATE ledger_checkpoints SET signed_at = 9223372036854775807",
        "DELETE FROM ledger_tiles WHERE level = 1",
        "DELETE FROM ledger_head",
    ],
)
def test_nothing_is_signed_where_the_last_checkpoint_or_the_tree_was_changed(log: Log, statement: str) -> None:
    log.grow(300)
    log.append()
    log.ledger.integrate()
    log.change(statement)
    refused(log)


def test_a_checkpoint_that_was_exchanged_is_not_published(log: Log) -> None:
    log.grow(300)
    log.change("UPDATE ledger_checkpoints SET root = zeroblob(32)")
    with pytest.raises(Tampered, match="was not signed over"):
        log.publisher.published()
