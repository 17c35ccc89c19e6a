"""The key store: every data key, wrapped by custody, in a database apart from the data.

Rules held here:
- A key is durable before anything is done under it. One that nothing came to use is harmless.
- A destroyed key does not come back: not its bytes, and for commitments not its name either. Whoever listens hears of
  it before it is destroyed, so that no backup of the key store brings it back.
- Key bytes are in no representation, log or error, and on the disk only wrapped; wrapping binds them to what they are
  (`key_rows`).
- A key is kept in memory for a second, so that one destroyed by another process is gone here within that; keys that
  open sealed data are read and unwrapped each time.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import Conflict, NotFound, Unavailable
from haoma.storage import Store, quick
from haoma.storage.opening import OPENING_S, store_at
from haoma.vault.custody import Custody, version_of
from haoma.vault.ends import Ends
from haoma.vault.key_reads import KeyReads
from haoma.vault.key_rows import CUSTODY_NAME, Key, KeyRow, Kind, opened, owner_of, wrapped
from haoma.vault.key_tables import keys, keys_metadata
from haoma.vault.local_file import LocalFiles
from haoma.vault.model import as_letters
from haoma.vault.suites import KEY_BYTES, Suite

__all__ = ["CUSTODY_NAME", "Key", "KeyStore", "Kind", "open_keys"]

KEPT_S = 1.0
_AT_ONCE = 500
_KEPT = 10_000
_TRIES = 3
T = TypeVar("T")
_ROW = tuple(keys.c[name] for name in KeyRow._fields)
_KINDS = (str, str, str, str, int, str, bytes)
_KEYS = f"SELECT {', '.join(KeyRow._fields)} FROM vault_keys"  # noqa: S608 - names of ours alone
_NAMED = f"{_KEYS} WHERE key_id = ? AND wrapped IS NOT NULL"
_NEWEST = f"""{_KEYS} WHERE kind = ? AND scope = ? AND wrapped IS NOT NULL AND retired_at IS NULL
 ORDER BY version DESC LIMIT 1"""
_LATEST = "SELECT max(version) FROM vault_keys WHERE kind = ? AND scope = ?"
_PUT = {
    "sqlite": sqlite.insert(keys).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(keys).on_conflict_do_nothing(),
}


def open_keys(url: str, *, create: bool = True) -> Store:
    """The database of the key store, its tables made where they are missing."""
    store = store_at(url, create=create)
    try:
        _make_tables(store)
    except BaseException:
        store.close()
        raise
    return store


def _make_tables(store: Store) -> None:
    with store.leader("open", wait_s=OPENING_S) as leads:
        if not leads:
            raise Unavailable(f"{store.name}: another process is opening it", hint="wait for its end")
        with store.changing() as tx:
            keys_metadata.create_all(tx)


class KeyStore:
    """The keys in one database, wrapped by one custody; new ones are of `suite`."""

    def __init__(self, store: Store, custody: Custody, suite: Suite, now: Callable[[], datetime]) -> None:
        self.store = store
        self.custody = custody
        self.suite = suite
        self._reads = KeyReads(store)
        self.ends = Ends(store, self._reads, now)
        self._now = now
        self._hear: Callable[[Sequence[str]], None] = lambda _key_ids: None
        self._custody_known = False
        self._kept: dict[object, tuple[float, object]] = {}

    @property
    def is_here(self) -> bool:
        """Whether both the keys and what wraps them are files of this machine: reading one waits for nobody else."""
        return isinstance(self.custody, LocalFiles) and isinstance(getattr(self.store, "path", None), Path)

    def heard_by(self, hear: Callable[[Sequence[str]], None]) -> None:
        """Have `hear` told of keys, some hundreds at once, right before they are destroyed."""
        self._hear = hear

    def current(self, kind: Kind, scope: str) -> Key:
        """The newest key of a scope, made if there is none."""
        return self._cached((kind, scope), lambda: self.existing(kind, scope) or self._make(kind, scope))

    def digester(self, kind: Kind, scope: str) -> tuple[Key, Callable[[bytes], bytes]]:
        """The newest key of a scope, as `current`, with its HMAC made ready for many messages."""
        key = self.current(kind, scope)
        # By the name of the key: it is used only as long as `current` says that this is the newest one.
        return key, self._cached(("digester", key.key_id), lambda: key.suite.digester(key.secret))

    def existing(self, kind: Kind, scope: str) -> Key | None:
        """The newest key of a scope under which something new may be done, where there is one."""
        rows = self._reads.rows(_NEWEST, str(kind), scope, kinds=_KINDS)
        return opened(self.custody, KeyRow(*rows[0])) if rows else None

    def versions(self, kind: Kind, scope: str) -> Sequence[Key]:
        """All keys of a scope that are not destroyed, the newest first; at most a second old."""
        return self._cached(("all", kind, scope), lambda: self.versions_now(kind, scope))

    def versions_now(self, kind: Kind, scope: str) -> Sequence[Key]:
        """`versions` as they are in the database now."""
        with self.store.read() as tx:
            rows = tx.execute(sa.select(*_ROW).where(*_live(kind, scope)).order_by(keys.c.version.desc())).all()
        return tuple(opened(self.custody, KeyRow(*row)) for row in rows)

    def get(self, key_id: str) -> Key:
        """The key of this name, as it is in the database now; NotFound where it is destroyed or never was."""
        rows = self._reads.rows(_NAMED, key_id, kinds=_KINDS)
        if not rows:
            message = "the key is gone, and what was under it with it"
            raise NotFound(message, hint="a destroyed key does not come back; proofs of the log hold without it")
        return opened(self.custody, KeyRow(*rows[0]))

    def kept(self, key_id: str) -> Key:
        """The key of this name, at most a second old."""
        return self._cached(key_id, lambda: self.get(key_id))

    def ids(self, kind: Kind, scope: str, *, owner: bool = False) -> list[str]:
        """The names of the keys of a scope, without unwrapping them; with `owner`, of all scopes of an owner."""
        c = keys.c
        whose = c.owner == scope if owner else c.scope == scope
        with self.store.read() as tx:
            return list(tx.scalars(sa.select(c.key_id).where(c.kind == kind, whose, c.wrapped.is_not(None))))

    def counts(self) -> dict[str, int]:
        """How many keys there are of each kind."""
        query = sa.select(keys.c.kind, sa.func.count()).where(keys.c.wrapped.is_not(None)).group_by(keys.c.kind)
        with self.store.read() as tx:
            return {row[0]: row[1] for row in tx.execute(query.order_by(keys.c.kind))}

    def scopes(self, kind: Kind, prefix: str = "") -> list[str]:
        """The scopes that have keys of a kind and begin so, sorted; for kinds that have few."""
        begin = keys.c.scope.startswith(prefix, autoescape=True)
        query = sa.select(keys.c.scope).where(keys.c.kind == kind, keys.c.wrapped.is_not(None), begin).distinct()
        with self.store.read() as tx:
            return sorted(tx.scalars(query))

    def latest(self, kind: Kind, scope: str) -> int:
        """The version of the newest key that a scope ever had; 0 where it had none."""
        return int(self._reads.rows(_LATEST, str(kind), scope)[0][0] or 0)

    def rotate(self, kind: Kind, scope: str) -> Key:
        """Make a new version, which is used from now on; the older ones stay readable."""
        made = self._make(kind, scope, newer=True)
        self._kept.clear()
        return made

    def destroy(self, key_ids: Collection[str]) -> int:
        """Destroy keys, for good and before this returns; returns how many there were."""
        wanted = sorted(set(key_ids))
        done = sum(self._destroy(wanted[at : at + _AT_ONCE]) for at in range(0, len(wanted), _AT_ONCE))
        self._kept.clear()
        if done:
            self._forget_pages()
        return done

    def wrapped_by_older(self) -> int:
        """How many keys are still wrapped under an older version of custody's key."""
        newest = max(self.custody.versions(CUSTODY_NAME), default=0)
        with self.store.read() as tx:
            return int(tx.scalar(sa.select(sa.func.count()).where(keys.c.wrapped_by < newest)) or 0)

    def rewrap(self, limit: int = _AT_ONCE) -> int:
        """Wrap up to `limit` keys anew under custody's newest version; returns how many, 0 at the end."""
        newest = max(self.custody.versions(CUSTODY_NAME), default=0)
        with self.store.read() as tx:
            rows = tx.execute(sa.select(*_ROW, keys.c.wrapped_by).where(keys.c.wrapped_by < newest).limit(limit)).all()
        found = [(row, opened(self.custody, KeyRow(*row[:-1]))) for row in rows]
        changes = [(row.key_id, row.wrapped_by, wrapped(self.custody, key)) for row, key in found]

        def work(tx: sa.Connection) -> None:
            for key_id, before, bytes_ in changes:
                same = (keys.c.key_id == key_id, keys.c.wrapped_by == before)
                tx.execute(sa.update(keys).where(*same).values(wrapped=bytes_, wrapped_by=version_of(bytes_)))

        self.store.write(work)
        return len(changes)

    def retire(self, key_ids: Collection[str]) -> int:
        """Seal nothing new under these keys from now on; returns how many that changes."""
        now, wanted = self._now(), sorted(set(key_ids))
        retired = sa.update(keys).where(keys.c.key_id.in_(wanted), keys.c.retired_at.is_(None)).values(retired_at=now)
        done = self.store.write(lambda tx: tx.execute(retired).rowcount)
        self._kept.clear()
        return done

    def pages(self, *which: sa.ColumnElement[bool]) -> Iterator[list[str]]:
        """The ids of sealing keys that fit, some hundreds at a time."""
        after = ""
        while True:
            query = sa.select(keys.c.key_id).where(keys.c.kind == Kind.SEAL, keys.c.key_id > after, *which)
            with self.store.read() as tx:
                page = list(tx.scalars(query.order_by(keys.c.key_id).limit(_AT_ONCE)))
            if not page:
                return
            yield page
            after = page[-1]

    def _cached(self, name: object, load: Callable[[], T]) -> T:
        found = self._kept.get(name)
        if found is None or found[0] < time.monotonic():
            if len(self._kept) > _KEPT:
                self._kept.clear()
            found = self._kept[name] = (time.monotonic() + KEPT_S, load())
        return cast("T", found[1])

    def _make(self, kind: Kind, scope: str, *, newer: bool = False) -> Key:
        self._refuse_second_custody()
        for _ in range(_TRIES):
            version = self.latest(kind, scope) + 1
            key_id = f"{scope}-{version}" if kind is Kind.COMMITMENT else _random_id(kind)
            key = Key(key_id, kind, scope, version, self.suite, secrets.token_bytes(KEY_BYTES))
            bytes_ = wrapped(self.custody, key)  # custody may be far away: never inside a transaction
            if self.store.write(partial(self._put, key=key, bytes_=bytes_, newer=newer)):
                return key
            found = self.existing(kind, scope)  # another process was quicker
            if found is not None:
                return found
        message = "a key was destroyed as it was made"
        raise Conflict(message, hint="try again")

    def _put(self, tx: sa.Connection, key: Key, bytes_: bytes, *, newer: bool) -> bool:
        """Write a new key, unless there is one by now."""
        of = (str(key.kind), key.scope)
        there = not newer and quick(tx, _NEWEST, *of)
        if there or int(quick(tx, _LATEST, *of)[0][0] or 0) != key.version - 1:
            return False
        row = {"key_id": key.key_id, "kind": key.kind, "scope": key.scope, "owner": owner_of(key.scope)}
        what = {"version": key.version, "suite": key.suite.name, "wrapped": bytes_, "wrapped_by": version_of(bytes_)}
        return bool(tx.execute(_PUT[tx.dialect.name], {**row, **what, "created_at": self._now()}).rowcount)

    def _refuse_second_custody(self) -> None:
        """A key store whose wrapping key is gone gets no second one."""
        if self._custody_known:
            return
        # Before custody is asked: whoever makes the first key at this moment has the wrapping key before that row.
        with self.store.read() as tx:
            used = tx.scalar(sa.select(keys.c.key_id).where(keys.c.wrapped.is_not(None)).limit(1))
        self._custody_known = bool(self.custody.versions(CUSTODY_NAME))
        if used is not None and not self._custody_known:
            message = "the key that wraps all others is gone, and keys were wrapped under it"
            raise Conflict(message, hint="put it back from its backup, or set vault_custody back")

    def _destroy(self, key_ids: Sequence[str]) -> int:
        with self.store.read() as tx:
            there = sa.select(keys.c.key_id).where(keys.c.key_id.in_(key_ids), keys.c.wrapped.is_not(None))
            found = list(tx.scalars(there))
        if not found:
            return 0
        self._hear(found)

        def work(tx: sa.Connection) -> int:
            if tx.dialect.name == "sqlite":
                tx.exec_driver_sql("PRAGMA secure_delete=ON")  # zeros over what is deleted
            live = (keys.c.key_id.in_(found), keys.c.wrapped.is_not(None))
            named = (*live, keys.c.kind == Kind.COMMITMENT)
            gone = {"wrapped": None, "wrapped_by": None, "destroyed_at": self._now()}
            marked = tx.execute(sa.update(keys).where(*named).values(**gone)).rowcount
            return marked + tx.execute(sa.delete(keys).where(*live)).rowcount

        return self.store.write(work)

    def _forget_pages(self) -> None:
        """Bring SQLite's log of changes, which holds the old pages, into the file; best effort while others read."""
        path = getattr(self.store, "path", None)
        if isinstance(path, Path):
            with closing(sqlite3.connect(path, timeout=1.0)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _random_id(kind: Kind) -> str:
    return f"{kind}-{as_letters(secrets.token_bytes(16))}"


def _live(kind: Kind, scope: str) -> tuple[sa.ColumnElement[bool], ...]:
    return keys.c.kind == kind, keys.c.scope == scope, keys.c.wrapped.is_not(None)
