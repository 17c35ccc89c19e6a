"""What is written down when something is told of a place: who, whom about, on which permission; never the place.

Rules held here:
- The permissions are held to the moment in the same transaction. What ended meanwhile is refused, and nothing is told.
- A region that is told goes into a location token, for the asker alone and a day at most; no row keeps it in clear.
- The log hears that something was told, and not what.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from haoma.access.gate import Thing
from haoma.consent import Consent, Granularity
from haoma.consent.office import actor_of
from haoma.consent.reasons import refusal
from haoma.ledger.canonical import canonical
from haoma.locate.disclosures import Disclosure, count
from haoma.locate.gathering import Question, Seen
from haoma.places import Region
from haoma.vault.audit import Event
from haoma.vault.location_tokens import LocationTokens

__all__ = ["Telling", "Told"]

TOKEN_LIFE = timedelta(hours=24)
ALARM = "disclosures-unusual"


class Told(NamedTuple):
    """The log's entry that says something was told, and the token that stands for the region, where one was."""

    entry_id: int
    token: str | None
    until: datetime


class Telling:
    """Writes down what is told."""

    def __init__(self, consent: Consent) -> None:
        self._consent = consent
        self._tokens = LocationTokens(consent.office.vault)

    def check_sight(self, question: Question) -> None:
        """Raise Refused, recorded, where the policy does not let the asker see a place (`subject.place`)."""
        office, subject, at = self._consent.office, question.subject, self._consent.office.now()

        def work(tx: sa.Connection) -> bool:
            thing = Thing("subject", office.tenant_id(tx, subject.tenant), field="place", subject=str(subject))
            if office.gate.decide(tx, question.by, "see", thing, at).allowed:
                return True
            event = Event(subject.tenant, actor_of(question.by), "locate.region", "refused", "policy", at, subject)
            office.record(tx, event, "consent.tried", reason="policy")
            return False

        if not office.store.write(work):
            raise refusal("policy")

    def tell(
        self, question: Question, seen: Seen, asked: str, granularity: Granularity, *, told: bool, region: Region | None
    ) -> Told:
        """Write down that a question was answered; `told` is whether the answer tells anything."""
        office, subject = self._consent.office, question.subject
        actor = actor_of(question.by)
        if region is not None:
            office.vault.prepare(subject, question.purpose)
        ends = min(grant.ends_at for grant in seen.grants)

        def work(tx: sa.Connection) -> tuple[Told, bool]:
            at = office.now()
            for grant in seen.grants:
                self._consent.recheck(tx, grant)
            action, purpose = f"locate.{asked}", question.purpose
            event = Event(subject.tenant, actor, action, "allowed", "answered", at, subject, purpose, "sharing")
            words = {"purpose": purpose, "question": asked, "granularity": str(granularity)}
            entry_id = office.record(tx, event, "locate.answered", told=told, **words).entry_id
            until = min(at + TOKEN_LIFE, ends)
            alarming = told and count(tx, Disclosure(actor, asked, str(granularity), seen.grants[0], entry_id), at)
            if region is None:
                return Told(entry_id, None, until), alarming
            value = canonical({"adcode": region.adcode, "level": str(region.level), "name": region.name})
            token = self._tokens.issue(tx, subject, purpose, actor, value, until, actor=actor)
            return Told(entry_id, token, until), alarming

        done, alarming = office.store.write(work)
        if alarming:
            office.alarms.sound(ALARM, str(done.entry_id), office.now())
        return done
