"""The numbers in one line of a page, in the forms that pages of the world use.

Rules held here:
- China's forms (mainland.py) go before those of other countries (abroad.py) where the page or the line is Chinese.
- `a / b` lists inherit the area code: 021-38784800/68674800 are two numbers of Shanghai. Where the second is but its
  last one to four digits, it inherits the rest: 021-3878 4800 / 4801.
- What is masked, counted or a day is no number.
- `digits` are as printed, without extension, without `(0)` behind a country code; letters by the keypad.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from haoma.guard.extract.abroad import Readings, foreign, vanity
from haoma.guard.extract.candidate import MAINLAND, Candidate, digits_of, within
from haoma.guard.extract.mainland import CHINESE_SHAPE, LOCAL, YEARS, chinese, short
from haoma.guard.extract.plain import flat, possible
from haoma.guard.extract.words import LABELLED

__all__ = ["candidates", "exchange", "in_exchange"]

NEXT = re.compile(r"\s{0,2}(?:/|,|;|、|，|&|or|and|或|和)\s{0,2}(\d[\d\- .]{4,9}\d)(?![\d.@%])")
TAIL = re.compile(r"\s{0,2}(?:/|、|或)\s{0,2}(\d{2,4}|(?<=/)\d)(?=\s{0,2}(?:[/、，,。；;)）|｜]|$))")
LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)(?P<own>[2-8]\d{6,7})")
OFFICE = re.compile(  # a label that is a part of a house: 校长室：7226101
    r"[\u3400-\u9fff](?:[室处處科部台臺所队隊院股厅廳局站组組办辦]|中心|柜台|门店|前台|养老|医保|窗口)\s?[:：]$"
)
SHORTEST = 6  # digits: service codes
COUNTED = re.compile(r"\d|\s?(?:[元件次条份名户％%万亿]|[个個](?!人)|人(?!工))")
COUNTING = re.compile(
    r"(?:人数|数量|销量|流量|阅读|浏览|点赞|播放|已售|人气|热度|评论|收藏|粉丝|关注|访问|点击|(?<!公)共|(?<!预)约|[逾第])\s?[:：]?\s?$"
)
HAN = re.compile(r"[\u3400-\u9fff]")
MASKED = re.compile(  # each run of digits or signs is begun with once, at its beginning
    r"(?:(?<![\d-])[\d-]++|(?<![*＊xX×•●]))[*＊xX×•●]{2,}+[\d-]*\d|(?<![\d-])-*+\d[\d-]*+[*＊×•●]{2,}"
)


def candidates(text: str, regions: Sequence[str], lead: str = "", readings: Readings | None = None) -> list[Candidate]:
    """The numbers in a line, in order; `regions` are the countries it may speak of, likeliest first.

    `lead` is what labels the line from outside: the cell to its left, the line above. `readings` are left for the page.
    """
    left = Readings() if readings is None else readings
    plain = flat(text)
    if not possible(plain):
        return []
    found: list[Candidate] = []
    if MAINLAND in regions[:1] or HAN.search(plain) or (MAINLAND in regions and CHINESE_SHAPE.search(plain)):
        found.extend(chinese(plain, re.sub(r"\d", "", flat(lead))))
    for region in regions[:1]:
        found.extend(short(plain, lead, region))
    abroad = [region for region in regions if region != MAINLAND]
    for each in (*vanity(plain, left), *foreign(plain, abroad, found, left)):
        if all(each.end <= other.start or each.start >= other.end for other in found):
            found.append(each)
    masked = [hit.span() for hit in MASKED.finditer(plain)]
    found = [one for one in found if not (within(masked, (one.start, one.end)) or _counts(plain, one))]
    found.sort(key=lambda one: one.start)
    return [one for first in found for one in (first, *_next(plain, first, found))]


def _counts(text: str, one: Candidate) -> bool:
    """Whether digits tell how many, or the day: a short number between words of counting, eight that are a date."""
    if len(one.digits) > SHORTEST:
        return one.uri is None and YEARS.fullmatch(text, one.start, one.end) is not None
    return (
        COUNTED.match(text, one.end) is not None or COUNTING.search(text, max(0, one.start - 8), one.start) is not None
    )


def exchange(one: Candidate) -> str:
    """The first four digits of a landline behind its area code, if it has one, and how many follow; empty of others.

    >>> [exchange(one) for one in candidates("电话：021-38784800，传真：7226100", ["CN"])]
    ['3878-4', '7226-3']
    """
    landline = LANDLINE.fullmatch(one.digits)
    own = landline["own"] if landline else one.digits if LOCAL.fullmatch(one.digits) else ""
    return f"{own[:4]}-{len(own) - 4}" if own else ""


def in_exchange(text: str, known: Collection[str]) -> list[Candidate]:
    """The numbers that a line has without area code, where landlines of `known` exchanges stand on the page.

    Houses have rows of numbers: where one is said to be a telephone, those of its exchange are. So are digits as many
    as its, behind the colon of a label, or alone on a line where they begin as it does.
    """
    found: list[Candidate] = []
    plain = flat(text)
    for hit in LOCAL.finditer(plain):
        if _is_local(plain, hit, known):
            one = Candidate(hit.start("digits"), hit.end("digits"), digits_of(hit["digits"]), None, MAINLAND)
            found += [one, *_next(plain, one, found)]
    return found


def _is_local(plain: str, hit: re.Match[str], known: Collection[str]) -> bool:
    digits, before = digits_of(hit["digits"]), plain[: hit.start("digits")].rstrip()
    if f"{digits[:4]}-{len(digits) - 4}" in known:
        return True
    alike = [one for one in known if one.endswith(f"-{len(digits) - 4}")]
    if not alike or YEARS.match(hit["digits"]):
        return False
    alone = hit.group().strip() == plain.strip() and any(one[0] == digits[0] for one in alike)
    labelled = before[-1:] in (":", "：") and (LABELLED.search(before[-40:]) or OFFICE.search(before[-40:])) is not None
    return alone or labelled


def _next(text: str, first: Candidate, found: Sequence[Candidate]) -> Iterator[Candidate]:
    """The further numbers of a list that has its area code once."""
    at = first.end
    while listed := _tail(text, at, first) or NEXT.match(text, at):
        digits, least = digits_of(listed.group(1)), 1 if listed.re is TAIL else 6
        start, end = listed.span(1)
        if any(other.start < end and start < other.end for other in found):
            return
        if not least <= len(digits) < len(first.digits):
            return
        whole = first.digits[: -len(digits)] + digits
        uri = (
            None
            if first.uri is None
            else first.uri[: -len(digits)] + digits
            if first.uri[-len(digits) :].isdigit()
            else None
        )
        yield Candidate(start, end, whole, uri, first.region)
        at = end


def _tail(text: str, at: int, first: Candidate) -> re.Match[str] | None:
    """What stands for another number of a landline's row: its last digits alone."""
    printed = digits_of(text[first.start : first.end])
    landline = (first.digits[0] == "0" or LOCAL.fullmatch(first.digits)) and printed.endswith(first.digits[-4:])
    return TAIL.match(text, at) if landline else None
