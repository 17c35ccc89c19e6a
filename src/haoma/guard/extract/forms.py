"""The numbers in one line of a page, in the forms that pages of the world use.

Rules held here:
- China's forms are haoma's own grammar's. A foreign one is what libphonenumber holds valid for a country that the page
  speaks of; what it does not may still be a number where a label says so, and then has no URI.
- Groups of digits are parted into numbers so that most digits belong to one: two numbers side by side are two.
- `a / b` lists inherit the area code: 021-38784800/68674800 are two numbers of Shanghai. Where the second is but its
  last two to four digits, it inherits the rest: 021-3878 4800 / 4801.
- `digits` are as printed, without extension, without `(0)` behind a country code; letters by the keypad.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby, pairwise

from haoma.guard.extract.country import BY_CODE
from haoma.guard.extract.lines import lines_with
from haoma.guard.extract.words import LABELLED
from haoma.numbers import world
from haoma.numbers.service import parse
from haoma.numbers.text import find

__all__ = ["Candidate", "candidates", "exchange", "flat", "in_exchange", "perhaps", "possible"]

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
ZIP_PLUS = re.compile(r"\b[A-Z]{2}\.?,?\s{1,3}$")
KEYPAD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "22233344455566677778889999")
TOLL_FREE = frozenset("800 833 844 855 866 877 888 900".split())
NEXT = re.compile(r"\s{0,2}(?:/|,|;|、|，|&|or|and|或|和)\s{0,2}(\d[\d\- .]{4,9}\d)(?![\d.@%])")
TAIL = re.compile(r"\s{0,2}(?:/|、|或)\s{0,2}(\d{2,4}|(?<=/)\d)(?=\s{0,2}(?:[/、，,。；;)）|｜]|$))")
EXTENSION = re.compile(
    r"[\s,;.(-]{0,3}(?:ext(?:ension|n)?s?|x|#|转|轉|分机|poste|durchwahl)\s{0,2}[.:#-]?\s{0,2}\d{1,6}", re.IGNORECASE
)
AFTER_WORD = re.compile(
    r"(?:\b(?:or|and|at|on)|\b[A-Za-z]*(?:el|on|one|ax|ell|ob|ile|no|all|ne|us|ine))$", re.IGNORECASE
)
IN_PATH = re.compile(r"[\w.]/$")
LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)(?P<own>[2-8]\d{6,7})")
LOCAL = re.compile(r"(?:^|(?<=[：:\s]))\s{0,2}(?P<digits>[2-8]\d{2,3}[- ]?\d{4})(?=\s{0,2}(?:[、，,；;。/（(]|$))")
TELEPHONE = re.compile(
    r"(?:[电電]\s{0,4}[话話]|[热熱][线線]|[专專][线線]|座机|固话|总\s{0,4}机|[传傳]\s{0,4}真|\btel|\bfax)[\s:：.]{0,4}$",
    re.IGNORECASE,
)
YEARS = re.compile(r"(?:19|20)\d\d(?:[- ](?:19|20)\d\d|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))$")
LONG_RUN = 60  # digits: what is longer is data
MAINLAND = "CN"
HANZI_DIGITS = str.maketrans("Oo〇零○Ｏ一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "000000123456789112345678" + "9")
WRITTEN_OUT = re.compile(
    r"[〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖](?:[\s·\-]{0,2}[〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]){4,14}"
)
CHINESE_SHAPE = re.compile(
    r"(?<![\d+-])(?<!\d )(?:\(?0\d{2,3}\)?(?:[-—– ]{1,2}|/)\d{3,4}[- ]?\d{4}|\(0\d{2,3}\)\d{7,8}|[48]00([-_ ])\d{3}\1\d{4})(?![\d-]| \d)"
)
LOOKALIKE = re.compile(r"(?<!\w)(?=[48\d -]{0,12}[Oo])[48][0Oo]{2}([- ]?)[\dOo]{3}\1[\dOo]{4}(?!\w)")  # 4OO-855-O112
CODE = re.compile(r"(?<![\d.+-])(?:9[56]\d{3,6}|1[02]\d{3}|12\d{3})(?![\d.-](?!\d(?!\d)))")
# What is dialled for help in Taiwan and Hong Kong; no plan's numbers, so that they count behind a label alone.
SHORT = {
    "TW": re.compile(r"(?<![\d.+-])1\d{2,3}(?![\d.-])"),
    "HK": re.compile(r"(?<![\d.+-])(?:1[08]\d{2}|999)(?![\d.-])"),
}
CALLED = re.compile(r"\s{0,2}[\u4e00-\u9fff]{0,6}?(?:热线|專線|专线|熱線|电话|電話)")
DIALLED = re.compile(r"(?:[打拨是给](?:的是|的|了)?|[更换整级一改]为)\s?$")
SPACED = re.compile(r"(?<![\d.+-])(?<!\d )9( {1,2})[56](?:\1\d){3,4}(?![\d.-]| \d)")  # 9 5 5 8 8
MENU = re.compile(r"(9[56]\d{3}|1[02]\d{3})(?:-\d){1,2}")  # 95588-2: what to press then is none of the number
LISTED = re.compile(r"\s{0,2}(?:[/、,，|]|或|和)\s{0,2}")
SET_APART = re.compile(r"[\u3400-\u9fff][\s:：(（]{1,3}$")
UNCOUNTED = re.compile(r"\s{0,2}(?:[)）,，、。;；/|]|$|(?![元人个個台户件次%％万亿年月日号號米平分])[\u3400-\u9fff])")
SHORTEST = 6  # digits: service codes
COUNTED = re.compile(r"\d|\s?(?:[元件次条份名户％%万亿]|[个個](?!人)|人(?!工))")
COUNTING = re.compile(
    r"(?:人数|数量|销量|流量|阅读|浏览|点赞|播放|已售|人气|热度|评论|收藏|粉丝|关注|访问|点击|(?<!公)共|(?<!预)约|[逾第])\s?[:：]?\s?$"
)
HAN = re.compile(r"[\u3400-\u9fff]")
MASKED = re.compile(r"[\d-]*[*＊xX×•●]{2,}[\d-]*\d|\d[\d-]*[*＊×•●]{2,}")
DENSE = re.compile(r"(?:\d{1,2}[\s.\-]{1,3}){60,}")
_DIALLED = r"(?<=[打拨撥線线话話]\d)\d\d|(?<=[線线话話][ :：]\d)\d\d"  # short numbers, of help
_DIGIT = r"[\d〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
# What a number needs at least, on one line.
SOME = re.compile(
    rf"{_DIGIT}(?:(?:(?:_|[^\w\n]){{0,4}}{_DIGIT}){{4}}|{_DIALLED}|(?<=[48])[0Oo]{{2}}[- ]?[\dOo]{{3}}|(?<=[2-9])\d\d[^\w\n]{{0,2}}[A-Z0-9]{{0,4}}[-. ]?[A-Z]{{2}})"
)
# The lines that have it, and a few more: looked for in a whole page, where each way that fails is paid for.
PERHAPS = re.compile(
    rf"{_DIGIT}(?:{_DIGIT}{{4}}|{_DIALLED}|[^\w\n]{{1,4}}+{_DIGIT}|(?<=[48])[0Oo]{{2}}[- ]?[\dOo]{{3}}|(?<=[2-9])\d\d[^\w\n]{{0,2}}[A-Z0-9]{{0,4}}[-. ]?[A-Z]{{2}})"
)
# What is no plain character of its own: all but ASCII, kana, hanzi and hangul.
ODD = re.compile("[^\x00-\x7f\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number in a line: `text[start:end]`; `uri` where it can ring, `region` whose form it was read as."""

    start: int
    end: int
    digits: str
    uri: str | None
    region: str | None


def candidates(text: str, regions: Sequence[str], lead: str = "") -> list[Candidate]:
    """The numbers in a line, in order; `regions` are the countries it may speak of, likeliest first.

    `lead` is what labels the line from outside: the cell to its left, the line above.
    """
    plain = flat(text)
    if not possible(plain):
        return []
    found: list[Candidate] = []
    if MAINLAND in regions[:1] or HAN.search(plain) or (MAINLAND in regions and CHINESE_SHAPE.search(plain)):
        found.extend(_chinese(plain, re.sub(r"\d", "", flat(lead))))
    for region in regions[:1]:
        found.extend(_short(plain, lead, region))
    abroad = [region for region in regions if region != MAINLAND]
    for each in (*_vanity(plain), *_foreign(plain, abroad, found)):
        if all(each.end <= other.start or each.start >= other.end for other in found):
            found.append(each)
    masked = [hit.span() for hit in MASKED.finditer(plain)]
    found = [one for one in found if not (_within(masked, (one.start, one.end)) or _counts(plain, one))]
    found.sort(key=lambda one: one.start)
    return [one for first in found for one in (first, *_next(plain, first, found))]


def _counts(text: str, one: Candidate) -> bool:
    """Whether digits tell how many, or the day: a short number between words of counting, eight that are a date."""
    if len(one.digits) > SHORTEST:
        return one.uri is None and YEARS.fullmatch(text, one.start, one.end) is not None
    return (
        COUNTED.match(text, one.end) is not None or COUNTING.search(text, max(0, one.start - 8), one.start) is not None
    )


@cache
def _flat_char(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    if unicodedata.category(char) == "Cf":
        return "\u200b"
    return plain if len(plain) == 1 else char


def possible(plain: str) -> bool:
    """Whether a text could hold a number at all, or holds so many digits that it is data."""
    return SOME.search(plain) is not None and DENSE.search(plain) is None


def perhaps(text: str) -> list[int]:
    """Which lines of a text could hold a number; of those it tells, a few are not `possible`."""
    # A mark of its own for what parts digits and yet is of words: one class of characters is faster than two.
    return lines_with(PERHAPS, flat(text).replace("_", "\0"))


def flat(text: str) -> str:
    """The text in plain characters, each in its place: full-width, mathematical and circled digits are digits.

    >>> flat("４００－８２０－８８２０")
    '400-820-8820'
    """
    return text if text.isascii() else ODD.sub(_flat_one, text)


def _flat_one(hit: re.Match[str]) -> str:
    return _flat_char(hit.group())


def _chinese(text: str, lead: str) -> Iterator[Candidate]:
    """What haoma's grammar finds, then forms that it leaves to who knows the page: written out, wrong in length, coded."""
    ahead = f"{lead[-24:]}：" if lead else ""
    found = [_unpressed(text, one) for one in _by_grammar(ahead + text, len(ahead)) if one.start >= 0]
    yield from found
    for form, read in (
        (SPACED, _written_out),
        (WRITTEN_OUT, _written_out),
        (CHINESE_SHAPE, _shaped),
        (LOOKALIKE, _alike),
        (CODE, _coded),
        (LOCAL, _local),
    ):
        for hit in form.finditer(text):
            if all(hit.end() <= one.start or hit.start() >= one.end for one in found):
                one = read(hit, f"{ahead}{text[: hit.start()]}"[-60:]) or _listed(hit, found)
                if one is not None:
                    found.append(one)
                    yield one


def _by_grammar(text: str, ahead: int) -> Iterator[Candidate]:
    for mention in find(text, MAINLAND):
        number = mention.number
        written = text[mention.start : mention.end]
        printed = _digits(written.translate(HANZI_DIGITS)).removesuffix(number.extension or "\0")
        national = _digits((number.national or "").partition(" 转")[0])
        local = len(printed) >= 5 and national.endswith(printed)
        digits = printed if local or printed.endswith(national.lstrip("0")) else national
        home = MAINLAND if number.uri and "+86" in number.uri else None
        yield Candidate(mention.start - ahead, mention.end - ahead, digits, number.uri, home)


def _unpressed(text: str, one: Candidate) -> Candidate:
    """A service code without what is pressed once it answers."""
    menu = MENU.fullmatch(text, one.start, one.end)
    return one if menu is None else Candidate(one.start, menu.end(1), menu[1], parse(f"电话：{menu[1]}").uri, MAINLAND)


def _written_out(hit: re.Match[str], _before: str) -> Candidate | None:
    digits = _digits(hit.group().translate(HANZI_DIGITS))
    number = parse(digits)
    return Candidate(hit.start(), hit.end(), digits, number.uri, MAINLAND) if number.valid else None


def _shaped(hit: re.Match[str], _before: str) -> Candidate | None:
    """A number in the shape of a landline whose length is wrong: whoever prints it means a telephone."""
    digits = _digits(hit.group())
    return Candidate(hit.start(), hit.end(), digits, parse(digits).uri if "_" in hit.group() else None, MAINLAND)


def _local(hit: re.Match[str], before: str) -> Candidate | None:
    """Seven or eight digits behind a label: a landline of the town that the page is from."""
    if not TELEPHONE.search(before) or YEARS.match(hit["digits"]):
        return None
    return Candidate(hit.start("digits"), hit.end("digits"), _digits(hit["digits"]), None, MAINLAND)


def _alike(hit: re.Match[str], _before: str) -> Candidate | None:
    """A number with letters O for zeros, which keep it from whoever searches for it."""
    return _written_out(hit, "")


def _coded(hit: re.Match[str], before: str) -> Candidate | None:
    """A service code behind a label of ours; one of 95… also alone, in brackets, or behind a name."""
    alone = hit.group()[0] == "9" and hit.group() == hit.string.strip()
    named = SET_APART.search(before[-12:]) is not None and hit.group()[:2] == "95"
    dialled = DIALLED.search(before[-6:]) is not None and hit.group()[0] == "9"
    called = LABELLED.search(before[-40:].rstrip()) or CALLED.match(hit.string, hit.end())
    if alone or called or ((named or dialled) and UNCOUNTED.match(hit.string, hit.end())):
        return _code(hit)
    return None


def _code(hit: re.Match[str]) -> Candidate | None:
    number = parse(f"电话：{hit.group()}")
    return Candidate(hit.start(), hit.end(), hit.group(), number.uri, MAINLAND) if number.valid else None


def _listed(hit: re.Match[str], found: Sequence[Candidate]) -> Candidate | None:
    """A service code that stands in one list with a number: 400-855-3401 或 96034."""
    text = hit.string
    ahead = any(LISTED.fullmatch(text, one.end, hit.start()) for one in found)
    behind = any(LISTED.fullmatch(text, hit.end(), one.start) for one in found)
    return _code(hit) if hit.re is CODE and (ahead or behind) else None


def _short(text: str, lead: str, region: str) -> Iterator[Candidate]:
    """What is dialled for help where a page is from, behind a label."""
    for hit in SHORT[region].finditer(text) if region in SHORT else ():
        before = f"{lead}：{text[: hit.start()]}"[-40:] if lead else text[: hit.start()][-40:]
        if LABELLED.search(before.rstrip()):
            yield Candidate(hit.start(), hit.end(), hit.group(), None, region)


def exchange(one: Candidate) -> str:
    """The first four digits of a landline behind its area code, and how many follow; empty of other numbers.

    >>> [exchange(one) for one in candidates("电话：021-38784800", ["CN"])]
    ['3878-4']
    """
    landline = LANDLINE.fullmatch(one.digits)
    return f"{landline['own'][:4]}-{len(landline['own']) - 4}" if landline else ""


def in_exchange(text: str, known: Collection[str]) -> list[Candidate]:
    """The numbers that a line, or what stands behind its colon, has without area code and in a `known` exchange.

    Houses have rows of numbers: where one is said to be a telephone, those of its exchange are.
    """
    found: list[Candidate] = []
    for hit in LOCAL.finditer(flat(text)):
        digits = _digits(hit["digits"])
        if f"{digits[:4]}-{len(digits) - 4}" in known:
            one = Candidate(hit.start("digits"), hit.end("digits"), digits, None, MAINLAND)
            found += [one, *_next(flat(text), one, found)]
    return found


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _vanity(text: str) -> Iterator[Candidate]:
    for match in VANITY.finditer(text):
        digits = _digits(match.group().translate(KEYPAD))
        core = digits.removeprefix("1") if len(digits) > 10 and digits[0] == "1" else digits
        known = _national(core[:10], "US")
        letters = len(re.findall(r"[A-Z]", match.group()))
        if known and letters >= 3 and (len(core) == 10 or core[:3] in TOLL_FREE):
            yield Candidate(match.start(), match.end(), core[:10], known, "US")


def _foreign(text: str, regions: Sequence[str], known: Sequence[Candidate]) -> Iterator[Candidate]:
    """Numbers of other countries, but of runs of digits that are `known` whole, and not of dates."""
    spans = [(one.start, one.end) for one in known]
    dates = [date.span() for date in DATE.finditer(text)]
    for run in RUN.finditer(text):
        if not _stands_free(text, run.start(), run.end()):
            continue
        groups = [(hit.start() + run.start(), hit.end() + run.start()) for hit in GROUP.finditer(run.group())]
        if all(_within(spans, group) for group in groups):
            continue
        if sum(end - start for start, end in groups) <= LONG_RUN:
            for dated, part in groupby(groups, lambda group: _within(dates, group)):
                yield from () if dated else _parted(text, list(part), regions)


def _within(spans: Sequence[tuple[int, int]], group: tuple[int, int]) -> bool:
    return any(first < group[1] and group[0] < last for first, last in spans)


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


def _parted(text: str, groups: list[tuple[int, int]], regions: Sequence[str]) -> Iterator[Candidate]:
    """The numbers that most digits of a run belong to: the best way to cut it at its gaps."""
    best: list[tuple[float, Candidate | None, int]] = [(0.0, None, 0)]
    for last in range(1, len(groups) + 1):
        options: list[tuple[float, Candidate | None, int]] = [(best[last - 1][0], None, last - 1)]
        for first in range(max(0, last - 8), last):
            read = _reading(text, groups[first:last], regions)
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


def _reading(text: str, groups: list[tuple[int, int]], regions: Sequence[str]) -> tuple[float, Candidate] | None:
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
    opened = OPENED.search(text, max(0, start - 4), start)
    begin = start - len(opened.group()) if opened else start
    plus = "+" in text[begin:start]
    if plus and len(parts) > 1 and parts[1] == "0" and "(0)" in text[start:end]:
        parts.pop(1)
    digits = "".join(parts)
    labelled = LABELLED.search(text[max(0, begin - 40) : begin]) is not None
    uri, region, worth = _known(digits, parts, plus, labelled, regions)
    if count < 8 and not labelled:
        return None
    if uri is None:
        if not (
            7 <= len(digits) <= 13
            and len(parts) <= 5
            and (labelled or SHAPE.match(text[begin:end]) or (plus and _possible(digits)))
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
        return _global(digits), None, 1.2
    for prefix in ("00", "011"):
        if digits.startswith(prefix) and (uri := _global(digits.removeprefix(prefix))):
            return uri, None, 1.1
    for place, region in enumerate(regions):
        if uri := _national(digits, region):
            return uri, region, 1.0 - 0.02 * place
    if "MX" in regions and digits.startswith("01") and (uri := _national(digits[2:], "MX")):
        return uri, "MX", 1.0
    if len(digits) >= 10 and (labelled or parts[0] in BY_CODE) and (uri := _global(digits)):
        return uri, None, 0.8
    return None, None, 0.0


@lru_cache(maxsize=8192)
def _global(digits: str) -> str | None:
    import phonenumbers

    try:
        found = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    return f"tel:+{found.country_code}{_significant(found)}" if phonenumbers.is_valid_number(found) else None


def _possible(digits: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _significant(found: object) -> str:
    import phonenumbers

    return phonenumbers.national_significant_number(found) if isinstance(found, phonenumbers.PhoneNumber) else ""


@lru_cache(maxsize=8192)
def _national(digits: str, region: str) -> str | None:
    found, _ = world.parse_national(digits, region)
    return found.uri if found else None


def _next(text: str, first: Candidate, found: Sequence[Candidate]) -> Iterator[Candidate]:
    """The further numbers of a list that has its area code once."""
    at = first.end
    while listed := _tail(text, at, first) or NEXT.match(text, at):
        digits, least = _digits(listed.group(1)), 1 if listed.re is TAIL else 6
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
    printed = _digits(text[first.start : first.end])
    landline = (first.digits[0] == "0" or LOCAL.fullmatch(first.digits)) and printed.endswith(first.digits[-4:])
    return TAIL.match(text, at) if landline else None
