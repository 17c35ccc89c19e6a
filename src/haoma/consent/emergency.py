"""Disclosure without consent, to save life, health or property in an emergency (PIPL art. 13 (4), 18 (2)).

Rules held here:
- It is narrow and short: one subject, one recipient, half an hour; with a reason out of a closed list, and the
  reference of the case that it belongs to.
- It is loud: an alarm is written down with it and sounded until it is heard, and so is one for each reviewer who finds
  it unjustified.
- It is looked at: two people other than who disclosed it say whether it was justified, within three days. Who has three
  that nobody has looked at discloses no more. One that was not justified ends at once.
- A policy still decides, and an agent still needs an open case of theirs. People disclose and review, machines never.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import jws, tables
from haoma.consent.ending import end, given
from haoma.consent.grant import Grant, Standing, mint
from haoma.consent.keeping import kept_until
from haoma.consent.names import is_name, is_recipient
from haoma.consent.office import Office, actor_of
from haoma.consent.purposes import EMERGENCY, Source
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, NotFound, Unavailable
from haoma.ledger.forms import Json
from haoma.vault.audit import Event, time_text
from haoma.vault.model import SubjectToken

__all__ = ["REASONS", "REVIEWERS", "Emergencies"]

REASONS = ("life-at-risk", "missing-person", "fire", "traffic-accident")
LASTS = timedelta(minutes=30)
REVIEW_WITHIN = timedelta(days=3)
REVIEWERS = 2
UNSEEN = 3
DISCLOSED, UNJUSTIFIED = "emergency-disclosure", "emergency-unjustified"
RECORD = "emergency-record+jwt"
SOURCES = (Source.BROWSER, Source.CARRIER, Source.STATED)


class Emergencies:
    """The emergency disclosures of one store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def disclose(
        self, by: Asker, subject: SubjectToken, *, recipient: str, reason: str, reference: str, source: Source
    ) -> Grant:
        """A Grant without consent, good for a minute; for half an hour `Consent.require` gives more of the same.

        Raises Refused (`policy`, `reviews-due`, `not-emergency`), recorded, and BadInput for a reference or
        recipient that is none.
        """
        if not is_name(reference):
            message = "a case is named by letters, digits, dots and dashes, and not by a phone number"
            raise BadInput(message, hint="police-2026-11-22-17")
        if not is_recipient(recipient):
            message = "whom it is told to is called by a short word, and not by a phone number"
            raise BadInput(message, hint="a-z, 0-9 and -, no 3 digits in a row: police-pudong")
        office, at = self._office, self._office.now()
        standing = Standing(str(uuid.uuid4()), EMERGENCY.name, recipient, EMERGENCY.finest, "emergency", at, at + LASTS)
        body = _record(standing, subject, reason, at)
        record = jws.sign(office.custody, RECORD, body)

        def work(tx: sa.Connection) -> tuple[str, int]:
            refused = self._refused(tx, by, subject, reason, at)
            if refused:
                event = Event(
                    subject.tenant, actor_of(by), "consent.emergency", "refused", refused, at, subject, EMERGENCY.name
                )
                return refused, office.record(tx, event, "consent.tried", reason=refused).entry_id
            return "", self._disclose(tx, by, subject, standing, record, (reason, reference))

        refused, entry_id = office.store.write(work)
        if refused:
            raise refusal(refused)
        self.sound_due()
        return mint(standing, subject, source, at, entry_id)

    def sound_due(self) -> int:
        """Sound the alarms that nobody has heard yet; returns how many are left.

        Of a disclosure that a reviewer found unjustified the alarm says so; each such verdict makes it due again.
        """
        office, c = self._office, tables.emergencies.c
        query = sa.select(c.grant_id, _objections(c.grant_id)).where(c.alarmed_at.is_(None)).order_by(c.disclosed_at)
        with office.store.read() as tx:
            due = tx.execute(query).all()
        for at, (grant_id, objections) in enumerate(due):
            try:
                office.alarms.sound(UNJUSTIFIED if objections else DISCLOSED, grant_id, office.now())
            except Unavailable:
                return len(due) - at
            office.store.write(partial(self._heard, grant_id=grant_id, objections=objections))
        return 0

    def due(self) -> list[sa.Row[Any]]:
        """The disclosures that wait for their review, the most urgent first."""
        c = tables.emergencies.c
        with self._office.store.read() as tx:
            return list(tx.execute(sa.select(tables.emergencies).where(c.state == "due").order_by(c.review_by)))

    def waiting(self, by: Asker, tenant: str) -> list[sa.Row[Any]]:
        """Those of a tenant that are due, for who may review them; raises Refused by the policy."""
        office, c = self._office, tables.emergencies.c
        with office.store.read() as tx:
            if not office.may(tx, by, "review-emergency", "consent", tenant, office.now()):
                raise refusal("policy")
            mine = (c.state == "due", c.tenant_id == office.tenant_id(tx, tenant))
            return list(tx.execute(sa.select(tables.emergencies).where(*mine).order_by(c.review_by)))

    def review(self, by: Asker, grant_id: str, *, justified: bool) -> str:
        """Say whether a disclosure was justified; returns its state: due, justified, unjustified.

        Raises Refused (`policy`, `own-review`, `over`), recorded, and NotFound, also for another tenant's.
        """
        office, at = self._office, self._office.now()

        def work(tx: sa.Connection) -> tuple[str, str]:
            row, case = self._one(tx, by, grant_id)
            subject = SubjectToken.of_row(row.subject)
            refused = self._unfit(tx, by, case, subject, at)
            verdict = "justified" if justified else "unjustified"
            word = "refused" if refused else "allowed"
            event = Event(
                subject.tenant, actor_of(by), "consent.review", word, refused or verdict, at, subject, row.purpose
            )
            if refused:
                office.record(tx, event, "consent.tried", reason=refused)
                return refused, case.state
            office.record(tx, event, "consent.reviewed", grant=row.commitment, verdict=verdict)
            return "", self._reviewed(tx, by, row, verdict, at)

        refused, state = office.store.write(work)
        if refused:
            raise refusal(refused)
        if not justified:
            self.sound_due()
        return state

    def _heard(self, tx: sa.Connection, *, grant_id: str, objections: int) -> None:
        """An alarm was heard, unless another verdict has made one due meanwhile."""
        here = tables.emergencies.c.grant_id == grant_id
        tx.execute(sa.select(tables.emergencies.c.grant_id).where(here).with_for_update())
        if tx.scalar(sa.select(_objections(grant_id))) == objections:
            tx.execute(sa.update(tables.emergencies).where(here).values(alarmed_at=self._office.now()))

    def _refused(self, tx: sa.Connection, by: Asker, subject: SubjectToken, reason: str, at: datetime) -> str:
        c = tables.emergencies.c
        if reason not in REASONS:
            return "not-emergency"
        if by.scopes is not None or not self._office.may(
            tx, by, EMERGENCY.action, "subject", subject.tenant, at, subject
        ):
            return "policy"
        mine = sa.select(sa.func.count()).where(c.asker == by.person, c.state == "due")
        return "reviews-due" if int(tx.scalar(mine) or 0) >= UNSEEN else ""

    def _disclose(
        self,
        tx: sa.Connection,
        by: Asker,
        subject: SubjectToken,
        standing: Standing,
        record: str,
        why: tuple[str, str],
    ) -> int:
        office, at = self._office, standing.since
        committed = str(office.vault.commitments.commit(f"consent{at:%Y%m}", record.encode()))
        event = Event(
            subject.tenant, actor_of(by), "consent.emergency", "allowed", why[0], at, subject, EMERGENCY.name, "consent"
        )
        told = office.record(tx, event, "consent.emergency", grant=committed, reason=why[0])
        tx.execute(
            sa.insert(tables.grants).values(
                grant_id=standing.grant_id,
                subject=str(subject),
                purpose=standing.purpose,
                recipient=standing.recipient,
                sources=" ".join(SOURCES),
                granularity=str(standing.granularity),
                basis=standing.basis,
                channel="emergency",
                holder="unknown",
                version=0,
                since=at,
                until=standing.until,
                checked_at=at,
                state="given",
                receipt=record,
                commitment=committed,
                entry_id=told.entry_id,
            )
        )
        case = {"grant_id": standing.grant_id, "asker": by.person, "tenant_id": by.tenant, "reason": why[0]}
        when = {"reference": why[1], "disclosed_at": at, "review_by": at + REVIEW_WITHIN, "state": "due"}
        tx.execute(sa.insert(tables.emergencies).values(**case, **when))
        return told.entry_id

    def _one(self, tx: sa.Connection, by: Asker, grant_id: str) -> tuple[sa.Row[Any], sa.Row[Any]]:
        """A disclosure of the asker's tenant: of another one's nobody learns whether it is there."""
        c = tables.emergencies.c
        query = sa.select(tables.emergencies).where(c.grant_id == grant_id, c.tenant_id == by.tenant)
        row, case = given(tx, grant_id), tx.execute(query.with_for_update()).one_or_none()
        if row is None or case is None:
            raise NotFound("there is no such disclosure", hint="haoma consent emergency list shows those that wait")
        return row, case

    def _unfit(self, tx: sa.Connection, by: Asker, case: sa.Row[Any], subject: SubjectToken, at: datetime) -> str:
        c = tables.reviews.c
        if by.scopes is not None or not self._office.may(tx, by, "review-emergency", "consent", subject.tenant, at):
            return "policy"
        if case.state != "due":
            return "over"
        before = sa.select(c.person_id).where(c.grant_id == case.grant_id, c.person_id == by.person)
        if by.person == case.asker or tx.execute(before).first() is not None:
            return "own-review"
        return ""

    def _reviewed(self, tx: sa.Connection, by: Asker, row: sa.Row[Any], verdict: str, at: datetime) -> str:
        c, kept = tables.reviews.c, kept_until("consent", at)
        mine = {"grant_id": row.grant_id, "person_id": by.person, "verdict": verdict, "at": at, "kept_until": kept}
        tx.execute(sa.insert(tables.reviews).values(**mine))
        verdicts = list(tx.scalars(sa.select(c.verdict).where(c.grant_id == row.grant_id)))
        here = sa.update(tables.emergencies).where(tables.emergencies.c.grant_id == row.grant_id)
        if verdict == "unjustified":
            tx.execute(here.values(alarmed_at=None))
        if "unjustified" in verdicts:
            end(tx, self._office, [row], "unjustified", at, actor_of(by))
        if len(verdicts) < REVIEWERS:
            return "due"
        state = "unjustified" if "unjustified" in verdicts else "justified"
        tx.execute(here.values(state=state, kept_until=kept))
        return state


def _objections(grant_id: str | sa.Column[Any]) -> sa.ScalarSelect[int]:
    """How many reviewers found a disclosure unjustified."""
    c = tables.reviews.c
    return sa.select(sa.func.count()).where(c.grant_id == grant_id, c.verdict == "unjustified").scalar_subquery()


def _record(standing: Standing, subject: SubjectToken, reason: str, at: datetime) -> dict[str, Json]:
    return {
        "@type": "dpv:DataProcessingRecord",
        "record_id": f"urn:uuid:{standing.grant_id}",
        "pii_principal_id": str(subject),
        "recipient": standing.recipient,
        "lawful_basis": "dpv:VitalInterestOfDataSubject",
        "reason": reason,
        "event_time": time_text(at),
        "valid_until": time_text(standing.until),
    }
