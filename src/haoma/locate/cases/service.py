"""From an order or a customer's id to a case about the customer, without anybody seeing their number.

Rules held here:
- What was asked is decided by the policy and recorded, whatever comes of it.
- An agent gets a case, a token and a masked number. Where the number is needed it is asked of the CRM again, by the
  same or another reference to the same customer; none is kept.
- A reference stays as a commitment beside its case, bound to it: whoever has it can be told whether it was the one.
- A second reference to the same customer joins the open case of the same agent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker, Case, Cases, Thing
from haoma.consent import Asked, Channel, Consent, Question
from haoma.consent.office import actor_of
from haoma.consent.ways import Way, ways_in
from haoma.errors import Conflict, NotFound
from haoma.ledger.commitment import Commitment
from haoma.locate.cases import tables
from haoma.locate.cases.checks import Checks, Sent
from haoma.locate.cases.keeping import kept_until, references_scope
from haoma.locate.cases.model import Reference
from haoma.locate.cases.numbers import Counts, Shown, due_counts, held
from haoma.locate.cases.search import Crm, Found, Search, tenant_of
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken
from haoma.vault.service import Vault

__all__ = ["Customers", "KnownWays", "Opened", "Standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands: when the number was last shown to be the customer's, and what they can be offered.

    `updated_at` is when the number came into the CRM, as far as the CRM knows.
    """

    case: Case
    shown: Shown | None
    ways: tuple[Way, ...]
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was opened or joined; `masked` is the number as an agent may see it, empty where they may not."""

    standing: Standing
    masked: str
    joined: bool


class Customers:
    """Finds the customers of one store, and checks that their numbers are theirs."""

    def __init__(self, consent: Consent, cases: Cases, crms: Callable[[str], Crm], due_days: int) -> None:
        self._consent = consent
        self._office = consent.office
        self._cases = cases
        self._search = Search(self._office, crms)
        self._checks = Checks(consent, due_days)

    def open(self, by: Asker, reference: Reference) -> Opened:
        """Open a case about whom a reference names, or join the open one.

        Raises Refused by the policy and for who asks too often, NotFound for nobody, Conflict where the CRM has no
        number of theirs, Unavailable where it does not answer.
        """
        office = self._office
        found = self._search.find(by, reference)
        at = office.now()

        def work(tx: sa.Connection) -> Opened:
            there = next((one for one in self._cases.opened(tx, by, at) if one.subject in found.names), None)
            case = there or self._cases.begin(tx, by, found.subject, at)
            self._refer(tx, by, case, reference, found, at)
            thing = Thing("subject", by.tenant, "masked", case.subject)
            decision = office.gate.decide(tx, by, "see", thing, at)
            office.gate.record(tx, by, "see", thing, decision, at)
            masked = str(found.number) if decision.allowed else ""
            return Opened(self._standing(tx, case), masked, joined=there is not None)

        return office.gate.change(by, "open-case", Thing("case", by.tenant), at, work)

    def verify(self, by: Asker, case_id: str, reference: Reference, language: str = "zh") -> Sent:
        """Have the customer of a case show that the number is theirs: a carrier that knows, or a code by message.

        Raises as `open` does; Refused where the number has changed hands or is pressed, Conflict where the reference is
        another customer's or the CRM has another number of theirs by now; Tampered where the row of when it was last
        shown was changed.
        """
        case = self._mine(by, case_id)
        found = self._same(by, case, reference)
        with self._office.store.read() as tx:
            held(tx, self._office, sorted(found.names))  # a carrier is asked what has been since then
        return self._checks.send(by, case, found, language)

    def confirm(self, by: Asker, case_id: str, code: str) -> Shown:
        """Take the code that the customer of a case read back; raises Refused for another one."""
        return self._checks.confirm(by, self._mine(by, case_id), code)

    def decline(self, by: Asker, case_id: str) -> tuple[Way, ...]:
        """Remember that the customer of a case shows nothing, and tell what they can be offered."""
        case = self._mine(by, case_id)
        self._checks.decline(by, case)
        with self._office.store.read() as tx:
            return self._standing(tx, case).ways

    def ask(
        self, by: Asker, case_id: str, reference: Reference, *, purpose: str, recipient: str, call_id: str | None = None
    ) -> Asked:
        """Ask the customer of a case for their consent, as `Requests.ask` does, without anybody seeing the number.

        With `call_id` they answer to the agent on that recorded call, without on the page.
        """
        case = self._mine(by, case_id)
        found = self._same(by, case, reference)
        channel = Channel.AGENT if call_id is not None else Channel.WEB
        question = Question(found.subject.tenant, found.number, purpose, recipient, channel, call_id=call_id)
        return self._consent.requests.ask(by, question)

    def mine(self, by: Asker) -> list[Standing]:
        """How the open cases of the asker stand, the newest first."""
        at = self._office.now()
        cases = self._cases.mine(by, at)
        with self._office.store.read() as tx:
            return [self._standing(tx, case) for case in cases]

    def due(self, by: Asker) -> Counts:
        """How many numbers of the asker's tenant are due to be shown again; raises Refused by the policy."""
        office, at = self._office, self._office.now()
        office.gate.ask(by, "see", Thing("case", by.tenant, "subject"), at).require()
        tenant = tenant_of(office, by)
        with office.store.read() as tx:
            return due_counts(tx, tenant, at)

    def was_for(self, by: Asker, case_id: str, reference: Reference) -> bool:
        """Whether a case was opened from this very reference; raises Refused by the policy, and for who asks too often.

        A case of the asker's is asked about, or, by who may see decisions, any of their tenant's.
        """
        office, at = self._office, self._office.now()
        tenant = tenant_of(office, by)
        with office.store.read() as tx:
            theirs = self._cases.agent_of(tx, case_id) == by.person
        thing = Thing("case", by.tenant, "subject") if theirs else Thing("audit", by.tenant, "decisions")
        office.gate.ask(by, "see", thing, at).require()

        def holds(tx: sa.Connection) -> bool:
            return any(self._is(row, reference) for row in _references(tx, case_id, tenant))

        return self._search.tried(by, reference, holds)

    def _same(self, by: Asker, case: Case, reference: Reference) -> Found:
        found = self._search.find(by, reference)
        if case.subject not in found.names:
            message = "this is another customer's, or they have another number in the CRM by now"
            raise Conflict(message, hint="open a case from this reference: haoma case open")
        return found

    def _mine(self, by: Asker, case_id: str) -> Case:
        found = next((case for case in self._cases.mine(by, self._office.now()) if case.id == case_id), None)
        if found is None:
            raise NotFound("there is no open case of yours with this id", hint="haoma case list shows them")
        return found

    def _refer(
        self, tx: sa.Connection, by: Asker, case: Case, reference: Reference, found: Found, at: datetime
    ) -> None:
        told = {"ways": " ".join(found.contact.ways), "updated_at": found.contact.updated_at}
        known = next((row for row in _references(tx, case.id, found.subject.tenant) if self._is(row, reference)), None)
        if known is not None:
            here = tables.references.c.reference_id == known.reference_id
            tx.execute(sa.update(tables.references).where(here).values(**told))
            return
        office = self._office
        committed = str(office.vault.commitments.commit(references_scope(at), reference.content(case.id)))
        row = {"case_id": case.id, "subject": case.subject, "reference": committed, "at": at}
        kept = kept_until("case.reference", at)
        tx.execute(sa.insert(tables.references).values(**row, **told, kept_until=kept))
        event = Event(found.subject.tenant, actor_of(by), "case.refer", "allowed", str(reference.by), at, found.subject)
        office.record(tx, event, "case.referred", case=case.id, reference=committed)

    def _is(self, row: sa.Row[Any], reference: Reference) -> bool:
        try:
            committed = Commitment.parse(row.reference)
            return self._office.vault.commitments.opens(committed, reference.content(row.case_id))
        except NotFound:
            return False

    def _standing(self, tx: sa.Connection, case: Case) -> Standing:
        subject = SubjectToken.of_row(case.subject)
        names = _names(self._office.vault, tx, subject)
        newest_row = next(iter(_references(tx, case.id, subject.tenant)), None)
        shown = held(tx, self._office, names)
        if newest_row is None:
            return Standing(case, shown, (), None)
        return Standing(case, shown, ways_in(newest_row.ways), newest_row.updated_at)


class KnownWays:
    """What reaches a customer, as the CRM said when they were last found; fills consent's `Ways`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def of(self, tx: sa.Connection, subject: SubjectToken) -> Sequence[Way]:
        """See `Ways.of`."""
        c = tables.references.c
        names = _names(self._vault, tx, subject)
        newest_first = sa.select(c.ways).where(c.subject.in_(names)).order_by(c.reference_id.desc()).limit(1)
        return ways_in(tx.scalar(newest_first) or "")


def _names(vault: Vault, tx: sa.Connection, subject: SubjectToken) -> list[str]:
    return [str(one) for one in vault.aliases(tx, subject)]


def _references(tx: sa.Connection, case_id: str, tenant: str) -> Sequence[sa.Row[Any]]:
    """The references of a case, the newest first."""
    c = tables.references.c
    theirs = c.subject.startswith(f"{tenant}.", autoescape=True)
    query = sa.select(tables.references).where(c.case_id == case_id, theirs).order_by(c.reference_id.desc())
    return tx.execute(query).all()
