"""What a change leaves behind of an organisation or a hotline: its state, as JSON, both ways.

Rules held here:
- A state holds all of it but the UID, and reading it back gives the same value.
- A field that is missing, not known or of another type is BadInput: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from haoma.errors import BadInput
from haoma.guard.model import Names
from haoma.guard.registry.model import Hotline, Organisation, check_hotline, check_organisation, moment_of, purpose_of
from haoma.ledger.forms import Json, time_text
from haoma.numbers.model import hide

__all__ = ["FIELDS", "hotline_of", "hotline_state", "organisation_of", "organisation_state"]

FIELDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "organisation": frozenset({"aliases", "domains", "name"}),
        "hotline": frozenset(
            {
                *("channels", "mobile", "number", "organisation", "owner", "purposes", "shared", "valid_from"),
                "valid_until",
            }
        ),
    }
)


def organisation_state(one: Organisation) -> dict[str, Json]:
    """What is kept of an organisation, beside its UID."""
    names = one.names
    return {"aliases": [*names.aliases], "domains": [*names.domains], "name": names.name}


def organisation_of(uid: str, state: Mapping[str, Json], tenant: str = "", version: int = 0) -> Organisation:
    """The organisation of a state; raises BadInput where that is none."""
    _known(state, FIELDS["organisation"])
    names = Names(_text(state, "name"), _texts(state, "aliases"), _texts(state, "domains"))
    return check_organisation(Organisation(uid, names, tenant, version))


def hotline_state(one: Hotline) -> dict[str, Json]:
    """What is kept of a hotline, beside its UID."""
    return {
        "channels": [*one.channels],
        "mobile": one.mobile,
        "number": one.uri,
        "organisation": one.organisation,
        "owner": one.owner,
        "purposes": [*sorted(map(str, one.purposes))],
        "shared": one.shared,
        "valid_from": time_text(one.valid_from),
        "valid_until": None if one.valid_until is None else time_text(one.valid_until),
    }


def hotline_of(uid: str, state: Mapping[str, Json], version: int = 0, fact: int = 0) -> Hotline:
    """The hotline of a state; raises BadInput where that is none."""
    _known(state, FIELDS["hotline"])
    until = state["valid_until"]
    found = Hotline(
        uid=uid,
        organisation=_text(state, "organisation"),
        uri=_text(state, "number"),
        purposes=frozenset(purpose_of(text) for text in _texts(state, "purposes")),
        channels=_texts(state, "channels"),
        valid_from=moment_of(_text(state, "valid_from")),
        valid_until=None if until is None else moment_of(_text(state, "valid_until")),
        owner=_text(state, "owner"),
        shared=_flag(state, "shared"),
        mobile=_flag(state, "mobile"),
        version=version,
        fact=fact,
    )
    return check_hotline(found)


def _known(state: Mapping[str, Json], fields: frozenset[str]) -> None:
    if state.keys() != fields:
        off = min(state.keys() ^ fields)
        message = f"the field {hide(off)[:40]!r} is missing, or not known"
        raise BadInput(message, hint=f"fields: {', '.join(sorted(fields))}")


def _text(state: Mapping[str, Json], name: str) -> str:
    value = state[name]
    if not isinstance(value, str):
        raise BadInput(f"{name} is no text")
    return value


def _texts(state: Mapping[str, Json], name: str) -> tuple[str, ...]:
    value = state[name]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"{name} is no list of texts")
    return tuple(str(one) for one in value)


def _flag(state: Mapping[str, Json], name: str) -> bool:
    value = state[name]
    if not isinstance(value, bool):
        raise BadInput(f"{name} is neither true nor false")
    return value
