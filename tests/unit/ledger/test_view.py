from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.log import KEY, Log, checkpoint_of, open_log, root_of
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger import (
    BundleName,
    TileName,
    decode_bundle,
    leaf_hash,
    open_note,
    verify_consistency,
    verify_inclusion,
)
from haoma.ledger.offline import proof_file, verify_file

SIZE = 700


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with open_log(f"sqlite:///{tmp_path}/haoma.db") as log:
        log.grow(SIZE)
        yield log


def test_entries_are_read_by_index(log: Log) -> None:
    assert [b'"bytes":%d,' % number in log.view.entry(number) for number in (0, 255, 256, 699)] == [True] * 4


@pytest.mark.parametrize("index", [-1, SIZE, 2**62, 2**70])
def test_an_index_that_the_log_has_not_is_not_found(log: Log, index: int) -> None:
    with pytest.raises(NotFound):
        log.view.entry(index)


@pytest.mark.parametrize("entry_id", [-(2**70), -1, 0, SIZE + 1, 2**63 - 1, 2**63, 2**70])
def test_an_entry_id_that_was_never_given_has_no_index(log: Log, entry_id: int) -> None:
    assert log.view.index_of(entry_id) is None
    with pytest.raises(NotFound):
        log.view.require_index(entry_id)


def test_an_entry_id_leads_to_its_index(log: Log) -> None:
    assert [log.view.require_index(one) for one in (1, SIZE)] == [0, SIZE - 1]
    waits = log.append()[0]
    assert log.view.index_of(waits) is None


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, SIZE), (255, 256), (256, 513), (SIZE - 1, SIZE)])
def test_every_entry_is_proved_in_every_tree_since(log: Log, index: int, size: int) -> None:
    leaf = leaf_hash(log.view.entry(index))
    root = root_of(log.entries()[:size])
    assert log.view.root(size) == root
    verify_inclusion(leaf_hash=leaf, index=index, size=size, proof=log.view.inclusion(index, size), root=root)


@pytest.mark.parametrize(("old", "new"), [(1, SIZE), (256, 512), (511, 513), (SIZE, SIZE)])
def test_every_tree_extends_those_before(log: Log, old: int, new: int) -> None:
    roots = {"old_root": log.view.root(old), "new_root": log.view.root(new)}
    verify_consistency(old_size=old, new_size=new, proof=log.view.consistency(old, new), **roots)


@pytest.mark.parametrize("size", [SIZE + 1, 1_000, 70_000, 2**62])
def test_a_tree_that_is_not_there_yet_is_not_found(log: Log, size: int) -> None:
    for ask in (log.view.root, lambda size: log.view.inclusion(699, size), lambda size: log.view.consistency(5, size)):
        with pytest.raises(NotFound, match="700"):
            ask(size)


def test_what_cannot_be_a_tree_is_bad_input(log: Log) -> None:
    for ask in (lambda: log.view.root(-1), lambda: log.view.inclusion(5, 5), lambda: log.view.consistency(6, 5)):
        with pytest.raises(BadInput):
            ask()


def test_tiles_and_bundles_are_served_as_wide_as_they_are_asked_for(log: Log) -> None:
    leaves = [leaf_hash(one) for one in log.entries()]
    assert log.view.tile(TileName(0, 1)) == b"".join(leaves[256:512])
    assert log.view.tile(TileName(0, 2, 188)) == b"".join(leaves[512:])
    assert log.view.tile(TileName(0, 2, 5)) == b"".join(leaves[512:517])
    assert log.view.tile(TileName(1, 0, 2)) == root_of(log.entries()[:256]) + root_of(log.entries()[256:512])
    assert decode_bundle(log.view.bundle(BundleName(0)), 256) == log.entries()[:256]
    assert decode_bundle(log.view.bundle(BundleName(2, 188)), 188) == log.entries()[512:]
    assert decode_bundle(log.view.bundle(BundleName(2, 5)), 5) == log.entries()[512:517]


@pytest.mark.parametrize(
    "name",
    [TileName(0, 2), TileName(0, 3, 1), TileName(1, 0, 3), TileName(2, 0, 1), TileName(0, 2**55), TileName(63, 0, 1)],
)
def test_a_tile_that_is_not_there_yet_is_not_found(log: Log, name: TileName) -> None:
    with pytest.raises(NotFound):
        log.view.tile(name)


@pytest.mark.parametrize("name", [BundleName(2), BundleName(2, 189), BundleName(3, 1), BundleName(2**55)])
def test_a_bundle_that_is_not_there_yet_is_not_found(log: Log, name: BundleName) -> None:
    with pytest.raises(NotFound):
        log.view.bundle(name)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_bundles SET entries = REPLACE(entries, '300', '301')",
        "UPDATE ledger_bundles SET entries = SUBSTR(entries, 2)",
        "UPDATE ledger_bundles SET entries = 'text'",
        "UPDATE ledger_bundles SET entries = 5",
        "UPDATE ledger_bundles SET entries = CAST(x'ff' AS TEXT)",
        "DELETE FROM ledger_bundles WHERE number = 1",
        "DELETE FROM ledger_tiles WHERE level = 0 AND number = 1",
        "UPDATE ledger_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND number = 1",
        "UPDATE ledger_tiles SET hashes = 5 WHERE level = 0 AND number = 1",
        "DELETE FROM ledger_head",
    ],
)
def test_an_entry_that_was_changed_is_never_shown(log: Log, statement: str) -> None:
    log.change(statement)
    with pytest.raises(Tampered):
        log.view.entry(300)
    with pytest.raises(Tampered):
        proof_file(log.view, log.publisher, 300)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_tiles WHERE level = 1",
        "UPDATE ledger_tiles SET hashes = SUBSTR(hashes, 33)",
        "UPDATE ledger_tiles SET hashes = SUBSTR(hashes, 2)",
        "DELETE FROM ledger_tiles",
    ],
)
def test_hashes_that_are_there_no_more_are_tampered_and_not_not_found(log: Log, statement: str) -> None:
    log.change(statement)
    for ask in (
        lambda: log.view.inclusion(600, SIZE),
        lambda: log.view.consistency(600, SIZE),
        lambda: log.view.root(SIZE),
        lambda: log.view.tile(TileName(1, 0, 2)),
    ):
        with pytest.raises(Tampered):
            ask()


def test_a_bundle_that_is_there_no_more_is_tampered_and_not_not_found(log: Log) -> None:
    log.change("DELETE FROM ledger_bundles WHERE number = 1")
    with pytest.raises(Tampered, match="gone"):
        log.view.bundle(BundleName(1))
    log.change("UPDATE ledger_bundles SET entries = x'ff' WHERE number = 0")
    with pytest.raises(Tampered):
        log.view.bundle(BundleName(0, 3))


def test_no_proof_is_made_of_hashes_that_were_changed(log: Log) -> None:
    file = proof_file(log.view, log.publisher, 600)
    log.change("UPDATE ledger_tiles SET hashes = zeroblob(64) WHERE level = 1")
    with pytest.raises(Tampered):
        proof_file(log.view, log.publisher, 600)
    assert verify_file(file, [KEY.verifier.text]).index == 600


def test_a_proof_is_the_same_of_tiles_that_were_kept_without_what_stands_above_them(log: Log) -> None:
    asked = [(index, size) for index in range(0, SIZE, 37) for size in (SIZE, 512, 300) if index < size]
    before = [log.view.inclusion(*each) for each in asked]
    log.change("UPDATE ledger_tiles SET above = NULL")
    assert [log.view.inclusion(*each) for each in asked] == before
    log.change("UPDATE ledger_tiles SET above = zeroblob(7)")
    with pytest.raises(Tampered, match="torn"):
        log.view.inclusion(0, SIZE)


def test_a_proof_waits_for_a_checkpoint(tmp_path: Path) -> None:
    with open_log(f"sqlite:///{tmp_path}/new/haoma.db") as log:
        log.append(3)
        log.ledger.integrate()
        with pytest.raises(NotFound, match="no checkpoint"):
            proof_file(log.view, log.publisher, 1)
        note = log.publisher.checkpoint().note
        log.append()
        log.ledger.integrate()
        assert verify_file(proof_file(log.view, log.publisher, 2), [KEY.verifier.text]).size == 3
        with pytest.raises(NotFound, match="no checkpoint"):
            proof_file(log.view, log.publisher, 3)
        assert checkpoint_of(note).size == 3


def test_a_proof_is_worth_what_the_keys_are(log: Log) -> None:
    file = proof_file(log.view, log.publisher, 600)
    proved = verify_file(file, [KEY.verifier.text])
    assert (proved.entry, proved.index, proved.size) == (log.view.entry(600), 600, SIZE)
    assert (proved.origin, proved.signers) == (KEY.name, (KEY.name,))
    assert open_note(log.publisher.published(), [KEY.verifier.text]).text.startswith(b"example.com/log\n700\n")
    from haoma.ledger import SignerKey

    with pytest.raises(Tampered):
        verify_file(file, [SignerKey(KEY.name, KEY.type, b"o" * 32).verifier.text])
    with pytest.raises(BadInput, match="no entry"):
        verify_file(
            b"\n".join(line for line in file.split(b"\n") if not line.startswith(b"extra")), [KEY.verifier.text]
        )
