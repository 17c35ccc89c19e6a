"""The vault: a customer's full number is here, sealed, and nowhere else; everybody else holds a token.

Rules held here:
- This is the face that every program gets: it makes tokens, seals and destroys, and opens nothing (`opening` does).
- A key is made before the transaction that uses it, and destroyed before the rows under it: whatever ends the process
  in between, nothing is readable that should not be.
- What is sealed is bound to what it is, to its subject, and by that to its tenant, and to its purpose.
- One data key for each subject and purpose: destroying it makes everything under it unreadable, backups included.
- Where the key store or custody does not answer, nothing is sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import Conflict, Refused
from haoma.ledger.entry import Entry, Json
from haoma.lineage.model import Sealed
from haoma.numbers import Number
from haoma.storage import Store, Time
from haoma.vault import tables
from haoma.vault.aliases import linked
from haoma.vault.audit import Audit, Event, Log, time_text
from haoma.vault.commitments import KeptCommitments
from haoma.vault.key_store import KeyStore, Kind
from haoma.vault.location_tokens import LocationTokens
from haoma.vault.model import NUMBER, SubjectToken, check_tenant, sealed_context
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
        keys.heard_by(self._tell_destroyed)

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

    def was_rotated(self, tenant: str) -> bool:
        """Whether a number of the tenant may be known under an older token as well."""
        return self._pseudonyms.versions(tenant) > 1

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
        sealed = self.seal_bytes(subject, purpose, NUMBER, str(number.uri).encode())
        put_sealed(tx, subject, purpose, sealed, at, until)
        event = Event(subject.tenant, actor, "vault.seal", "allowed", "sealed", at, subject, purpose)
        commitment = str(self.commitments.commit("sealed", sealed.data))
        self.audit.record(tx, event, "vault.sealed", row=commitment, until=time_text(until))

    def seal_bytes(self, subject: SubjectToken, purpose: str, context: str, data: bytes) -> Sealed:
        """Seal what another package keeps of a subject for a purpose; it goes when `shred` destroys the key.

        `context` says what it is (`number`, `place`): bytes sealed as one thing do not open as another.
        """
        key = self.keys.current(Kind.SEAL, _scope(subject, purpose))
        return Sealed(key.suite.sealer(key.secret).seal(data, sealed_context(context, key.scope)), key.key_id)

    def stands_for(self, subject: SubjectToken, uri: str) -> bool:
        """Whether a token is that of the number whose URI this is."""
        return self._pseudonyms.stands_for(subject, uri)

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
        return [subject, *map(SubjectToken.of_row, linked(tx, self.commitments, str(subject))[1:])]

    def is_same(self, subject: SubjectToken, name: str) -> bool:
        """Whether a token's text stands for the same number as a token."""
        if name == str(subject):
            return True
        with self.store.read() as tx:
            return name in linked(tx, self.commitments, str(subject))

    def append(self, tx: sa.Connection, type_: str, **body: str | int) -> int:
        """Put an entry about no person into the log."""
        return self.log.append(tx, Entry(type_, self.now(), body))

    def _tell_destroyed(self, key_ids: Sequence[str]) -> None:
        names: list[Json] = [hashlib.sha256(key_id.encode()).hexdigest() for key_id in key_ids]
        self.store.write(lambda tx: self.log.append(tx, Entry("vault.destroyed", self.now(), {"keys": names})))

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


def put_sealed(
    tx: sa.Connection, subject: SubjectToken, purpose: str, sealed: Sealed, at: datetime, until: datetime
) -> None:
    """Write the row of a sealed number; where there is one, it is kept as long as the later of both says."""
    row = {"subject": str(subject), "purpose": purpose, "key_id": sealed.key_id, "sealed": sealed.data}
    tx.execute(_PUT, {**row, "sealed_at": Time.stored(at), "until": Time.stored(until)})


def _scope(subject: SubjectToken, purpose: str) -> str:
    return f"{subject}/{purpose}"
