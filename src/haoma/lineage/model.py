"""Facts and the activities that made them. Values only, no I/O.

Rules held here:
- A fact never changes. A correction is a new fact that supersedes the old one, and only one may.
- What is said of a person is sealed: a subject is public (`hotline:…`, `public:…`) or its values come as `Sealed`.
- A fact is made of facts that were there before it, so that ids ascend along every path and no path comes back.
- Printing a fact shows neither its value nor a number in its subject, source or name.
- Confidence is whole ppm; times carry a zone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from haoma.errors import BadInput, Refused, Tampered
from haoma.ledger.canonical import canonical
from haoma.ledger.entry import Json
from haoma.numbers.model import hide

__all__ = ["CERTAIN", "Activity", "Draft", "Fact", "Outcome", "Sealed", "Stage", "canonical_value", "digest"]

CERTAIN = 1_000_000
PUBLIC = ("hotline:", "public:")
DIGEST_BYTES = 32
LONGEST = {"subject": 200, "name": 100, "source": 500, "system": 200, "version": 200, "value": 65_535}


class Stage(StrEnum):
    """Where on its way a value is: coming into a system, kept there, between systems, in front of a person."""

    COLLECTION = "collection"
    STORAGE = "storage"
    TRANSPORT = "transport"
    DISPLAY = "display"


class Outcome(StrEnum):
    """How an activity ended."""

    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value that only the holder of the key can read."""

    data: bytes
    key_id: str

    def __repr__(self) -> str:
        return f"Sealed({len(self.data)} bytes, key {self.key_id})"


Value: TypeAlias = "str | Sealed | None"


@dataclass(frozen=True, slots=True)
class Activity:
    """One run of one version of some code: what made facts. `failure` names the kind of error, never its text.

    `activity_id` and `entry_id`, the ledger's entry that tells of it, are 0 until it is recorded; `run_id` is a UUID
    that the one who runs it gives, once.
    """

    name: str
    code_digest: str
    system: str
    stage: Stage
    started_at: datetime
    ended_at: datetime
    version: str = ""
    run_id: str = ""
    outcome: Outcome = Outcome.COMPLETED
    failure: str | None = None
    activity_id: int = 0
    entry_id: int = 0

    def __post_init__(self) -> None:
        _short("name", self.name)
        _short("system", self.system)
        _short("version", self.version, least=0)
        _hexadecimal("code_digest", self.code_digest)
        _aware("started_at", self.started_at)
        _aware("ended_at", self.ended_at)
        if self.ended_at < self.started_at:
            message = f"activity {hide(self.name)} ends before it starts"
            raise BadInput(message, hint="take both times from one clock")
        object.__setattr__(self, "stage", Stage(self.stage))
        object.__setattr__(self, "run_id", _uuid(self.run_id or str(uuid.uuid5(uuid.NAMESPACE_OID, repr(self)))))


@dataclass(frozen=True, slots=True, repr=False)
class Draft:
    """A fact before it is recorded.

    `parents` are ids of recorded facts, or drafts that stand earlier in the same batch. `value` is any JSON value as
    canonical text (`canonical_value`), `Sealed`, or None where only its digest is known. Digests are 64 hexadecimal
    digits over the value before and after this step; a clear value has its own `output_digest`.

    Raises BadInput for what is malformed, Refused for a clear value of somebody who is not public.
    """

    subject: str
    name: str
    value: Value
    source: str
    stage: Stage
    observed_at: datetime
    confidence: int = CERTAIN
    parents: tuple[int | Draft, ...] = ()
    input_digest: str | None = None
    output_digest: str | None = None
    supersedes: int | None = None

    def __post_init__(self) -> None:
        for field in ("subject", "name", "source"):
            _short(field, getattr(self, field))
        _aware("observed_at", self.observed_at)
        object.__setattr__(self, "stage", Stage(self.stage))
        if isinstance(self.confidence, bool) or not 0 <= self.confidence <= CERTAIN:
            message = f"confidence {self.confidence} is not between 0 and {CERTAIN} ppm"
            raise BadInput(message, hint="0.85 is 850000 ppm")
        self._check_value()
        for field in ("input_digest", "output_digest"):
            if (given := getattr(self, field)) is not None:
                _hexadecimal(field, given)

    def _check_value(self) -> None:
        if isinstance(self.value, str):
            if not is_public(self.subject):
                message = f"a clear value of {self.name} for a subject that is not public"
                raise Refused(
                    message, hint="seal it: Sealed(bytes, key_id); public subjects begin with hotline: or public:"
                )
            _canonical(self.value)
            own = digest(self.value)
            if self.output_digest not in {None, own}:
                message = f"the value of {self.name} is not what output_digest says"
                raise BadInput(message, hint="leave output_digest out: a clear value has its own")
            object.__setattr__(self, "output_digest", own)
        elif self.value is None and self.output_digest is None:
            message = f"a fact about {self.name} has neither value nor digest"
            raise BadInput(message, hint="give one of them")

    def __repr__(self) -> str:
        return f"Draft({hide(self.subject)} {hide(self.name)}, {self.stage}, from {hide(self.source)})"


@dataclass(frozen=True, slots=True, repr=False)
class Fact:
    """One recorded value: who or what it is about, where it is from, what it was made of.

    `entry_id` is the ledger's entry that commits to it; `commitment` is the text that stands there.
    """

    fact_id: int
    subject: str
    name: str
    value: Value
    source: str
    stage: Stage
    activity_id: int
    observed_at: datetime
    recorded_at: datetime
    confidence: int
    parents: tuple[int, ...]
    input_digest: str | None
    output_digest: str | None
    supersedes: int | None
    entry_id: int = 0
    commitment: str = ""

    def __repr__(self) -> str:
        shown = f"{hide(self.subject)} {hide(self.name)}, {self.stage}, from {hide(self.source)}"
        return f"Fact({self.fact_id}: {shown}, {self.confidence} ppm)"

    def json_value(self) -> Json:
        """The clear value as JSON; None where it is sealed or only its digest is known; raises Tampered for no JSON."""
        try:
            return json.loads(self.value) if isinstance(self.value, str) else None
        except (ValueError, RecursionError):
            message = f"the value of fact {self.fact_id} is not what was recorded"
            raise Tampered(message, hint="haoma trace --all names the first fact that differs") from None


def is_public(subject: str) -> bool:
    """Whether what is said of this subject may stand in clear: it is a hotline or a public thing, not a person."""
    return subject.startswith(PUBLIC)


def canonical_value(value: Json | Mapping[str, Json]) -> str:
    """A JSON value as the text that a fact holds (RFC 8785).

    >>> canonical_value({"uri": "tel:95588;phone-context=+86", "open": True})
    '{"open":true,"uri":"tel:95588;phone-context=+86"}'
    """
    return canonical(dict(value) if isinstance(value, Mapping) else value).decode()


def digest(value: str, key: bytes | None = None) -> str:
    """The digest of a canonical value; what is said of a person takes a key, for numbers are few enough to be tried.

    >>> digest(canonical_value("tel:95588;phone-context=+86"))[:16]
    'f34e03503eb1d0da'
    """
    data = value.encode()
    return hmac.digest(key, data, "sha256").hex() if key else hashlib.sha256(data).hexdigest()


def numbered(activity: Activity, activity_id: int, entry_id: int) -> Activity:
    """The same activity under the ids it was recorded with."""
    return replace(activity, activity_id=activity_id, entry_id=entry_id)


def _short(field: str, text: str, least: int = 1) -> None:
    if not least <= len(text) <= LONGEST[field] or not text.isprintable():
        message = (
            f"{field} has {len(text)} characters or some that do not print; {least} to {LONGEST[field]} are allowed"
        )
        raise BadInput(message)


def _hexadecimal(field: str, text: str) -> None:
    if re.fullmatch(r"[0-9a-f]{64}", text, re.ASCII) is None:
        message = f"{field} is no SHA-256 digest"
        raise BadInput(message, hint="64 hexadecimal digits in lower case")


def _aware(field: str, at: datetime) -> None:
    if at.tzinfo is None:
        message = f"{field} has no zone"
        raise BadInput(message, hint="datetime.now(UTC) has one")


def _canonical(text: str) -> None:
    if len(text) > LONGEST["value"]:
        message = f"a value of {len(text):,} characters, at most {LONGEST['value']:,} are allowed"
        raise BadInput(message)
    try:
        same = canonical_value(json.loads(text)) == text
    except (ValueError, RecursionError):
        same = False
    if not same:
        message = "a value is no canonical JSON text"
        raise BadInput(message, hint="haoma.lineage.canonical_value makes one")


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        message = "run_id is no UUID"
        raise BadInput(message, hint="str(uuid.uuid4()) is one") from None
