"""Recipients, notices and impact assessments: what has to be there before anybody is asked.

Rules held here:
- Only who the policy lets (`publish-notice`) names recipients, publishes notices and stores assessments.
- A published version stays as it is, and is held to its digest whenever it is read: what was changed by hand is shown
  to nobody. The newest one is shown; a consent names the version that was seen.
- A recipient is on the mainland: one abroad needs an assessment of export first (PIPL art. 38–40), and is refused.
- An assessment is its digest and until when it is in force: the paper itself is kept where papers are.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import tables
from haoma.consent.keeping import kept_until
from haoma.consent.notice import Notice
from haoma.consent.office import Office, actor_of
from haoma.consent.purposes import Granularity, Source, purpose_named
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.canonical import canonical
from haoma.ledger.written import as_written
from haoma.storage import Time, json_in, quick
from haoma.vault.audit import Event, time_text
from haoma.vault.model import check_tenant

__all__ = ["Notices", "Published", "StoredAssessments", "body_of", "is_published", "newest", "version_of"]

LONGEST_ASSESSMENT = timedelta(days=1100)  # PIPL art. 56: kept for three years; assessed anew after that
_URL = re.compile(
    r"https://[^\s@?#]{1,480}|http://(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?/[^\s@?#]{0,400}", re.ASCII
)
_STANDS = "SELECT 1 FROM consent_assessments WHERE tenant = ? AND purpose = ? AND until > ? LIMIT 1"
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Published:
    """A notice as it was published: its version, digest and when."""

    notice: Notice
    version: int
    digest: str
    published_at: datetime


class StoredAssessments:
    """Impact assessments by their digests, in this database; what fills `ImpactAssessments`."""

    def stands(self, tx: sa.Connection, tenant: str, purpose: str, at: datetime) -> bool:
        """See `ImpactAssessments.stands`."""
        return bool(quick(tx, _STANDS, tenant, purpose, Time.stored(at)))


class Notices:
    """The notices of one store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def publish(self, by: Asker, tenant: str, notice: Notice, *, webhook: str = "", country: str = "CN") -> Published:
        """Publish a notice, and name its recipient; the same one again changes nothing.

        Raises Refused for whom the policy does not let, and BadInput for a recipient abroad or a webhook that is no
        https URL without a query.
        """
        check_tenant(tenant)
        if country != "CN":
            message = "a recipient abroad is not served: there is no assessment of export for it"
            raise BadInput(message, hint="PIPL art. 38–40")
        if webhook and (not _URL.fullmatch(webhook) or re.search(r"\d{7}", webhook)):
            message = "a webhook is an https URL without user, query or fragment, and without a number in it"
            raise BadInput(message, hint="https://recipient.example/hooks/consent")
        at = self._office.now()
        return self._office.change(
            by, "publish-notice", tenant, at, lambda tx: self._publish(tx, by, tenant, notice, webhook, at)
        )

    def assess(self, by: Asker, tenant: str, purpose: str, digest: str, until: datetime) -> int:
        """Store that a purpose was assessed: the SHA-256 of the paper, and until when it is in force.

        Returns the entry that says so.
        """
        at = self._office.now()
        known = purpose_named(purpose).name
        if not _DIGEST.fullmatch(digest) or not at < until <= at + LONGEST_ASSESSMENT:
            message = "an assessment is a SHA-256 in hexadecimal, in force for three years at the most"
            raise BadInput(message)

        def work(tx: sa.Connection) -> int:
            event = Event(tenant, actor_of(by), "consent.assess", "allowed", "assessed", at, None, known, "assessment")
            body = {"purpose": known, "digest": digest, "until": time_text(until)}
            entry_id = self._office.record(tx, event, "consent.assessed", **body).entry_id
            c = tables.assessments.c
            tx.execute(sa.delete(tables.assessments).where(c.tenant == tenant, c.purpose == known, c.digest == digest))
            row = {"tenant": tenant, "purpose": known, "digest": digest, "stored_at": at, "until": until}
            kept = kept_until("assessment", until)
            tx.execute(sa.insert(tables.assessments).values(**row, entry_id=entry_id, kept_until=kept))
            return entry_id

        return self._office.change(by, "publish-notice", check_tenant(tenant), at, work)

    def newest(self, tenant: str, purpose: str, recipient: str) -> Published:
        """The notice that is shown now; raises NotFound where there is none."""
        with self._office.store.read() as tx:
            return newest(tx, tenant, purpose, recipient)

    def all(self, tenant: str) -> list[Published]:
        """Every version of every notice of a tenant."""
        c = tables.notices.c
        query = sa.select(tables.notices).where(c.tenant == tenant).order_by(c.purpose, c.recipient, c.version)
        with self._office.store.read() as tx:
            return [_read(row) for row in tx.execute(query)]

    def _publish(
        self, tx: sa.Connection, by: Asker, tenant: str, notice: Notice, webhook: str, at: datetime
    ) -> Published:
        self._name(tx, by, tenant, notice, webhook, at)
        try:
            before = newest(tx, tenant, notice.purpose, notice.recipient)
        except NotFound:
            before = None
        if before and before.digest == notice.digest:
            return before
        version = before.version + 1 if before else 1
        event = Event(
            tenant, actor_of(by), "consent.publish", "allowed", "published", at, None, notice.purpose, "consent"
        )
        told = self._office.record(
            tx, event, "consent.notice", purpose=notice.purpose, version=version, digest=notice.digest
        )
        row = {"tenant": tenant, "purpose": notice.purpose, "recipient": notice.recipient, "version": version}
        text = json.dumps(notice.body(), ensure_ascii=False)
        when = {"published_at": at, "entry_id": told.entry_id}
        tx.execute(sa.insert(tables.notices).values(**row, body=text, digest=notice.digest, **when))
        return Published(notice, version, notice.digest, at)

    def _name(self, tx: sa.Connection, by: Asker, tenant: str, notice: Notice, webhook: str, at: datetime) -> None:
        c = tables.recipients.c
        here = (c.tenant == tenant, c.recipient == notice.recipient)
        told = {"name": notice.name, "contact": notice.contact, "webhook": webhook}
        before = tx.execute(sa.select(c.name, c.contact, c.webhook).where(*here)).one_or_none()
        if before and before._asdict() == told:
            return
        event = Event(tenant, actor_of(by), "consent.recipient", "allowed", "named", at, None, None, "sharing")
        self._office.record(tx, event, "consent.recipient")
        tx.execute(sa.delete(tables.recipients).where(*here))
        row = {"tenant": tenant, "recipient": notice.recipient, "added_at": at}
        tx.execute(sa.insert(tables.recipients).values(**row, **told))


def newest(tx: sa.Connection, tenant: str, purpose: str, recipient: str) -> Published:
    """The newest version in this transaction; raises NotFound where there is none."""
    c = tables.notices.c
    query = sa.select(tables.notices).where(c.tenant == tenant, c.purpose == purpose, c.recipient == recipient)
    row = tx.execute(query.order_by(c.version.desc()).limit(1)).one_or_none()
    if row is None:
        message = "there is no notice for this purpose and recipient"
        raise NotFound(message, hint="haoma consent notice publish")
    return _read(row)


def is_published(tx: sa.Connection, tenant: str, purpose: str, recipient: str) -> bool:
    """Whether there is a notice."""
    c = tables.notices.c
    query = sa.select(c.version).where(c.tenant == tenant, c.purpose == purpose, c.recipient == recipient).limit(1)
    return tx.execute(query).first() is not None


def version_of(tx: sa.Connection, asked: sa.Row[Any]) -> Published:
    """The notice that a request or a permission names."""
    c = tables.notices.c
    tenant = asked.subject.partition(".")[0]
    query = sa.select(tables.notices).where(c.tenant == tenant, c.purpose == asked.purpose)
    return _read(tx.execute(query.where(c.recipient == asked.recipient, c.version == asked.version)).one())


def body_of(row: sa.Row[Any]) -> dict[str, Any]:
    """The body of a version; raises Tampered where it is not the one of its digest, purpose and recipient."""
    body: dict[str, Any] = json_in(row.body, dict)
    with as_written("a notice"):
        same = hashlib.sha256(canonical(body)).hexdigest() == row.digest
    if not same or (body.get("purpose"), body.get("recipient")) != (row.purpose, row.recipient):
        raise _changed(row)
    return body


def _read(row: sa.Row[Any]) -> Published:
    body = body_of(row)
    try:
        sources, fine = tuple(Source(one) for one in body["sources"]), Granularity(body["granularity"])
        notice = Notice(row.purpose, row.recipient, body["name"], body["contact"], sources, fine, body["days"])
    except (KeyError, ValueError, TypeError):
        raise _changed(row) from None
    return Published(notice, row.version, row.digest, row.published_at)


def _changed(row: sa.Row[Any]) -> Tampered:
    message = f"version {row.version} of the notice for {row.purpose} is not what was published"
    return Tampered(message, hint="haoma consent audit names what differs; put the database back from its backup")
