"""Whose a number is by the page's anatomy: the nearest title that names anybody, from its own line outwards.

Rules held here:
- Whom structured data name comes first. Then titles are asked from the number outwards: the clause before it, its cell,
  the cells of its row and the head of its column, the title of its item, the headings over it. The first that names
  somebody decides (`titles`); a name in a row goes before what merely stands like one.
- "We" is who speaks: the next title outwards that names somebody.
- A heading that says that others follow (附近商户, 合作机构, 友情链接) tells it of all below it; a warning that
  ends with a colon tells it of the numbers that it lists.
- A label that names an agent, a neighbour, a body that watches, or the site's own brand gives the number to these.
- A list "of the target's own" (所属, 下属) gives the target what stands under names of places in it.
- What stands in a block of its own with numbers in it is title to those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from haoma.guard.extract.anatomy import (
    COLON,
    HIGHEST,
    NO_RANK,
    cell_of,
    heads,
    is_item,
    list_has_ended,
    list_is_over,
    rank_of,
    reads_as_title,
    set_apart,
)
from haoma.guard.extract.everyday import left_over
from haoma.guard.extract.found import Found
from haoma.guard.extract.han import simple
from haoma.guard.extract.lines import Kind, Line, Page
from haoma.guard.extract.names import CJK, PLACES, Target, core, organisations_in
from haoma.guard.extract.tables import beside
from haoma.guard.extract.title_words import LABEL, NUMBER, WE
from haoma.guard.extract.titles import AKIN, FAINT, HOUSE, NOBODY, OTHER, OWN, PERHAPS, Titles
from haoma.guard.extract.words import FAKE

if TYPE_CHECKING:
    from haoma.guard.extract.lines import Element

__all__ = ["FOREIGN", "ITEM", "LABELLED", "NOWHERE", "ROW", "Owner", "Owners"]

FURTHEST = 30  # lines up
LONGEST = 24  # characters of a title
BEFORE = 120  # characters in front of a number
SENTENCES = 3
CELL_LINES = 12  # of a table of data
OWN_BLOCK = 4  # lines of a block that may stand over what follows it
LABELLED, ROW, ITEM, HEADING, NOWHERE = 0, 1, 3, 4, 5  # how far out a title stands
OTHERS = re.compile(
    r"附近|周边|周围|同类|同行|同城|同楼|相关|相似|推荐|其[他它](?!服务|业务|咨询|电话|热线|渠道|方式|联系)|看了又看|猜你|也喜欢"
    r"|(?<!商务)(?<!市场)(?<!业务)(?<!项目)合作(?!社|洽谈|咨询|热线|电话|邮箱|联系|$)|合作(?:伙伴|机构|单位|商家)|伙伴|友情链接"
    r"|经销(?!商?(?:加盟|合作|咨询|热线))|代理(?!咨询|热线|加盟|$)|代销|授权|服务商|入驻|商户|商铺|租户|品牌墙|加盟店|广告(?!合作|部|投放|热线|$)|^广告$|推广(?!合作)|赞助|展商|成员单位|会员单位"
    r"|参展|第三方|航空公司|兄弟|热门|同价位|同电话|看过"
)
BELONGS = re.compile(
    r"所属|所辖|下属|直属|各(?:大|家|地|个)?[\u4e00-\u9fff]{2,4}|(?:门店|网点|分店|车站|校区|院区|营业厅|站点)(?:一览|列表|名录|信息|电话|查询)?$"
)
SAID = re.compile(r"[，。；！？,;!?]")  # of a sentence, no title
CLAUSE = re.compile(r"[。！？!?；;\n]|\s{3,}|[①-⑳]")
FAMOUS = re.compile(  # houses that pages name without being theirs, and in words that are everyday by now
    r"(?:银联|网联|支付宝|微信支付|财付通|淘宝|天猫|京东|拼多多|美团|饿了么|大众点评|携程|去哪儿|飞猪|同程|抖音|快手|高德|滴滴"
    r"|顺丰|中通|圆通|韵达|申通|极兔|菜鸟|中国移动|中国联通|中国电信|国家电网|南方电网|中国石化|中国石油)"
    r"(?:速运|快递|官方)?(?:客服|服务|投诉)(?:电话|热线|中心)?[：:\s]*$"
)
MAKER = re.compile(r"(?:开发者|开发商|运营商|运营主体|运营公司|所属公司|品牌方|生产企业|企业名称|公司名称)[：:\s]*")
NEIGHBOURS = re.compile(r"附近|周边|周围|同类|同行|相似|猜你|看了又看|友情链接")
AGENT = re.compile(
    r"(?:代理|经销|分销|推荐)(?:商|企业|单位)?[：:\s]\s{0,3}(?P<who>[^\W\d]{2,14})(?:\s{1,3}[^\W\d]{1,3}(?:先生|女士|小姐|经理))?\W*$"
)
BRACKETED = re.compile(r"(?P<who>[^\W\d]{3,14})[（(](?:客服|服务|咨询|联系|官方)*(?:电话|热线)[：:\s]*$")
BEHIND = re.compile(r"\s?[（(]由?(?P<who>[^\W\d]{3,20}?)(?:运营|提供|负责|管理|接听)?[）)]")  # who answers
WELCOME = re.compile(r"欢迎(?:您|来到|光临|访问|来)+(?P<who>[^\W\d]{2,10})")
SITE_NAMED = re.compile(
    r"(?P<who>[^\W\d]{1,6}(?:网|地图|论坛|社区|问答|百科|日报|晚报|在线))(?:商务|广告|版权|客服|合作|投诉|举报|新闻|招商|服务|媒体|热线|电话)"
)
ADDRESSED = re.compile(r"^\W*(?:各|尊敬的?|亲爱的|致)[^，。]{1,30}[：:]\s*$")  # to whom a letter is
AUTHORITY = re.compile(r"[本我](?:局|委|厅|机关)(?![部员])")
TOUTS = re.compile(r"各(?:大|种)?品牌|专修|专业(?:维修|退费|法务)|不成功不收费|代办|黑户")
INVITES = re.compile(r"加盟(?!店)|入驻|招商|热线|电话|洽谈|经销商?合作")  # others to come
OF_HOUSE = re.compile(
    r"(?:专线|热线|电话|渠道|方式|(?<!授权)(?<!合作)(?<!加盟)(?:营业部|网点|分公司|支行|分行|营业厅)|服务|咨询|投诉|建议|部)[：:]?$"
)
MARKED = re.compile(
    r"\s*(?:【|——|[一二三四五六七八九十]{1,2}、|[（(][一二三四五六七八九十][）)])"
)  # heads a part of a text
LAST_CLAUSE, LEAST = re.compile(r"[，,]"), 2
TAGGED = re.compile(r"\s*[【\[〔（(](?:广告|推广|赞助|商业推广|合作伙伴|AD)[】\]〕）)]", re.IGNORECASE)
FOREIGN = re.compile(
    r"(?:施工|监理|检测|审计|保荐|评估|承销|托管|承运|物流|供货|供应|(?:招标)?代理|评审|勘察|开户|合作)(?:单位|机构|公司|方|商|行)"
    r"|(?:支付|技术|系统|设备)服务(?:商|方)|监管(?:部门|机构|机关)|监督(?:管理)?(?:部门|机关)|主管(?:部门|机关|单位)|上级|业界监察|监察组织|反诈|警方"
    r"|(?:民政|税务|工商|物价|卫生|教育|交通|公安|环保|文旅|住建|城管|市场监管)(?:行政)?(?:部门|主管)"
    r"|技术支持(?=[：:\s]\s{0,2}[^\W\d])|网站(?:建设|制作|设计)|公安机关|市长热线|便民热线|(?:评议|调解|申诉)中心|消费者协会|消委"
)
BODY = re.compile(  # that watches: nobody's own but its own
    r"(?:法院|检察院|公安局|公安分局|派出所|交警队?|消协|消保委|消委会|消费者委员会|金管局|证监会|监管局|税务局|工商局|监管局|卫健委|卫生局|教育局|民政局|人社局|城管局|物价局"
    r"|质量监督所|质监所|卫生监督所|证券交易所|[深上北]交所|登记结算(?:公司|机构)?|评议中心|仲裁(?:委|院|委员会)|纪检监察组|纪委监委|健保署|消费者保护(?:会|官)?|缺陷产品管理中心)"
    r"(?:投资者|消费者)?(?:监督|举报|投诉|咨询|服务|报警|值班)*(?:电话|热线|专线)?[：:\s]*$"
    r"|(?:^|[，,、；;：:\s])(?:供电|自来水|供水|燃气|煤气|辖区派出所|派出所|火警|匪警|急救|有线电视)(?:局|所|公司)?(?:抢修|报修|服务)?(?:电话|热线)?[：:\s]*$"
    r"|(?:承办|执行|主审)法官.{0,8}(?:联系|咨询)?(?:电话)?[：:\s]*$"
)
ABOVE = re.compile(r"^\W*(?:上级|主管|监管|监督).{0,6}$")  # a heading over those who watch
SAID_BEFORE = re.compile(
    r"其(?:总部|公司|客服|官方|售后|服务|热线|电话)"
    r"|^\W*(?:公司|企业|集团)(?:董秘|总部|客服|官方|证券|投资者|联系|咨询|热线|电话)"
    r"|[该这][家所座]?(?:公司|中心|行|院|店|馆|校|企业|机构|局|景区|酒店|门店|单位|平台)"
)
FAR = 6  # lines back to whom 该公司 means
BY = re.compile(
    r"由(?P<who>[\u4e00-\u9fff]{3,16}?)(?:窗口|负责|提供|承办|承运|承保|承接|办理|受理|配送|运营|管理|代理|发货|施工|(?:统一)?组织)"
)

UNSURE = (FAINT, PERHAPS, HOUSE)

Title = tuple[int, str, bool]  # how far out it stands, its text, whether it stands as a title does


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a number's titles name (`sign` of `Titles.judge`), how far out, whether a heading says that others follow.

    `named` is what the nearest title says that is sure to name somebody: 1 the target, 0 nobody, -1 another.
    """

    sign: float
    level: int
    others: bool
    name: str = ""
    named: float = NOBODY


@dataclass(slots=True)
class _Heard:
    """What the titles asked so far say; `listed` where one of them says that others follow."""

    others: bool
    listed: bool = False
    first: Owner | None = None

    def told(self, sign: float, level: int, text: str) -> Owner | None:
        """The owner, if a title decides; what merely stands like a name, and "we", wait for a surer one."""
        owner = Owner(sign, level, self.others or self.listed, text[:LONGEST], NOBODY if sign in UNSURE else sign)
        first = self.first
        if sign in UNSURE:
            if first is None or (first.sign == FAINT and sign == PERHAPS):
                self.first = owner
            return None
        if first is None or first.sign == FAINT or (first.level == level == ROW and first.sign == PERHAPS):
            return owner
        if first.sign == HOUSE:
            return None if level == LABELLED else replace(first, sign=max(sign, HOUSE), named=max(sign, HOUSE))
        if sign == OWN and (not CJK.search(first.name) or (level >= ITEM and BELONGS.search(text))):
            return owner
        return replace(first, named=sign, others=owner.others)

    def at_last(self) -> Owner:
        """The owner where no title decided."""
        return replace(self.first or Owner(NOBODY, NOWHERE, others=False), others=self.others or self.listed)


def lists_others(text: str) -> bool:
    """Whether a heading says that others follow: 附近商户, but not 热门营业部 or 商户投诉专线."""
    return (
        len(text) <= LONGEST
        and OTHERS.search(text) is not None
        and not INVITES.search(text)
        and not OF_HOUSE.search(text)
    )


class Owners:
    """The owners of a page's numbers, asked for one target."""

    def __init__(self, page: Page, target: Target, brand: str = "") -> None:
        self.brands = tuple({whole for whole in (brand, PLACES.sub("", brand)) if len(whole) > 1})
        self.page, self.titles, self.name = page, Titles(target), target.names[0] if target.names else ""
        self._parts: dict[str, bool] = {}
        self._asked: dict[int, list[Title]] = {}
        self.digits = next(iter(re.findall(r"\d{5,}", self.name)), "")
        title = core(page.title)
        named = self.titles.judge(page.title, stands=False) > NOBODY or any(own in title for own in target.cores)
        self.subject = title if named else ""

    def of(self, one: Found) -> Owner:
        """The owner that the titles around a number name."""
        others = set_apart(one.line.element_at(one.one.start))
        if self.digits and one.one.digits.endswith(self.digits):
            return Owner(OWN, LABELLED, others, self.name, OWN)
        if TAGGED.match(simple(one.line.text)) and self.titles.judge(one.before, stands=True, clause=True) < OWN:
            return Owner(OTHER, LABELLED, True, one.line.text[:LONGEST], OTHER)
        if one.owner and (sign := self.titles.judge(one.owner, stands=True)):
            return Owner(sign, ROW, others, one.owner[:LONGEST])
        if (behind := BEHIND.match(one.line.text[one.one.end :])) and (sign := self._whose(behind["who"])):
            return Owner(sign, LABELLED, others, behind["who"], sign)
        return self._by_titles(one, _Heard(others))

    def _whose(self, name: str) -> float:
        """Whom a name in brackets behind a number surely names: the target, another, or nobody."""
        sign = self.titles.judge(name, stands=False)
        return sign if sign in (OWN, OTHER) else NOBODY

    def _by_titles(self, one: Found, heard: _Heard) -> Owner:
        for level, told, stands in self.around(one):
            text = simple(told)
            if level >= ITEM:
                heard.listed |= lists_others(text) and not any(own in core(text) for own in self.titles.cores)
                if text.endswith(COLON) and FAKE.search(_last(text)) and not WE.search(text):
                    return heard.first or Owner(OTHER, level, heard.others or heard.listed, text[:LONGEST], OTHER)
            sign = self._sign(level, text, stands=stands)
            if level == LABELLED and NOBODY >= sign > OTHER and SAID_BEFORE.search(text):
                sign = self._spoken_of(one) or sign
            if heard.listed and level >= HEADING and sign > NOBODY and not OTHERS.search(text):
                continue
            if sign and (owner := heard.told(sign, level, text)):
                return owner
        return heard.at_last()

    def _sign(self, level: int, text: str, *, stands: bool) -> float:
        sign = self.titles.judge(text, stands=stands, clause=level == LABELLED)
        if level == LABELLED and (TOUTS.search(text) or (sign <= NOBODY and self._of_others(text))):
            return OTHER
        if sign <= NOBODY and MAKER.match(text) and len(self.titles.brand) > 1 and self.titles.brand in text:
            return AKIN
        if sign == FAINT and level not in (ROW, ITEM):
            sign = NOBODY
        if level >= ITEM and (self._heads_nothing(text) or (sign in (FAINT, PERHAPS) and core(text) in self.subject)):
            return NOBODY
        if sign <= NOBODY and (level <= ROW or ABOVE.match(text)) and (foreign := self._foreign(text)):
            return OWN if self._plays(foreign) else OTHER
        if level == LABELLED and sign <= HOUSE and (by := BY.search(text)) and not WE.search(by["who"]):
            behind = self.titles.judge(text[by.end() :], stands=False, clause=True)
            by_whom = self.titles.judge(by["who"], stands=True)
            return behind or (by_whom if by_whom > NOBODY else OTHER)
        return sign

    def _heads_nothing(self, text: str) -> bool:
        """Whether a title is the site's own name, a topic, or to whom a letter is."""
        return (
            core(text) in self.brands
            or text.startswith(("关于", "当事人", "被告"))
            or ADDRESSED.match(text) is not None
        )

    def _of_others(self, text: str) -> bool:
        """Whether a label gives a number to the site it stands on, to a neighbour, an agent, or who watches."""
        famous = FAMOUS.search(text) is not None and not FAMOUS.search(f"{self.name}客服")
        site, agent = any(brand in core(text) for brand in self.brands), AGENT.search(text)
        watched = BODY.search(text) is not None and not BODY.search(self.name)
        sells = agent is not None and left_over(agent["who"]) > 0
        return site or watched or sells or famous or self._of_strangers(text) or NEIGHBOURS.search(text) is not None

    def _of_strangers(self, text: str) -> bool:
        """Whether a label names somebody else by its form: 某某（客服热线, 欢迎来某某, 本局, who mends any brand's."""
        for form, least in ((BRACKETED, 2), (WELCOME, 1), (SITE_NAMED, 1)):
            hit = form.search(text)
            if hit and left_over(LABEL.sub("", hit["who"])) >= least and not self.titles.names(hit["who"]):
                return True
        return AUTHORITY.search(text) is not None and not AUTHORITY.search(f"本{self.name[-1:]}")

    def _spoken_of(self, one: Found) -> float:
        """Who was named last before a number: the target, another, or nobody."""
        order = one.line.order
        texts = [
            one.line.text[: one.one.start],
            *(line.text for line in self.page.lines[max(0, order - FAR) : order][::-1]),
        ]
        for text in texts:
            if any(own in core(text) for own in self.titles.cores):
                return OWN
            if organisations_in(text):
                return OTHER
        return NOBODY

    def _foreign(self, text: str) -> str:
        """The part that a text gives to somebody else than the page's own: 施工单位, 监管部门."""
        part = FOREIGN.search(LAST_CLAUSE.split(text)[-1] if len(LAST_CLAUSE.split(text)[-1].strip()) > LEAST else text)
        return part.group() if part and not FOREIGN.search(self.name) else ""

    def _plays(self, part: str) -> bool:
        """Whether a line says that the target plays a part: 供货商：甲农产."""
        if part not in self._parts:
            self._parts[part] = self._is_said_to_play(part)
        return self._parts[part]

    def _is_said_to_play(self, part: str) -> bool:
        lines = (simple(line.text) for line in self.page.lines if part in line.text and len(line.text) <= BEFORE)
        return any(own in core(line) for line in lines for own in self.titles.cores)

    def around(self, one: Found) -> list[Title]:
        """The titles around a number, from its own line outwards."""
        if id(one) not in self._asked:
            self._asked[id(one)] = list(self._around(one))
        return self._asked[id(one)]

    def _around(self, one: Found) -> Iterator[Title]:
        line, start = one.line, one.one.start
        before = CLAUSE.split(_set_off(line, max(0, start - BEFORE), start))
        for part in reversed(NUMBER.split(before[-1])[-4:]):
            if part.strip():
                yield LABELLED, part, True
        for sentence in reversed(before[-1 - SENTENCES : -1]):
            yield LABELLED, sentence, False
        if line.kind == Kind.LINK:
            yield from ((LABELLED, text, True) for text in self._shown(line))
        if line.order < len(self.page.lines):
            element = line.element_at(start)
            cell = cell_of(element)
            if cell is not None and not self._lays_out(cell):
                yield from self._in_cell(cell, line.order)
                yield from ((ROW, text, stands) for text, stands in beside(self.page, cell))
            yield from self._over(element, line.order)

    def _shown(self, link: Line) -> list[str]:
        """What a tel: link says before the number that it shows."""
        first, last = self.page.spans.get(link.element, (0, 0))
        return [NUMBER.split(line.text)[0] for line in self.page.lines[first:last] if line.kind == Kind.TEXT]

    def _lays_out(self, cell: Element) -> bool:
        """Whether a cell is a part of the page rather than of a table: it holds another table, or too many lines."""
        first, last = self.page.spans.get(cell, (0, 0))
        return last - first > CELL_LINES or next(cell.iter("table"), None) is not None

    def _in_cell(self, cell: Element, order: int) -> Iterator[Title]:
        begins = max(self.page.spans.get(cell, (order, 0))[0], order - FURTHEST)
        for above in range(order - 1, begins - 1, -1):
            text = self.page.lines[above].text
            if len(text) <= LONGEST and not NUMBER.search(text):
                yield ROW, text, above == begins

    def _over(self, element: Element, order: int) -> Iterator[Title]:
        """The lines over a number that stand over it: titles of the items that it is in, headings beside and above."""
        told, rank = order, NO_RANK + 1
        inner: Element = element
        around: Element | None = element
        marked = False
        for _ in range(HIGHEST + 3):
            if around is None or not isinstance(around.tag, str) or around.tag == "html":
                return
            first = self.page.spans.get(around, (order, order))[0]
            item = is_item(around)
            for above in range(min(told, order) - 1, max(first, order - FURTHEST, 0) - 1, -1):
                line = self.page.lines[above]
                own_rank = rank_of(line.element)
                if own_rank == NO_RANK and MARKED.match(line.text):
                    if marked:
                        continue
                    marked = True
                if own_rank >= rank or not (_is_no_sentence(line.text) or heads(line.element)):
                    continue
                if not reads_as_title(line) or not self._stands_over(line, inner, around):
                    continue
                if OTHERS.search(line.text) and list_has_ended(line.element, inner):
                    continue
                rank = own_rank if own_rank < NO_RANK else rank
                stands = (heads(line.element) and around.tag != "body") or (item and above == first)
                yield (ITEM if item else HEADING), line.text.strip(), stands
            if item and (shown := _pictured(around)):
                yield ITEM, shown, True
            told = min(told, first)
            inner, around = around, around.getparent()

    def _stands_over(self, line: Line, inner: Element, around: Element) -> bool:
        """Whether a line within `around` is over what `inner` holds: not in a block of its own with numbers in it."""
        if line.text.rstrip().endswith(COLON) and list_is_over(line.element, inner):
            return False
        block = line.element
        while block is not around and (parent := block.getparent()) is not None and parent is not around:
            block = parent
        first, last = self.page.spans.get(block, (line.order, line.order + 1))
        if block is inner or block is around or last - first <= 1:
            return True
        lines = self.page.lines[first:last]
        if len(lines) > OWN_BLOCK or all(line.element.tag == "a" for line in lines):
            return False
        return not any(NUMBER.search(line.text) for line in lines)


def _is_no_sentence(text: str) -> bool:
    """Whether a text reads as a title or as what introduces a list, and as no sentence."""
    return SAID.search(text) is None or text.rstrip().endswith(COLON)


def _last(text: str) -> str:
    """The last sentence of a text."""
    return re.split(r"[。！？!?]", text.rstrip("：: "))[-1]


def _pictured(item: Element) -> str:
    """What the picture that an item begins with is said to show: 飞隼快递 on a logo in place of a name."""
    first = next(item.iterchildren("*"), None)  # no comment
    picture = next(first.iter("img"), None) if first is not None and not "".join(first.itertext()).strip() else None
    text = picture.get("alt", "").strip() if picture is not None else ""
    return text if len(text) <= LONGEST and not NUMBER.search(text) else ""


def _set_off(line: Line, first: int, last: int) -> str:
    """A part of a line with a gap where one element ends and the next like it begins, as cells do that are no cells."""
    text, before = line.text[first:last], line.element_at(first)
    gaps = []
    for start, element in line.further:
        if first < start < last and element is not before and element.getparent() is before.getparent():
            gaps.append(start - first)
        before = element
    for gap in reversed(gaps):
        text = f"{text[:gap]} {text[gap:]}"
    return text
