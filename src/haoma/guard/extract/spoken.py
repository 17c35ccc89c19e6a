"""Whose a number is by the sentence that it stands in, where its grammar says so plainly: 1 the target's, -1 another's.

Rules held here:
- Who is said to say (甲表示，), whose office a bracket tells (向管理人（联系电话：…）), whom "their" stands for, the party of
  a suit: these own what follows in the sentence.
- A number that called, that was found on the web, that a false message or card shows, or of which the text says that it
  has nothing to do with us, is another's; so is a newsroom's, and a court's for a company.
- What a sentence does not say plainly is left to the titles and the trees.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoma.guard.extract.han import simple
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import core, organisations_in
from haoma.guard.extract.title_words import NUMBER, WE
from haoma.guard.extract.titles import OTHER, OWN, Titles
from haoma.guard.extract.words import FAKE

if TYPE_CHECKING:
    from haoma.guard.extract.found import Found
    from haoma.guard.extract.scene import Scene

__all__ = ["spoken"]

BEFORE, BEHIND, NEAR = 160, 60, 34  # characters around a number
BACK = 6  # lines back
SENTENCE = re.compile(r"[。！？!?；;\n]")
LINE = r"(?:电话|热线|专线|号码?|座机|手机|客服|总机)"
CALLED = re.compile(
    rf"(?:打来(?:电话)?的|来电的?|陌生|呼入的?){LINE}{{1,2}}(?:有|是|为|显示为?|系)?\W*$"
    r"|接到(?:一个|了|自称|来自|号码为?|显示为?|[^，。]{0,12}(?:以|用))[^，。]{0,14}$"
    r"|收到(?:一个|一条|了|来自|自称|号码为?)[^，。]{0,14}$"
)
ON_WEB = re.compile(
    r"(?:搜|查|翻|百度|找)(?:索)?(?:到|出来?)(?:了|的)?(?:一|那|个|这|条|串|号|电话|客服|热线|售后|所谓|官方|「|“|\")[^，。]{0,12}$"
    r"|网上(?:随便|胡乱)?(?:搜|查|找|挂)(?:了|着|出|到|的)?[^，。]{0,12}$"
)
TRUE_SOURCE = re.compile(r"官网|公众号|说明书|保修卡|包装|铭牌|营业执照|工商|企查查|天眼查")
SHOWN = re.compile(r"(?:印(?:有|着)?|标注|贴(?:有|着)|写着|挂(?:了|着|出)|显示|留(?:了|的)?)[^。]{0,30}[^。，]{0,14}$")
SHAM = re.compile(
    r"假冒|冒充|冒用|冒牌|仿冒|山寨|自称|谎称|骗子|诈骗|行骗|号贩子|黄牛|上门推销|仿制|李鬼|钓鱼|虚假"
)
RIGHT = re.compile(r"官方|拨打|致电|请拨|请打|改打|核实|举报|认准|正确|唯一|为准|联系|咨询|告诉|告知|通知|报警|以及我|我们的|本(?:公司|行)的")
MESSAGE = re.compile(r"退订|拒收|回[TＴ]|回复?TD")
DENIED = re.compile(
    r"^[，,）)”\"\s]{0,3}[^，。；;\d]{0,6}?(?:[与和跟](?:我们|我|本|他们|厂家|官方|公司)[^，。]{0,10}(?:无关|无任何|没有?(?:任何|半点)?关系|毫无|不相干)"
    r"|(?:不是|并非|均非|都不是|非|不属于?)(?:我们|本(?:公司|行|院|店|校|平台|单位)|我(?:司|行|院|店|校)|他们|官方|厂家)"
    r"|(?:均为|都是|均系|是|系|为|属)(?:骗子|假冒|诈骗|虚假|仿冒|冒牌|山寨|假的))"
)
NEWSROOM = re.compile(
    r"(?:新闻|爆料|报料|投稿|[本该][报刊台网版]|记者|读者|通讯员|广告(?:刊登|投放)?|发行|订报)(?:部|中心)?(?:热线|专线|电话)(?:电话|号码)?(?:为|是)?\W*$"
)
MEDIA = re.compile(r"报|台|网|刊|社|传媒|广播|新闻|电视|杂志|媒体")
THEIRS = re.compile(rf"(?:(?<![尤极与])其|他们的?|它们?的?|对方的?|人家的?)(?:官方|客户|服务|公益|投诉|咨询|售后|专用|联系|全国|统一)*{LINE}*\W*$|打(?:他们|它|对方|人家)的?\W*$")
SAYS = re.compile(
    r"(?P<who>[^，。；：:！？!?]{2,40}?)(?:则|也|还|均|今日|昨日|昨天|今天|日前|方面|相关负责人|有关负责人|负责人|工作人员|发言人|客服人员|客服|有关人士)*"
    r"(?:表示|回应称|回应|介绍说?|提醒|告诉(?:记者|我)|答复|指出|称|说)[，,：:“\"]"
)
PARTY = re.compile(r"(?:原告|被告|被?上诉人|申请执行人|被执行人|被?申请人)(?!.{0,4}(?:代理|律师))")
OPEN = re.compile(r"(?P<who>[^，。；（(）)]{2,40})[（(][^（(）)]{0,120}$")
KEEPER = re.compile(r"(?:管理人|清算组|拍卖(?:公司|机构|行)|评估机构|代理人|律师|物业|房东|厂家|供应商|供货商|总代理|承运人)$")
STOP, LISTED = re.compile(r"[。！？!?\n]"), re.compile(r"[\d\s、，,和或—-]+$")
WATCHES = re.compile(
    r"(?P<who>公安|派出所|警务(?:室|站)|工商|质监所|卫生健康[委局]|卫健[委局]|市场监管局?|市场监督管理局|旅游局|文旅局|文化和旅游局|物价局|城管局|交通运输局|教育局|民政局|住建局|消费者委员会|消委会|证监[会局]|金融监管局|银保监[会局])"
    r"(?:机关|部门)?(?:投资者|消费者)?(?:监督|举报|投诉|咨询|服务|报警|值班|办公室)*(?:电话|热线|专线)?(?:为|是)?[：:\s]*$"
)
BRACKET = re.compile(r"\s?[（(](?P<who>[^（()）\d]{3,20})[)）]")
COURT = re.compile(r"本院|[法检]院(?:监督|举报|执行|投诉|联系)")
OFFICIAL_WE = re.compile(r"[本我](?:局|委|厅|署|办)(?![部员])")
COMPANY = re.compile(r"公司|集团|厂|银行|证券|保险|店")
QUOTE = re.compile(r"[“\"「][^”\"」]*$")


def spoken(scene: Scene, one: Found) -> float:
    """Whose the sentence around a number says that it is: 1 the target's, -1 another's, 0 where it does not say."""
    titles = scene.judge
    if titles is None or one.line.kind != Kind.TEXT:
        return 0.0
    text = simple(one.line.text)
    start, end = one.one.start, one.one.end
    before, behind = text[max(0, start - BEFORE) : start], text[end : end + BEHIND]
    sentence = SENTENCE.split(before)[-1]
    name = titles.target.names[0]
    if NEWSROOM.search(sentence[-NEAR:]) and scene.mine <= 0 and not MEDIA.search(name):
        return OTHER
    if _false(scene, one, sentence, behind):
        return OTHER
    if COURT.search(sentence) and "院" not in name and not scene_says_we(sentence):
        return OTHER
    if (party := _by_party(scene, titles, sentence)) or (party := _in_bracket(titles, STOP.split(before)[-1])):
        return party
    if _watched(scene, one, sentence, behind, name):
        return OTHER
    if THEIRS.search(LISTED.sub("", sentence)[-NEAR:]):
        return _theirs(scene, one, titles, sentence)
    return _sayer(titles, sentence)


def scene_says_we(sentence: str) -> bool:
    return WE.search(re.sub("本院", "", sentence)) is not None


def _false(scene: Scene, one: Found, sentence: str, behind: str) -> bool:
    """Whether a number is shown as one that called, that was found somewhere, or that is nobody's but a swindler's."""
    near = sentence[-NEAR:]
    if CALLED.search(near) or (ON_WEB.search(near) and not TRUE_SOURCE.search(sentence)):
        return True
    rest = SENTENCE.split(behind)[0]
    if DENIED.search(rest):
        return True
    around = simple(" ".join(line.text for line in scene.page.lines[max(0, one.line.order - BACK) : one.line.order]))
    if MESSAGE.search(behind) and FAKE.search(f"{scene.page.title} {around}"):
        return True
    last = None
    for last in SHAM.finditer(sentence):
        pass
    if last is not None and not RIGHT.search(sentence[last.end() :]) and not NUMBER.search(sentence[last.end() :]):
        return True
    return bool(QUOTE.search(near) and SHOWN.search(near) and SHAM.search(sentence))


def _watched(scene: Scene, one: Found, sentence: str, behind: str, name: str) -> bool:
    """Whether a label, or brackets behind, give a number to a body that watches others."""
    label = sentence if sentence.strip() else simple(one.lead)
    hit = WATCHES.search(label)
    if hit is not None:
        return hit["who"][:2] not in name
    held = BRACKET.match(behind)
    return held is not None and WATCHES.search(held["who"]) is not None and not scene.judge.names(held["who"])


def _by_party(scene: Scene, titles: Titles, sentence: str) -> float:
    """Whose a number is by the party of a suit that was named last."""
    roles = PARTY.findall(sentence)
    if not roles:
        return 0.0
    for line in scene.page.lines:
        text = simple(line.text)
        for hit in PARTY.finditer(text):
            if any(own in core(text[hit.end() : hit.end() + 30]) for own in titles.cores):
                return OWN if hit.group() == roles[-1] else OTHER
    return 0.0


def _in_bracket(titles: Titles, sentence: str) -> float:
    """Whose a number in brackets is: who stands before them."""
    hit = OPEN.search(sentence)
    if hit is None:
        return 0.0
    if KEEPER.search(hit["who"]) and not KEEPER.search(titles.target.names[0]):
        return OTHER
    sign = titles.judge(hit["who"], stands=False, clause=True)
    return OTHER if sign == OTHER else OWN if sign == OWN and not FAKE.search(sentence) and not SHAM.search(sentence) else 0.0


def _theirs(scene: Scene, one: Found, titles: Titles, sentence: str) -> float:
    """Whom "their" stands for: who was named last."""
    for text in (sentence, simple(one.line.text[: one.one.start])):
        own = max((core(text).rfind(own) for own in titles.cores), default=-1)
        others = [core(who) for _, who in organisations_in(text) if not titles.names(who)]
        other = max((core(text).rfind(who) for who in others), default=-1)
        if own >= 0 or other >= 0:
            return OWN if own > other else OTHER
        if WE.search(text):
            return OTHER
    return 0.0


def _sayer(titles: Titles, sentence: str) -> float:
    """Who is said to say what the number stands in."""
    last = None
    for last in SAYS.finditer(sentence):
        pass
    if last is None or titles.judge(sentence[last.end() :], stands=False, clause=True) not in (0.0, 0.25):
        return 0.0
    sign = titles.judge(last["who"], stands=False, clause=True)
    return sign if sign in (OWN, OTHER) else 0.0
