"""What each place around a number says of whose it is, told apart: for trees to weigh where no rule is sure.

Rules held here:
- A title is asked whom it names, and nothing is decided: how near the nearest one stands that names the target,
  another, or reads like a name, is a measure each.
- Of blocks alike beside one another, those whose titles differ and read like names are a list of many owners; those
  whose titles are everyday words are departments of one.
- Titles speak of a target with a Chinese name alone.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from math import log1p
from typing import TYPE_CHECKING

from haoma.guard.extract.anatomy import is_item
from haoma.guard.extract.everyday import left_over
from haoma.guard.extract.han import simple, sounds
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import core, organisations_in
from haoma.guard.extract.owners import ITEM, LABELLED, Owner, Owners
from haoma.guard.extract.title_words import CHROME, CITY, LABEL, NUMBER, SITE, SURELY, WE
from haoma.guard.extract.titles import AKIN, FAINT, HOUSE, NOBODY, OTHER, OWN, PERHAPS
from haoma.guard.extract.verdict import CLAUSE, OFFICIAL, contradicted

if TYPE_CHECKING:
    from haoma.guard.extract.found import Found
    from haoma.guard.extract.lines import Element
    from haoma.guard.extract.scene import Scene

__all__ = ["WITNESSES", "Witnesses"]

ASKED, HIGHEST, BESIDE, OPENING = 24, 8, 40, 4  # titles; elements up; blocks beside; lines that a block begins with
LONGEST, LONGEST_TITLE, PROSE, COINED = 40, 60, 20, 2  # characters
BEFORE, NEAR, BEHIND = 60, 30, 20  # characters around a number
STRONG = 0.6  # strength of a line that names the target
MOST = 6  # characters that no everyday word covers, counted
NONE, NOWHERE = log1p(40), 6.0
TALKS = re.compile(
    r"bbs|zhidao|wenda|tieba|forum|论坛|贴吧|问答|知道|社区|投诉|点评|爆料|曝光|吗[？?]|怎么|什么|谁|[？?]"
)
REPAIRS = re.compile(r"维修|报修|上门|回收|清洗|售后服务?电话|办理|代办")
LISTS = re.compile(r"大全|名单|名录|一览|列表|排行|汇总|对比|导航|黄页|第\d+页|\d+家|有哪些|推荐|招标|采购|中标|公示")
PERSON_OF = re.compile(r"师傅|店主|司机|房东|车主|骑手|快递员|老板|楼主|本人|记者|律师|家长|业主")
BRACKETS = re.compile(r"[（(]([^（）()]{3,30})[）)]?")
JOINED = re.compile(r"(?:[（(][^（）()]{1,8}[）)])?[\s、，,/／;；|或和及]*")
KINDS = ("own", "akin", "house", "other", "like", "coined", "headed", "site")
WITNESSES = (
    *(f"{kind}_{what}" for kind in KINDS for what in ("far", "level")), "own_nearer", "own_nearer_than_like",
    "own_headed", "akin_left", "other_headed", "other_left", "other_legal", "sentences",
    "items", "items_own", "items_other", "items_coined", "items_differ", "item_sign", "item_coined",
    "label_left", "label_sign", "top_sign", "top_passed",
    "page_talks", "page_repairs", "page_lists", "host_more", "house_title", "about",
    "person_word", "inside_rival", "line_same",
    "we", "site_word", "chrome_word", "sure_word", "contradicted", "prose", "same_block",
)  # fmt: skip

Asked = tuple[int, str, bool, float, int]  # level, text, whether it stands as a title, whom it names, coined characters


class Witnesses:
    """The witnesses of a page's numbers; `told` are the owners that `owners` names."""

    def __init__(self, scene: Scene, owners: Owners, told: Mapping[int, Owner]) -> None:
        self.scene, self.page, self.told = scene, scene.page, told
        self.owners, self.titles = owners, owners.titles
        self.items: dict[Element, list[float]] = {}
        self.numbered = sorted({one.line.order for one in scene.found})
        held = (self.page.spans.get(heading, (0, 0)) for heading in islice(self.page.root.iter("h1"), BESIDE))
        lines = (line for first, last in held for line in self.page.lines[first:last])
        self.top = next((line for line in lines if line.kind == Kind.TEXT and not line.hidden), None)
        self.top_sign = self.titles.judge(self.top.text[:LONGEST], stands=True) if self.top else NOBODY
        self.kind = self._kind()

    def of(self, one: Found) -> list[float]:
        """The measures of one number, in the order of `WITNESSES`."""
        asked = list(self._asked(one))
        passed = self.top is not None and one.line.order > self.top.order
        return [
            *_nearest(asked, self.owners.brands), *self._firsts(asked), *self._items(one), *_label(asked),
            self.top_sign, float(passed), *self.kind, *self._words(one),
        ]  # fmt: skip

    def _asked(self, one: Found) -> Iterator[Asked]:
        for level, told, stands in islice(self.owners.around(one), ASKED):
            text = simple(told)
            sign = self.titles.judge(text, stands=stands, clause=level == LABELLED)
            yield level, text, stands, sign, _left(text) if len(text) <= LONGEST else 0

    def _firsts(self, asked: list[Asked]) -> list[float]:
        """How the nearest titles with the target's name and another's stand, and what else they say."""
        own = next((one for one in asked if one[3] >= AKIN), None)
        other = next((one for one in asked if one[3] <= PERHAPS), None)
        rest = left_over(self.titles.rest(LABEL.sub("", own[1]))) if own and len(own[1]) <= LONGEST else -1
        legal = other is not None and SURELY.search(LABEL.sub("", other[1])[:LONGEST]) is not None
        return [
            float(own is not None and own[2]), float(min(rest, MOST)),
            float(other is not None and other[2]), float(min(other[4], MOST)) if other else -1.0, float(legal),
            float(sum(one[0] == LABELLED for one in asked)),
        ]  # fmt: skip

    def _items(self, one: Found) -> list[float]:
        """How many blocks like a number's own stand beside it with numbers, and whom their titles name."""
        around: Element | None = one.line.element_at(one.one.start) if one.line.order < len(self.page.lines) else None
        for _ in range(HIGHEST):
            if around is None or not isinstance(around.tag, str) or around.tag in ("body", "html"):
                break
            if is_item(around) and (told := self._alike(around)):
                return told
            around = around.getparent()
        return [0.0] * 7

    def _alike(self, item: Element) -> list[float]:
        """The same of one block; empty where fewer than two of its kind have a title."""
        parent = item.getparent()
        if item not in self.items and parent is not None:
            like = (
                one for one in islice(parent, BESIDE) if one.tag == item.tag and one.get("class") == item.get("class")
            )
            titles = {one: self._title(one) for one in like if self._has_number(one)}
            named = [title for title in titles.values() if title]
            for one, title in titles.items():
                self.items[one] = [*self._listed(len(titles), named), *self._one(title)] if len(named) > 1 else []
        return self.items.get(item, [])

    def _one(self, title: str) -> list[float]:
        return [self.titles.judge(title, stands=True), float(min(_coined(title), MOST))] if title else [0.0, -1.0]

    def _listed(self, many: int, named: list[str]) -> list[float]:
        """How many blocks there are; the shares of titles with the target's name, another's, a coined one."""
        signs = [self.titles.judge(title, stands=True) for title in named]
        shares = (
            sum(sign > NOBODY for sign in signs), sum(sign <= PERHAPS for sign in signs),
            sum(_coined(title) >= COINED for title in named), len({core(title) for title in named}),
        )  # fmt: skip
        return [log1p(many), *(share / len(named) for share in shares)]

    def _has_number(self, element: Element) -> bool:
        first, last = self.page.spans.get(element, (0, 0))
        at = bisect_left(self.numbered, first)
        return at < len(self.numbered) and self.numbered[at] < last

    def _title(self, item: Element) -> str:
        """What a block begins with: its first short line, up to its first number."""
        first, last = self.page.spans.get(item, (0, 0))
        for line in self.page.lines[first : min(last, first + OPENING)]:
            text = NUMBER.split(simple(line.text[:BEFORE]))[0].strip()
            if line.kind == Kind.TEXT and not line.hidden and 1 < len(text) <= LONGEST:
                return text
        return ""

    def _kind(self) -> list[float]:
        """What a page is: one that talks, mends, lists; what its host says beside the name; whom its title names."""
        title, host = self.page.title, self.scene.host
        label = re.sub(r"[^a-z]", "", host.partition(".")[0])
        own = "".join(sounds(self.titles.word or self.titles.brand)) if self.titles.brand else ""
        mends = REPAIRS.search(title) is not None and not REPAIRS.search(self.scene.target.names[0])
        return [
            float(TALKS.search(f"{host} {title}") is not None), float(mends), float(LISTS.search(title) is not None),
            float(len(label) - len(own)) if own and own in label else -1.0,
            self.titles.judge(title[:LONGEST_TITLE], stands=False), float(self.scene.about),
        ]  # fmt: skip

    def _words(self, one: Found) -> list[float]:
        """What is said right around a number."""
        text, start, end = one.line.text, one.one.start, one.one.end
        near = one.before[-NEAR:] + CLAUSE.split(one.behind[:BEHIND])[0]
        clause = CLAUSE.split(text[max(0, start - BEFORE) : start])[-1] + CLAUSE.split(text[end : end + BEFORE])[0]
        held = BRACKETS.findall(text[max(0, start - BEFORE) : end + BEFORE])
        rival = any(not self.titles.names(name) for part in held for _, name in organisations_in(part))
        above = self.page.lines[max(0, one.line.order - 2) : one.line.order + 1]
        said = (SITE.search(clause) is not None) + (SITE.search(one.heading[:12]) is not None)
        return [
            float(PERSON_OF.search(one.before[-12:]) is not None), float(rival),
            float(JOINED.fullmatch(one.before) is not None),
            float(WE.search(near) is not None), float(said), float(CHROME.search(near) is not None),
            float(OFFICIAL.search(one.before) is not None), float(contradicted(self.scene, one, self.told)),
            float(len(text) >= PROSE and CLAUSE.search(text) is not None),
            float(any(self.scene.strength[line.order] >= STRONG for line in above)),
        ]  # fmt: skip


def _nearest(asked: list[Asked], brands: tuple[str, ...]) -> list[float]:
    """How far the nearest title of each of `KINDS` stands, in titles and levels; how much nearer the target's is."""
    far, level = dict.fromkeys(KINDS, NONE), dict.fromkeys(KINDS, NOWHERE)
    for at, one in enumerate(asked):
        for kind in _kinds(one, brands):
            if far[kind] == NONE:
                far[kind], level[kind] = log1p(at), float(one[0])
    ahead = (far["akin"] - far["other"], far["akin"] - min(far["like"], far["coined"]))
    return [*(value for kind in KINDS for value in (far[kind], level[kind])), *ahead]


def _kinds(one: Asked, brands: tuple[str, ...]) -> Iterator[str]:
    level, text, stands, sign, coined = one
    told = {
        "own": sign >= OWN, "akin": sign >= AKIN, "house": sign == HOUSE,
        "other": sign <= OTHER, "like": sign <= PERHAPS,
        "coined": sign < AKIN and coined >= COINED and stands, "headed": sign <= FAINT and stands and level >= ITEM,
        "site": core(text) in brands,
    }  # fmt: skip
    return (kind for kind, holds in told.items() if holds)


def _label(asked: list[Asked]) -> list[float]:
    """What is said right before a number: coined characters, and whom it names."""
    first = next((one for one in asked if one[0] == LABELLED), None)
    return [float(min(first[4], MOST)), first[3]] if first else [-1.0, 0.0]


@lru_cache(maxsize=20_000)
def _left(text: str) -> int:
    """How many characters of a short text neither a label has nor an everyday word."""
    return left_over(LABEL.sub("", text))


@lru_cache(maxsize=20_000)
def _coined(title: str) -> int:
    """How many characters of a title no everyday word covers; none of a town's."""
    return left_over(LABEL.sub("", CITY.sub("", title, count=1)))
