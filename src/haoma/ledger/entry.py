"""What the log holds: one event an entry, in a form that leaves no room for personal data.

Rules held here:
- An entry is RFC 8785 canonical JSON of `at`, `body`, `type` and `v`, at most 65,535 bytes (C2SP tlog-tiles).
- Each type says which fields its body has and of what form each is (forms.py); none is of free text.
- An entry is checked and then written by msgspec, which sorts keys and, of what the forms let pass, writes the one
  spelling there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from haoma.errors import BadInput
from haoma.ledger.bundles import LONGEST_ENTRY
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import FORMS, LARGEST, LONGEST_LIST, PATTERNS, Json, Passes, is_word, listed, time_text

if TYPE_CHECKING:
    import msgspec

__all__ = ["Entry", "EntryType", "Json", "decode", "encode", "json_schema"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class EntryType:
    """One type of entry: its name, and the form of each field of its body.

    A form is digest, commitment, word, time, uuid, count, ppm or flag; `*` behind it makes a list, `?` lets the field
    be left out.

    >>> EntryType("file.recorded", {"sha256": "digest", "bytes": "count"}).name
    'file.recorded'

    Raises BadInput for a name or form that is none.
    """

    name: str
    fields: Mapping[str, str]
    _plan: tuple[tuple[str, bool, Passes], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms = {form.rstrip("*?") for form in self.fields.values()}
        if not all(map(is_word, [self.name, *self.fields])) or not forms <= FORMS.keys():
            message = f"{self.name}: an entry type has words for names and its forms out of {', '.join(FORMS)}"
            raise BadInput(message)
        plan = [(name, form[-1] != "?", _passes(form)) for name, form in sorted(self.fields.items())]
        object.__setattr__(self, "_plan", tuple(plan))

    def check(self, body: Mapping[str, Json]) -> None:
        """Return if the body is of this type; otherwise raise BadInput, naming the field and never its value."""
        known = 0
        for name, needed, passes in self._plan:
            if name in body:
                if not passes(body[name]):
                    raise self._misfit(f"{name} is no {self.fields[name].rstrip('?').replace('*', ' list')}")
                known += 1
            elif needed:
                raise self._misfit(f"the body has no {name}")
        if known != len(body):
            raise self._misfit(f"{len(body) - known} fields of the body are not of this type")

    def _misfit(self, what: str) -> BadInput:
        hint = f"its fields are {', '.join(self.fields)}: digests, counts, times and words alone"
        return BadInput(f"{self.name}: {what}", hint=hint)


def _passes(form: str) -> Passes:
    one = FORMS[form.rstrip("*?")]
    return listed(one) if "*" in form else one


class Entry(NamedTuple):
    """One event: its type, when it happened, and its body as the type says.

    >>> Entry("file.recorded", datetime(2026, 11, 22, tzinfo=UTC), {"bytes": 12}).type
    'file.recorded'
    """

    type: str
    at: datetime
    body: Mapping[str, Json]


def encode(entry: Entry, types: Mapping[str, EntryType]) -> bytes:
    """The bytes of an entry, as they are hashed into the log.

    Raises BadInput for an unknown type, a body that is not of its type, a time without a zone, or too many bytes.
    """
    known = types.get(entry.type)
    if known is None:
        message = "no entry type of this name is known here"
        raise BadInput(message, hint=f"types: {', '.join(sorted(types))}")
    known.check(entry.body)
    body = entry.body if type(entry.body) is dict else dict(entry.body)
    data = _encoder().encode({"at": _time(entry.at), "body": body, "type": known.name, "v": VERSION})
    if len(data) > LONGEST_ENTRY:
        message = f"{entry.type}: the entry has {len(data):,} bytes, at most {LONGEST_ENTRY:,} are allowed"
        raise BadInput(message, hint="write several entries")
    return data


def decode(data: bytes) -> Entry:
    """Read an entry back; raises BadInput where the bytes are not those of an entry in canonical form."""
    try:
        found = json.loads(data)
        entry = Entry(found["type"], datetime.fromisoformat(found["at"]), found["body"])
        known = found["v"] is not True and found["v"] == VERSION and found.keys() == {"at", "body", "type", "v"}
        same = known and canonical(found) == data
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        same = False
    if not (same and is_word(entry.type) and FORMS["time"](found["at"]) and isinstance(entry.body, dict)):
        message = f"these {len(data):,} bytes are no entry of version {VERSION}"
        raise BadInput(message)
    return entry


def json_schema(types: Iterable[EntryType]) -> dict[str, object]:
    """The JSON Schema (2020-12) of every entry of these types, for readers in other languages."""
    forms: dict[str, object] = {name: {"type": "string", "pattern": f"^{p}$"} for name, p in PATTERNS.items()}
    forms |= {
        "count": {"type": "integer", "minimum": 0, "maximum": LARGEST},
        "ppm": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
        "flag": {"type": "boolean"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": forms,
        "oneOf": [_type_schema(one) for one in types],
    }


def _type_schema(one: EntryType) -> dict[str, object]:
    body = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _form_schema(form.rstrip("?")) for name, form in one.fields.items()},
        "required": [name for name, form in one.fields.items() if not form.endswith("?")],
    }
    properties = {"at": {"$ref": "#/$defs/time"}, "body": body, "type": {"const": one.name}, "v": {"const": VERSION}}
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": sorted(properties)}


def _form_schema(form: str) -> dict[str, object]:
    if form.endswith("*"):
        return {"type": "array", "maxItems": LONGEST_LIST, "items": _form_schema(form[:-1])}
    return {"$ref": f"#/$defs/{form}"}


@cache
def _encoder() -> msgspec.json.Encoder:
    import msgspec

    return msgspec.json.Encoder(order="deterministic")


def _time(at: datetime) -> datetime | str:
    """The time in UTC; as text where msgspec would leave out a fraction of zero."""
    if at.tzinfo is not UTC:
        if at.utcoffset() is None:
            message = "the time of an entry has no zone"
            raise BadInput(message, hint="datetime.now(UTC) has one")
        at = at.astimezone(UTC)
    return at if at.microsecond and type(at) is datetime else time_text(at)
