"""What the log holds: one event an entry, in a form that leaves no room for personal data.

Rules held here:
- An entry is RFC 8785 canonical JSON of `at`, `body`, `type` and `v`, at most 65,535 bytes (C2SP tlog-tiles).
- Each type says which fields its body has and of what form each is. There is no form for free text: digests,
  commitments, counts, times and words out of a closed alphabet are all that passes.
- A word holds at most six digits in a row: no phone number passes for one.
- Numbers are whole: confidence is ppm, money is fen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

from haoma.errors import BadInput
from haoma.ledger.bundles import LONGEST_ENTRY
from haoma.ledger.canonical import canonical

__all__ = ["FORMS", "Entry", "EntryType", "Json", "decode", "encode", "json_schema"]

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

VERSION = 1
LARGEST = 2**53 - 1  # RFC 8785 §3.2.2.3: what every JSON reader keeps exactly
LONGEST_LIST = 1_024

_WORD = r"(?!.*[0-9]{7})[a-z][a-z0-9._-]{0,63}"
_TIME = r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
PATTERNS = {
    "digest": r"[0-9a-f]{64}",
    "commitment": r"[a-z][a-z0-9-]{0,31}:[0-9a-f]{64}",
    "word": _WORD,
    "time": _TIME,
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
}


def _text(pattern: str) -> Callable[[Json], bool]:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def _whole(largest: int) -> Callable[[Json], bool]:
    return lambda value: type(value) is int and 0 <= value <= largest


FORMS: Mapping[str, Callable[[Json], bool]] = MappingProxyType(
    {name: _text(pattern) for name, pattern in PATTERNS.items()}
    | {"count": _whole(LARGEST), "ppm": _whole(1_000_000), "flag": lambda value: isinstance(value, bool)}
)


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

    def __post_init__(self) -> None:
        named = [self.name, *self.fields]
        forms = {form.rstrip("*?") for form in self.fields.values()}
        if not all(FORMS["word"](name) for name in named) or not forms <= FORMS.keys():
            message = f"{self.name}: an entry type has words for names and its forms out of {', '.join(FORMS)}"
            raise BadInput(message)

    def check(self, body: Mapping[str, Json]) -> None:
        """Raise BadInput, naming the field and never its value, where the body is not of this type."""
        unknown = sorted(map(repr, body.keys() - self.fields.keys()))
        if unknown:
            message = f"{self.name}: {len(unknown)} fields of the body are not of this type"
            raise BadInput(message, hint=f"its fields: {', '.join(self.fields)}")
        for name, form in self.fields.items():
            if name in body:
                _check(self.name, name, form.rstrip("?"), body[name])
            elif not form.endswith("?"):
                message = f"{self.name}: the body has no {name}"
                raise BadInput(message, hint=f"its fields: {', '.join(self.fields)}")


def _check(type_name: str, name: str, form: str, value: Json) -> None:
    if form.endswith("*"):
        fits = isinstance(value, list) and len(value) <= LONGEST_LIST and all(map(FORMS[form[:-1]], value))
    else:
        fits = FORMS[form](value)
    if not fits:
        message = f"{type_name}: {name} is no {form.replace('*', ' list')}"
        raise BadInput(message, hint="an entry holds digests, counts, times and words alone")


@dataclass(frozen=True, slots=True)
class Entry:
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
    data = canonical({"at": _time_text(entry.at), "body": dict(entry.body), "type": entry.type, "v": VERSION})
    if len(data) > LONGEST_ENTRY:
        message = f"{entry.type}: the entry has {len(data):,} bytes, at most {LONGEST_ENTRY:,} are allowed"
        raise BadInput(message, hint="write several entries")
    return data


def decode(data: bytes) -> Entry:
    """Read an entry back; raises BadInput where the bytes are not those of an entry in canonical form."""
    try:
        found = json.loads(data)
        entry = Entry(found["type"], datetime.fromisoformat(found["at"]), found["body"])
        same = found["v"] == VERSION and found.keys() == {"at", "body", "type", "v"} and canonical(found) == data
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        same = False
    if not same or not FORMS["word"](entry.type) or not FORMS["time"](found["at"]) or not isinstance(entry.body, dict):
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


def _time_text(at: datetime) -> str:
    if at.tzinfo is None:
        message = "the time of an entry has no zone"
        raise BadInput(message, hint="datetime.now(UTC) has one")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
