"""Desks and remote areas, and the rules that choose between them: pure, and about nobody.

Rules held here:
- The first that matches wins: of desks by language, region and hours, of remote areas by region. Where no desk
  matches, the fallback answers, open or not. An answer names the rule that it is from.
- A region is matched as coarsely as it is known: who is known to be in a province is in no city of it.
- A language is what the customer or their app chose. Nothing here makes one out of a region, or out of anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from haoma.errors import BadInput
from haoma.locate.routing.hours import Hours, is_open
from haoma.places import Level, Region, macro_region

__all__ = ["ANY", "Chosen", "Desk", "Remote", "Rules", "StoresFile", "covers", "language_tag", "shadowed"]

ANY = "*"
LONGEST_TAG = 35  # RFC 5646 §4.4.1
_TAG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who takes a call. Without `regions` it is for everywhere, without `hours` it is always open.

    `languages` are tags, or `*` for all; `contact` is how the call gets there: a queue, or a hotline of the company's.
    """

    id: str
    zh: str
    en: str
    languages: tuple[str, ...] = (ANY,)
    regions: tuple[Region, ...] = ()
    hours: tuple[Hours, ...] = ()
    contact: str = ""

    def takes(self, region: Region | None, language: str, at: datetime) -> bool:
        """Whether it takes the call of somebody there, in this language, at this moment."""
        here = not self.regions or (region is not None and any(covers(one, region) for one in self.regions))
        return here and _speaks(self.languages, language) and is_open(self.hours, at)


@dataclass(frozen=True, slots=True)
class Remote:
    """Where delivery takes longer, what to tell whoever is there, and how many days more it takes."""

    id: str
    zh: str
    en: str
    extra_days: int
    regions: tuple[Region, ...]


class StoresFile(NamedTuple):
    """A file of stores: the coordinates of rows that do not say theirs, names of columns that differ, and how near."""

    path: str
    coordinates: str
    columns: tuple[tuple[str, str], ...]
    within_m: float


class Chosen(NamedTuple):
    """What the rules say, each part with the rule that says so."""

    desk: Desk
    desk_rule: str
    is_open: bool
    notice: Remote | None
    notice_rule: str | None


@dataclass(frozen=True, slots=True)
class Rules:
    """A company's rules. `language` is taken for customers who chose none."""

    desks: tuple[Desk, ...]
    fallback: Desk
    remote: tuple[Remote, ...]
    language: str
    stores: StoresFile | None = None

    def choose(self, region: Region | None, language: str, at: datetime) -> Chosen:
        """The desk and the notice for whoever is in a region, None where it is not known.

        >>> from datetime import UTC
        >>> from haoma.places import named
        >>> here = Desk("hz", "杭州", "Hangzhou", ("zh",), (named("浙江"),))
        >>> rules = Rules((here,), Desk("all", "全国", "China"), (), "zh")
        >>> [rules.choose(one, "zh-CN", datetime.now(UTC)).desk_rule for one in (named("杭州"), named("上海"), None)]
        ['desks.hz', 'fallback', 'fallback']
        """
        spoken = language or self.language
        desk = next((one for one in self.desks if one.takes(region, spoken, at)), None)
        notice = None if region is None else next((one for one in self.remote if _in_any(one.regions, region)), None)
        return Chosen(
            desk or self.fallback,
            f"desks.{desk.id}" if desk else "fallback",
            desk is not None or is_open(self.fallback.hours, at),
            notice,
            f"remote.{notice.id}" if notice else None,
        )


def covers(rule: Region, known: Region) -> bool:
    """Whether whoever is in the region `known` is in that of a rule for sure.

    >>> from haoma.places import named
    >>> [covers(named(one), named("杭州")) for one in ("浙江", "杭州", "上海")], covers(named("杭州"), named("浙江"))
    ([True, True, False], False)
    """
    if rule.level is Level.MACRO_REGION:
        return rule.name == (known if known.level is Level.MACRO_REGION else macro_region(known.adcode)).name
    return rule.adcode in {known.adcode, known.parent}


def language_tag(text: str) -> str:
    """A language as BCP 47 has it, in small letters; raises BadInput for what is none.

    >>> language_tag("zh-Hant-HK")
    'zh-hant-hk'
    """
    if len(text) > LONGEST_TAG or _TAG.fullmatch(text) is None:
        raise BadInput("this is no language tag", hint="BCP 47: zh, en, yue, zh-Hant-HK")
    return text.lower()


def shadowed(desks: Sequence[Desk]) -> Iterator[tuple[Desk, Desk]]:
    """Desks that are never reached, each with the earlier one that takes all its calls."""
    for at, later in enumerate(desks):
        found = next((one for one in desks[:at] if _takes_all_of(one, later)), None)
        if found is not None:
            yield later, found


def _takes_all_of(earlier: Desk, later: Desk) -> bool:
    wide = not earlier.regions or (bool(later.regions) and all(_in_any(earlier.regions, one) for one in later.regions))
    return wide and not earlier.hours and all(_speaks(earlier.languages, one) for one in later.languages)


def _in_any(regions: Sequence[Region], known: Region) -> bool:
    return any(covers(one, known) for one in regions)


def _speaks(ranges: Sequence[str], tag: str) -> bool:
    """Basic filtering (RFC 4647 §3.3.1): zh takes zh-CN, and zh-TW does not take zh."""
    return any(one in {ANY, tag} or tag.startswith(f"{one}-") for one in ranges)
