"""What is there about one subject: permissions and refusals, for whom the policy lets see them.

Rules held here:
- Seeing is a decision like any other: it is recorded, whatever the answer, and a refusal shows nothing.
- A token is for who may see the tokens of that tenant, or open a case about one; nobody else has a key made for asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from haoma.access import Asker, Thing
from haoma.consent import tables
from haoma.consent.ending import given
from haoma.consent.office import Office
from haoma.consent.reasons import refusal
from haoma.errors import NotFound
from haoma.numbers import Number
from haoma.vault.model import SubjectToken

__all__ = ["Shown", "receipt_of", "show", "token_of"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A subject's permissions and refusals, the newest first, as rows of their tables."""

    grants: list[sa.Row[Any]]
    refusals: list[sa.Row[Any]]


def show(office: Office, by: Asker, subject: SubjectToken) -> Shown:
    """Everything about a subject; raises Refused where the policy does not let the asker see it."""
    names = _let(office, by, subject)
    g, r = tables.grants.c, tables.refusals.c
    with office.store.read() as tx:
        grants = list(tx.execute(sa.select(tables.grants).where(g.subject.in_(names)).order_by(g.since.desc())))
        query = sa.select(tables.refusals).where(r.subject.in_(names)).order_by(r.refused_at.desc())
        return Shown(grants, list(tx.execute(query)))


def token_of(office: Office, by: Asker, tenant: str, number: Number) -> SubjectToken:
    """The token of a number, for who may know it; raises Refused where the policy does not let the asker."""
    at = office.now()

    def work(tx: sa.Connection) -> bool:
        tenant_id = office.tenant_id(tx, tenant)
        ways = [("see", Thing("subject", tenant_id, "token")), ("open-case", Thing("case", tenant_id))]
        decided = [(*way, office.gate.decide(tx, by, *way, at)) for way in ways]
        action, thing, decision = next((one for one in decided if one[2].allowed), decided[0])
        office.gate.record(tx, by, action, thing, decision, at)
        return decision.allowed

    if not office.store.write(work):
        raise refusal("policy")
    return office.subject(tenant, number)


def receipt_of(office: Office, by: Asker, grant_id: str) -> str:
    """The receipt of a consent again; raises as `show` does, and NotFound for no such consent."""
    with office.store.read() as tx:
        row = given(tx, grant_id)
    if row is None:
        raise NotFound("there is no such consent", hint="haoma consent show NUMBER lists them")
    _let(office, by, SubjectToken.of_row(row.subject))
    return str(row.receipt)


def _let(office: Office, by: Asker, subject: SubjectToken) -> list[str]:
    at = office.now()

    def work(tx: sa.Connection) -> list[str]:
        thing = Thing("subject", office.tenant_id(tx, subject.tenant), "grants", str(subject))
        decision = office.gate.decide(tx, by, "see", thing, at)
        office.gate.record(tx, by, "see", thing, decision, at)
        return [str(one) for one in office.vault.aliases(tx, subject)] if decision.allowed else []

    names = office.store.write(work)
    if not names:
        raise refusal("policy")
    return names
