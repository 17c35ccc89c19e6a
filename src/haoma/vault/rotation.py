"""Rotation: new keys from now on, what lies under the old ones brought over in the background, then the old destroyed.

Rules held here:
- Custody's key: every data key is wrapped anew. The version before the newest is kept, so that two are readable; older
  ones are forgotten, and with them every old copy of the key store.
- A tenant's pseudonym key: where the number is sealed, its token is made anew everywhere a package says it may be; an
  alias tells which token took the place of which. Where it is not, the old token stays, and its key with it.
- A key version is destroyed when no row has a token of it, and never before.
- Each step is one transaction and can be run again: a crash loses nothing but time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from haoma.errors import BadInput, NotFound
from haoma.lineage.model import Sealed
from haoma.lineage.tables import facts
from haoma.vault import tables
from haoma.vault.aliases import forget_links, link
from haoma.vault.key_store import CUSTODY_NAME, Key, Kind
from haoma.vault.key_tables import keys
from haoma.vault.model import SubjectToken, check_tenant, token_prefix
from haoma.vault.opening import open_number
from haoma.vault.service import Vault, put_sealed

__all__ = ["SUBJECT_COLUMNS", "NewKey", "Progress", "Rekeying", "Rotation", "SubjectColumn"]

WHAT = ("custody", "pseudonym", "commitment")
BATCH = 200
GRACE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SubjectColumn:
    """A column that holds subject tokens. `rekey` says whether a rotation may write the new token into it."""

    column: sa.Column[str]
    rekey: bool


SUBJECT_COLUMNS: tuple[SubjectColumn, ...] = (
    SubjectColumn(tables.tokens.c.subject, rekey=True),
    SubjectColumn(tables.audit.c.subject, rekey=False),
    SubjectColumn(facts.c.subject, rekey=False),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rotation of a tenant's pseudonym key is: how many numbers are brought over, and when all were."""

    tenant: str
    version: int
    started_at: datetime
    ended_at: datetime | None
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class NewKey:
    """A version of a key that takes the place of the one before: `what` is custody, pseudonym or commitment."""

    what: str
    scope: str
    version: int


class Rekeying:
    """Brings rotations to their end, and begins none. `columns` are those that hold subject tokens, of all packages."""

    def __init__(self, vault: Vault, columns: Sequence[SubjectColumn]) -> None:
        self._vault = vault
        self._columns = columns

    def rewrap(self) -> int:
        """Wrap some keys under the newest version; returns how many, and forgets the versions before the last at 0."""
        store = self._vault.keys
        done = store.rewrap()
        versions = store.custody.versions(CUSTODY_NAME)
        if not done and len(versions) > 2 and not store.wrapped_by_older():
            store.custody.forget(CUSTODY_NAME, versions[-2])
        return done

    def _begin(self, tx: sa.Connection, key: Key) -> None:
        """Write down that a rotation is under way, once: a crash may have come between its key and this row."""
        vault = self._vault
        total = tx.scalar(sa.select(sa.func.count()).where(self._older(key)))
        row = {"tenant": key.scope, "version": key.version, "started_at": vault.now(), "done": 0, "total": total}
        if tx.execute(_insert(tx, tables.rotations).values(**row).on_conflict_do_nothing()).rowcount:
            vault.append(tx, "vault.rotated", what="pseudonym", version=key.version)

    def rekey(self, tenant: str) -> int:
        """Bring some sealed numbers to the newest key version; returns how many, 0 at the end."""
        vault = self._vault
        key = vault.keys.current(Kind.PSEUDONYM, check_tenant(tenant))
        with vault.store.read() as tx:
            rows = tx.execute(sa.select(tables.sealed).where(self._older(key)).limit(BATCH)).all()
        moved = [(row, self._new_token(row)) for row in rows]
        vault.store.write(lambda tx: self._move(tx, key, moved, ended=not rows))
        return len(rows)

    def tidy(self) -> int:
        """Destroy the key versions that no row has a token of any more; returns how many."""
        latest: dict[str, Progress] = {one.tenant: one for one in self.progress()}
        now = self._vault.now()
        # Who had the old key in memory when it was rotated may still be writing a row under it.
        ready = [one for one in latest.values() if one.ended_at is not None and one.started_at <= now - GRACE]
        return sum(self._destroy_unused(one.tenant) for one in ready)

    def go_on(self, advance: Callable[[int], None] = lambda _count: None) -> None:
        """Bring every rotation that is under way to its end, and destroy what nothing needs any more."""
        while done := self.rewrap():
            advance(done)
        for tenant in self._vault.keys.scopes(Kind.PSEUDONYM):
            newest = self._vault.keys.versions(Kind.PSEUDONYM, tenant)[0]
            if newest.version > 1:
                self._vault.store.write(partial(self._begin, key=newest))
            while self._under_way(newest) and (done := self.rekey(tenant)):
                advance(done)
        self.tidy()

    def progress(self) -> list[Progress]:
        """Every rotation of a tenant's key there was, the newest last."""
        query = sa.select(tables.rotations).order_by(tables.rotations.c.started_at)
        with self._vault.store.read() as tx:
            return [Progress(**row._mapping) for row in tx.execute(query)]  # noqa: SLF001 - public in all but name

    def _under_way(self, key: Key) -> bool:
        r = tables.rotations.c
        mine = sa.select(r.version).where(r.tenant == key.scope, r.version == key.version, r.ended_at.is_(None))
        with self._vault.store.read() as tx:
            return tx.scalar(mine) is not None

    def uses(self, tenant: str, key: Key) -> int:
        """How many rows hold a token under a version of a tenant's key."""
        prefix = token_prefix(tenant, key.suite.letter, key.version)
        columns = [tables.sealed.c.subject, *(one.column for one in self._columns)]
        with self._vault.store.read() as tx:
            found = sum(_count(tx, column, prefix) for column in columns)
        with self._vault.keys.store.read() as tx:
            return found + _count(tx, keys.c.owner, prefix)

    def _older(self, key: Key) -> sa.ColumnElement[bool]:
        subject = tables.sealed.c.subject
        newest = token_prefix(key.scope, key.suite.letter, key.version)
        mine = subject.startswith(f"{key.scope}.", autoescape=True)
        return sa.and_(mine, ~subject.startswith(newest, autoescape=True))

    def _new_token(self, row: sa.Row[tuple[object, ...]]) -> SubjectToken | None:
        """The token under the newest version; None where the key was destroyed, and the row is but waiting to go."""
        vault, owner = self._vault, SubjectToken.of_row(row.subject)
        try:
            uri = open_number(vault, owner, row.purpose, Sealed(bytes(row.sealed), row.key_id))
        except NotFound:
            return None
        return vault.pseudonym_of(owner.tenant, uri)

    def _move(
        self,
        tx: sa.Connection,
        key: Key,
        moved: Sequence[tuple[sa.Row[tuple[object, ...]], SubjectToken | None]],
        *,
        ended: bool,
    ) -> None:
        now, done = self._vault.now(), 0
        for row, new in moved:
            c = tables.sealed.c
            gone = sa.delete(tables.sealed).where(
                c.subject == row.subject, c.purpose == row.purpose, c.key_id == row.key_id
            )
            if tx.execute(gone).rowcount and new is not None:
                put_sealed(tx, new, row.purpose, Sealed(bytes(row.sealed), row.key_id), row.sealed_at, row.until)
                self._replace(tx, row.subject, str(new), now)
                done += 1
        r = tables.rotations.c
        mine = sa.update(tables.rotations).where(r.tenant == key.scope, r.version == key.version, r.ended_at.is_(None))
        tx.execute(mine.values(done=r.done + done, ended_at=now if ended else None))
        if done:
            self._vault.append(tx, "vault.rekeyed", version=key.version, numbers=done)

    def _replace(self, tx: sa.Connection, old: str, new: str, now: datetime) -> None:
        link(tx, self._vault.commitments, old, new, now)
        for one in self._columns:
            if one.rekey:
                tx.execute(sa.update(one.column.table).where(one.column == old).values({one.column: new}))

    def _destroy_unused(self, tenant: str) -> int:
        """Destroy the older versions that no row has a token of, after the links from and to these tokens."""
        over = [key for key in self._vault.keys.versions(Kind.PSEUDONYM, tenant)[1:] if not self.uses(tenant, key)]
        for key in over:
            self._vault.store.write(partial(forget_links, prefix=token_prefix(tenant, key.suite.letter, key.version)))
            self._vault.keys.destroy([key.key_id])
        return len(over)


class Rotation(Rekeying):
    """Makes the new versions too. Each step can be repeated: a version that is there is not made again."""

    def planned(self, what: str, scope: str) -> NewKey:
        """The version that comes next: of `custody`, of a tenant's `pseudonym` key, or of a scope's `commitment` key.

        Raises BadInput for another word, NotFound where there is no key yet.
        """
        if what not in WHAT:
            raise BadInput("there is no such key", hint=f"keys: {', '.join(WHAT)}")
        newest = self._newest(what, scope)
        if not newest and what != "custody":
            message = f"{scope[:40]} has no {what} key yet"
            raise NotFound(message, hint="it is made at its first use")
        return NewKey(what, scope, newest + 1)

    def make(self, new: NewKey) -> None:
        """Make a version where it is not there."""
        if self._newest(new.what, new.scope) >= new.version:
            return
        keys = self._vault.keys
        if new.what == "custody":
            keys.custody.rotate(CUSTODY_NAME)
        else:
            keys.rotate(Kind(new.what), new.scope)

    def record(self, tx: sa.Connection, new: NewKey) -> None:
        """Write down that a version was made; of a pseudonym key, that its rotation is under way."""
        keys = self._vault.keys.versions(Kind.PSEUDONYM, new.scope) if new.what == "pseudonym" else ()
        key = next((one for one in keys if one.version == new.version), None)
        if key is not None:
            self._begin(tx, key)
        else:
            self._vault.append(tx, "vault.rotated", what=new.what, version=new.version)

    def rotate_custody(self) -> int:
        """Make a new version of custody's key; returns its number. `rewrap` brings the keys over."""
        return self._rotate("custody", CUSTODY_NAME)

    def rotate_tenant(self, tenant: str) -> int:
        """Make a new version of a tenant's pseudonym key; returns its number. `rekey` brings the tokens over."""
        return self._rotate("pseudonym", check_tenant(tenant))

    def rotate_commitments(self, scope: str) -> int:
        """Commit under a new key from now on; returns its version."""
        return self._rotate("commitment", scope)

    def _rotate(self, what: str, scope: str) -> int:
        new = self.planned(what, scope)
        self.make(new)
        self._vault.store.write(lambda tx: self.record(tx, new))
        return new.version

    def _newest(self, what: str, scope: str) -> int:
        if what == "custody":
            return max(self._vault.keys.custody.versions(CUSTODY_NAME), default=0)
        return self._vault.keys.latest(Kind(what), scope)


def _count(tx: sa.Connection, column: sa.Column[str], prefix: str) -> int:
    query = sa.select(sa.func.count()).where(column.startswith(prefix, autoescape=True))
    return int(tx.scalar(query) or 0)


def _insert(tx: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
