"""Whose a number is by the sentence that it stands in, where its grammar says so plainly: 1 the target's, -1 another's.

Rules held here:
- Who is said to say something (甲表示，), who stands before the bracket that a number is in (向管理人（电话：…）), whom
  "their" stands for, and the party of a suit own what follows in the sentence.
- A newsroom's number, a court's, and that of a body that watches are no company's; nor is a sham (`shams`).
- What a sentence does not say plainly is left to the titles and the trees.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoma.guard.extract.han import simple
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import core, organisations_in
from haoma.guard.extract.shams import SHAM, is_sham
from haoma.guard.extract.title_words import WE
from haoma.guard.extract.titles import HOUSE, NOBODY, OTHER, OWN, Titles
from haoma.guard.extract.words import FAKE

if TYPE_CHECKING:
    from haoma.guard.extract.found import Found
    from haoma.guard.extract.scene import Scene

__all__ = ["spoken"]

BEFORE, BEHIND, NEAR, NEAR_COURT = 160, 60, 34, 20  # characters around a number
PARTY_LONG = 30  # characters of a party's name
BACK = 6  # lines back
OPENING = 600  # characters of a page that tell whose it is
LINE = r"(?:电话|热线|专线|号码?|座机|手机|客服|总机)"
SENTENCE = re.compile(r"[。！？!?；;\n]")
NEWSROOM = re.compile(
    r"(?:新闻|爆料|报料|投稿|[本该][报刊台网版]|记者|读者|通讯员|广告(?:刊登|投放)?|发行|订报)(?:部|中心)?(?:热线|专线|电话)(?:电话|号码)?(?:为|是)?\W*$"
)
MEDIA = re.compile(r"报|台|网|刊|社|传媒|广播|新闻|电视|杂志|媒体")
THEIRS = re.compile(
    rf"(?:(?<![尤极与])其|他们的?|它们?的?|对方的?|人家的?)(?:官方|客户|服务|公益|投诉|咨询|售后|专用|联系|全国|统一)*{LINE}*\W*$|打(?:他们|它|对方|人家)的?\W*$"
)
SAYS = re.compile(
    r"(?P<who>[^，。；：:！？!?]{2,40}?)(?:则|也|还|均|今日|昨日|昨天|今天|日前|方面|相关负责人|有关负责人|负责人|工作人员|发言人|客服人员|客服|有关人士)*"
    r"(?:表示|回应称|回应|介绍说?|提醒|告诉(?:记者|我)|答复|指出|称|说)[，,：:“\"]"
)
PARTY = re.compile(r"(?:原告|被告|被?上诉人|申请执行人|被执行人|被?申请人)(?!.{0,4}(?:代理|律师))")
OPEN = re.compile(r"(?P<who>[^，。；（(）)]{2,40})[（(][^（(）)]{0,120}$")
KEEPER = re.compile(
    r"(?:管理人|清算组|拍卖(?:公司|机构|行)|评估机构|代理人|律师|物业|房东|厂家|供应商|供货商|总代理|承运人)$"
)
STOP, LISTED = re.compile(r"[。！？!?\n]"), re.compile(r"[\d\s、，,和或—-]+$")
WATCHES = re.compile(
    r"(?P<who>公安|派出所|警务(?:室|站)|工商|质监所|卫生健康[委局]|卫健[委局]|市场监管局?|市场监督管理局|旅游局|文旅局|文化和旅游局|物价局|城管局|交通运输局|教育局|民政局|住建局|消费者委员会|消委会|证监[会局]|金融监管局|银保监[会局])"
    r"(?:机关|部门)?(?:投资者|消费者)?(?:监督|举报|投诉|咨询|服务|报警|值班|办公室)*(?:电话|热线|专线)?(?:为|是)?[：:\s]*$"
)
BRACKET = re.compile(r"\s?[（(](?P<who>[^（()）\d]{3,20})[)）]")
COURTS = re.compile(r"人民法院|检察院")
COURT = re.compile(r"本院|[法检]院(?:监督|举报|执行|投诉|联系)")


def spoken(scene: Scene, one: Found) -> float:
    """Whose the sentence around a number says that it is: 1 the target's, -1 another's, 0 where it does not say."""
    titles = scene.judge
    if titles is None or one.line.kind != Kind.TEXT:
        return NOBODY
    start, end = one.one.start, one.one.end
    before, behind = (simple(one.line.text[max(0, start - BEFORE) : start]), simple(one.line.text[end : end + BEHIND]))
    sentence = SENTENCE.split(before)[-1]
    label = sentence if sentence.strip() else simple(one.lead)
    if _of_none(scene, titles, sentence) or _watched(titles, label, behind):
        return OTHER
    if is_sham(sentence, behind, lambda: _above(scene, one)):
        return OTHER
    if told := _by_party(scene, titles, sentence) or _in_bracket(titles, STOP.split(before)[-1]):
        return told
    if THEIRS.search(LISTED.sub("", sentence)[-NEAR:]):
        return _theirs(titles, sentence, before)
    return _sayer(titles, sentence)


def _above(scene: Scene, one: Found) -> str:
    """The page's title and the lines above a number."""
    lines = scene.page.lines[max(0, one.line.order - BACK) : one.line.order]
    return simple(" ".join([scene.page.title, *(line.text for line in lines)]))


def _of_none(scene: Scene, titles: Titles, sentence: str) -> bool:
    """Whether a number is a newsroom's or a court's, and the target is none."""
    name = titles.target.names[0]
    news = scene.mine <= 0 and NEWSROOM.search(sentence[-NEAR:]) is not None and not MEDIA.search(name)
    court = titles.legal and "院" not in name and COURT.search(sentence[-NEAR_COURT:]) is not None
    court = court and COURTS.search(f"{scene.page.title} {scene.page.text}"[:OPENING]) is not None
    return news or (court and not WE.search(sentence.replace("本院", "")))


def _watched(titles: Titles, label: str, behind: str) -> bool:
    """Whether a label, or brackets behind, give a number to a body that watches others."""
    if hit := WATCHES.search(label):
        return hit["who"][:2] not in titles.target.names[0]
    held = BRACKET.match(behind)
    return held is not None and WATCHES.search(held["who"]) is not None and not titles.names(held["who"])


def _by_party(scene: Scene, titles: Titles, sentence: str) -> float:
    """Whose a number is by the party of a suit that was named last."""
    roles = PARTY.findall(sentence)
    if not roles:
        return NOBODY
    for line in scene.page.lines:
        text = simple(line.text)
        for hit in PARTY.finditer(text):
            who = core(PARTY.split(text[hit.end() : hit.end() + PARTY_LONG])[0])
            if any(own in who for own in titles.cores):
                return OWN if hit.group() == roles[-1] else OTHER
    return NOBODY


def _in_bracket(titles: Titles, sentence: str) -> float:
    """Whose a number in brackets is: who stands before them."""
    hit = OPEN.search(sentence)
    if hit is None:
        return NOBODY
    if KEEPER.search(hit["who"]) and not KEEPER.search(titles.target.names[0]):
        return OTHER
    sign = titles.judge(hit["who"], stands=False, clause=True)
    warned = sign == OWN and (FAKE.search(sentence) or SHAM.search(sentence))
    return sign if sign in (OWN, OTHER) and not warned else NOBODY


def _theirs(titles: Titles, *texts: str) -> float:
    """Whom "their" stands for: who was named last."""
    for text in texts:
        whole = core(text)
        own = max((whole.rfind(own) for own in titles.cores), default=-1)
        others = [core(who) for _, who in organisations_in(text) if not titles.names(who)]
        other = max((whole.rfind(who) for who in others), default=-1)
        if own >= 0 or other >= 0:
            return OWN if own > other else OTHER
        if WE.search(text):
            return OTHER
    return NOBODY


def _sayer(titles: Titles, sentence: str) -> float:
    """Who is said to say what a number stands in, where nobody is named since."""
    said = list(SAYS.finditer(sentence))
    if not said or titles.judge(sentence[said[-1].end() :], stands=False, clause=True) not in (NOBODY, HOUSE):
        return NOBODY
    sign = titles.judge(said[-1]["who"], stands=False, clause=True)
    return sign if sign in (OWN, OTHER) else NOBODY
