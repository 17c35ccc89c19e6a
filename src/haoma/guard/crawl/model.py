"""Sources, what is seen at them, and what a person has to do about them.

Rules held here:
- A source says who answers for it and what allows it to be read; a licensed feed without a licence on record is none.
- An address (URL) is http or https, without a password, and never one that holds what may be a person's own number.
- Nothing here reads a clock, a disk or a network.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from haoma.errors import BadInput
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.urls import checked

__all__ = ["KEPT", "LARGEST", "Drawn", "Kind", "Snapshot", "Source", "State", "Task", "TaskKind", "Undrawn"]

KEPT = timedelta(days=180)
LARGEST = 10_000_000  # bytes of a page, both as sent and unpacked
LONGEST = 200
BY_HAND = frozenset({"submission", "shopper"})


class Kind(StrEnum):
    """What a source is."""

    OFFICIAL = "official"
    PAGE = "page"
    PLATFORM = "platform"
    FEED = "feed"
    SUBMISSION = "submission"
    SHOPPER = "shopper"


class State(StrEnum):
    """How far a job is: one address of one visit."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class TaskKind(StrEnum):
    """Why a person is asked."""

    CAPTCHA = "captcha"
    FORBIDDEN = "forbidden"
    TOO_MANY = "too-many"
    SHOPPER = "shopper"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers are looked for.

    `organisation` is the UID of the one that the numbers are expected to belong to; `depth` how many links away from
    `url` is read, on its host alone; `delay_ms` the least between two requests to a host; `budget_per_day` requests,
    those of rendered pages included. A source with `every_s` None is visited when somebody asks.
    """

    id: str
    kind: Kind
    url: str
    owner: str
    authorisation: str
    organisation: str | None = None
    render: bool = False
    every_s: int | None = 86_400
    budget_per_day: int = 500
    depth: int = 0
    delay_ms: int = 1_000
    wait_for: str | None = None
    mapping: str | None = None
    added_at: datetime | None = None
    next_at: datetime | None = None
    good_at: datetime | None = None
    stopped_at: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        if self.kind not in BY_HAND:
            object.__setattr__(self, "url", checked(self.url))
        for name in ("owner", "authorisation"):
            _short(name, getattr(self, name), least=1 if name == "owner" or self.kind is Kind.FEED else 0)
        bounds = {"budget_per_day": (1, 1_000_000), "depth": (0, 20), "delay_ms": (0, 600_000)}
        for name, (least, most) in bounds.items():
            if not least <= getattr(self, name) <= most:
                raise BadInput(f"{name} is {getattr(self, name):,}; {least:,} to {most:,} are allowed")
        if self.every_s is not None and self.every_s < 60:
            raise BadInput(f"a source is visited every {self.every_s} s; 60 is the least", hint="a day is 86400")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was seen at an address once: what came, when, and the digests of it.

    `digest` is the SHA-256 of the body without its content encoding, `rendered_digest` of the page as a browser showed
    it (or, of a feed and a submission, as it is read), `screenshot` of its picture. `same_as` is the snapshot that
    holds the same body already. `leaf` is the digest in entry `entry_id` of the log.
    """

    id: str
    source: str
    url: str
    final_url: str
    fetched_at: datetime
    status: int
    content_type: str
    digest: str
    rendered_digest: str | None = None
    screenshot: str | None = None
    same_as: str | None = None
    visit: str | None = None
    kept_until: datetime | None = None
    held: bool = False
    leaf: str = ""
    entry_id: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture (PNG) that was drawn of a snapshot later, its SHA-256, and the entry of the log that has it."""

    png: bytes
    digest: str
    at: datetime
    entry_id: int


@dataclass(frozen=True, slots=True)
class Undrawn:
    """Why no picture could be drawn of a snapshot later, when that was tried, and the entry of the log that says so."""

    why: str
    at: datetime
    entry_id: int


@dataclass(frozen=True, slots=True)
class Task:
    """Something that only a person can do: get a host's leave, call a hotline, see why a page cannot be read."""

    id: str
    kind: TaskKind
    host: str | None
    source: str | None
    note: str
    opened_at: datetime
    done_at: datetime | None = None
    done_by: str | None = None


def _short(name: str, text: str, least: int) -> None:
    if not least <= len(text) <= LONGEST or not text.isprintable():
        raise BadInput(f"{name} has {len(text)} characters or some that do not print; {least} to {LONGEST} are allowed")
    if masked(text) != text:
        raise BadInput(
            f"{name} holds what may be a person's own number", hint="a department or a role, such as 客服中心"
        )
