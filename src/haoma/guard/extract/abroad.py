"""Numbers of other countries: runs of digits cut so that most belong to numbers.

Rules held here:
- A number is what libphonenumber holds valid for a country that the page speaks of; what it does not may still be a
  number where a label says so, and then has no URI.
- Groups of digits are parted into numbers so that most digits belong to one: two numbers side by side are two.
- Dates, standards, postcodes, prices, addresses and parts of words are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

from haoma.guard.extract.candidate import Candidate, digits_of, within
from haoma.guard.extract.country import BY_CODE
from haoma.guard.extract.words import LABELLED
from haoma.numbers.world import is_possible, uri_of

__all__ = ["Readings", "foreign", "vanity"]

SEPARATORS = r"[\s\xa0()/.\-–—‐‑‒―−_·•~\[\]|]"
RUN = re.compile(rf"[+(\[]*(?<!\d)\d(?:{SEPARATORS}{{0,4}}[(]?\d)*")
OPENED = re.compile(r"[+(\[]+$")
GROUP = re.compile(r"\d+")
VANITY = re.compile(
    r"(?<![\w.])(?:\+?1[-. ]{1,2})?\(?([2-9]\d\d)(?:\)[-. ]?|[-. ]{1,2}|(?=[A-Z]))(?:\d{1,4}[-. ]?)?[A-Z]{1,9}(?:[-. ][A-Z]{2,9}){0,2}(?:[-. ]?\d{1,4})?(?![\w])"
)
RANGE = re.compile(
    r"\d{5}\s?[-–]\s?\d{5}$|(?:\d{1,3}\.){3}\d{1,3}$|\d{1,3}\.\d{5,}$|\d{4}\s?[-–/]\s?\d{4}$|(?:19|20)\d\d[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./](?:19|20)\d\d"
)
SHAPE = re.compile(r"\(\d{2,5}\)\s?\d{2,4}[- .]\d{2,4}$")
STANDARD = re.compile(
    r"(?:(?<![A-Za-z])[A-Z]{1,4}\d{0,2}/[A-Z]{1,2}|(?<![A-Za-z])(?:GB|JB|HG|QB|YY|ISO|IEC|DIN|ASTM))\s?$"
)
DATE = re.compile(r"(?<![\d-])(?:19|20)\d\d(?P<dash>[-./])(?:0?[1-9]|1[0-2])(?P=dash)(?:0?[1-9]|[12]\d|3[01])(?![\d-])")
TIME = re.compile(r"(?<![\d:])\d{1,2}:\d\d(?![\d:])")
ZIP_PLUS = re.compile(r"\b[A-Z]{2}\.?,?\s{1,3}$")
KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
TOLL_FREE = frozenset("800 833 844 855 866 877 888 900".split())
EXTENSION = re.compile(
    r"[\s,;.(-]{0,3}(?:ext(?:ension|n)?s?|x|#|转|轉|分机|poste|durchwahl)\s{0,2}[.:#-]?\s{0,2}\d{1,6}", re.IGNORECASE
)
AFTER_WORD = re.compile(
    r"(?:\b(?:or|and|at|on)|\b[A-Za-z]*(?:el|on|one|ax|ell|ob|ile|no|all|ne|us|ine))$", re.IGNORECASE
)
IN_PATH = re.compile(r"[\w.]/$")
MOST = 20_000  # questions to libphonenumber for one page, each some 50 microseconds
LONG_RUN = 60  # digits: what is longer is data
HAN = re.compile(r"[\u3400-\u9fff]")
_uri = lru_cache(maxsize=16_384)(uri_of)


@dataclass(slots=True)
class Readings:
    """How often libphonenumber may still be asked for one page, whether it knew the answer already or not."""

    left: int = MOST

    def take(self, many: int) -> bool:
        """Take so many, if they are left."""
        self.left -= many
        return self.left >= 0


def foreign(text: str, regions: Sequence[str], known: Sequence[Candidate], readings: Readings) -> Iterator[Candidate]:
    """Numbers of other countries, but of runs of digits that are `known` whole, and not of days and hours."""
    spans = [(one.start, one.end) for one in known]
    dates = [told.span() for form in (DATE, TIME) for told in form.finditer(text)]
    for run in RUN.finditer(text):
        if not _stands_free(text, run.start(), run.end()):
            continue
        groups = [(hit.start() + run.start(), hit.end() + run.start()) for hit in GROUP.finditer(run.group())]
        if all(within(spans, group) for group in groups):
            continue
        if sum(end - start for start, end in groups) <= LONG_RUN:
            for dated, part in groupby(groups, lambda group: within(dates, group)):
                yield from () if dated else _parted(text, list(part), regions, readings)


def vanity(text: str, readings: Readings) -> Iterator[Candidate]:
    """Numbers of North America with letters for digits: 303.333.PAUL."""
    for match in VANITY.finditer(text):
        if not readings.take(1):
            return
        digits = digits_of(match.group().translate(KEYPAD))
        core = digits.removeprefix("1") if len(digits) > 10 and digits[0] == "1" else digits
        known = _uri(core[:10], "US")
        letters = len(re.findall(r"[A-Z]", match.group()))
        if known and letters >= 3 and (len(core) == 10 or core[:3] in TOLL_FREE):
            yield Candidate(match.start(), match.end(), core[:10], known, "US")


def _stands_free(text: str, start: int, end: int) -> bool:
    """Whether digits are no part of a word, an address or a longer code."""
    before, behind = text[max(0, start - 1) : start], text[end : end + 1]
    if before == "/" and (IN_PATH.search(text[max(0, start - 3) : start]) and behind == "/"):
        return False
    if before and (
        before in "@$€£¥#&=%\\"
        or (
            before.isalpha()
            and text[start] not in "+("
            and not HAN.match(before)
            and not AFTER_WORD.search(text[max(0, start - 30) : start])
        )
    ):
        return False
    return not (
        behind
        and (
            behind in "@%"
            or (
                behind.isascii()
                and behind.isalpha()
                and not EXTENSION.match(text, end)
                and behind not in "FfTtPpMmEeCcWwx"
            )
        )
    )


def _parted(
    text: str, groups: list[tuple[int, int]], regions: Sequence[str], readings: Readings
) -> Iterator[Candidate]:
    """The numbers that most digits of a run belong to: the best way to cut it at its gaps."""
    best: list[tuple[float, Candidate | None, int]] = [(0.0, None, 0)]
    for last in range(1, len(groups) + 1):
        options: list[tuple[float, Candidate | None, int]] = [(best[last - 1][0], None, last - 1)]
        for first in range(max(0, last - 8), last):
            read = _reading(text, groups[first:last], regions, readings)
            if read is not None:
                options.append((best[first][0] + read[0], read[1], first))
        best.append(max(options, key=lambda option: option[0]))
    found, at = [], len(groups)
    while at:
        _, one, before = best[at]
        if one is not None:
            found.append(one)
        at = before
    yield from reversed(found)


def _reading(
    text: str, groups: list[tuple[int, int]], regions: Sequence[str], readings: Readings
) -> tuple[float, Candidate] | None:
    """What some groups of digits are as one number, and how good a reading it is."""
    start, end = groups[0][0], groups[-1][1]
    parts = [text[first:last] for first, last in groups]
    count = sum(map(len, parts))
    if (
        not 7 <= count <= 16
        or RANGE.match(text, start, end)
        or (len(parts[0]) == 5 and ZIP_PLUS.search(text[max(0, start - 8) : start]))
        or STANDARD.search(text[max(0, start - 8) : start])
    ):
        return None
    if not readings.take(len(regions) + 1):
        return None
    opened = OPENED.search(text, max(0, start - 4), start)
    begin = start - len(opened.group()) if opened else start
    plus = "+" in text[begin:start]
    if plus and len(parts) > 1 and parts[1] == "0" and "(0)" in text[start:end]:
        parts.pop(1)
    digits = "".join(parts)
    labelled = LABELLED.search(text[max(0, begin - 40) : begin]) is not None
    if count < 8 and not labelled:
        return None
    uri, region, worth = _known(digits, parts, plus, labelled, regions)
    if uri is None:
        if not (
            7 <= len(digits) <= 13
            and len(parts) <= 5
            and (labelled or SHAPE.match(text[begin:end]) or (plus and is_possible(digits)))
        ):
            return None
        worth = 0.4
    spaced = sum(last - first for (_, first), (last, _) in pairwise(groups))
    if "/" in text[start:end] and not (labelled or (uri or "").startswith("tel:+1")):
        return None
    listed = 1.0 if "/" in text[start:end] else 0.0
    return worth * count - 1.5 - listed - 0.3 * spaced, Candidate(begin, end, digits, uri, region)


def _known(
    digits: str, parts: list[str], plus: bool, labelled: bool, regions: Sequence[str]
) -> tuple[str | None, str | None, float]:
    """(URI, country, worth) of digits; the country is None for one written with its code."""
    if plus:
        return _uri(digits, None), None, 1.2
    for prefix in ("00", "011"):
        if digits.startswith(prefix) and (uri := _uri(digits.removeprefix(prefix), None)):
            return uri, None, 1.1
    for place, region in enumerate(regions):
        if uri := _uri(digits, region):
            return uri, region, 1.0 - 0.02 * place
    if "MX" in regions and digits.startswith("01") and (uri := _uri(digits[2:], "MX")):
        return uri, "MX", 1.0
    if len(digits) >= 10 and (labelled or parts[0] in BY_CODE) and (uri := _uri(digits, None)):
        return uri, None, 0.8
    return None, None, 0.0
