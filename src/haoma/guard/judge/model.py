"""What is seen, what is said of it, and how bad that is. Values only, no I/O.

Rules held here:
- A page is judged as it was at one moment: `Seen` names the snapshot, so that the same one is never counted twice.
- Three voices speak, and none of them for another one: the official site, a third party, a person who looked.
- A number that may be a person's own is held as a mask and a keyed token, and is in clear nowhere here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from haoma.ledger.canonical import canonical

__all__ = [
    "BAD",
    "Act",
    "Checked",
    "Finding",
    "Limits",
    "Seen",
    "Severity",
    "Shown",
    "SourceKind",
    "State",
    "Verdict",
    "Voice",
    "cause_of",
]


class Verdict(StrEnum):
    """What a look at a page says of one number there, or of one that is not there; or what counts say of a hotline."""

    MATCH = "match"
    WRONG_NUMBER = "wrong-number"
    WRONG_ORGANISATION = "wrong-organisation"
    STALE = "stale"
    MISSING = "missing"
    LOOKALIKE = "lookalike"
    UNUSUAL_COUNTS = "unusual-counts"
    CANNOT_TELL = "cannot-tell"


BAD = frozenset(Verdict) - {Verdict.MATCH, Verdict.CANNOT_TELL}
"""The verdicts that an incident is opened for."""


class Voice(StrEnum):
    """Who says it."""

    OFFICIAL = "official"
    HUMAN = "human"
    THIRD_PARTY = "third-party"


class SourceKind(StrEnum):
    """What kind of place a page is; or that no page is looked at, and calls and error reports are counted."""

    OFFICIAL = "official"
    PAGE = "page"
    PLATFORM = "platform"
    FEED = "feed"
    SUBMISSION = "submission"
    SHOPPER = "shopper"
    COUNTS = "counts"

    @property
    def voice(self) -> Voice:
        """Whose voice such a page is."""
        return Voice.OFFICIAL if self is SourceKind.OFFICIAL else Voice.THIRD_PARTY


class Severity(StrEnum):
    """How bad an incident is, the least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Severity).index(self)


class State(StrEnum):
    """How an incident stands."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: which page of which source, about which organisation (uid), and how it was answered.

    `digest` and `rendered_digest` are SHA-256 in hexadecimal of the page as it came and as it was shown, `screenshot`
    that of its picture. `status` is HTTP's.
    """

    snapshot: str
    source: str
    kind: SourceKind
    organisation: str
    url: str
    at: datetime
    digest: str
    status: int = 200
    rendered_digest: str | None = None
    screenshot: str | None = None

    @property
    def place(self) -> str:
        """Which page of the source it is: a source may have many."""
        return f"{self.source}/{hashlib.sha256(self.url.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as it may be kept: a text, masked where it may be a person's own, and a keyed token to tell it by."""

    text: str
    token: str
    personal: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says of a page. `hotline` is the uid of the one it is about; `shown` is None where none is there.

    `confidence` is whole ppm; `owner` the name that the number goes by on the page, `rule` the one that spoke.
    """

    verdict: Verdict
    rule: str
    hotline: str | None = None
    shown: Shown | None = None
    confidence: int = 1_000_000
    xpath: str = ""
    owner: str | None = None
    hidden: bool = False

    @property
    def bad(self) -> bool:
        """Whether something is wrong."""
        return self.verdict in BAD


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bad looks in a row open an incident, how many good ones close it, and for how long a no holds."""

    bad_looks: int = 2
    good_looks: int = 2
    quiet_days: int = 90


@dataclass(frozen=True, slots=True)
class Act:
    """Why something becomes of an incident, and when; `by` is the id of the person who does it, None of looks."""

    why: str
    at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one look: what was found, and the incidents that it opened or closed (ids).

    `new` is false for a snapshot that was checked before, of which nothing was counted again.
    """

    new: bool
    findings: tuple[Finding, ...] = ()
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def cause_of(organisation: str, source: str, finding: Finding) -> str:
    """What one incident is about: a hotline, a source, a kind of error and the number that is shown (SHA-256).

    What the number stands in the place of is a part of it, whoever's name it goes by is not.

    >>> cause_of("org-1", "map", Finding(Verdict.MISSING, "missing"))[:8]
    '7cc48898'
    """
    token = finding.shown.token if finding.shown else ""
    parts = [organisation, source, str(finding.verdict), finding.hotline or "", token]
    return hashlib.sha256(canonical(list(parts))).hexdigest()
