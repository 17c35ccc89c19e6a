"""The gate: `Consent.require` is the only way to a Grant, and every question is recorded, whatever the answer.

Rules held here:
- Policy, impact assessment, the permission and the record of the decision are read and written in one transaction; the
  Grant is made once that is on the disk. Where store, policy or keys do not answer, there is no Grant.
- For who reads this machine alone and tells nothing before that transaction is on the disk, the Grant is made inside
  it (`within`), or ahead of it (`storage.look`) and judged anew in it: what it opened is told with its record on the
  disk, or goes with it. Only a plain yes is said there.
- Of several permissions for one subject, purpose and recipient the newest decides: what has ended stays ended.
- Whose number was not checked for 30 days is not taken for the same holder (CAMARA number-recycling); a code that was
  confirmed, or `arrived`, is such a check.
- A permission that is found over is ended on the spot, so that a clock that is set back does not bring it to life.
- A permission allows what its signed receipt says: a row that says otherwise is Tampered, recorded, and no Grant.
- What the key store knows to have ended stays so, whatever the database says: one that was put back from a backup is
  ended anew, and one that a hand brought back to life is Tampered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from haoma.access import Asker
from haoma.consent import tables
from haoma.consent.answers import Answers
from haoma.consent.deliveries import Deliveries, Told
from haoma.consent.emergency import Emergencies
from haoma.consent.ending import end, given, live_rows
from haoma.consent.erasing import Erasures
from haoma.consent.grant import UNRECORDED, Grant, Standing, mint
from haoma.consent.held import Held, Kept
from haoma.consent.notices import Notices
from haoma.consent.office import SYSTEM, Office, actor_of
from haoma.consent.purposes import EMERGENCY, Granularity, Purpose, Source, one_purpose
from haoma.consent.reasons import ALLOWED, REASONS, TAMPERED, refusal, tampered
from haoma.consent.replies import Replies
from haoma.consent.requests import Requests
from haoma.consent.withdrawal import Withdrawals
from haoma.errors import BadInput, Refused
from haoma.numbers import Number
from haoma.storage import Time, quick
from haoma.storage.look import judged_again
from haoma.storage.store import Work
from haoma.vault.audit import AuditRow, Event
from haoma.vault.model import SubjectToken

__all__ = ["CHECKED_WITHIN", "Consent", "Elsewhere", "Ran", "Use", "Within"]

CHECKED_WITHIN = timedelta(days=30)
_NEWEST = """SELECT grant_id, subject, purpose, recipient, sources, granularity, basis, since, until, checked_at, state
 FROM consent_grants WHERE subject = ? AND purpose = ? AND recipient = ? ORDER BY since DESC LIMIT 1"""
_RECEIPT = "SELECT receipt FROM consent_grants WHERE grant_id = ?"
_ERASURE = "SELECT 1 FROM consent_erasures WHERE grant_id = ?"
_STATE = "SELECT state FROM consent_grants WHERE grant_id = ?"


class Elsewhere(Exception):
    """No answer for the middle of a transaction, which is to be undone: ask without one, and hear and record why."""


class Within(NamedTuple):
    """What to read through, a transaction or the first part of a `Looking`; and what is due in the second."""

    tx: sa.Connection
    due: list[Work]


class Use(NamedTuple):
    """Who wants to use what about whom."""

    by: Asker
    subject: SubjectToken
    purpose: Purpose
    recipient: str
    source: Source


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did: consents that were over, erasures done, recipients told; and alarms that nobody has heard."""

    ended: int
    erased: int
    told: Told
    unheard: int


class Consent:
    """Permission as a value, over one store."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.notices = Notices(office)
        self.requests = Requests(office)
        self.answers = Answers(office)
        self.erasures = Erasures(office)
        self.withdrawals = Withdrawals(office, self.erasures)
        self.replies = Replies(office, self.answers, self.withdrawals)
        self.deliveries = Deliveries(office)
        self.emergencies = Emergencies(office)
        self._held = Held(office)

    def require(
        self,
        by: Asker,
        subject: SubjectToken,
        *,
        purpose: str,
        recipient: str,
        source: str | Source,
        within: Within | None = None,
    ) -> Grant:
        """A Grant for one use, good for a minute; recorded in the audit and the log.

        Raises Refused with a reason (reasons.py) where there is no permission, Unavailable where it cannot be known,
        and Tampered where its row was changed by hand. `within` is for who tells nothing before the transaction has
        ended that does what is due: there every refusal but `source` is Elsewhere, and not recorded.
        """
        office = self.office
        known = self._known(by, subject, purpose, office.now(), within)
        use = Use(by, subject, known, recipient, _source(source))

        def work(tx: sa.Connection) -> tuple[str, Standing | None, datetime, int]:
            at = office.now()
            reason, standing = self._judged(tx, use, at)
            return reason, standing, at, self._used(use, reason, at)(tx).entry_id

        if within is None:
            reason, standing, at, entry_id = office.store.write(work)
        else:
            at, entry_id = office.now(), UNRECORDED
            reason, standing = self._judged(judged_again(within.tx), use, at)
            if reason and reason != "source":
                raise Elsewhere
            record = self._used(use, reason, at)
            within.due.append(partial(self._used_as_judged, within.tx, use, (reason, standing), record))
        if reason == TAMPERED:
            raise tampered()
        if reason or standing is None:
            raise refusal(reason, hint=known.offer_en if reason == "withdrawn" else None)
        return mint(standing, subject, use.source, at, entry_id)

    def run(self) -> Ran:
        """Do what is due: end what is over, sound alarms, tell recipients, destroy what has ended."""
        ended = self.withdrawals.end_over()
        left = self.emergencies.sound_due()
        told = self.deliveries.run()  # before what may not answer: recipients are told whatever else waits
        return Ran(ended, self.erasures.erase_due(), told, left)

    def recheck(self, tx: sa.Connection, grant: Grant) -> None:
        """Hold a Grant to the moment, inside the transaction that keeps what was found with it.

        Raises Refused where the permission has ended since, or its minute is over.
        """
        rows = quick(tx, _STATE, grant.grant_id)
        state = rows[0][0] if rows else "no-grant"
        if state != "given":
            raise refusal(state) if state in REASONS else tampered()
        if not grant.live_at(self.office.now()):
            raise refusal("expired")

    def arrived(self, tenant: str, number: Number) -> int:
        """Check whether a number that calls still has the holder who consented; returns how many consents ended.

        Raises Unavailable where the carrier does not answer; what was not checked for 30 days is then refused.
        """
        office, at = self.office, self.office.now()
        if office.recycling is None:
            return 0
        tokens = office.vault.known_as(tenant, number)

        def mine(tx: sa.Connection) -> list[sa.Row[Any]]:
            return live_rows(tx, list({name for token in tokens for name in office.vault.aliases(tx, token)}))

        with office.store.read() as tx:
            rows = mine(tx)
        gone = {row.grant_id for row in rows if office.recycling.recycled(number, row.checked_at)}
        kept = [row.grant_id for row in rows if row.grant_id not in gone]

        def work(tx: sa.Connection) -> int:
            self._checked(tx, kept, at)
            return len(end(tx, office, [row for row in mine(tx) if row.grant_id in gone], "recycled", at, SYSTEM))

        return office.store.write(work)

    def _used_as_judged(
        self, before: sa.Connection, use: Use, judged: tuple[str, Standing | None], record: Work, tx: sa.Connection
    ) -> None:
        """Record a use; Elsewhere where it was judged ahead of this transaction, and is judged otherwise in it."""
        if tx is not before and self._judged(tx, use, self.office.now()) != judged:
            raise Elsewhere
        record(tx)

    def _used(self, use: Use, reason: str, at: datetime) -> Callable[[sa.Connection], AuditRow]:
        """What records a use, or why there is none."""
        subject, purpose, why = use.subject, use.purpose.name, reason or ALLOWED
        word = "refused" if reason else "allowed"
        event = Event(subject.tenant, actor_of(use.by), "consent.use", word, why, at, subject, purpose)
        audit = self.office.vault.audit
        return audit.drawn_up(event, "consent.used", purpose=purpose, allowed=not reason, reason=why)

    def _known(self, by: Asker, subject: SubjectToken, purpose: str, at: datetime, within: Within | None) -> Purpose:
        if purpose == EMERGENCY.name:
            return EMERGENCY
        try:
            return one_purpose(purpose)
        except Refused as error:
            if within is not None:
                raise Elsewhere from error
            event = Event(subject.tenant, actor_of(by), "consent.use", "refused", error.reason, at, subject)
            self.office.store.write(lambda tx: self.office.record(tx, event, "consent.tried", reason=event.reason))
            raise

    def _judged(self, tx: sa.Connection, asking: Use, at: datetime) -> tuple[str, Standing | None]:
        """Why not, or the permission."""
        office, subject, purpose = self.office, asking.subject, asking.purpose
        if not office.may(tx, asking.by, purpose.action, "subject", subject.tenant, at, subject):
            return "policy", None
        if purpose is not EMERGENCY and not office.assessments.stands(tx, subject.tenant, purpose.name, at):
            return "not-assessed", None
        row = self._newest(tx, asking)
        if row is None:
            return "no-grant", None
        kept, (checked_at, state) = Kept(*row[:-2]), row[-2:]
        if state != "given":
            return (state if state in REASONS else TAMPERED), None
        if not self._holds(tx, kept):
            return TAMPERED, None
        reason = self._ended_before(tx, kept.grant_id, at)
        if not reason:
            reason = self._unfit(tx, kept, Time.read(checked_at), at)
        if not reason and str(asking.source) not in kept.sources.split():
            reason = "source"
        return reason, None if reason else _standing(kept)

    def _holds(self, tx: sa.Connection, kept: Kept) -> bool:
        """Whether the row says what was signed."""
        if self._held.seen(kept):
            return True
        return not self._held.differs(tx, kept, str(quick(tx, _RECEIPT, kept.grant_id)[0][0]))

    def _unfit(self, tx: sa.Connection, kept: Kept, checked_at: datetime, at: datetime) -> str:
        """Why a live permission does not stand at this moment, empty where it does; one that is over ends."""
        if at < Time.read(kept.since):
            return "not-yet"
        if at >= Time.read(kept.until):
            end(tx, self.office, [one for one in [given(tx, kept.grant_id)] if one], "expired", at, SYSTEM)
            return "expired"
        return "" if at < checked_at + CHECKED_WITHIN else "holder-unchecked"

    def _newest(self, tx: sa.Connection, asking: Use) -> tuple[Any, ...] | None:
        """The newest permission under this token; where none stands, under those that rotations have replaced."""
        rows = quick(tx, _NEWEST, str(asking.subject), asking.purpose.name, asking.recipient)
        if rows and rows[0][-1] == "given":
            return rows[0]
        for name in self.office.vault.aliases(tx, asking.subject)[1:]:
            rows += quick(tx, _NEWEST, str(name), asking.purpose.name, asking.recipient)
        return max(rows, key=lambda row: Time.read(row[-4]), default=None)

    def _ended_before(self, tx: sa.Connection, grant_id: str, at: datetime) -> str:
        """Why this permission ended, as the key store knows and this database no longer does; empty where it lives."""
        why = self.office.vault.keys.ends.why(grant_id)
        if not why:
            return ""
        if quick(tx, _ERASURE, grant_id):
            return TAMPERED  # a backup from before the end has no erasure of it
        end(tx, self.office, [one for one in [given(tx, grant_id)] if one], why, at, SYSTEM)
        return why

    def _checked(self, tx: sa.Connection, grant_ids: list[str], at: datetime) -> None:
        c = tables.grants.c
        tx.execute(sa.update(tables.grants).where(c.grant_id.in_(grant_ids), c.state == "given").values(checked_at=at))


def _standing(kept: Kept) -> Standing:
    fine, since, until = Granularity(kept.granularity), Time.read(kept.since), Time.read(kept.until)
    return Standing(kept.grant_id, kept.purpose, kept.recipient, fine, kept.basis, since, until)


def _source(text: str | Source) -> Source:
    try:
        return Source(text)
    except ValueError:
        raise BadInput("there is no such source", hint=f"sources: {', '.join(Source)}") from None
