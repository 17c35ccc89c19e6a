"""What a proposal asks for: changes with a reason, as the JSON that is approved, both ways.

Rules held here:
- A change names what it is of by UID, and the version that was seen; a new thing brings its UID, and version 0. So what
  is approved is run against what was looked at, or not at all.
- One proposal touches each thing once. It has a reason, and neither reason nor names show a person's number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from haoma.errors import BadInput
from haoma.guard.registry.model import Hotline, Organisation, check_uid
from haoma.guard.registry.states import FIELDS, hotline_state, organisation_state
from haoma.ledger.forms import Json, time_text
from haoma.lineage.personal import require_impersonal

__all__ = [
    "ACTION",
    "MOST",
    "Change",
    "Do",
    "added",
    "changed",
    "changes_of",
    "check_texts",
    "payload_of",
    "retired",
]

ACTION = "change-hotline"
MOST = 2_000
LONGEST_REASON = 1_000


class Do(StrEnum):
    """What is done, and to what."""

    ADD_ORGANISATION = "add-organisation"
    CHANGE_ORGANISATION = "change-organisation"
    ADD = "add-hotline"
    CHANGE = "change-hotline"
    RETIRE = "retire-hotline"

    @property
    def kind(self) -> str:
        """What it is done to: an organisation or a hotline."""
        return self.partition("-")[2]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to be done. `fields` is the whole state of a new thing, and else what of it is to be otherwise."""

    do: Do
    uid: str
    version: int
    fields: Mapping[str, Json]


def added(one: Organisation | Hotline) -> Change:
    """That this be added."""
    if isinstance(one, Organisation):
        return Change(Do.ADD_ORGANISATION, one.uid, 0, organisation_state(one))
    return Change(Do.ADD, one.uid, 0, hotline_state(one))


def changed(before: Organisation | Hotline, after: Organisation | Hotline) -> Change | None:
    """That the one become the other; None where that is the same."""
    if isinstance(before, Organisation) and isinstance(after, Organisation):
        do, was, will = Do.CHANGE_ORGANISATION, organisation_state(before), organisation_state(after)
    elif isinstance(before, Hotline) and isinstance(after, Hotline):
        do, was, will = Do.CHANGE, hotline_state(before), hotline_state(after)
    else:
        raise BadInput("an organisation does not become a hotline, or a hotline one")
    fields = {name: value for name, value in will.items() if was[name] != value}
    return Change(do, before.uid, before.version, fields) if fields else None


def retired(one: Hotline, until: datetime | None = None) -> Change:
    """That this be retired at a moment, or when the proposal is run."""
    return Change(Do.RETIRE, one.uid, one.version, {"valid_until": None if until is None else time_text(until)})


def payload_of(changes: Sequence[Change], reason: str) -> Json:
    """A proposal as it is requested; raises BadInput where it is none."""
    said: list[Json] = [
        {"do": str(one.do), "fields": dict(one.fields), "uid": one.uid, "version": one.version} for one in changes
    ]
    payload: Json = {"changes": said, "reason": reason}
    changes_of(payload)
    return payload


def changes_of(payload: Json) -> tuple[list[Change], str]:
    """The changes of a proposal and its reason.

    Raises BadInput where it is none, Refused where it shows a personal number where none belongs.
    """
    said = payload if isinstance(payload, dict) else {}
    changes, reason = said.get("changes"), said.get("reason")
    if said.keys() != {"changes", "reason"} or not isinstance(changes, list) or not isinstance(reason, str):
        raise BadInput(f"a request to {ACTION} says changes and reason", hint="haoma hotline makes one")
    if not reason.strip() or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise BadInput("a change has a reason", hint=f"--reason, in 1 to {LONGEST_REASON:,} characters of one line")
    if not 0 < len(changes) <= MOST:
        raise BadInput(f"a request has {len(changes):,} changes; 1 to {MOST:,} are allowed", hint="make several of it")
    found = [_change(one) for one in changes]
    if len({one.uid for one in found}) < len(found):
        raise BadInput("one thing is changed twice", hint="once in a request")
    require_impersonal("hotline:", {"the reason": reason})
    for one in found:
        check_texts(one)
    return found, reason


def check_texts(change: Change) -> None:
    """Raise Refused where what a change says in words shows a personal number."""
    require_impersonal("hotline:", dict(_texts(change)))


def _change(said: Json) -> Change:
    if not isinstance(said, dict) or said.keys() != {"do", "fields", "uid", "version"}:
        raise BadInput("a change says do, uid, version and fields", hint="haoma hotline makes one")
    do, fields, version = said["do"], said["fields"], said["version"]
    if do not in set(Do) or not isinstance(fields, dict) or type(version) is not int:
        raise BadInput("a change does something that is known", hint=f"do: {', '.join(Do)}")
    change = Change(Do(str(do)), check_uid(said["uid"]), version, fields)
    known = FIELDS[change.do.kind]
    if change.do is Do.RETIRE:
        right = fields.keys() == {"valid_until"}
    else:
        right = fields.keys() == known if change.do.startswith("add-") else bool(fields) and fields.keys() <= known
    if not right or (version == 0) != change.do.startswith("add-") or version < 0:
        raise BadInput(
            f"this is no {do}: its fields or its version are not", hint=f"fields: {', '.join(sorted(known))}"
        )
    return change


def _texts(change: Change) -> list[tuple[str, str]]:
    """What a change says in words: all but the number of a hotline, which is public."""
    found = []
    for name, value in change.fields.items():
        if name not in {"number", "organisation", "valid_from", "valid_until"}:
            values = value if isinstance(value, list) else [value]
            found += [
                (name if one is value else f"{name} {n}", one)
                for n, one in enumerate(values, 1)
                if isinstance(one, str)
            ]
    return found
