"""Putting a backup of keys back: without what was destroyed since, and with what has ended since.

Rules held here:
- The log says what was destroyed and what has ended since the backup. It has to be the same log, and as long as it was
  then; one that is shorter is taken only where whoever runs haoma says so.
- What is left of the keys goes into an empty key store, in one transaction. Nothing opens before, for no key is there.
- A file of a key is put back where there is none. One that is there is left, and must be the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import Conflict, Tampered
from haoma.ledger.bundles import decode_bundle
from haoma.ledger.entry import Entry, decode
from haoma.ledger.key_file import private_directory, read_private, write_private
from haoma.ledger.merkle import leaf_hash
from haoma.ledger.tiles import BundleName, TileName
from haoma.ledger.view import View
from haoma.vault.custody import Custody
from haoma.vault.key_backup import FILES, STORE, TABLES, Backup, Length
from haoma.vault.key_rows import CUSTODY_NAME
from haoma.vault.key_store import KeyStore

__all__ = ["PutBack", "destroyed", "entries_since", "put_back_files", "put_back_store", "require_length"]

WIDTH, HASH = 256, 32
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PutBack:
    """How many keys or files were put back, and how many keys were left out: they were destroyed since."""

    count: int
    dropped: int = 0


def require_length(view: View, length: Length, *, older_log: bool = False) -> None:
    """Raise Conflict unless the log goes on from where it was; `older_log` takes one that ends before."""
    now = view.head()
    if now.size < length.size:
        if older_log:
            return
        message = f"the log has {now.size:,} entries, and had {length.size:,} when these keys were backed up"
        hint = "put a newer backup of the data back; where there is none, --older-log takes this one"
        raise Conflict(message, hint=hint)
    if view.root(length.size) != length.root:
        message = "these keys were backed up beside another log than this one"
        raise Conflict(message, hint="put back the data that belongs to them, or set database back")


def entries_since(view: View, size: int) -> Iterator[Entry]:
    """The entries of the log from this size on, each held to its leaf hash."""
    end = view.head().size
    for number in range(size // WIDTH, -(-end // WIDTH)):
        width = min(WIDTH, end - number * WIDTH)
        hashes = view.tile(TileName(0, number, width))
        entries = decode_bundle(view.bundle(BundleName(number, width)), width)
        for at, data in enumerate(entries):
            index = number * WIDTH + at
            if leaf_hash(data) != hashes[at * HASH : (at + 1) * HASH]:
                hint = "`haoma ledger audit` names the first entry that differs"
                raise Tampered(f"entry {index:,} differs from what was logged", hint=hint, index=index)
            if index >= size:
                yield decode(data)


def destroyed(entry: Entry) -> frozenset[str]:
    """The SHA-256 of the names of the keys that were destroyed, as an entry says; none where it is of another type."""
    told = entry.body.get("keys") if entry.type == "vault.destroyed" else None
    return frozenset(map(str, told)) if isinstance(told, list) else frozenset()


def put_back_store(
    backup: Backup, store: KeyStore, gone: frozenset[str], ended: Mapping[str, str], now: datetime
) -> PutBack:
    """Fill an empty key store with the keys that are left, and with all that has ended: `ended` is id → why.

    Raises Conflict where the key store is not empty, or custody has not what these keys are wrapped under.
    """
    backup.require(STORE, now)
    rows = (backup.row(kind, body) for kind, body in backup.parts() if kind == "key")
    _require_custody(store.custody, {version for row in rows if isinstance(version := row["wrapped_by"], int)})
    return store.store.write(lambda tx: _fill(tx, backup, gone, ended, now))


def put_back_files(backup: Backup, directory: Path, now: datetime) -> PutBack:
    """Put the files of keys back below `directory`; Conflict, before any is written, where another one is there."""
    backup.require(FILES, now)
    found = dict(backup.file(body) for kind, body in backup.parts() if kind == "file")
    for name, text in found.items():
        path = directory / name
        if path.exists() and read_private(path) != text:
            raise Conflict(f"{path} is there, and another one than in the backup", hint="move it away first")
    new = [name for name in found if not (directory / name).exists()]
    for name in new:
        private_directory(directory)
        private_directory((directory / name).parent)
        write_private(directory / name, found[name])
    return PutBack(len(new))


def _fill(tx: sa.Connection, backup: Backup, gone: frozenset[str], ended: Mapping[str, str], now: datetime) -> PutBack:
    if any(tx.execute(sa.select(table).limit(1)).first() for table in TABLES.values()):
        hint = "end every process that uses it, and move it away: the setting vault_keys tells where it lies"
        raise Conflict("there is a key store already, and it is not empty", hint=hint)
    waiting: dict[str, list[dict[str, object]]] = {kind: [] for kind in TABLES}
    kept, dropped, known = 0, 0, set[object]()
    for kind, body in backup.parts():
        row = backup.row(kind, body)
        if kind == "key" and hashlib.sha256(str(row["key_id"]).encode()).hexdigest() in gone:
            dropped += 1
            continue
        kept += kind == "key"
        if kind == "ended":
            known.add(row["ended_id"])
        waiting[kind].append(row)
        if len(waiting[kind]) >= _AT_ONCE:
            tx.execute(sa.insert(TABLES[kind]), waiting[kind])
            waiting[kind] = []
    new = [{"ended_id": one, "why": why, "noted_at": now} for one, why in ended.items() if one not in known]
    for kind, rows in (*waiting.items(), ("ended", new)):
        if rows:
            tx.execute(sa.insert(TABLES[kind]), rows)
    return PutBack(kept, dropped)


def _require_custody(custody: Custody, wanted: set[int]) -> None:
    if missing := wanted - set(custody.versions(CUSTODY_NAME)):
        message = f"custody has not the key (version {max(missing)}) that these keys are wrapped under"
        hint = "put it back first: haoma vault keys restore --custody, or what keeps Vault or the token"
        raise Conflict(message, hint=hint)
