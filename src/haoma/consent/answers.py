"""What a customer answers: yes with the code that was sent, or no; on the page, by message, key or voice.

Rules held here:
- A yes needs the code: it shows that whoever answers holds the number, on every channel, a spoken one too.
- Five wrong codes, or five minutes, end a request; a wrong code is counted before anybody is told that it was wrong.
- A yes takes the place of an earlier one for the same purpose and recipient; there is never more than one.
- A no needs nothing, is remembered, and says what may be offered instead (PIPL art. 16).
- The receipt is signed before the yes is written: a yes without its receipt does not exist.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import jws, tables
from haoma.consent.code import ATTEMPTS, code_text
from haoma.consent.ending import end, live_rows
from haoma.consent.intake import take_in
from haoma.consent.notices import Published, version_of
from haoma.consent.office import Office, actor_of
from haoma.consent.purposes import Granularity, Holder, purpose_named
from haoma.consent.reasons import refusal
from haoma.consent.receipt import RECEIPT, Agreement, receipt_body
from haoma.consent.ways import Way
from haoma.errors import NotFound
from haoma.ledger.commitment import Commitment
from haoma.vault.audit import Event, time_text
from haoma.vault.model import SubjectToken

__all__ = ["REFUSAL_KEPT", "Answers", "Given", "SaidNo"]

REFUSAL_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Given:
    """A consent: its id, until when, and the receipt for the customer (a compact JWS)."""

    grant_id: str
    subject: SubjectToken
    purpose: str
    until: datetime
    receipt: str


@dataclass(frozen=True, slots=True)
class SaidNo:
    """A refusal: until when nobody asks again, what may be offered instead, and by which ways they can be reached."""

    purpose: str
    until: datetime
    offer_zh: str
    offer_en: str
    ways: tuple[Way, ...] = ()


class Answers:
    """Takes the answers to questions of one store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def yes(self, request_id: str, code: str, by: Asker | None = None) -> Given:
        """Consent, by the code that was sent; `by` is who took the answer down, None for the holder.

        Raises Refused (`code-wrong`, `request-over`), which is recorded, and NotFound for no such request.
        """
        office, at = self._office, self._office.now()
        with office.store.read() as tx:
            asked = _one(tx, request_id)
            published = version_of(tx, asked)
        right = self._opens(asked, code)
        signed = self._signed(_agreement(asked, published, at)) if right else None

        def work(tx: sa.Connection) -> str:
            row = _one(tx, request_id, lock=True)
            reason = self._stands(tx, row, by, at) or ("" if signed else "code-wrong")
            if reason or signed is None:
                self._count(tx, row, by, reason, at)
            else:
                self._give(tx, row, by, *signed)
            return reason

        reason = office.store.write(work)
        if reason or signed is None:
            raise refusal(reason)
        agreed, receipt = signed
        return Given(agreed.grant_id, agreed.subject, asked.purpose, agreed.until, receipt)

    def no(self, request_id: str, by: Asker | None = None) -> SaidNo:
        """Refuse; raises Refused where the request is over, NotFound for no such request."""
        office, at = self._office, self._office.now()

        def work(tx: sa.Connection) -> SaidNo | str:
            row = _one(tx, request_id, lock=True)
            reason = "" if row.state == "asked" else "request-over"
            reason = reason or self._let(tx, row, by, at)
            if reason:
                self._count(tx, row, by, reason, at)
                return reason
            return self._remember(tx, row, by, at)

        done = office.store.write(work)
        if isinstance(done, str):
            raise refusal(done)
        return done

    def _opens(self, asked: sa.Row[Any], code: str) -> bool:
        given = code_text(asked.request_id, code.strip()[:20])
        try:
            return self._office.vault.commitments.opens(Commitment.parse(asked.code), given)
        except NotFound:
            return False  # the key of the codes was destroyed: none of them is good any more

    def _signed(self, agreed: Agreement) -> tuple[Agreement, str]:
        return agreed, jws.sign(self._office.custody, RECEIPT, receipt_body(agreed))

    def _stands(self, tx: sa.Connection, row: sa.Row[Any], by: Asker | None, at: datetime) -> str:
        """Why this request cannot be answered, empty where it can."""
        if row.state != "asked" or not row.asked_at <= at < row.expires_at or row.attempts >= ATTEMPTS:
            return "request-over"
        return self._let(tx, row, by, at)

    def _let(self, tx: sa.Connection, row: sa.Row[Any], by: Asker | None, at: datetime) -> str:
        """Why this person takes down no answer, empty where they do; the holder always may."""
        subject = SubjectToken.of_row(row.subject)
        if by is not None and not self._office.may(tx, by, "ask-consent", "subject", subject.tenant, at, subject):
            return "policy"
        return ""

    def _count(self, tx: sa.Connection, row: sa.Row[Any], by: Asker | None, reason: str, at: datetime) -> None:
        if reason == "code-wrong":
            last = row.attempts + 1 >= ATTEMPTS
            here = sa.update(tables.requests).where(tables.requests.c.request_id == row.request_id)
            tx.execute(here.values(attempts=row.attempts + 1, state="over" if last else row.state))
        self._office.record(tx, _event(row, by, "refused", reason, at), "consent.tried", reason=reason)

    def _give(self, tx: sa.Connection, row: sa.Row[Any], by: Asker | None, agreed: Agreement, receipt: str) -> None:
        office, at = self._office, agreed.since
        names = office.vault.aliases(tx, agreed.subject)
        end(tx, office, live_rows(tx, names, row.purpose, row.recipient), "replaced", at, actor_of(by))
        committed = str(office.vault.commitments.commit(f"consent{at:%Y%m}", receipt.encode()))
        told = office.record(
            tx,
            _event(row, by, "allowed", "given", at),
            "consent.given",
            grant=committed,
            purpose=row.purpose,
            basis="consent",
            until=time_text(agreed.until),
        )
        same = ["subject", "purpose", "recipient", "sources", "granularity", "channel", "call_id", "holder", "guardian"]
        tx.execute(
            sa.insert(tables.grants).values(
                **{name: getattr(row, name) for name in [*same, "version"]},
                grant_id=agreed.grant_id,
                basis="consent",
                since=at,
                until=agreed.until,
                checked_at=at,
                state="given",
                receipt=receipt,
                commitment=committed,
                entry_id=told.entry_id,
            )
        )
        take_in(tx, office, agreed)
        _close(tx, row, "given")

    def _remember(self, tx: sa.Connection, row: sa.Row[Any], by: Asker | None, at: datetime) -> SaidNo:
        event = _event(row, by, "allowed", "said-no", at)
        told = self._office.record(tx, event, "consent.refused", purpose=row.purpose)
        said = {"subject": row.subject, "purpose": row.purpose, "recipient": row.recipient, "refused_at": at}
        until = at + REFUSAL_KEPT
        tx.execute(sa.insert(tables.refusals).values(**said, until=until, entry_id=told.entry_id, kept_until=until))
        _close(tx, row, "refused")
        purpose = purpose_named(row.purpose)
        known = self._office.ways
        ways = () if known is None else tuple(known.of(tx, SubjectToken.of_row(row.subject)))
        return SaidNo(row.purpose, until, purpose.offer_zh, purpose.offer_en, ways)


def _agreement(asked: sa.Row[Any], published: Published, at: datetime) -> Agreement:
    return Agreement(
        grant_id=str(uuid.uuid4()),
        receipt_id=str(uuid.uuid4()),
        subject=SubjectToken.of_row(asked.subject),
        published=published,
        sources=tuple(asked.sources.split()),
        granularity=Granularity(asked.granularity),
        channel=asked.channel,
        language=asked.language,
        holder=Holder(asked.holder),
        guardian=asked.guardian and SubjectToken.of_row(asked.guardian),
        since=at,
        until=at + timedelta(days=asked.days),
    )


def _one(tx: sa.Connection, request_id: str, *, lock: bool = False) -> sa.Row[Any]:
    query = sa.select(tables.requests).where(tables.requests.c.request_id == request_id)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("there is no such request", hint="haoma consent request makes one")
    return row


def _close(tx: sa.Connection, row: sa.Row[Any], state: str) -> None:
    here = sa.update(tables.requests).where(tables.requests.c.request_id == row.request_id)
    tx.execute(here.values(state=state))


def _event(row: sa.Row[Any], by: Asker | None, decision: str, reason: str, at: datetime) -> Event:
    subject = SubjectToken.of_row(row.subject)
    return Event(subject.tenant, actor_of(by), "consent.answer", decision, reason, at, subject, row.purpose, "consent")
