"""What a request would change, field by field, for whoever is to approve it.

Rules held here:
- What there is now stands beside what is to be: the payload that is approved names UIDs and new values alone.
- It is told out of the payload and the registry as it is now; what was changed since is refused when it is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from haoma.guard.registry.changes import Change, Do
from haoma.guard.registry.model import Hotline, Organisation
from haoma.guard.registry.states import hotline_state, organisation_state
from haoma.ledger.forms import Json

__all__ = ["Difference", "differences"]

WHEN_RUN = "when it is run"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one thing: what is done, to what (by UID and name), and the field as it is and as it is to be."""

    do: str
    uid: str
    name: str
    field: str
    before: Json
    after: Json


def differences(
    changes: Sequence[Change], organisations: Sequence[Organisation], hotlines: Sequence[Hotline]
) -> Iterator[Difference]:
    """Every field that these changes make otherwise, in their order; of a new thing those that say something."""
    there: dict[str, Mapping[str, Json]] = {one.uid: organisation_state(one) for one in organisations}
    there |= {one.uid: hotline_state(one) for one in hotlines}
    new = {one.uid: one.fields for one in changes if not one.version}
    for change in changes:
        before = there.get(change.uid, {})
        whole = {**before, **change.fields}
        company = whole if change.do.kind == "organisation" else _company(str(whole.get("organisation")), there, new)
        for field, said in sorted(change.fields.items()):
            was, after = before.get(field), said or (WHEN_RUN if change.do is Do.RETIRE else said)
            if after != was and (change.version or after not in (None, False, "", [])):
                yield Difference(str(change.do), change.uid, str(company.get("name", "")), field, was, after)


def _company(
    uid: str, there: Mapping[str, Mapping[str, Json]], new: Mapping[str, Mapping[str, Json]]
) -> Mapping[str, Json]:
    return there.get(uid) or new.get(uid) or {}
