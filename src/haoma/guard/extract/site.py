"""Whose site a page is: the organisation's that is asked about, another's, or not told.

Rules held here:
- A domain that spells the name and a line of copyright decide; else what ends the title, the head and the foot of the
  page are put together. A brand of its own at the end of the title makes the page another's.
- A town's forum is spelt as the town's waterworks are: where the title says forum, the domain says nothing.
- A group's site is not that of a company of the group, though the host spells the name that they share.
- A page that weighs several, asks, warns or tells news is nobody's own for naming somebody in its title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from haoma.guard.extract.everyday import left_over
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.markup import names_of
from haoma.guard.extract.names import Target, core
from haoma.guard.extract.title_words import NUMBER
from haoma.guard.extract.titles import NOBODY, OTHER, OWN, PERHAPS, Titles

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element, Line, Page
    from haoma.guard.extract.scene import Scene

__all__ = ["GENERAL", "LIKE", "TITLE_GAPS", "chrome", "mine_of", "signed", "weighs"]

LIKE = 0.62  # likeness from which a name is the target's
TITLE_GAPS = re.compile(
    r"\s{1,3}[-–—|_·»:：]+\s{1,3}|[–—|｜_·»【】]{1,2}|(?<=[\u4e00-\u9fff])-|-(?=[\u4e00-\u9fff])|\s?[-|_]\s+(?=[\u4e00-\u9fff])"
)
GENERAL = re.compile(
    r"联系|联络|聯絡|關於|关于|加盟|帮助|渠道|客服|服务|首页|产品|公众平台|公众号|powered|welcome|contact|home|about",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"联系|聯絡|关于|關於|帮助|客服|服务|首页|分店|门店|門市|网点|校区|办公室|招生|简介|指南|地址|加盟"
    r"|stores?|contact|about|home",
    re.IGNORECASE,
)
PUBLISHES = re.compile(r"论坛|贴吧|问答|黄页|社区|资讯|新闻|日报|晚报|生活网|在线$|点评|百科|人才网|地图$")
SECTION = re.compile(  # that anybody's site has
    r"(?:公司|企业|集团|行业|最新|本院|学校|医院|综合|公众)?(?:新闻|资讯)(?:中心|动态|资讯|公告|列表|详情|报道)?"
)
HIGHEST = 9  # elements up
LONGEST = 40  # characters of a line that names whose the page is
CHROME_HEAD, CHROME_FOOT = 1, -1
FIRST, LAST, OUTER = 60, 40, 6  # lines of a page that may be its frame
HELD = re.compile(
    r"(?:©|\([cC]\)|[cC]opyright)\s{0,2}(?:©|\([cC]\))?\s{0,2}(?:20\d\d)?(?:\s?[-–~]\s?20\d\d)?\s{0,2}(?P<who>[\u4e00-\u9fff]{2,16})"
)
AUTHOR = re.compile(r".{0,24}?(?:原创|来源|作者|发布(?:者|单位|机构))[:：\s]\s*([^\s|｜]{2,20})")
ACCOUNT = re.compile(r"js_name|profileBt|nickname|account[_-]?name|author[_-]?name")
DATED = re.compile(r"([^\s|｜\d]{2,20})\s+20\d\d[-年./]")
HEAD = re.compile(
    r"(?:^|[\s_-])(?:[^\W_]*header|hd|[^\W_]*head|top[^\W_]*|banner|logo|mast[^\W_]*|nav[^\W_]*|brand|site-?name|tb)(?:$|[\s_-])"
    r"|_hd\b",
    re.IGNORECASE,
)
FOOT = re.compile(
    r"(?:^|[\s_-])(?:[^\W_]*foot[^\W_]*|ft|bottom[^\W_]*|copy[^\W_]*|colophon|bq|banquan|btm)(?:$|[\s_-])",
    re.IGNORECASE,
)
BODY = re.compile(
    r"(?:^|[\s_-])(?:[^\W_]*main|content|article|post|detail[^\W_]*|[^\W_]*desc)(?:$|[\s_-])", re.IGNORECASE
)
SAID = re.compile(r"[，。；！？!?]")
WEIGHS = re.compile(
    r"\bvs\b|对比|比较|哪家|哪个|怎么|如何选|排名|排行|盘点|是多少|多少[？?]|谁知道|有人知道|吗[？?]"
    r"|曝光|投诉$|被骗|骗局|竟|采购|招标|中标|招聘|求职",
    re.IGNORECASE,
)


def chrome(element: Element) -> int:
    """Which part of a page's frame an element is in: 1 its head, -1 its foot, 0 neither."""
    around: Element | None = element
    for _ in range(HIGHEST):
        if around is None or around.tag in ("body", "html", "main", "article"):
            return 0
        part = _named_part(names_of(around)) if around.attrib else None
        if around.tag == "footer" or part == CHROME_FOOT:
            return CHROME_FOOT
        if around.tag in ("header", "nav") or part == CHROME_HEAD:
            return CHROME_HEAD
        if part == 0:
            return 0
        around = around.getparent()
    return 0


@lru_cache(maxsize=4096)
def _named_part(names: str) -> int | None:
    """Which part of a page its classes and id call an element: its head, its foot, 0 its middle; None where none."""
    if FOOT.search(names):
        return CHROME_FOOT
    if HEAD.search(names):
        return CHROME_HEAD
    return 0 if BODY.search(names) else None


def weighs(title: str) -> bool:
    """Whether a title weighs several against each other, asks, warns, or seeks: such a page is nobody's own."""
    return WEIGHS.search(title) is not None


def signed(page: Page, titles: Titles) -> float:
    """Whom the head and the foot of a page name: 1 the target in both, 0.5 in one, -1 another, 0 nobody."""
    shown = [line for line in page.lines if not line.hidden]
    author = next((hit[1] for line in shown[:FIRST] if (hit := AUTHOR.match(line.text) or DATED.match(line.text))), "")
    author = next((line.text for line in shown[:FIRST] if _accounts(line.element)), author)
    if author and titles.trades_as(author):
        return 0.5
    if (sign := titles.judge(author, stands=True)) and sign in (OWN, PERHAPS, OTHER):
        return 0.5 if sign == OWN else -1.0
    ends, own, others = {line.order for line in (*shown[:OUTER], *shown[-OUTER:])}, set[int](), False
    for line in [*shown[:FIRST], *shown[FIRST:][-LAST:]]:
        part = _part(line, shown)
        sign = titles.judge(_name(line.text), stands=True) if part and len(line.text) <= 3 * LONGEST else NOBODY
        if sign >= OWN:
            own.add(part)
        others |= sign == OTHER and line.order in ends and chrome(line.element) != 0
    return len(own) / 2 if own or not others else -1.0


def _accounts(element: Element) -> bool:
    """Whether an element holds the name of the account that an article is from."""
    return any(
        around is not None and around.attrib and ACCOUNT.search(names_of(around))
        for around in (element, element.getparent())
    )


def _part(line: Line, shown: Sequence[Line]) -> int:
    """Which part of the frame a line is in; what is signed at the very end is in the foot."""
    last = line.order == shown[-1].order and len(line.text) <= LONGEST and not SAID.search(line.text)
    return chrome(line.element) or (CHROME_FOOT if last else 0)


def _name(text: str) -> str:
    """What a line of the frame says before its first number."""
    return NUMBER.split(text)[0].strip()[:LONGEST]


def mine_of(scene: Scene) -> float:
    """Whose site a page is of: 1 the target's, 0.5 perhaps, 0 not told, -0.5 perhaps another's, -1 another's."""
    copyright_own, copyright_other, branded = scene.signs[3:]
    pieces = [part for part in TITLE_GAPS.split(scene.page.title) if part.strip()]
    public = any(
        PUBLISHES.search(part) and not SECTION.fullmatch(part.strip()) and _free_of(part, scene.target)
        for part in pieces
    )
    titles = scene.judge
    if (
        titles
        and scene.host_own < 1
        and copyright_own < LIKE
        and len(pieces) > 1
        and titles.of_its_group(pieces[-1].strip())
    ):
        return -1.0
    if (scene.host_own >= LIKE and not public) or copyright_own >= LIKE:
        return 0.5 if weighs(scene.page.title) and scene.host_own < 1 and copyright_own < LIKE else 1.0
    if branded or copyright_other or public or _anothers(scene):
        return -1.0
    frame = signed(scene.page, titles) if titles else 0.0
    return _by_title(scene, titles, pieces, frame or (0.5 if _headed(scene) else 0.0))


def _by_title(scene: Scene, titles: Titles | None, pieces: Sequence[str], frame: float) -> float:
    """The same by what a title begins and ends with, and by what the page's `frame` names."""
    last, first, title = scene.signs[0], scene.signs[1], scene.page.title
    if titles and len(pieces) > 1:
        told = titles.judge(pieces[-1], stands=True)
        if told == OTHER and (first < LIKE or left_over(pieces[-1]) > 0):
            return -1.0
        last = max(last, told)
    ends = pieces[-1] if len(pieces) > 1 else ""
    if first >= LIKE and _free_of(ends, scene.target) and not GENERAL.search(ends) and not ABOUT.search(ends):
        return -0.5 if scene.host and ends and not (titles and _topic(ends)) else max(frame, 0.0)
    if weighs(title):
        return min(frame, 0.0) if scene.host else 0.0
    if last >= LIKE or (first >= LIKE and all(GENERAL.search(part) for part in pieces[1:])):
        sure = len(pieces) > 1 or frame > 0 or not scene.host or ABOUT.search(title) is not None
        return (1.0 if not scene.host or frame > 0 else 0.5) if sure else 0.0
    return frame if first < LIKE else -0.5 if scene.host and frame <= 0 else max(frame, 0.0)


def _topic(part: str) -> bool:
    """Whether a part of a title is a topic of everyday words, and no site's name: 床位预约."""
    return left_over(part) == 0 and not PUBLISHES.search(part) and not weighs(part)


def _headed(scene: Scene) -> bool:
    """Whether the target's whole name is the first on a page whose title is a general one: menus name nobody."""
    general = not scene.page.title.strip() or (ABOUT.search(scene.page.title) and scene.title_strength < LIKE)
    lines = (line for line in scene.page.lines[:FIRST] if not line.hidden and line.kind == Kind.TEXT)
    own = ((core(line.text) in scene.target.cores, line.text) for line in lines)
    return bool(general) and next((ours for ours, text in own if ours or left_over(text) > 1), False)


def _free_of(part: str, target: Target) -> bool:
    """Whether a part of a title does not name the target."""
    whole = core(part)
    return not any(own in whole for own in target.cores)


def _anothers(scene: Scene) -> bool:
    """Whether a line of copyright names somebody else, with or without a legal ending."""
    titles = scene.judge
    if titles is None:
        return False
    held = [hit["who"] for line in scene.claims for hit in HELD.finditer(line.text)]
    if any(left_over(who) > 1 and not GENERAL.search(who) and not titles.names(who) for who in held):
        return True
    return any(titles.judge(line.text[:60], stands=False) <= OTHER for line in scene.claims)
