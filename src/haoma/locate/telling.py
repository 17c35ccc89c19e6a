"""What is written down when something is told of a place: who, whom about, on which permission; never the place.

Rules held here:
- The permissions are held to the moment, or were given, in the same transaction. What ended meanwhile is refused, and
  nothing is told.
- A region or a circle that is told goes into a location token, for the asker alone and a day at most; no row keeps it
  in clear.
- The log hears that something was told, and not what.
- Where nobody hears an alarm the answer is given all the same: it is counted already, the alarm is due in the same
  transaction, and stays so until it is heard. A broken channel neither stops the desk nor hides who left their normal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from haoma.access.gate import Thing
from haoma.consent import Consent, Granularity
from haoma.consent.office import actor_of
from haoma.consent.reasons import refusal
from haoma.ledger.canonical import canonical
from haoma.locate.areas import Area
from haoma.locate.disclosures import Disclosure, count, sound_due
from haoma.locate.fusion import Circle
from haoma.locate.gathering import Question, Seen
from haoma.locate.probing import admission
from haoma.places import Region
from haoma.vault.audit import Event
from haoma.vault.location_tokens import LocationTokens

__all__ = ["Said", "Telling", "Told"]

TOKEN_LIFE = timedelta(hours=24)


class Told(NamedTuple):
    """The log's entry that says something was told, and the token that stands for the place, where one was."""

    entry_id: int
    token: str | None
    until: datetime


class Said(NamedTuple):
    """An answer: the kind of question, how fine it is, whether it tells anything, and of which area.

    `value` is what a location token is to stand for, where one is.
    """

    asked: str
    granularity: Granularity
    told: bool
    area: Area | None = None
    value: Mapping[str, object] | None = None


class Telling:
    """Writes down what is told."""

    def __init__(self, consent: Consent) -> None:
        self._consent = consent
        self._tokens = LocationTokens(consent.office.vault)

    def check_sight(self, question: Question, asked: str) -> None:
        """Raise Refused, recorded, where the policy does not let the asker see a place (`subject.place`)."""
        office, subject, at = self._consent.office, question.subject, self._consent.office.now()

        def work(tx: sa.Connection) -> bool:
            thing = Thing("subject", office.tenant_id(tx, subject.tenant), field="place", subject=str(subject))
            if office.gate.decide(tx, question.by, "see", thing, at).allowed:
                return True
            event = Event(subject.tenant, actor_of(question.by), f"locate.{asked}", "refused", "policy", at, subject)
            office.record(tx, event, "consent.tried", reason="policy")
            return False

        if not office.store.write(work):
            raise refusal("policy")

    def tell(
        self,
        question: Question,
        seen: Seen,
        asked: str,
        granularity: Granularity,
        *,
        told: bool,
        place: Region | Circle | None = None,
        area: Area | None = None,
    ) -> Told:
        """Write down that a question was answered; `told` is whether the answer tells anything.

        Raises Refused (`areas-many`), recorded, where it would tell of one more `area` than a customer is asked about.
        """
        office, value = self._consent.office, _value(place)
        if value is not None:
            office.vault.prepare(question.subject, question.purpose)

        def work(tx: sa.Connection) -> tuple[Told | None, bool]:
            for grant in seen.grants:
                self._consent.recheck(tx, grant)
            return self.write(tx, question, seen, Said(asked, granularity, told, area, value))

        done, alarming = office.store.write(work)
        if done is None:
            raise refusal("areas-many")
        if alarming:
            self.sound()
        return done

    def write(self, tx: sa.Connection, question: Question, seen: Seen, said: Said) -> tuple[Told | None, bool]:
        """`tell` in the transaction that held the permissions to the moment, and whether an alarm is due.

        None, recorded, where it would tell of one more area. Whoever sounds the alarm (`sound`) does it behind the end
        of the transaction.
        """
        return self.drawn_up(tx, question, seen, said)(tx)

    def drawn_up(
        self, tx: sa.Connection, question: Question, seen: Seen, said: Said
    ) -> Callable[[sa.Connection], tuple[Told | None, bool]]:
        """`write` for a transaction that is to be short: what is returned writes, and all else is done by now.

        `tx` is what to read through (`Looking`).
        """
        office, subject, purpose = self._consent.office, question.subject, question.purpose
        asked, granularity, told, area, value = said
        actor, action, at = actor_of(question.by), f"locate.{asked}", office.now()
        event = Event(subject.tenant, actor, action, "allowed", "answered", at, subject, purpose, "sharing")
        words = {"purpose": purpose, "question": asked, "granularity": str(granularity)}
        answered = office.vault.audit.drawn_up(event, "locate.answered", told=told, **words)
        until = min(at + TOKEN_LIFE, *(grant.ends_at for grant in seen.grants))
        note = admission(tx, office, subject, area, at) if told and area is not None else _nothing

        def write(tx: sa.Connection) -> tuple[Told | None, bool]:
            if note is None:
                refused = event._replace(decision="refused", reason="areas-many", keeps="audit")
                office.record(tx, refused, "consent.tried", reason="areas-many")
                return None, False
            note(tx)
            entry_id = answered(tx).entry_id
            alarming = told and count(tx, Disclosure(actor, asked, str(granularity), seen.grants[0], entry_id), at)
            if value is None:
                return Told(entry_id, None, until), alarming
            token = self._tokens.issue(tx, subject, purpose, actor, canonical(value), until, actor=actor)
            return Told(entry_id, token, until), alarming

        return write

    def sound(self) -> None:
        """Sound the alarms that are due."""
        sound_due(self._consent.office)


def _nothing(_tx: sa.Connection) -> None:
    """Note no area."""


def _value(place: Region | Circle | None) -> dict[str, object] | None:
    """What the token stands for."""
    if isinstance(place, Circle):
        at: dict[str, object] = {"latitude": place.lat, "longitude": place.lon, "radius_m": place.radius_m}
        return {**at, "coverage": place.coverage}
    return None if place is None else {"adcode": place.adcode, "level": str(place.level), "name": place.name}
