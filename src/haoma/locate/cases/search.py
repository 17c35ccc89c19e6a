"""Asking the CRM for one customer: decided first, counted, and recorded however it comes out.

Rules held here:
- Nobody reads a CRM out: 120 searches an hour are a day's work, and after 20 that found nobody it is over for an hour.
  Nor does anybody try out from which id a case was opened: such a try counts as a search.
- A tenant's people reach that tenant's CRM alone. An id that is there for others is as unknown as one that is nowhere:
  nothing of another tenant's is asked, so that no time and no word could tell.
- What the CRM answers goes no further than its number; the number goes no further than its token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from haoma.access import Asker, Thing
from haoma.access import tables as access
from haoma.consent import Office
from haoma.consent.office import actor_of
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, Conflict, NotFound
from haoma.locate.cases import tables
from haoma.locate.cases.keeping import kept_until
from haoma.locate.cases.model import Contact, Reference
from haoma.numbers import Kind, Number, find, parse
from haoma.vault.audit import Event
from haoma.vault.model import SubjectToken

__all__ = ["Crm", "Found", "Search", "tenant_of"]

HOUR, MOST, MISSES = timedelta(hours=1), 120, 20
_THEIRS = frozenset({Kind.MOBILE, Kind.MVNO, Kind.SATELLITE, Kind.LANDLINE, Kind.INTERNATIONAL})
_OPEN, _FOUND, _MISSED, _UNFIT, _DOWN = "open", "found", "not-found", "unfit", "down"
_WAIT = "wait an hour, or ask the customer for their number"


class Crm(Protocol):
    """Knows a company's customers."""

    def find(self, reference: Reference) -> Contact | None:
        """Whom a reference names; None where nobody. Raises Unavailable where that cannot be told."""


@dataclass(frozen=True, slots=True)
class Found:
    """A customer who was found: the contact, their number, its token, and all texts of tokens it has had here.

    A rotation brings over what is sealed: the rows of a number that is not stay under the token they were written with.
    """

    subject: SubjectToken
    names: frozenset[str]
    contact: Contact
    number: Number = field(repr=False)


class Search:
    """Searches of one store; `crms` gives the CRM of a tenant, by its name."""

    def __init__(self, office: Office, crms: Callable[[str], Crm]) -> None:
        self._office = office
        self._crms = crms

    def find(self, by: Asker, reference: Reference) -> Found:
        """Whom a reference names, in the asker's own tenant.

        Raises Refused by the policy and for who asks too often, NotFound for nobody, Conflict where the CRM has no
        number of theirs, Unavailable where it does not answer.
        """
        office, at = self._office, self._office.now()
        tenant = tenant_of(office, by)
        search_id = self._begin(by, tenant, reference, at)
        state, subject = _DOWN, None
        try:
            contact = self._crms(tenant).find(reference)
            state = _MISSED if contact is None else _UNFIT
            found = _fit(office, tenant, contact)
            state, subject = _FOUND, found.subject
        finally:
            event = Event(tenant, actor_of(by), "case.search", _word(state), state, at, subject)
            self._end(search_id, event, reference)
        return found

    def tried(self, by: Asker, reference: Reference, holds: Callable[[sa.Connection], bool]) -> bool:
        """Whether something holds of a reference that somebody has; counted and recorded as a search is.

        Raises Refused for who asks too often.
        """
        office, at = self._office, self._office.now()
        tenant, actor = tenant_of(office, by), actor_of(by)

        def work(tx: sa.Connection) -> bool | None:
            was = None if _pressed(tx, actor, at) else holds(tx)
            state = _FOUND if was else _MISSED
            if was is not None:
                row = {"actor": actor, "at": at, "state": state, "kept_until": kept_until("case.search", at)}
                tx.execute(sa.insert(tables.searches).values(**row))
            reason = "too-often" if was is None else state
            event = Event(tenant, actor, "case.reason", _word(reason), reason, at)
            office.record(tx, event, "case.searched", by=str(reference.by), found=bool(was))
            return was

        done = office.store.write(work)
        if done is None:
            raise refusal("too-often", hint=_WAIT)
        return done

    def _begin(self, by: Asker, tenant: str, reference: Reference, at: datetime) -> int:
        office, actor = self._office, actor_of(by)

        def work(tx: sa.Connection) -> int:
            if _pressed(tx, actor, at):
                event = Event(tenant, actor, "case.search", "refused", "too-often", at)
                office.record(tx, event, "case.searched", by=str(reference.by), found=False)
                return 0
            row = {"actor": actor, "at": at, "state": _OPEN, "kept_until": kept_until("case.search", at)}
            added = sa.insert(tables.searches).values(**row).returning(tables.searches.c.search_id)
            return int(tx.execute(added).scalar_one())

        search_id = office.gate.change(by, "find-customer", Thing("case", by.tenant), at, work)
        if not search_id:
            raise refusal("too-often", hint=_WAIT)
        return search_id

    def _end(self, search_id: int, event: Event, reference: Reference) -> None:
        here = tables.searches.c.search_id == search_id

        def work(tx: sa.Connection) -> None:
            tx.execute(sa.update(tables.searches).where(here).values(state=event.reason))
            found = event.subject is not None
            self._office.record(tx, event, "case.searched", by=str(reference.by), found=found)

        self._office.store.write(work)


def tenant_of(office: Office, by: Asker) -> str:
    """The name of the asker's tenant, as subject tokens have it."""
    with office.store.read() as tx:
        name = tx.scalar(sa.select(access.tenants.c.name).where(access.tenants.c.tenant_id == by.tenant))
    if name is None:
        raise BadInput("whoever asks is of no tenant")
    return str(name)


def _fit(office: Office, tenant: str, contact: Contact | None) -> Found:
    if contact is None:
        raise NotFound("nobody is found by this", hint="look at the id again; a customer tells their number themselves")
    number = parse(contact.number)
    if number.kind not in _THEIRS or len(list(find(contact.number))) > 1:
        message = "the CRM has no number of this customer that is one, and theirs alone"
        raise Conflict(message, hint="have them tell it, and have it put right in the CRM")
    subject = office.subject(tenant, number)
    names = frozenset(str(one) for one in (subject, *office.vault.known_as(tenant, number)))
    return Found(subject, names, contact, number)


def _pressed(tx: sa.Connection, actor: str, at: datetime) -> bool:
    c = tables.searches.c
    query = sa.select(c.state, sa.func.count()).where(c.actor == actor, c.at > at - HOUR).group_by(c.state)
    counted = {str(row[0]): int(row[1]) for row in tx.execute(query)}
    missed = sum(counted.get(state, 0) for state in (_OPEN, _MISSED))
    return sum(counted.values()) >= MOST or missed >= MISSES


def _word(state: str) -> str:
    return "allowed" if state == _FOUND else "refused"
