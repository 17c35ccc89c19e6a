"""What holders see of themselves, and how they end it: whoever is inside needs nobody's leave.

Rules held here:
- It is theirs alone: what was given about them, and what they gave as somebody's guardian. All else is not there.
- Who has a number that changed hands sees nothing of whoever had it before: what is shown begins where the session
  says (hands.py).
- Withdrawing takes one step, and is what it is everywhere (withdrawal.py). Looking is recorded like any other look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.answers import Given
from haoma.consent.doors import Inside
from haoma.consent.notices import version_of
from haoma.consent.office import HOLDER
from haoma.consent.service import Consent
from haoma.consent.withdrawal import Withdrawn
from haoma.errors import NotFound, Tampered
from haoma.vault.audit import Event
from haoma.vault.tables import audit

__all__ = ["Own", "Permission", "own", "own_proof", "own_receipt", "own_replaced", "own_withdraw"]

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Permission:
    """One consent: its row, the recipient's name as its notice had it, and whether its proof of deletion is there."""

    row: sa.Row[Any]
    name: str
    proven: bool

    @property
    def live(self) -> bool:
        """Whether it stands."""
        return bool(self.row.state == "given")


@dataclass(frozen=True, slots=True)
class Own:
    """What is there about a holder, the newest first.

    `told_by` names the permissions by which somebody may have been told something, emergencies among them that were
    reviewed; `tried` is how often somebody asked and was refused.
    """

    permissions: list[Permission]
    refusals: list[sa.Row[Any]]
    told_by: list[str]
    tried: int


def own(consent: Consent, inside: Inside) -> Own:
    """Everything about whoever is inside; that they looked is recorded."""
    office, at, subject = consent.office, consent.office.now(), inside.subject
    event = Event(subject.tenant, HOLDER, "consent.look", "allowed", "own", at, subject)
    office.store.write(lambda tx: office.vault.audit.record(tx, event))
    r, e = tables.refusals.c, tables.erasures.c
    with office.store.read() as tx:
        rows = _mine(tx, consent, inside)
        ids = [row.grant_id for row in rows]
        proven = set(tx.scalars(sa.select(e.grant_id).where(e.grant_id.in_(ids), e.proof.is_not(None))))
        found = [Permission(row, _name(tx, row), row.grant_id in proven) for row in rows]
        if inside.grant_id is not None:
            return Own(found, [], ids, 0)
        names = [str(one) for one in office.vault.aliases(tx, subject)]
        said_no = sa.select(tables.refusals).where(r.subject.in_(names), r.until > at).order_by(r.refused_at.desc())
        refused = list(tx.execute(said_no.where(r.refused_at >= inside.since).limit(SHOWN)))
        return Own(found, refused, ids + _reviewed(tx, names, inside.since), _tried(tx, names, inside.since))


def own_receipt(consent: Consent, inside: Inside, grant_id: str) -> str:
    """The receipt of a consent of theirs again; raises NotFound for any other."""
    return str(_one(consent, inside, grant_id).receipt)


def own_proof(consent: Consent, inside: Inside, grant_id: str) -> str:
    """The proof that what was kept for a consent of theirs is destroyed; raises NotFound where there is none yet."""
    return consent.erasures.proof(str(_one(consent, inside, grant_id).grant_id))


def own_replaced(consent: Consent, given: Given) -> list[str]:
    """The consents that a yes took the place of, now or before: what was shared for one of them is for nothing more."""
    c = tables.grants.c
    with consent.office.store.read() as tx:
        names = [str(one) for one in consent.office.vault.aliases(tx, given.subject)]
        same = (c.subject.in_(names), c.purpose == given.purpose, c.state == "replaced")
        return list(tx.scalars(sa.select(c.grant_id).where(*same)))


def own_withdraw(consent: Consent, inside: Inside, grant_id: str) -> Withdrawn:
    """Withdraw a consent of theirs; raises NotFound for any other. A second time changes nothing."""
    return consent.withdrawals.by_receipt(own_receipt(consent, inside, grant_id))


def _one(consent: Consent, inside: Inside, grant_id: str) -> sa.Row[Any]:
    with consent.office.store.read() as tx:
        found = next((row for row in _mine(tx, consent, inside) if row.grant_id == grant_id), None)
    if found is None:
        raise NotFound("there is no such consent of yours", hint="see the list")
    return found


def _mine(tx: sa.Connection, consent: Consent, inside: Inside) -> list[sa.Row[Any]]:
    c = tables.grants.c
    query = sa.select(tables.grants).where(c.basis == "consent")
    if inside.grant_id is not None:
        return list(tx.execute(query.where(c.grant_id == inside.grant_id)))
    names = [str(one) for one in consent.office.vault.aliases(tx, inside.subject)]
    theirs = query.where(sa.or_(c.subject.in_(names), c.guardian.in_(names)), c.since >= inside.since)
    return list(tx.execute(theirs.order_by((c.state == "given").desc(), c.since.desc()).limit(SHOWN)))


def _name(tx: sa.Connection, row: sa.Row[Any]) -> str:
    """Who was to know; a notice that was changed by hand keeps nobody from withdrawing."""
    try:
        return version_of(tx, row).notice.name
    except Tampered:
        return str(row.recipient)


def _reviewed(tx: sa.Connection, names: Sequence[str], since: datetime) -> list[str]:
    """Emergency disclosures that two people have looked at (PIPL art. 18: told once the emergency is over)."""
    g, e = tables.grants.c, tables.emergencies.c
    query = sa.select(e.grant_id).join(tables.grants, g.grant_id == e.grant_id)
    return list(tx.scalars(query.where(g.subject.in_(names), g.since >= since, e.state != "due").limit(SHOWN)))


def _tried(tx: sa.Connection, names: Sequence[str], since: datetime) -> int:
    c = audit.c
    asked = (
        c.subject.in_(names),
        c.action == "consent.use",
        c.decision == "refused",
        c.reason != "source",
        c.at >= since,
    )
    return int(tx.scalar(sa.select(sa.func.count()).where(*asked)) or 0)
