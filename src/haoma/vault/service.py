"""The vault: a customer's full number is here, sealed, and nowhere else; everybody else holds a token.

Rules held here:
- Nothing opens without a permission that is live, for this subject and this purpose; opening is recorded, and so is a
  refusal.
- A key is made before the transaction that uses it, and destroyed before the rows under it: whatever ends the process
  in between, nothing is readable that should not be.
- A sealed number that is opened is the one of the subject it is opened for, whatever rows and aliases say.
- One data key for each subject and purpose: destroying it makes everything under it unreadable, backups included.
- Where the key store or custody does not answer, nothing is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import Conflict, NotFound, Refused, Tampered
from haoma.ledger.entry import Entry
from haoma.lineage.entries import Log
from haoma.lineage.model import Sealed
from haoma.numbers import Number
from haoma.storage import Store, Time
from haoma.vault import tables
from haoma.vault.audit import Audit, Event, recording, time_text
from haoma.vault.commitments import KeptCommitments
from haoma.vault.key_store import Key, KeyStore, Kind
from haoma.vault.location_tokens import LocationTokens
from haoma.vault.model import Permission, SubjectToken, check_tenant
from haoma.vault.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Shredded", "Vault", "put_sealed"]


_PUT = sa.text(
    "INSERT INTO vault_sealed (subject, purpose, key_id, sealed, sealed_at, until)"
    " VALUES (:subject, :purpose, :key_id, :sealed, :sealed_at, :until) ON CONFLICT (subject, purpose) DO UPDATE"
    " SET key_id = excluded.key_id, sealed = excluded.sealed, sealed_at = excluded.sealed_at,"
    " until = CASE WHEN vault_sealed.until > excluded.until THEN vault_sealed.until ELSE excluded.until END"
)


@dataclass(frozen=True, slots=True)
class Shredded:
    """What a shredding destroyed: keys, sealed numbers, location tokens; `entry_id` is the log's entry that says so."""

    keys: int
    numbers: int
    tokens: int
    entry_id: int


class Vault:
    """Keys, pseudonyms and sealed numbers over one store of data and one key store."""

    def __init__(self, store: Store, keys: KeyStore, log: Log, now: Callable[[], datetime]) -> None:
        self.store = store
        self.keys = keys
        self.log = log
        self.now = now
        self.commitments = KeptCommitments(keys)
        self.audit = Audit(log, self.commitments)
        self.locations = LocationTokens(self)
        self._pseudonyms = Pseudonyms(keys)
        self._tenants: set[str] = set()

    def pseudonym(self, tenant: str, number: Number) -> SubjectToken:
        """The token that stands for a number within a tenant.

        Raises BadInput for an invalid number, Conflict where rows have tokens of the tenant and its key is not there.
        """
        self._expect_key(tenant)
        return self._pseudonyms.token(tenant, number)

    def pseudonym_of(self, tenant: str, uri: str) -> SubjectToken:
        """The token that stands for the number of a URI (RFC 3966) within a tenant."""
        self._expect_key(tenant)
        return self._pseudonyms.token_of(tenant, uri)

    def known_as(self, tenant: str, number: Number) -> tuple[SubjectToken, ...]:
        """Every token under which rows of this number may lie, the newest first: one for each key version."""
        return self._pseudonyms.tokens(tenant, number)

    def pseudonyms(self, tenant: str, uris: pa.Array) -> pa.Array:
        """The tokens of a column of URIs (RFC 3966), as text: the same as `pseudonym` gives; null stays null."""
        return self.pseudonymiser(tenant)(uris)

    def pseudonymiser(self, tenant: str) -> Callable[[pa.Array], pa.Array]:
        """`pseudonyms` with its key fetched once, for many columns."""
        self._expect_key(tenant)
        return self._pseudonyms.column(tenant)

    def prepare(self, subject: SubjectToken, purpose: str) -> None:
        """Make the data key of a subject and purpose ahead of the transaction that seals under it."""
        self.keys.current(Kind.SEAL, _scope(subject, purpose))

    def seal(
        self,
        tx: sa.Connection,
        subject: SubjectToken,
        purpose: str,
        number: Number,
        until: datetime,
        *,
        actor: str = "system:vault",
    ) -> None:
        """Keep a number, sealed, until a permission for it ends; one that is there already is kept as long as asked.

        Raises Refused where the number is not the subject's, or `until` is past.
        """
        at = self.now()
        if subject not in self.known_as(subject.tenant, number):
            message = "this number is not the one of the subject"
            raise Refused(message, hint="seal under the token that vault.pseudonym gives for it")
        if until <= at:
            message = "the permission ends before the number would be kept"
            raise Refused(message)
        sealed = self.seal_bytes(subject, purpose, "number", str(number.uri).encode())
        put_sealed(tx, subject, purpose, sealed, at, until)
        event = Event(subject.tenant, actor, "vault.seal", "allowed", "sealed", at, subject, purpose)
        commitment = str(self.commitments.commit("sealed", sealed.data))
        self.audit.record(tx, event, "vault.sealed", row=commitment, until=time_text(until))

    def unseal(self, tx: sa.Connection, permission: Permission, *, actor: str) -> str:
        """The URI of the number of a permission's subject; recorded in this transaction.

        Raises Refused where the permission is over, NotFound where nothing is sealed for it, Tampered where what is
        sealed is another's number. `reveal` records a refusal too.
        """
        at = self.now()
        subject, purpose = permission.subject, permission.purpose
        if permission.until <= at:
            message = "the permission is over"
            raise Refused(message, hint="ask for a new one")
        names = [str(one) for one in self.aliases(tx, subject)]
        c = tables.sealed.c
        query = sa.select(tables.sealed).where(c.subject.in_(names), c.purpose == purpose, c.until > at)
        row = tx.execute(query.order_by(c.sealed_at.desc()).limit(1)).one_or_none()
        if row is None:
            message = "no number is kept for this subject and purpose"
            raise NotFound(message, hint="it is kept only while a permission needs it")
        uri = self.open_own(subject, purpose, Sealed(bytes(row.sealed), row.key_id))
        event = Event(subject.tenant, actor, "vault.unseal", "allowed", "permission-live", at, subject, purpose)
        self.audit.record(tx, event, "vault.unsealed")
        return uri

    def reveal(self, permission: Permission, *, actor: str) -> str:
        """`unseal` in a transaction of its own, with a refusal recorded as well."""

        def refused() -> Event:
            subject, purpose = permission.subject, permission.purpose
            return Event(
                subject.tenant, actor, "vault.unseal", "refused", "permission-over", self.now(), subject, purpose
            )

        return recording(self.store, self.audit, refused, lambda tx: self.unseal(tx, permission, actor=actor))

    def seal_bytes(self, subject: SubjectToken, purpose: str, context: str, data: bytes) -> Sealed:
        """Seal what another package keeps of a subject for a purpose; it goes when `shred` destroys the key.

        `context` says what it is (`number`, `place`): bytes sealed as one thing do not open as another.
        """
        key = self.keys.current(Kind.SEAL, _scope(subject, purpose))
        return Sealed(key.suite.sealer(key.secret).seal(data, _context(key, context)), key.key_id)

    def open_bytes(self, permission: Permission, context: str, sealed: Sealed) -> bytes:
        """Open what `seal_bytes` sealed for this permission's subject and purpose.

        Raises Refused where the permission is over or for something else, NotFound where the key was destroyed.
        """
        if permission.until <= self.now():
            message = "the permission is over"
            raise Refused(message, hint="ask for a new one")
        return self._open(permission.subject, permission.purpose, context, sealed)

    def open_own(self, subject: SubjectToken, purpose: str, sealed: Sealed) -> str:
        """The URI of a sealed number, for the vault's own re-keying alone: nobody sees it.

        Raises Tampered where the number is not the one that the subject's token stands for.
        """
        uri = self._open(subject, purpose, "number", sealed).decode()
        if not self._pseudonyms.stands_for(subject, uri):
            message = "what is sealed for this subject is the number of another"
            raise Tampered(message, hint="nothing was shown; rows of the vault were changed by hand")
        return uri

    def destroy_keys(self, subject: SubjectToken, purpose: str | None = None) -> int:
        """Destroy the data keys of a subject: of one purpose, or of all; returns how many there were.

        What was sealed under them is unreadable when this returns, in every backup too. Before the transaction that
        removes the rows (`shred_rows`).
        """
        return self.keys.destroy(self.keys_of(subject, purpose))

    def keys_of(self, subject: SubjectToken, purpose: str | None = None) -> list[str]:
        """The names of the data keys of a subject that there are: of one purpose, or of all."""
        with self.store.read() as tx:
            names = self.aliases(tx, subject)
        return [key_id for name in names for key_id in self._seal_keys(name, purpose)]

    def shred_rows(
        self,
        tx: sa.Connection,
        subject: SubjectToken,
        purpose: str | None = None,
        *,
        actor: str,
        reason: str,
        keys: int = 0,
    ) -> Shredded:
        """Remove the sealed numbers and location tokens of a subject, of one purpose or of all, and record it.

        `keys` is what `destroy_keys` returned.
        """
        names = [str(one) for one in self.aliases(tx, subject)]
        gone = []
        for table in (tables.sealed, tables.tokens):
            mine = table.c.subject.in_(names)
            which = mine if purpose is None else sa.and_(mine, table.c.purpose == purpose)
            gone.append(tx.execute(sa.delete(table).where(which)).rowcount)
        event = Event(subject.tenant, actor, "vault.shred", "allowed", reason, self.now(), subject, purpose)
        done = self.audit.record(tx, event, "vault.shredded", keys=keys, numbers=gone[0], tokens=gone[1])
        return Shredded(keys, gone[0], gone[1], done.entry_id)

    def shred(self, subject: SubjectToken, purpose: str | None = None, *, actor: str, reason: str) -> Shredded:
        """Make everything sealed for a subject unreadable for good, for one purpose or for all, and remove the rows."""
        keys = self.destroy_keys(subject, purpose)
        return self.store.write(lambda tx: self.shred_rows(tx, subject, purpose, actor=actor, reason=reason, keys=keys))

    def aliases(self, tx: sa.Connection, subject: SubjectToken) -> Sequence[SubjectToken]:
        """All tokens that stand for the same number as this one, itself first: what rotations have replaced."""
        found, waiting = {str(subject): subject}, [str(subject)]
        c = tables.aliases.c
        while waiting:
            near = sa.select(c.old, c.new).where(sa.or_(c.old.in_(waiting), c.new.in_(waiting)))
            texts = {text for row in tx.execute(near) for text in row} - found.keys()
            found |= {text: SubjectToken.of_row(text) for text in sorted(texts)}
            waiting = sorted(texts)
        return list(found.values())

    def append(self, tx: sa.Connection, type_: str, **body: str | int) -> int:
        """Put an entry about no person into the log."""
        return self.log.append(tx, Entry(type_, self.now(), body))

    def _expect_key(self, tenant: str) -> None:
        """Refuse to begin a tenant anew: with another key, nobody would be found again and nothing would tell."""
        if tenant in self._tenants:
            return
        if self.keys.existing(Kind.PSEUDONYM, check_tenant(tenant)) is None:
            subject = tables.audit.c.subject
            known = sa.select(subject).where(subject.startswith(f"{tenant}.", autoescape=True)).limit(1)
            with self.store.read() as tx:
                if tx.scalar(known) is not None:
                    message = f"rows have tokens of the tenant {tenant}, and the key store has no key of it"
                    raise Conflict(message, hint="put the key store back from its backup, or set vault_keys back")
        self._tenants.add(tenant)

    def _seal_keys(self, subject: SubjectToken, purpose: str | None) -> list[str]:
        if purpose is None:
            return self.keys.ids(Kind.SEAL, str(subject), owner=True)
        return self.keys.ids(Kind.SEAL, _scope(subject, purpose))

    def _open(self, subject: SubjectToken, purpose: str, context: str, sealed: Sealed) -> bytes:
        key = self.keys.get(sealed.key_id)
        if key.kind is not Kind.SEAL or not self._is_of(key, subject, purpose):
            message = "what is sealed is of another subject or purpose than the permission"
            raise Refused(message, hint="a permission is for one subject and one purpose")
        return key.suite.sealer(key.secret).open(sealed.data, _context(key, context))

    def _is_of(self, key: Key, subject: SubjectToken, purpose: str) -> bool:
        if key.scope == _scope(subject, purpose):
            return True
        with self.store.read() as tx:
            return any(key.scope == _scope(one, purpose) for one in self.aliases(tx, subject))


def put_sealed(
    tx: sa.Connection, subject: SubjectToken, purpose: str, sealed: Sealed, at: datetime, until: datetime
) -> None:
    """Write the row of a sealed number; where there is one, it is kept as long as the later of both says."""
    row = {"subject": str(subject), "purpose": purpose, "key_id": sealed.key_id, "sealed": sealed.data}
    tx.execute(_PUT, {**row, "sealed_at": Time.stored(at), "until": Time.stored(until)})


def _scope(subject: SubjectToken, purpose: str) -> str:
    return f"{subject}/{purpose}"


def _context(key: Key, context: str) -> bytes:
    return f"{context} {key.scope}".encode()
