"""Keeping a case's places for longer: what two others approved, for a recorded reason, and exactly those places.

Rules held here:
- A request names the case, the reason and each place. Exactly those that it names are kept for longer, as far as they
  are still there; a place that was kept since is not among them. Where none is left, nothing is run.
- Two years after a place was first kept it goes, approved or not. A request that was not run in time changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.access.approval import Approval, Effect
from haoma.access.rows import tenant_id_of
from haoma.errors import BadInput, NotFound, Refused
from haoma.ledger.forms import LONGEST_LIST, Json, is_word
from haoma.locate.kept.keeping import EXTENDED, USUAL
from haoma.locate.kept.places import LONGEST
from haoma.locate.kept.tables import case_places
from haoma.vault.audit import Event, time_text
from haoma.vault.model import SubjectToken, actor_name
from haoma.vault.service import Vault

__all__ = ["extending_effect", "places_to_extend"]

_c = case_places.c


def places_to_extend(tx: sa.Connection, case_id: str, at: datetime) -> list[str]:
    """The ids of the places of a case that are kept no longer than usual; raises NotFound where there is none."""
    usual = (_c.case_id == case_id, _c["class"] == USUAL, _c.until > at)
    found = list(tx.scalars(sa.select(_c.place_id).where(*usual).order_by(_c.kept_at)))
    if not found:
        raise NotFound("this case keeps no place that could be kept for longer", hint="haoma case places CASE")
    return found


def extending_effect(vault: Vault) -> Effect:
    """What running an approved exception from retention does."""

    def check(tx: sa.Connection, approval: Approval) -> None:
        _named(tx, approval, vault.now())

    def inside(tx: sa.Connection, approval: Approval, now: datetime) -> Json:
        rows = _named(tx, approval, now)
        case_id, reason, _ = _asked(approval)
        until = min(row.kept_at for row in rows) + LONGEST[EXTENDED]
        for row in rows:
            longer = {"class": EXTENDED, "until": row.kept_at + LONGEST[EXTENDED], "approval_id": approval.id}
            tx.execute(sa.update(case_places).where(_c.place_id == row.place_id).values(longer))
        subject, actor = SubjectToken.of_row(rows[0].subject), actor_name("person", approval.requester)
        event = Event(
            subject.tenant, actor, "place.extended", "allowed", reason, now, subject, rows[0].purpose, "sharing"
        )
        told: dict[str, Json] = {
            "case": case_id,
            "approval": approval.id,
            "places": len(rows),
            "until": time_text(until),
        }
        vault.audit.record(tx, event, "place.extended", **told)
        return {"case": case_id, "places": len(rows), "until": time_text(until)}

    return Effect(inside, check=check)


def _named(tx: sa.Connection, approval: Approval, at: datetime) -> Sequence[sa.Row[Any]]:
    """The places that a request names and that are still there; all of one case, whose tenant is the requester's."""
    case_id, _, places = _asked(approval)
    usual = (_c.case_id == case_id, _c["class"] == USUAL, _c.until > at, _c.place_id.in_(places))
    rows = tx.execute(sa.select(case_places).where(*usual).order_by(_c.kept_at)).all()
    if not rows:
        raise NotFound("none of these places is kept any more", hint="haoma vault retention extend asks for what is")
    if any(tenant_id_of(tx, SubjectToken.of_row(row.subject).tenant) != approval.tenant for row in rows):
        raise Refused("this is another tenant's", hint="the people of the tenant in the token ask for it")
    return rows


def _asked(approval: Approval) -> tuple[str, str, list[str]]:
    """Case, reason and places of a request; raises BadInput where it says anything else."""
    said = approval.payload if isinstance(approval.payload, dict) else {}
    case_id, reason, places = (said.get(name) for name in ("case", "reason", "places"))
    named = [one for one in places if isinstance(one, str)] if isinstance(places, list) else []
    whole = set(said) == {"case", "reason", "places"} and isinstance(places, list) and len(named) == len(places)
    if not (whole and isinstance(case_id, str) and 0 < len(named) <= LONGEST_LIST):
        raise BadInput(f"a request to {approval.action} says case, reason and places", hint=_HINT)
    if not isinstance(reason, str) or not is_word(reason):
        raise BadInput("a reason is a code", hint="words such as police-case, court-order, complaint")
    return case_id, reason, named


_HINT = "haoma vault retention extend CASE --reason WORD asks for it"
