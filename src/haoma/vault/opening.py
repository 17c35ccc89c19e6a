"""The face of the vault that opens: for who holds a permission of one kind, and for nobody else.

Rules held here:
- An opener takes permissions of one kind alone: a Grant, what a customer has just agreed to, or an approved request.
  The type checker holds callers to it, and so does each call. `Vault` itself, which all programs get, opens nothing.
- Nothing opens without a permission that is live, for this subject and this purpose. Opening a number is recorded, and
  `reveal` records a refusal too.
- What is opened is the subject's, whatever rows say: bytes that were copied to another subject are Tampered, and a
  number is held to the token that it is opened for.
- Where the key store or custody does not answer, nothing is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import sqlalchemy as sa

from haoma.errors import NotFound, Refused, Tampered
from haoma.lineage.model import Sealed
from haoma.vault import tables
from haoma.vault.audit import Event, recording
from haoma.vault.key_store import Kind
from haoma.vault.model import NUMBER, Permission, SubjectToken, sealed_context

if TYPE_CHECKING:
    from haoma.vault.service import Vault

__all__ = ["Opener", "open_number", "open_sealed"]

P = TypeVar("P", bound=Permission)


class Opener(Generic[P]):
    """Opens what one vault sealed, for permissions of the class `kind` and of no other."""

    def __init__(self, vault: Vault, kind: type[P]) -> None:
        self._vault = vault
        self._kind = kind

    def unseal(self, tx: sa.Connection, permission: P, *, actor: str) -> str:
        """The URI of the number of a permission's subject; recorded in this transaction.

        Raises Refused where the permission is over or of another kind, NotFound where nothing is sealed for it,
        Tampered where what is sealed is another's number. `reveal` records a refusal too.
        """
        vault, at = self._vault, self._vault.now()
        self._require(permission)
        subject, purpose = permission.subject, permission.purpose
        names = [str(one) for one in vault.aliases(tx, subject)]
        c = tables.sealed.c
        query = sa.select(tables.sealed).where(c.subject.in_(names), c.purpose == purpose, c.until > at)
        row = tx.execute(query.order_by(c.sealed_at.desc()).limit(1)).one_or_none()
        if row is None:
            message = "no number is kept for this subject and purpose"
            raise NotFound(message, hint="it is kept only while a permission needs it")
        uri = open_number(vault, subject, purpose, Sealed(bytes(row.sealed), row.key_id))
        event = Event(subject.tenant, actor, "vault.unseal", "allowed", "permission-live", at, subject, purpose)
        vault.audit.record(tx, event, "vault.unsealed")
        return uri

    def reveal(self, permission: P, *, actor: str) -> str:
        """`unseal` in a transaction of its own, with a refusal recorded as well."""
        vault = self._vault
        self._require_kind(permission)

        def refused() -> Event:
            subject, purpose = permission.subject, permission.purpose
            return Event(
                subject.tenant, actor, "vault.unseal", "refused", "permission-over", vault.now(), subject, purpose
            )

        return recording(vault.store, vault.audit, refused, lambda tx: self.unseal(tx, permission, actor=actor))

    def open_bytes(self, permission: P, context: str, sealed: Sealed) -> bytes:
        """Open what `Vault.seal_bytes` sealed for this permission's subject and purpose.

        Raises Refused where the permission is over, of another kind or for another purpose; NotFound where the key was
        destroyed; Tampered where it was sealed for somebody else or as something else.
        """
        self._require(permission)
        return open_sealed(self._vault, permission.subject, permission.purpose, context, sealed)

    def _require_kind(self, permission: P) -> None:
        if type(permission) is not self._kind:
            message = "this is no permission that opens anything here"
            raise Refused(message, hint="consent.require(...) gives a Grant, an approved request shows a number")

    def _require(self, permission: P) -> None:
        self._require_kind(permission)
        if permission.until <= self._vault.now():
            message = "the permission is over"
            raise Refused(message, hint="ask for a new one")


def open_sealed(vault: Vault, subject: SubjectToken, purpose: str, context: str, sealed: Sealed) -> bytes:
    """What was sealed of a subject for a purpose, for the vault itself, which has checked that it may be opened."""
    key = vault.keys.get(sealed.key_id)
    owner, _, of = key.scope.partition("/")
    if key.kind is not Kind.SEAL or not vault.is_same(subject, owner):
        raise _copied()
    if of != purpose:
        message = "what is sealed is of another purpose than the permission"
        raise Refused(message, hint="a permission is for one subject and one purpose")
    return key.suite.sealer(key.secret).open(sealed.data, sealed_context(context, key.scope))


def open_number(vault: Vault, subject: SubjectToken, purpose: str, sealed: Sealed) -> str:
    """The URI of a sealed number, as `open_sealed`; Tampered where it is not the one that the token stands for."""
    try:
        uri = open_sealed(vault, subject, purpose, NUMBER, sealed).decode()
    except Refused:  # the row says that purpose, and the key does not
        raise _copied() from None
    if not vault.stands_for(subject, uri):
        message = "what is sealed for this subject is the number of another"
        raise Tampered(message, hint="nothing was shown; rows of the vault were changed by hand")
    return uri


def _copied() -> Tampered:
    message = "what is sealed here was sealed for another subject or purpose"
    return Tampered(message, hint="nothing was shown; rows of the vault were copied or changed by hand")
