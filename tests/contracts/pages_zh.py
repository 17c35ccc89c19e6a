"""How well numbers are found on Chinese pages written by hand, and bound to whose they are: tests/pages_zh.

Numbers are compared by digits, once a page; leading zeros, 00 and a country code on either side are forgiven. A fax
taken for a voice number, or a number that truth does not know, is a false alarm of finding. Whatever is accepted and is
not the organisation's is one of binding. `optional` numbers count neither way, `hidden` ones only where accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from haoma.guard.extract import mentions_of
from haoma.guard.model import Belongs, Mention, Names, Role

PAGES = Path(__file__).parent.parent / "pages_zh"
CODES = ("1", "44", "65", "81", "82", "86", "852", "853", "886")
SERVICE = re.compile(r"(?:9[56]\d{3,6}|1[0-2]\d{1,6})")
KINDS = ("numbers", "others", "fax", "others_fax", "hidden", "optional")

Kind = tuple[str, str]  # a list of truth, and the number as it stands there


@dataclass(frozen=True, slots=True)
class Page:
    """A page and what is true of it."""

    name: str
    part: str
    url: str | None
    names: Names
    known: tuple[tuple[Kind, frozenset[str]], ...]
    purposes: Mapping[Kind, str]

    @property
    def body(self) -> bytes:
        return (PAGES / self.name).read_bytes()

    def look(self, digits: str) -> Kind:
        """Which number of truth that is, or ("unknown", it)."""
        forms = keys(digits)
        found = (kind for kind, known in self.known if forms & known)
        return next(found, ("unknown", min(forms, key=lambda form: (len(form), form), default="")))

    def of(self, *kinds: str) -> set[Kind]:
        return {kind for kind, _ in self.known if kind[0] in kinds}


@dataclass(slots=True)
class Score:
    """Counts over pages, and each mistake as (page, what)."""

    found_tp: int = 0
    found_fp: int = 0
    found_fn: int = 0
    bound_tp: int = 0
    bound_fp: int = 0
    bound_fn: int = 0
    wrong_organisation: int = 0
    of_others: int = 0
    hidden: int = 0
    purposes: int = 0
    purposes_right: int = 0
    mistakes: list[tuple[str, str, Kind]] = field(default_factory=list)

    @property
    def found_f1(self) -> float:
        return 2 * self.found_tp / (2 * self.found_tp + self.found_fp + self.found_fn)

    @property
    def bound_f1(self) -> float:
        return 2 * self.bound_tp / (2 * self.bound_tp + self.bound_fp + self.bound_fn)

    @property
    def wrong(self) -> float:
        """The share of other organisations' numbers that is accepted."""
        return self.wrong_organisation / self.of_others

    def __str__(self) -> str:
        return (
            f"found {self.found_f1:.3f} ({self.found_tp} {self.found_fp} {self.found_fn}) "
            f"bound {self.bound_f1:.3f} ({self.bound_tp} {self.bound_fp} {self.bound_fn}) "
            f"wrong organisation {self.wrong_organisation} of {self.of_others} hidden {self.hidden} "
            f"purpose {self.purposes_right} of {self.purposes}"
        )


def keys(digits: str) -> frozenset[str]:
    """The digit strings that a number may be written as: without 0, 00 or a country code."""
    bare = re.sub(r"\D", "", digits).removeprefix("00")
    found = {bare.lstrip("0") or bare}
    for code in CODES:
        rest = bare.removeprefix(code).lstrip("0")
        if bare.startswith(code) and (
            (len(bare) >= 10 and len(rest) >= 8) or (code == "86" and SERVICE.fullmatch(rest))
        ):
            found.add(rest)
    return frozenset(found - {""})


@cache
def pages(part: str) -> tuple[Page, ...]:
    """The pages of a part, "seen" or "held"."""
    rows = (json.loads(line) for line in (PAGES / "truth.jsonl").read_text(encoding="utf-8").splitlines())
    return tuple(_page(row) for row in rows if row["part"] == part)


def _page(row: dict[str, object]) -> Page:
    alt = row.get("alt", {})
    known = tuple(
        ((kind, number), keys(number).union(*map(keys, alt.get(number, ()))))
        for kind in KINDS
        for number in row.get(kind, ())
    )
    page = Page(str(row["page"]), str(row["part"]), row["url"], Names(str(row["org"])), known, {})
    purposes = {page.look(number): purpose for number, purpose in row.get("purpose", {}).items()}
    return Page(page.name, page.part, page.url, page.names, known, purposes)


def ours(page: Page) -> list[Mention]:
    """What the product reads off a page: no content type, as from a file."""
    return mentions_of(page.body, url=page.url, names=page.names)


def scored(some: Iterable[Page], read: Callable[[Page], list[Mention]] = ours) -> Score:
    score = Score()
    for page in some:
        _count(score, page, [mention for mention in read(page) if re.search(r"\d", mention.digits)])
    return score


def _count(score: Score, page: Page, mentions: list[Mention]) -> None:
    looked = [(page.look(mention.digits), mention) for mention in mentions]
    voice = {kind for kind, mention in looked if mention.role is Role.VOICE}
    accepted = {k for k, mention in looked if mention.role is Role.VOICE and mention.organisation is Belongs.TARGET}
    wanted, own, others = page.of("numbers", "others"), page.of("numbers"), page.of("others", "others_fax")
    false = {kind for kind in voice if kind[0] in {"fax", "others_fax", "unknown"}}
    taken = {kind for kind in accepted if kind[0] not in {"numbers", "optional"}}
    score.found_tp += len(wanted & voice)
    score.found_fn += len(wanted - voice)
    score.found_fp += len(false)
    score.bound_tp += len(own & accepted)
    score.bound_fn += len(own - accepted)
    score.bound_fp += len(taken)
    score.wrong_organisation += len(others & accepted)
    score.of_others += len(others)
    score.hidden += sum(kind[0] == "hidden" for kind in accepted)
    given = {kind: mention.purpose for kind, mention in reversed(looked)}
    score.purposes += len(page.purposes)
    right = {kind for kind, purpose in page.purposes.items() if given.get(kind) == purpose}
    score.purposes_right += len(right)
    for what, kinds in (
        ("not found", wanted - voice),
        ("found", false),
        ("not bound", own - accepted),
        ("bound", taken),
        ("purpose", set(page.purposes) - right),
    ):
        score.mistakes += [(page.name, what, kind) for kind in sorted(kinds)]
