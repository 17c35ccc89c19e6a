"""What a number is for, by the words that stand around it.

Rules held here:
- The nearest label counts: the words just before the number, then a bracket or column just after it, then the heading
  above. Numbers in a row ("客服:400… / 021-…") share the label before the first of them.
- A word that says who answers ("总机", "营业部") is as good as one that says what for; a word that says neither
  ("电话") leaves the question to the heading, unless that has a number of its own.
- Supervision and reports (监督, 举报) are 投诉; roadside help and repair are 售后; switchboards, branches, press and
  offices are `other`. Of "客服及投诉" the first counts, for that is who answers.
- A national line of supervision (12315, 12378, 12386 …) is 投诉, whatever stands beside it.
- Without any word, a national service number (95…, 400, 800, 10…) is 客服: nobody takes one for an office.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType

from haoma.guard.model import Purpose

__all__ = ["WORDS", "purpose_of", "says"]

NEAR = 90  # characters of a label, or of what stands in brackets after a number

# Patterns between white space, in small letters: Chinese ones match anywhere, English ones stand alone.
WORDS = MappingProxyType(
    {
        Purpose.FAX: (
            "传真 傳真 图文传真",
            r"telefax facsimile fax f(?=\s?[:.)])",
        ),
        Purpose.COMPLAINT: (
            """
            投诉 投訴 申诉 申訴 举报 舉報 检举 监督(?!管理) 監督(?!管理) 监察 督查 督办 维权 消保 消费者权益保护
            廉政 廉洁 廉潔 合规举报 纪检 信访 异议 行风 反映问题 意见建议 意见反馈 反诈
            """,
            r"complaints? grievances? ombudsman whistle-?blow(?:er|ing)? report\sabuse ethics",
        ),
        Purpose.PARTNERS: (
            """
            招商(?!银行|銀行|证券|證券|基金|局|信诺|仁和|蛇口|期货|永隆|财险) 加盟
            代理(?:加盟|商|热线|合作|咨询|电话) 经销 經銷 分销 渠道(?:合作|加盟)
            合作(?:热线|电话|洽谈|專線|专线|咨询) 商[务務](?:合作|洽谈|热线|电话|咨询|部|專線|专线) 业务合作 入驻
            进驻 招募 团购 团体订购 大客户 批发(?:热线|电话|咨询) 广告(?:合作|热线|投放|刊登|招租) 招租 租赁热线
            """,
            r"""
            franchis(?:e|ing) partner(?:s|ship|ships)? dealers?(?:hip)? resellers? wholesale business\sdevelopment
            merchants?
            """,
        ),
        Purpose.AFTER_SALES: (
            """
            售后 售後 维修 維修 报修 報修 检修 保修 质保 修理 安装 安裝 退换货 退货 退換貨 道路救援 救援 拖车 拖吊
            寄修 (?:直营|特约|授权|指定)(?:服务|维修)(?:中心|站|网点|商)
            抢修 搶修 抢险 报障 故障 技术支持 技術支援 备件 配件
            """,
            r"""
            after-?\s?sales?(?:\sservice)? repairs? roadside(?:\sassistance)? warranty technical\ssupport
            tech\ssupport breakdown returns service\scent(?:er|re)
            """,
        ),
        Purpose.OTHER: (
            """
            总机 總機 总台 前台 办公室 辦公室 办公电话 值班 分行 支行 网点 营业部 營業部 营业厅 分公司 子公司
            办事处 辦事處 门市 門市 分店 门店 旗舰店 分部 校区 院区 分院 门诊 急诊 住院 媒体 媒體 传媒 新闻 新聞
            公关 公關 记者 采访 招聘 人力 人事 董秘 董事会 证券事务 證券事務 证券部 投资者关系 投資者關係 投资者热线
            招生 编辑部 教务 总部 公司电话 单位电话 宣传部 门卫 保安 会务 仓库 厂部 外呼
            """,
            r"""
            switchboard reception front\sdesk head\s?office offices? branch press media newsroom investor\srelations
            ir hr recruit(?:ment|ing) careers admissions operator head\s?quarters
            """,
        ),
        Purpose.CARE: (
            """
            客服 客户关爱 客户服务 客戶服務 顾客服务 顧客服務 会员服务 會員服務 旅客服务 旅客服務 乘客服[务務] 用户服务
            用[户戶]服務 持卡人服务 服务热线 服務熱線 服务电话 服務電話 服务专线 服務專線 电话银行 電話銀行 信用卡
            贵宾 白金 私人银行 咨询(?!有限|公司|集团) 諮詢(?!有限|公司) 查询 查詢 订座 订票 订房 预订 預訂 預約 预约
            挂号 掛號 报案 理赔 挂失 掛失 统一热线 便民热线
            (?:疑问|问题)(?:请|可)?(?:致电|拨打|联系|咨询|来电) 政务服务 24小时热线 人工服务 人工热线 免费热线 免付费
            免付費 受理热线 购票 寄件 查件 售前 订购 订餐 问询
            """,
            r"""
            customer\s(?:care|services?|support) help\s?desk enquir(?:y|ies) inquir(?:y|ies) reservations? bookings?
            contact\scent(?:er|re) call\scent(?:er|re) toll[-\s]?free hotlines? support cs
            """,
        ),
    }
)


def _either(words: str) -> str:
    return "|".join(words.split())


_ANY = re.compile(
    "|".join(
        f"(?P<{purpose.name}>{_either(zh)}|(?<![a-z])(?:{_either(en)})(?![a-z]))" for purpose, (zh, en) in WORDS.items()
    )
)
_ASKING = re.compile(
    r"(?:服[务務](?:热线|熱線|电话|電話|专线|專線)|咨询|諮詢|查询|查詢|hotlines?|support|enquir|inquir)"
)
_BRACKETED = re.compile(r"\([^()]{0,30}\)(?=[\s:]*$)")  # 监督(纪委办公室): who is asked, not what for
_SPACED = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])")
_JOINED = re.compile(r"(?:热线|電話|电话)?\s?(?:[及和与與、/&兼或]|and)\s?")
_NUMBER = re.compile(r"[+(]?\d(?:[\s()+./\-–—~转轉#*]{0,3}\d){4,}")
_ROW = re.compile(r"(?:[\s、,，/和及与或;；|()]|and|or)*")
_CLAUSE = re.compile(r"[;；。|!?\n\r\t]")
_BEHIND = re.compile(  # in brackets; or bare, unless it is the label of what follows
    r"\s{0,3}(?:[(\[【〔<「]\s{0,2}([^)\]】〕>」]{1,30})|[-–—:]{0,2}\s{0,2}([^\d\s:(,;。、/|]{2,16}+)(?!\s*[:\d+(]))"
)
_SERVICE = re.compile(r"(?:86)?(?:9[56]\d{3,6}|[48]00\d{7}|1[02]\d{3,4}|123\d{2}|0?800\d{6,7})")
_SUPERVISION = re.compile(
    r"12(?:300|305|315|318|326|328|331|336|337|358|365|369|377|378|380|386|388|389|390)|96110|1950"
)


def says(text: str) -> bool:
    """Whether a label names a purpose."""
    return _said(_folded(text)) is not None


def purpose_of(before: str, after: str, heading: str, digits: str = "") -> Purpose:
    """What a number is for, by the text of its block before and after it and by the heading above that.

    `digits`, where known, settle what no word says. Only some 180 characters before and 90 after are read.

    >>> purpose_of("投诉电话：", "，传真：021-60550101", "联系我们")
    <Purpose.COMPLAINT: '投诉'>
    >>> purpose_of("", "（传真）", "联系我们")
    <Purpose.FAX: '传真'>
    """
    plain = re.sub(r"\D", "", digits)
    if _SUPERVISION.fullmatch(plain):
        return Purpose.COMPLAINT
    behind = _BEHIND.match(_folded(after[:NEAR]))
    said_behind = next(filter(None, behind.groups()), "") if behind else ""
    above = _folded(heading[-NEAR:])
    if _NUMBER.search(above):
        above = ""
    for text in (_label(_folded(before[-2 * NEAR :])), said_behind, above):
        said = _said(_BRACKETED.sub("", text)) or _said(text)
        if said is not None:
            return said
    return Purpose.CARE if _SERVICE.fullmatch(plain) else Purpose.OTHER


def _folded(text: str) -> str:
    return _SPACED.sub("", unicodedata.normalize("NFKC", text).casefold())


def _said(text: str) -> Purpose | None:
    """The last purpose that a text names, but of two that are joined, or of "维修服务热线", the first."""
    last: re.Match[str] | None = None
    for found in _ANY.finditer(text):
        if last is None or not _goes_with(last, found):
            last = found
    return Purpose[last.lastgroup] if last is not None and last.lastgroup else None


def _goes_with(one: re.Match[str], other: re.Match[str]) -> bool:
    between = one.string[one.end() : other.start()]
    return bool(_JOINED.fullmatch(between) or (not between.strip() and _ASKING.match(other.group())))


def _label(before: str) -> str:
    """The words that belong to the number after them: of its clause, and past the numbers that share them."""
    text = before
    numbers = list(_NUMBER.finditer(text))
    while numbers and _ROW.fullmatch(text, numbers[-1].end()):
        text = text[: numbers.pop().start()]
    text = text[numbers[-1].end() if numbers else 0 :]
    return next((part for part in reversed(_CLAUSE.split(text)) if part.strip(" :·-")), "")
