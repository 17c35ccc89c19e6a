"""Numbers as China's pages write them: haoma's own grammar, and forms that it leaves to who knows the page.

Rules held here:
- Written out in characters, in the shape of a landline though of a wrong length, with letters for zeros: whoever prints
  that means a telephone.
- A service code counts behind a label of ours, in a list with a number, or behind words of dialling; never where
  something is counted. What is pressed once it answers is none of its digits.
- Seven or eight digits behind a label are a number of the town, and have no URI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from haoma.guard.extract.candidate import MAINLAND, Candidate, digits_of
from haoma.guard.extract.words import LABELLED
from haoma.numbers.service import parse
from haoma.numbers.text import find

__all__ = ["CHINESE_SHAPE", "LOCAL", "YEARS", "chinese", "short"]

LOCAL = re.compile(
    r"(?:^|(?<=[：:\s(（]))\s{0,2}(?P<digits>[2-8]\d{2,3}[- ]?\d{4})"
    r"(?=(?:-\d{1,4}|转\d{1,5})?(?:\s{0,2}(?:[、，,；;。/（()）]|$)|\s{1,2}[\u3400-\u9fff]{2,8}[:：]))"
)
TELEPHONE = re.compile(
    r"(?:[电電]\s{0,4}[话話]|[热熱][线線]|[专專][线線]|座机|固话|直拨|总\s{0,4}机|[传傳]\s{0,4}真|\btel|\bfax)"
    r"(?:[(（][^()（）]{0,12}[)）])?[\s:：.]{0,4}$",
    re.IGNORECASE,
)
YEARS = re.compile(r"(?:19|20)\d\d(?:[- ](?:19|20)\d\d|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))$")
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
CALLED = re.compile(r"\s{0,2}(?:\d{1,2}\s?小时)?[\u4e00-\u9fff]{0,6}?(?:热线|客服|專線|专线|熱線|电话|電話)")
DIALLED = re.compile(
    r"(?:[打拨是给](?:的是|的|了)?|[更换整级一改]为|(?:致电|拨打|直拨)[\u3400-\u9fff]{2,12})\s?[“‘「『\"]?$"
)
HELP = re.compile(r"(?<![\d.+-])1(?:10|19|20|22)(?![\d.-])")
SPACED = re.compile(r"(?<![\d.+-])(?<!\d )9( {1,2})[56](?:\1\d){3,4}(?![\d.-]| \d)")  # 9 5 5 8 8
MENU = re.compile(r"(9[56]\d{3}|1[02]\d{3})(?:-\d){1,2}")  # 95588-2: what to press then is none of the number
LISTED = re.compile(r"\s{0,2}(?:[/、,，|]|或|和)\s{0,2}")
BEHIND_NAME = re.compile(
    r"[\u3400-\u9fff]{2}(?:银行|保险|财险|产险|人寿|寿险|证券|基金|期货|信托|金融|快递|速运|航空)$"
)
SET_APART = re.compile(r"[\u3400-\u9fff][\s:：(（]{1,3}$")
UNCOUNTED = re.compile(
    r"\s{0,2}(?:[()（）,，、。;；/|”’」』\"]|$|(?![元人个個台户件次%％万亿年月日号號米平分])[\u3400-\u9fff])"
)


def chinese(text: str, lead: str) -> Iterator[Candidate]:
    """What haoma's grammar finds in a line that `lead` labels, then forms that it leaves to who knows the page."""
    ahead = f"{lead[-24:]}：" if lead else ""
    found = [_unpressed(text, one) for one in _by_grammar(ahead + text, len(ahead)) if one.start >= 0]
    yield from found
    for form, read in (
        (SPACED, _written_out),
        (WRITTEN_OUT, _written_out),
        (CHINESE_SHAPE, _shaped),
        (LOOKALIKE, _alike),
        (CODE, _coded),
        (HELP, _unlabelled),
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
        printed = digits_of(written.translate(HANZI_DIGITS)).removesuffix(number.extension or "\0")
        national = digits_of((number.national or "").partition(" 转")[0])
        local = len(printed) >= 5 and national.endswith(printed)
        digits = printed if local or printed.endswith(national.lstrip("0")) else national
        home = MAINLAND if number.uri and "+86" in number.uri else None
        yield Candidate(mention.start - ahead, mention.end - ahead, digits, number.uri, home)


def _unpressed(text: str, one: Candidate) -> Candidate:
    """A service code without what is pressed once it answers."""
    menu = MENU.fullmatch(text, one.start, one.end)
    return one if menu is None else Candidate(one.start, menu.end(1), menu[1], parse(f"电话：{menu[1]}").uri, MAINLAND)


def _written_out(hit: re.Match[str], _before: str) -> Candidate | None:
    digits = digits_of(hit.group().translate(HANZI_DIGITS))
    number = parse(digits)
    return Candidate(hit.start(), hit.end(), digits, number.uri, MAINLAND) if number.valid else None


def _shaped(hit: re.Match[str], _before: str) -> Candidate | None:
    """A number in the shape of a landline whose length is wrong: whoever prints it means a telephone."""
    digits = digits_of(hit.group())
    return Candidate(hit.start(), hit.end(), digits, parse(digits).uri if "_" in hit.group() else None, MAINLAND)


def _local(hit: re.Match[str], before: str) -> Candidate | None:
    """Seven or eight digits behind a label: a landline of the town that the page is from."""
    if not TELEPHONE.search(before) or YEARS.match(hit["digits"]):
        return None
    return Candidate(hit.start("digits"), hit.end("digits"), digits_of(hit["digits"]), None, MAINLAND)


def _alike(hit: re.Match[str], _before: str) -> Candidate | None:
    """A number with letters O for zeros, which keep it from whoever searches for it."""
    return _written_out(hit, "")


def _coded(hit: re.Match[str], before: str) -> Candidate | None:
    """A service code behind a label of ours; one of 95… also alone, in brackets, or behind a name."""
    alone = hit.group()[0] == "9" and hit.group() == hit.string.strip()
    named = (SET_APART.search(before[-12:]) or BEHIND_NAME.search(before[-12:])) is not None and hit.group()[:2] == "95"
    dialled = DIALLED.search(before[-18:]) is not None and hit.group()[0] == "9"
    called = LABELLED.search(before[-40:].rstrip()) or CALLED.match(hit.string, hit.end())
    if alone or called or ((named or dialled) and UNCOUNTED.match(hit.string, hit.end())):
        return _code(hit)
    return None


def _unlabelled(_hit: re.Match[str], _before: str) -> None:
    """Nothing: 120 alone is a count."""


def _code(hit: re.Match[str]) -> Candidate | None:
    number = parse(f"电话：{hit.group()}")
    return Candidate(hit.start(), hit.end(), hit.group(), number.uri, MAINLAND) if number.valid else None


def _listed(hit: re.Match[str], found: Sequence[Candidate]) -> Candidate | None:
    """A service code that stands in one list with a number: 400-855-3401 或 96034."""
    text = hit.string
    ahead = any(LISTED.fullmatch(text, one.end, hit.start()) for one in found)
    behind = any(LISTED.fullmatch(text, hit.end(), one.start) for one in found)
    return _code(hit) if hit.re in (CODE, HELP) and (ahead or behind) else None


def short(text: str, lead: str, region: str) -> Iterator[Candidate]:
    """What is dialled for help where a page is from, behind a label."""
    for hit in SHORT[region].finditer(text) if region in SHORT else ():
        before = f"{lead}：{text[: hit.start()]}"[-40:] if lead else text[: hit.start()][-40:]
        if LABELLED.search(before.rstrip()):
            yield Candidate(hit.start(), hit.end(), hit.group(), None, region)
