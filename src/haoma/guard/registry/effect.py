"""What running an approved change of hotlines does, and who may ask for which field.

Rules held here:
- Public fields (number, purpose, channels, validity, whose it is) change by an approved request alone. A field of the
  company's own, such as who looks after a hotline, is asked for by who may `write` it: the policy in force says so of
  the requester, when it is requested and when it is run, whichever way the request came.
- A request is held against the registry when it is made and once more when it is run.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from haoma.access import Approval, Effect, Gate
from haoma.access.fields import FIELDS as CLASSES
from haoma.access.policy import Circumstances, Question
from haoma.access.rows import one_person, sound_roles
from haoma.guard.registry.applying import Reasons, apply
from haoma.guard.registry.changes import Change, changes_of
from haoma.guard.registry.planning import plan
from haoma.ledger.commitment import Commitments
from haoma.ledger.forms import Json

__all__ = ["OBJECT", "hotline_effect", "touched"]

OBJECT, PUBLIC = "hotline", "public"
_NAMES = {
    "mobile": "number",
    "shared": "number",
    "purposes": "purpose",
    "valid_from": "valid",
    "valid_until": "valid",
    "name": "organisation",
    "aliases": "organisation",
    "domains": "organisation",
}


def touched(change: Change) -> frozenset[str]:
    """The fields that a change is about, as the policy calls them; what stays empty is not touched."""
    return frozenset(_NAMES.get(name, name) for name, value in change.fields.items() if change.version or value)


def hotline_effect(gate: Gate, commitments: Commitments) -> Effect:
    """The effect of `change-hotline`."""

    def check(tx: sa.Connection, approval: Approval) -> None:
        changes, _ = changes_of(approval.payload)
        _require_rights(tx, gate, approval, changes)
        plan(tx, approval.tenant, changes, approval.requested_at)

    def inside(tx: sa.Connection, approval: Approval, now: datetime) -> Json:
        changes, reason = changes_of(approval.payload)
        steps = plan(tx, approval.tenant, changes, now)
        counts: dict[str, Json] = apply(tx, gate.log, commitments, steps, Reasons(approval, reason, now))
        return counts

    return Effect(inside, check=check)


def _require_rights(tx: sa.Connection, gate: Gate, approval: Approval, changes: list[Change]) -> None:
    """Raise Refused where the requester may not write a field that is not public."""
    fields = frozenset[str]().union(*map(touched, changes))
    own = sorted(name for name in fields if CLASSES[OBJECT].get(name) != PUBLIC)
    if not own:
        return
    roles = sound_roles(one_person(tx, approval.requester))
    # The request itself was decided on with all that is beside roles: two factors, one's own tenant.
    well = Circumstances(strong=True, in_case=False, same_tenant=True, scoped=True, own=False)
    for name in own:
        gate.policy(tx).decide(Question(False, roles, "write", OBJECT, name, well)).require()
