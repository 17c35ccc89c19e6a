"""Numbers that a page itself says are another's than the target's, in words that leave nothing to weigh.

Rules held here:
- A shop that says it mends any brand's and is no maker's has numbers of its own; the maker's are those it says are.
- A line that the platform of a page calls its own (本站统一热线, 某某网客服, 平台转接) is the platform's wherever it
  stands on the page.
- Of lines that each give one name its number, where one is the target's, the others are others'.
- A table with a column of dealers or service firms is of theirs, but for rows with the target's whole name.
- A judge's, or any on a court's notice of service or sale, is not the party's.
- A dealer's page gives the maker's line, a house's page its group's.
- Lists of fakes: `fakes`; those who serve the target: `hired`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from haoma.guard.extract.anatomy import cell_of
from haoma.guard.extract.everyday import left_over
from haoma.guard.extract.fakes import fakes_below
from haoma.guard.extract.han import simple
from haoma.guard.extract.hired import is_hired
from haoma.guard.extract.lines import Kind, lines_having
from haoma.guard.extract.names import core
from haoma.guard.extract.site import TITLE_GAPS, chrome
from haoma.guard.extract.title_words import CITY, DEPARTMENT, HOUSE_END, LABEL, PERSON, PUBLIC_BODY, WE

if TYPE_CHECKING:
    from haoma.guard.extract.found import Found
    from haoma.guard.extract.scene import Scene

__all__ = ["disowned", "is_strangers"]

NO_MAKER = re.compile(
    r"(?P<who>[^。；！\n]{0,40}?)(?:是|为|系|乃|属)[^。；！\n]{0,20}?(?:第三方|多品牌|各品牌|独立)[^。；！\n]{0,24}?(?:维修|售后|服务商|服务机构|上门|保养|清洗)[^。；\n]{0,40}"
    r"|(?P<us>本站|本店|本公司|本中心|本部|我们|我司|本网站)[^。；！\n]{0,30}?(?:非|不是|并非|不属于|不隶属)[^，。；\n]{0,12}(?:官方|厂家|原厂|品牌方|厂商|品牌)"
)
DISCLAIMS = ("第三方", "多品牌", "各品牌", "独立", "厂家", "廠家", "原厂", "原廠", "品牌方", "厂商", "非官方")
COLLECTS = re.compile(r"信息|导航|查询|黄页|收录|整理|转载|编辑|论坛|投诉|资讯|问答|百科|测评")
TALKS = re.compile(
    r"bbs|zhidao|wenda|tieba|forum|论坛|贴吧|问答|知道|社区|投诉|爆料|曝光|吗[？?]|怎么|什么|谁|[？?]|_问|百科|新闻|日报"
)
MENDS = re.compile(r"维修|售后|报修|上门|清洗|安装|服务中心|服务站")
MAKERS = re.compile(r"厂家|原厂|品牌方|厂商|官方|总部|制造商")
PLATFORMS = re.compile(
    r"(?:本站|本网站?|平台|网站)(?:统一|官方|免费|全国|唯一|在线)?(?:咨询|客服|服务|招商|预订|订票|转接|电话)*(?:专线|热线|电话|号码|客服)[：:\s]*$"
)
BRACKETED = re.compile(
    r"[^（(\n。；，]{0,14}[（(][^（）()]{0,6}?(?:(?:本站|本网站?|平台|网站)[^（）()]{0,10}|(?P<who>[^（）()]{3,10}?)(?:统一)?(?:客服|转接|服务热线)(?:热线|电话|号码)?)[）)]"
)
HANDED_ON = re.compile(
    r"(?:以上|上述)[^。；，\n]{0,12}(?P<kind>400|电话|号码)[^。；，\n]{0,6}(?:为|是|系|均为)[^。；，\n]{0,14}(?:转接|中转|平台)"
)
SITE_END = re.compile(r"(?:网|在线|论坛|社区|百科|问答|黄页|平台|宝典|之家|大全|地图|点评|导航|联盟|[日晚早]报)$")
LISTED = re.compile(
    r"^\W{0,3}(?:\d{1,3}\s?[、.．:：)）]\s{0,2})?(?P<who>[^\W\d][^\d：:，。；\n]{1,20}?)\s?[：:\s—–-]\s{0,3}[（(+\d]"
)
PARTS = re.compile(r"[店部站点处室科厅区县市省镇厂所院楼座台组]$|分公司|支行|分行|校区|客服|热线|电话")
DEALERS = re.compile(
    r"^\W{0,2}(?:授权|特约|签约)?(?:经销|服务|代理|加盟|供应|承包|安装|维修)商(?:名称|全称|单位)?\W{0,2}$|^(?:特约|授权)(?:维修|服务|经销)(?:站|店|点|中心|单位|商|网点)(?:名称)?$"
)
DEALER_WORDS = ("商", "特约", "特約", "授权", "授權")
OWN_HOUSE = re.compile(r"办事处|直属|直营|自营|分公司|总部|本部|工厂")
JUDGE = re.compile(r"(?:法官|书记员|执行员|审判员|法警|助理审判员)[）)：:\s]*(?:的?(?:联系)?电话[：:\s]*)?$")
JUDGE_BEHIND = re.compile(r"\s?[（(][^（）()]{0,6}(?:法官|书记员|执行员)[）)]")
OF_COURT = re.compile(r"公告送达|送达公告|(?:拍卖|变卖)公告|司法拍卖|开庭公告|执行公告|悬赏公告|失信被执行|仲裁公告")
COURT = re.compile(r"法院|仲裁|拍卖|检察|破产|管理人|司法")
SELLS = re.compile(r"4S店|汽车销售|销售服务|经营部|专卖店|商贸|经销|贸易|代理|门市")
OF_MAKER = re.compile(
    r"(?:厂家|主机厂|生产商|品牌(?:方|官方|总部))(?:统一|官方|全国|售后|免费)*(?:客服|服务|投诉|咨询)?(?:专线|热线|电话|客服)[：:\s]*$"
)
OF_OTHER_BRAND = re.compile(
    r"(?:^|[\s：:，,])(?P<who>[^\W\d]{2,8}?)(?:官方|全国|统一|品牌)+(?:客服|服务|售后)(?:中心)?(?:电话|热线|专线)?[：:\s]*$"
)
MAKERS_NAME = re.compile(
    r"(?:厂家|原厂|主机厂|品牌方)(?:官方|统一|全国)*(?:客服|服务|售后|投诉)(?:中心|热线|电话|专线)?[：:][^\d：:，。]{0,20}$"
)
CENTRAL = re.compile(r"中央预[订定](?:中心|热线|电话)?[：:\s]*$")
MEDIA_LINE = re.compile(
    r"(?:新闻|报料|爆料|读者|订报|发行|刊登|登广告|广告刊登)(?:热线|电话|专线|请电|请洽|请致电)[：:\s]*$"
)
MEDIA = re.compile(r"报|台$|网|传媒|新闻|电视|广播|杂志|社$|出版|文化|广告")
VISITORS = re.compile(r"(?:信息有误|(?<!产品)纠错|报错|误标|入驻(?:热线|电话)?)[^。；，\d]{0,8}$")
LOOKED_UP = re.compile(
    r"^\W*(?:最近|大家都?在?|其[他它]人还?|网友还?在?|热门)(?:查询|搜索|搜|查|浏览|查看|标记)(?:过?的?(?:号码|电话))?\W*$"
)
RUN_BY = re.compile(r"^\W*(?:经营主体|经营者|经营单位|运营主体|加盟商|承包人)(?:名称)?[：:]\s?(?P<who>[^\d：:]{4,30})")
PR_AGENCY = re.compile(
    r"^\W*(?P<who>[^\W\d]{2,8}?(?:公关|传播|公关顾问|公关传播)(?:顾问|公司|策划|机构)?)(?:[（(][^（）()]{0,6}[）)])?(?:\s+[^\W\d]{1,4}(?:先生|女士|小姐|经理|总监)?)?\W*$"
)
OF_USERS = re.compile(r"用户|客户|客服|消费者|售后")
BEHIND = re.compile(
    r"\s?(?:[、，/]\s?[\d-]{5,14}){0,2}\s?(?:[（(](?P<in>[^（）()\d]{3,14})[）)]|(?P<who>[^\W\d]{3,12})(?=[；;，,。]|$))"
)
LABELLED = re.compile(r"电话|热线|专线|客服|举报|投诉")
CONTRAST = re.compile(
    r"(?:[，,、；;]|或|以及|和|及|与|拨打|致电|联系)(?P<who>[^\W\d]{3,10}?)(?:官方|全国|统一|消费者|24小时)*(?:客服|服务|售后|咨询)(?:中心)?(?:电话|热线|专线)[：:是为]*\s*$"
)
OF_GROUP = re.compile(
    r"集团(?:公司|总部)?(?:中央|统一|官方|全国|免费)*(?:预订|预定|客服|服务|咨询|投诉|监督|举报|总机)*(?:中心|热线|电话|专线|总机|预订)[：:\s]*$"
)
GROUPED = re.compile(r"集团|控股")
CLAUSE, NEAR, LEAST, COINED = re.compile(r"[。；;！!？?\n]|\s{2,}"), 30, 3, 2
ABOVE, SITE_LONG = 2, 10  # lines; characters
HEADS = re.compile(r"最近|大家|其[他它]人|热门|网友|公关|传播|经营|主体|加盟商|承包人")  # what any of these lines has
SURELY_MAKERS = re.compile(r"厂家|原厂|品牌方")
SENTENCE, LINE, LONGEST = re.compile(r"[。！!\n]"), 120, 600
RUN = 3  # lines that stand apart, at most, in one list


def is_strangers(scene: Scene) -> bool:
    """Whether a page about mending says that it is a shop's and no maker's, and the shop is not the target."""
    title = simple(scene.page.title)
    if scene.judge is None or not MENDS.search(title) or TALKS.search(f"{scene.host} {title}"):
        return False
    for order in lines_having(DISCLAIMS, scene.page.text):
        hit = NO_MAKER.search(simple(scene.page.lines[order].text[:LONGEST]))
        if hit is None:
            continue
        who = hit["who"] or ""
        if not COLLECTS.search(hit.group()) and not any(own in core(who) or own in who for own in scene.target.cores):
            return not any(
                own in core(line.text) for line in scene.claims for own in scene.target.cores if len(own) > LEAST
            )
    return False


def disowned(scene: Scene) -> frozenset[int]:
    """The numbers, by identity, that a page says are not the target's; none where the target has no Chinese name."""
    if scene.judge is None or not scene.found:
        return frozenset()
    told = _Told(scene)
    every = {id(one) for one in scene.found if told.says(one)}
    spread = {_key(one) for one in scene.found if told.everywhere(one)}
    return frozenset(every | {id(one) for one in scene.found if _key(one) in spread} | set(told.listed()))


def _key(one: Found) -> str:
    return one.one.digits[-8:]


def _around(one: Found) -> tuple[str, str]:
    """The clause before a number, and what follows it."""
    text, start, end = one.line.text, one.one.start, one.one.end
    return CLAUSE.split(simple(text[max(0, start - NEAR) : start]))[-1], simple(text[end : end + NEAR])


def _sentence(one: Found) -> str:
    """The sentence that a number stands in, up to the number."""
    return SENTENCE.split(simple(one.line.text[max(0, one.one.start - LINE) : one.one.start]))[-1]


class _Told:
    """What is asked of each number of a page."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.titles = scene, scene.judge
        self.around = {id(one): _around(one) for one in scene.found}
        self.lists_dealers = any(word in scene.page.text for word in DEALER_WORDS)
        self.cores = [own for own in scene.target.cores if len(own) > 1]
        self.name = scene.target.names[0]
        numbered = {one.line.order for one in scene.found if one.line.kind == Kind.TEXT}
        self.fakes = fakes_below(scene.page, numbered)
        self.judges, self.grouped = COURT.search(self.name) is not None, GROUPED.search(self.name) is not None
        self.court = scene.mine <= 0 and not self.judges and OF_COURT.search(scene.page.title) is not None
        self.branch = self.titles.branch if self.titles else ""
        self.sells = SELLS.search(self.name) is not None
        ends = [part.strip() for part in TITLE_GAPS.split(scene.page.title)[1:]]
        self.sites = tuple(simple(part) for part in ends if LEAST <= len(part) <= SITE_LONG) if scene.mine < 1 else ()

    def _names(self, text: str) -> bool:
        return self.titles is not None and (self.titles.names(text) or any(own in core(text) for own in self.cores))

    def says(self, one: Found) -> bool:
        """Whether the page says of a number, at this place, that it is another's."""
        before, behind = self.around[id(one)]
        if self.scene.strangers:
            maker = MAKERS.search(before) is not None and NO_MAKER.search(simple(one.line.text)) is not None
            return not maker and not (one.line.kind == Kind.TEXT and SURELY_MAKERS.search(before))
        return (
            (not self.judges and bool(JUDGE.search(before) or JUDGE_BEHIND.match(behind)))
            or (self.court and not self._names(_sentence(one)))
            or (self.sells and self._makers(before))
            or (bool(self.branch) and CENTRAL.search(before) is not None)
            or self._public(behind)
            or self._contrasted(one, before)
            or self._headed(one)
            or (not self.grouped and OF_GROUP.search(before) is not None)
            or self._dealers(one)
            or is_hired(_sentence(one), behind, self.name, self._names)
        )

    def everywhere(self, one: Found) -> bool:
        """Whether the page says of a number that it is a fake, or the platform's: so it is at all its places."""
        if one.line.order in self.fakes and one.line.kind == Kind.TEXT:
            own = self.scene.mine <= 0 and any(own in core(one.line.text) for own in self.cores)
            return not own
        if self.scene.mine >= 1:
            return False
        before, behind = self.around[id(one)]
        media = MEDIA_LINE.search(before) is not None and not MEDIA.search(self.name)
        visitors = VISITORS.search(before) is not None and (
            chrome(one.line.element) != 0 or one.line.order >= len(self.scene.page.lines) - 1
        )
        if (media or visitors or PLATFORMS.search(before)) and not self._names(before):
            return True
        if any(site in before and SITE_END.search(site) for site in self.sites) and not self._names(before):
            return True
        hit = BRACKETED.match(behind)
        if hit is None or hit["who"] is None:
            return hit is not None
        return any(hit["who"] in site for site in self.sites) and not self._names(hit["who"])

    def _makers(self, before: str) -> bool:
        """Whether a dealer's page gives a number to the maker of what it sells."""
        if OF_MAKER.search(before) or MAKERS_NAME.search(before):
            return True
        hit = OF_OTHER_BRAND.search(before)
        return hit is not None and left_over(LABEL.sub("", hit["who"])) > 0 and not self._names(hit["who"])

    def _public(self, behind: str) -> bool:
        """Whether a public body is named right behind a number: 7258812（市商务局流通科）."""
        hit = BEHIND.match(behind)
        who = (hit["in"] or hit["who"]) if hit else ""
        if not who or LABELLED.search(who):
            return False
        return PUBLIC_BODY.search(who) is not None and not PUBLIC_BODY.search(self.name) and not self._names(who)

    def _contrasted(self, one: Found, before: str) -> bool:
        """Whether a sentence gives one number to the target and this one to another: 甲客服热线…，或乙客服电话…."""
        hit = CONTRAST.search(before)
        if hit is None or PARTS.search(hit["who"]) or left_over(LABEL.sub("", hit["who"])) < COINED:
            return False
        return not self._names(hit["who"]) and not WE.search(hit["who"]) and self._names(_sentence(one))

    def _headed(self, one: Found) -> bool:
        """Whether a line right above says who runs the place, what others looked up, or which agency is to be asked."""
        order = one.line.order
        if one.line.kind != Kind.TEXT:
            return False
        for line in reversed(self.scene.page.lines[max(0, order - ABOVE) : order]):
            if HEADS.search(line.text, 0, NEAR) is None:
                if len(line.text) > NEAR:
                    return False
                continue
            text = simple(line.text[:LINE])
            if LOOKED_UP.match(text):
                return True
            if hit := RUN_BY.match(text):
                return not self._names(hit["who"])
            if (hit := PR_AGENCY.match(text)) and left_over(hit["who"]) >= COINED:
                return not self._names(hit["who"]) and not OF_USERS.search(one.before)
        return False

    def _dealers(self, one: Found) -> bool:
        """Whether a number stands in a row of a table with a column of dealers, not the target's own."""
        line = one.line
        if not self.lists_dealers:
            return False
        if line.kind != Kind.TEXT or line.order >= len(self.scene.page.lines):
            return False
        cell = cell_of(line.element_at(one.one.start))
        if cell is None or cell.tag not in ("td", "th"):
            return False
        grids = self.scene.page.grids
        for left in grids.left_of(cell):
            head = grids.head_of(left)
            if head is not None and DEALERS.match(simple("".join(head.itertext()).strip()[:NEAR])):
                name = simple("".join(left.itertext())[:60])
                return not (
                    any(own in core(name) for own in self.cores) or (OWN_HOUSE.search(name) and self._names(name))
                )
        return False

    def listed(self) -> Iterator[int]:
        """The numbers of lists of names, one of them the target's, that stand behind another's name."""
        if self.scene.mine > 0:
            return
        rows = [(one, who) for one in self.scene.found if (who := self._who(one))]
        run: list[tuple[Found, str]] = []
        for row in rows:
            if run and row[0].line.order - run[-1][0].line.order > RUN:
                yield from self._of_others(run)
                run = []
            run.append(row)
        yield from self._of_others(run)

    def _of_others(self, run: list[tuple[Found, str]]) -> Iterator[int]:
        if len({who for _, who in run}) < LEAST:
            return
        own = {who for _, who in run if self._names(who)}
        others = {who for _, who in run if left_over(who) >= COINED and not DEPARTMENT.search(who)} - own
        if own and len(others) >= LEAST - 1:
            yield from (id(one) for one, who in run if who in others)

    def _who(self, one: Found) -> str:
        """The name that a line gives its numbers to, and nothing else; a part's, a town's or a person's is none."""
        if one.line.kind != Kind.TEXT:
            return ""
        hit = LISTED.match(simple(one.line.text))
        who = LABEL.sub("", re.sub(r"[（(][^（）()]*[）)]?", "", hit["who"])).strip() if hit else ""
        if len(who) < COINED or PARTS.search(who) or PERSON.search(who) or CITY.fullmatch(who) or HOUSE_END.search(who):
            return ""
        return who
