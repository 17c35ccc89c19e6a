"""Places that a case keeps: out of a live location token, for half a year at the most, each under a key of its own.

Rules held here:
- A place gets here out of a location token that its agent resolves inside an open case of theirs, while a consent for
  its purpose stands; it is never seen in clear by whoever keeps it.
- It is shown to whom the policy lets see a place, an agent inside an open case about the customer, and each showing is
  recorded. Nothing that a row says opens it after its class is over; one that is kept for longer needs the request by
  which that was approved, whole and run.
- A case that its agent closes keeps nothing: in that transaction the places are over, and the keys go right behind it.
  One that closed by itself goes on keeping: its agent may open another one about the customer, or close it.
- A consent that ends takes the places with it, as it takes all that was kept for its purpose. What was approved to be
  kept for longer stays when a consent is over by time, and goes when it is withdrawn, or the number is another's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa

from haoma.access import Asker, Gate, Thing
from haoma.access import tables as access
from haoma.access.approval import one_approval
from haoma.access.rows import tenant_id_of
from haoma.consent.ending import TOLD, live_rows
from haoma.consent.office import actor_of
from haoma.consent.reasons import refusal
from haoma.consent.tables import grants
from haoma.errors import BadInput, NotFound, Refused, Tampered
from haoma.lineage.model import Sealed
from haoma.locate.kept.keeping import EXTENDED, USUAL
from haoma.locate.kept.tables import case_places
from haoma.vault.audit import Event, time_text
from haoma.vault.location_tokens import Resolved
from haoma.vault.model import SubjectToken, as_letters
from haoma.vault.opening import Opener
from haoma.vault.retention_table import rule_of
from haoma.vault.service import Vault

__all__ = ["LONGEST", "CasePlaces", "KeptPlace"]

T = TypeVar("T")
ACTION = "extend-retention"
SYSTEM = "system:places"
LONGEST = {name: rule_of(name).longest or timedelta() for name in (USUAL, EXTENDED)}
_c = case_places.c


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """One place that a case keeps; printing it does not show the place."""

    id: str
    case: str
    purpose: str
    kept_at: datetime
    until: datetime
    extended: bool
    value: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class _Opening:
    """What opens a place: its key, until it is over."""

    subject: SubjectToken
    purpose: str
    until: datetime


class CasePlaces:
    """The places that the cases of one store keep. Fills consent's `Places`, and what `Cases` tells of its ends."""

    def __init__(self, vault: Vault, gate: Gate) -> None:
        self._vault = vault
        self._gate = gate
        self._opener = Opener(vault, _Opening)

    def keep(self, asker: Asker, case_id: str, token: str) -> KeptPlace:
        """Keep what a location token stands for, in an open case of the asker's about the same customer.

        Raises Refused where the token, the case, the policy or the consent does not let them; NotFound for no such
        case.
        """
        vault, at = self._vault, self._vault.now()
        _check_case(case_id)
        found = vault.locations.resolve(
            token, tenant=self._tenant(asker), audience=actor_of(asker), actor=actor_of(asker)
        )
        kept = KeptPlace(str(uuid.uuid4()), case_id, found.purpose, at, at + LONGEST[USUAL], extended=False)
        vault.prepare(found.subject, _scope(kept.id))

        def work(tx: sa.Connection) -> KeptPlace:
            self._require_case(tx, asker, case_id, found.subject, at)
            self._require_consent(tx, found)
            self._put(tx, kept, found)
            self._tell(tx, "place.kept", kept, found.subject, actor_of(asker), until=time_text(kept.until))
            return kept

        return self._seeing(asker, found.subject, at, work)

    def shown(self, asker: Asker, case_id: str) -> list[KeptPlace]:
        """The places of a case, for whom the policy lets see them; recorded. NotFound where it keeps none."""
        at = self._vault.now()
        with self._vault.store.read() as tx:
            rows = _rows(tx, _c.case_id == case_id, _c.until > at)
        if not rows:
            raise NotFound("this case keeps no place", hint="haoma case keep keeps one, out of a location token")
        subject = SubjectToken.of_row(rows[0].subject)

        def work(tx: sa.Connection) -> list[KeptPlace]:
            found = [self._opened(tx, row, at) for row in rows]
            self._tell(tx, "place.shown", found[0], subject, actor_of(asker), places=len(found))
            return found

        return self._seeing(asker, subject, at, work)

    def over(self, tx: sa.Connection, case_id: str, at: datetime) -> None:
        """End what a case keeps, in the transaction that closes it; `shred` comes behind it, retention if it cannot."""
        here = sa.update(case_places).where(_c.case_id == case_id, _c.until > at)
        tx.execute(here.values(until=at))

    def shred(self, case_id: str) -> int:
        """Destroy the keys and the rows of what a closed case has kept; how many places there were."""
        at = self._vault.now()
        with self._vault.store.read() as tx:
            rows = _rows(tx, _c.case_id == case_id, _c.until <= at)
        return self._shred(rows, "case-closed")

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """See consent's `Places.forget`."""
        with self._vault.store.read() as tx:
            names = [str(one) for one in self._vault.aliases(tx, subject)]
            rows = _rows(tx, _c.subject.in_(names), _c.purpose == purpose)
            told = _taken_back(tx, names, purpose)
        gone = [row for row in rows if row.approval_id is None or (told is not None and told >= row.kept_at)]
        return self._shred(gone, "consent-ended")

    def _tenant(self, asker: Asker) -> str:
        with self._vault.store.read() as tx:
            known = access.tenants.c
            return str(tx.scalar(sa.select(known.name).where(known.tenant_id == asker.tenant)))

    def _seeing(self, asker: Asker, subject: SubjectToken, at: datetime, work: Callable[[sa.Connection], T]) -> T:
        with self._vault.store.read() as tx:
            thing = Thing("subject", tenant_id_of(tx, subject.tenant), "place", str(subject))
        return self._gate.change(asker, "see", thing, at, work)

    def _require_case(self, tx: sa.Connection, asker: Asker, case_id: str, subject: SubjectToken, at: datetime) -> None:
        c = access.cases.c
        mine = (c.case_id == case_id, c.agent_id == asker.person, c.closed_at.is_(None), c.closes_at > at)
        about = tx.scalar(sa.select(c.subject).where(*mine).with_for_update())  # nobody closes it meanwhile
        if about is None:
            raise NotFound("there is no open case of yours with this id", hint="haoma case list shows them")
        if about not in {str(one) for one in self._vault.aliases(tx, subject)}:
            raise Refused("the case is about another customer", hint="keep a place in the case about its customer")

    def _require_consent(self, tx: sa.Connection, found: Resolved) -> None:
        """Refuse what stands for a place that nobody consents to any more; what stands does not end meanwhile."""
        ids = [row.grant_id for row in live_rows(tx, self._vault.aliases(tx, found.subject), found.purpose)]
        held = sa.select(grants.c.grant_id).where(grants.c.grant_id.in_(ids)).with_for_update()
        if not tx.scalars(held).all():
            raise refusal("no-grant")

    def _put(self, tx: sa.Connection, kept: KeptPlace, found: Resolved) -> None:
        sealed = self._vault.seal_bytes(found.subject, _scope(kept.id), _context(kept.case, kept.kept_at), found.value)
        row = {"place_id": kept.id, "class": USUAL, "case_id": kept.case, "subject": str(found.subject)}
        what = {"purpose": found.purpose, "key_id": sealed.key_id, "sealed": sealed.data}
        tx.execute(sa.insert(case_places).values(**row, **what, kept_at=kept.kept_at, until=kept.until))

    def _opened(self, tx: sa.Connection, row: sa.Row[Any], at: datetime) -> KeptPlace:
        extended = row._mapping["class"] == EXTENDED  # noqa: SLF001 - public in spite of its name
        until = min(row.until, row.kept_at + LONGEST[EXTENDED if extended else USUAL])
        if extended and not _is_approved(tx, row):
            raise Tampered("no request that was approved and run keeps this place for longer", hint=_HINT)
        opening = _Opening(SubjectToken.of_row(row.subject), _scope(row.place_id), until)
        sealed = Sealed(bytes(row.sealed), row.key_id)
        value = self._opener.open_bytes(opening, _context(row.case_id, row.kept_at), sealed)
        return KeptPlace(row.place_id, row.case_id, row.purpose, row.kept_at, until, extended, value)

    def _shred(self, rows: Sequence[sa.Row[Any]], why: str) -> int:
        """Destroy keys, then rows."""
        for row in rows:
            self._vault.destroy_keys(SubjectToken.of_row(row.subject), _scope(row.place_id))
            self._vault.store.write(partial(self._remove, row=row, why=why))
        return len(rows)

    def _remove(self, tx: sa.Connection, *, row: sa.Row[Any], why: str) -> None:
        if tx.execute(sa.delete(case_places).where(_c.place_id == row.place_id)).rowcount:
            kept = KeptPlace(row.place_id, row.case_id, row.purpose, row.kept_at, row.until, extended=False)
            self._tell(tx, "place.shredded", kept, SubjectToken.of_row(row.subject), SYSTEM, why, places=1)

    def _tell(
        self,
        tx: sa.Connection,
        type_: str,
        kept: KeptPlace,
        subject: SubjectToken,
        actor: str,
        reason: str = "in-case",
        **more: str | int,
    ) -> None:
        event = Event(subject.tenant, actor, type_, "allowed", reason, self._vault.now(), subject, kept.purpose)
        self._vault.audit.record(tx, event, type_, case=kept.case, **more)


def _rows(tx: sa.Connection, *which: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    return tx.execute(sa.select(case_places).where(*which).order_by(_c.kept_at)).all()


def _taken_back(tx: sa.Connection, names: list[str], purpose: str) -> datetime | None:
    """When a consent for a purpose was last withdrawn, or lost to another holder; None where none was."""
    g = grants.c
    query = sa.select(sa.func.max(g.ended_at)).where(g.subject.in_(names), g.purpose == purpose, g.state.in_(TOLD))
    found: datetime | None = tx.scalar(query)
    return found


def _is_approved(tx: sa.Connection, row: sa.Row[Any]) -> bool:
    try:
        found = one_approval(tx, row.approval_id)
    except NotFound:
        return False
    payload = found.payload if isinstance(found.payload, dict) else {}
    places = payload.get("places")
    named = isinstance(places, list) and row.place_id in places
    return named and (found.action, found.state) == (ACTION, "done")


def _check_case(case_id: str) -> None:
    try:
        uuid.UUID(case_id)
    except ValueError:
        raise BadInput("this is no id of a case", hint="haoma case list shows them") from None


def _scope(place_id: str) -> str:
    return f"place.{as_letters(uuid.UUID(place_id).bytes)}"


def _context(case_id: str, kept_at: datetime) -> str:
    return f"case-place {case_id} {time_text(kept_at)}"


_HINT = "nothing was shown; rows were changed by hand: audit the log"
