"""The demo's chapter on proof: every step so far is an entry, and a change behind the log's back is found.

Rules held here:
- The checkpoint is kept as somebody outside would keep it: the audit gets it from that file and not from the database.
- What is tampered with is a copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from haoma.cli.stage import Stage, Step
from haoma.errors import Tampered
from haoma.ledger.audit import audit
from haoma.ledger.bundles import decode_bundle, encode_bundle
from haoma.ledger.checkpoint import Checkpoint, parse_checkpoint
from haoma.ledger.note import open_note
from haoma.ledger.offline import proof_file, verify_file
from haoma.storage import open_store

__all__ = ["chapter"]

CHANGED = 7


def chapter(stage: Stage) -> Iterator[Step]:
    """Sign a checkpoint, prove the first step, and find the entry that was changed in a copy."""
    services = stage.services
    signed = services.publisher.checkpoint()
    kept = stage.directory / "checkpoint.txt"
    kept.write_bytes(signed.note)
    if stage.shown:
        click.echo(f"The checkpoint over the {signed.size} steps so far, signed:\n\n{signed.note.decode()}")
    key = services.log_key.verifier.text
    outside = parse_checkpoint(open_note(kept.read_bytes(), [key]).text)
    yield Step(
        "a checkpoint is signed over every step so far", services.view.head().root.hex()[:16], outside.root.hex()[:16]
    )
    yield from _proved(stage, key)
    yield Step("an audit finds every entry as it was logged", "nothing differs", _audited(stage.directory, outside))
    changed = _copy(stage.directory, "one-entry-changed.db")
    _change(changed, CHANGED)
    found = _audited(stage.directory, outside, changed.name)
    yield Step("one entry is changed in a copy of the database: the audit names it", f"entry {CHANGED}", found)


def _proved(stage: Stage, key: str) -> Iterator[Step]:
    file = stage.directory / "first-step.tlog-proof"
    file.write_bytes(proof_file(stage.services.view, stage.services.publisher, 0))
    yield Step(
        f"{file.name} proves the first step, without the database", 0, verify_file(file.read_bytes(), [key]).index
    )
    try:
        verify_file(file.read_bytes().replace(b"index 0", b"index 1"), [key])
        said = "taken"
    except Tampered:
        said = "refused"
    yield Step("the same file with another index is refused", "refused", said)


def _audited(directory: Path, outside: Checkpoint, name: str = "store/haoma.db") -> str:
    """What an audit of a database finds, against a checkpoint from outside."""
    with open_store(f"sqlite:///{(directory / name).absolute()}") as store, store.read() as tx:
        try:
            for _ in audit(tx, [outside]):
                pass
        except Tampered as error:
            return f"entry {error.index}"
    return "nothing differs"


def _copy(directory: Path, name: str) -> Path:
    target = directory / name
    target.unlink(missing_ok=True)
    target.touch(mode=0o600)
    with closing(sqlite3.connect(directory / "store" / "haoma.db")) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def _change(database: Path, index: int) -> None:
    """Say of one entry that it was not as expected."""
    with closing(sqlite3.connect(database)) as tampered, tampered:
        number, size = tampered.execute("SELECT 0, size FROM ledger_head").fetchone()
        (bundle,) = tampered.execute("SELECT entries FROM ledger_bundles WHERE number = ?", (number,)).fetchone()
        entries = decode_bundle(bundle, min(size, 256))
        entries[index] = entries[index].replace(b'"ok":true', b'"ok":false')
        tampered.execute("UPDATE ledger_bundles SET entries = ? WHERE number = ?", (encode_bundle(entries), number))
