"""Location tokens: opaque, for one audience of one tenant, 24 hours at most; resolving one is checked and recorded.

Rules held here:
- A token is 32 random bytes, written in letters. The database holds its keyed digest: who reads the database has none.
- What it stands for is sealed under the key of its subject and purpose: shredding that kills the token too.
- Digest, tenant, audience, issue and end are bound to what is sealed: a row that says another of them, or holds the
  sealed bytes of another row, opens nothing, and that is Tampered, and recorded. Whatever a row says, nothing resolves
  24 hours after its issue.
- It resolves for its tenant and audience alone, before its end. Every other answer is the same refusal, recorded with
  its reason where only auditors read.
- Killing a token removes its row: there is no way back.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.errors import BadInput, NotFound, Refused, Tampered
from haoma.ledger.forms import is_word
from haoma.lineage.model import Sealed
from haoma.vault import tables
from haoma.vault.audit import Event, time_text
from haoma.vault.key_store import Kind
from haoma.vault.model import SubjectToken, as_letters, check_tenant
from haoma.vault.opening import open_sealed
from haoma.vault.retention_table import rule_of

if TYPE_CHECKING:
    from haoma.vault.service import Vault

__all__ = ["LocationTokens", "Resolved"]

PREFIX = "loc."
_CHANGED = "token-changed"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a location token stands for; printing it does not show the value."""

    subject: SubjectToken
    purpose: str
    until: datetime
    value: bytes = field(repr=False)


class LocationTokens:
    """Issues, resolves and kills location tokens of one vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def issue(
        self,
        tx: sa.Connection,
        subject: SubjectToken,
        purpose: str,
        audience: str,
        value: bytes,
        until: datetime,
        *,
        actor: str,
    ) -> str:
        """A token that `audience` (an actor's id or a word) may resolve to `value` until then.

        Raises BadInput for more than 24 hours or an end that is past.
        """
        vault, at = self._vault, self._vault.now()
        _check_audience(audience)
        if not at < until <= _latest(at):
            message = "a location token lives for 24 hours at most, and ends in the future"
            raise BadInput(message)
        text = PREFIX + as_letters(secrets.token_bytes(32))
        digest = self._digest(subject.tenant, text)
        context = _context(digest, subject.tenant, audience, at, until)
        sealed = vault.seal_bytes(subject, purpose, context, value)
        tx.execute(
            sa.insert(tables.tokens).values(
                digest=digest,
                tenant=subject.tenant,
                subject=str(subject),
                purpose=purpose,
                audience=audience,
                key_id=sealed.key_id,
                sealed=sealed.data,
                issued_at=at,
                until=until,
            )
        )
        event = Event(subject.tenant, actor, "location.issue", "allowed", "issued", at, subject, purpose)
        vault.audit.record(tx, event, "vault.token-issued", until=time_text(until))
        return text

    def resolve(self, text: str, *, tenant: str, audience: str, actor: str) -> Resolved:
        """What a token stands for; recorded, whatever the answer.

        Raises Refused, the same way for a token that never was, is over, was killed, or is somebody else's; Tampered
        where its row is not the one that was written.
        """
        vault, at = self._vault, self._vault.now()
        check_tenant(tenant)

        def work(tx: sa.Connection) -> tuple[Resolved | None, str]:
            found, reason, subject, purpose = self._found(tx, text, tenant, audience, at)
            decision = "refused" if found is None else "allowed"
            event = Event(tenant, actor, "location.resolve", decision, reason, at, subject, purpose)
            vault.audit.record(tx, event, "vault.token-resolved" if found else None)
            return found, reason

        found, reason = vault.store.write(work)
        if reason == _CHANGED:
            message = "the row of this token is not the one that was written"
            raise Tampered(message, hint="nothing was shown; rows of the vault were changed by hand")
        if found is None:
            message = "this token does not resolve"
            raise Refused(message, hint="it may be over or withdrawn: ask for a new one")
        return found

    def kill(
        self, tx: sa.Connection, subject: SubjectToken, purpose: str | None = None, *, actor: str, reason: str
    ) -> int:
        """Kill the tokens of a subject, of one purpose or of all; returns how many there were."""
        vault = self._vault
        c = tables.tokens.c
        mine = c.subject.in_([str(one) for one in vault.aliases(tx, subject)])
        which = mine if purpose is None else sa.and_(mine, c.purpose == purpose)
        killed = tx.execute(sa.delete(tables.tokens).where(which)).rowcount
        event = Event(subject.tenant, actor, "location.kill", "allowed", reason, vault.now(), subject, purpose)
        vault.audit.record(tx, event, "vault.tokens-killed", tokens=killed)
        return killed

    def _found(
        self, tx: sa.Connection, text: str, tenant: str, audience: str, at: datetime
    ) -> tuple[Resolved | None, str, SubjectToken | None, str | None]:
        wanted = [self._digest(tenant, text, version) for version in self._versions(tenant)]
        row = tx.execute(sa.select(tables.tokens).where(tables.tokens.c.digest.in_(wanted))).one_or_none()
        if row is None:
            return None, "token-unknown", None, None
        subject = SubjectToken.of_row(row.subject)
        same = hmac.compare_digest(row.audience.encode(), audience.encode())
        if not (same and hmac.compare_digest(row.tenant.encode(), tenant.encode())):
            return None, "wrong-audience", subject, row.purpose
        if min(row.until, _latest(row.issued_at)) <= at:
            return None, "token-over", subject, row.purpose
        try:
            context = _context(bytes(row.digest), row.tenant, row.audience, row.issued_at, row.until)
            sealed = Sealed(bytes(row.sealed), row.key_id)
            value = open_sealed(self._vault, subject, row.purpose, context, sealed)
        except NotFound:
            return None, "shredded", subject, row.purpose
        except (Refused, Tampered):  # Refused: the row says another purpose than its key
            return None, _CHANGED, subject, row.purpose
        return Resolved(subject, row.purpose, row.until, value), "token-live", subject, row.purpose

    def _versions(self, tenant: str) -> list[str]:
        return [key.key_id for key in self._vault.keys.versions(Kind.TOKEN, tenant)]

    def _digest(self, tenant: str, text: str, key_id: str | None = None) -> bytes:
        keys = self._vault.keys
        key = keys.current(Kind.TOKEN, tenant) if key_id is None else keys.kept(key_id)
        return key.suite.mac(key.secret, text.encode())


def _context(digest: bytes, tenant: str, audience: str, issued_at: datetime, until: datetime) -> str:
    """What a sealed value belongs to beside its subject and purpose; none of it has a space inside."""
    return f"location-token {as_letters(digest)} {tenant} {audience} {time_text(issued_at)} {time_text(until)}"


def _latest(issued_at: datetime) -> datetime:
    return issued_at + (rule_of("location.token").longest or timedelta())


def _check_audience(audience: str) -> None:
    if not is_word(audience.replace(":", ".").replace("@", ".")):
        message = "an audience is a word, or the id of an actor: agent:42"
        raise BadInput(message)
