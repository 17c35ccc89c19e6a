"""The words beside a number that tell what answers there, and the words that make a name, a place, a part of a page.

Rules held here:
- The word nearest to the number decides; of one that names both, tel/fax, the voice wins.
- Lists name the trade's words in the languages whose pages were seen; a page's own words are in no model.
"""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = [
    "ADVERT",
    "CHANGED",
    "DEAD",
    "FAKE",
    "FORMER",
    "LABELLED",
    "OURS",
    "PARTS",
    "PLATFORM",
    "PUBLIC",
    "SOCIAL",
    "Cue",
    "cue_before",
    "cue_behind",
    "nearest",
]


class Cue(StrEnum):
    """What a label says of the number that it stands at."""

    VOICE = "voice"
    FAX = "fax"
    MOBILE = "mobile"
    NOT = "not"


# A letter that is a label of its own: not the T of GB/T 13006, not the F of a 2F.
ALONE = r"(?<![A-Za-z]/)(?<![^\d]\d)(?<![^\d]\d\d)"
_VOICE = r"""tel(?:e(?:ph|f)one?[sn]?|efono|éfono|\.?\s?no)?s?(?![a-wyz])|t[eé]l[eé]phone|phones?(?:\s?(?:number|no\.?))?|ph(?=[\s.:#\d]|$)|
  telefoon|telefon|tlf|tfn?o|téléf|телефон|тел|call(?:\s(?:us|now|toll[\s-]free|today|me|free))?|toll[\s-]?free|hot\s?line|help\s?(?:line|desk)|free\s?phone|
  \(t\)|{alone}[tp](?=\s?(?:[:.|)]|[+(]?\d|$))|{alone}o(?=\s?[:|)])|voice|office|main|switchboard|direct(?:\sdial)?|local|customer\s(?:service|care|support)|sales|enquir(?:y|ies)|
  reservations?|contact|dial|ring|services?|电\s{0,4}话|電\s{0,4}話|短号|短码|直拨|请拨|拨|撥|境内|境外|国内|海外|热线|熱線|客服|座机|固话|总\s{0,4}机|總\s{0,4}機|联系方式|联系|聯絡|致电|致電|拨打|撥打|来电|來電|专线|專線|咨询|咨詢|諮詢|投诉|投訴|举报|舉報|服务|服務|行動|行动|问题|订座|订票|预约|预订|报修|值班|前台|问询|信息台|直线|直線|[☎☏📞]"""
_FAX = r"""(?:tele|e-?)?fa(?:x|csimile|ks)(?:es)?(?:\s?(?:number|no\.?))?|t[eé]l[eé]copie(?:ur)?|\(f\)|{alone}f(?=\s?(?:[:.|)]|[+(]?\d|$))|📠|传\s{0,9}真|傳\s{0,9}真|факс"""
_MOBILE = r"""mobile?|mob(?=[\s.:]|$)|cell(?:\s?phone|ular)?|\(m\)|[mc](?=\s?[:|)])|gsm|text|sms|whats\s?app|wechat|微信|手\s{0,4}机|手機|移动电话|短信|加\s?(?:[vV]|微)(?:信)?|(?<![a-zA-Z])[vV][xX](?![a-zA-Z])"""
_NOT = r"""zip(?:\s?code)?|post(?:al)?\s?code|p\.?\s?o\.?\s?box|order(?:\s?(?:no|id|number))?|invoice|item|sku|isbn|issn|upc|ean|part\s?(?:no|number|#)|model|
  licen[cs]e|lic(?=[\s.:#])|dre|nmls|permit|reg(?:istration|istered)?(?:\sin\sengland)?(?:\s?(?:no|number))|company\s(?:no|number|reg\w*)|charity|vat|abn|acn|tax\s?id|ein|tin|
  account|iban|swift|bic|serial|version|copyright|©|id|lat(?:itude)?|long?(?:itude)?|gps|qq(?:群)?|标识码|邮\s{0,4}编|郵編|邮政编码|备案|ICP备?|许可证|執照|执照|编号|代码|[账帐賬]\s{0,6}[号號]|税\s{0,6}[号號]|登[记記][证證]|卡号|订单|会议号|户号|车架号|条码|69码|批次|批号|型号|合同(?:号|编号)|单位净值|执行标准|
  注册号|信用代码|股票|群号|版本|工号|身份证|统一编号|統一編號|統編|劃撥|price|fee|usd|eur|rmb|¥|￥|页|\bpp?(?=\s?\d)|doi|arxiv|rfc|case|docket"""
_WORDS = {Cue.VOICE: _VOICE, Cue.FAX: _FAX, Cue.MOBILE: _MOBILE, Cue.NOT: _NOT}


def _whole(pattern: str) -> str:
    """A pattern whose Latin words count only whole; those of other scripts stand anywhere."""
    return "".join(line.strip() for line in pattern.splitlines()).replace("{alone}", ALONE)


_ANY = "|".join(rf"(?P<{cue}>{_whole(words)})" for cue, words in _WORDS.items())
CUES = re.compile(rf"(?<![a-zA-Z'’.])(?:{_ANY})(?![a-z])", re.IGNORECASE)
LABELLED = re.compile(
    rf"(?:(?<![a-zA-Z])(?:{_whole(_VOICE)}|{_whole(_FAX)}|{_whole(_MOBILE)}))[\s\xa0.:：#)|>▶►→–—-]{{0,6}}[+(\[]{{0,3}}$",
    re.IGNORECASE,
)
WEAK = re.compile(
    r"call.*|dial|toll.*|local|direct.*|main|office|sales|customer.*|contact|ring|free.*|voice|服务|联系|聯絡|拨打|撥打|客服|咨询|諮詢|专线|專線|直线|热线",
    re.IGNORECASE,
)
OF_FAX = re.compile(
    r"客服|服务|服務|值班|前台|咨询|諮詢|投诉|专线|專線|联系|聯絡|销售|办公"
)  # whose fax it is: 客服传真
FAX_TELEPHONE = ("电话", "電話", "专线", "專線")  # 傳真電話
DEAD = re.compile(
    r"停用|停机|拆机|(?:座机|电话|热线|号码|已)撤销|作废|废止|不再(?:使用|提供|受理)|停止(?:使用|服务)|(?:已|将)(?:取消|注销|失效|下线|关闭)|空号|已更换|暂停(?:使用|服务|接听)|no\slonger|discontinued|disconnected|out\sof\s(?:service|use)"
    r"|not\sin\suse|已不用|請勿再撥|已停|弃用|(?:随之|一并|同时|即行|均已|现已|业已)(?:注销|取消|停用|失效)|(?:早就|早已|已经|已|现在|如今|根本)打不通",
    re.IGNORECASE,
)
FORMER = re.compile(
    r"旧(?:的)?(?:号|电话|热线|客服|总机|座机|版)|原\s?$|原(?:客服|服务|电话|热线|号码|总机|联系|投诉|咨询|有|来|(?![厂装产创始告料因则件价理由])[\u4e00-\u9fff]{2,6}(?:电话|热线|号码))|曾用|舊|以前(?:的|那个)|(?:old|former|previous|defunct)\s(?:tele)?(?:phone|number|hotline|line)|formerly",
    re.IGNORECASE,
)
CHANGED = re.compile(
    r"\s{0,2}(?:[^\d]{0,8})(?:更换|变更|调整|升级|更新|切换|统一|改|换|并入|迁移)(?:为|成|至|到|号为)|replaced\sby|changed\sto|is\snow",
    re.IGNORECASE,
)
ADVERT = re.compile(
    r"\b(?:ads?|advert\w*|sponsor\w*|promo\w*|banner|partner\w*|affiliat\w*|related|similar|nearby|recommend\w*)\b|广告|廣告|推广|赞助|贊助|合作|友情链接|推荐|相关|附近|同行|其他商家|猜你喜欢",
    re.IGNORECASE,
)
FAKE = re.compile(
    r"冒用|不法分子|不法人员|自称|谎称|嫌疑人|行骗|骗取|假冒|仿冒|冒充|诈骗|詐騙|虚假|谨防|非我|并非|不是我|无关|无(?:任何|直接)?(?:隶属|关联|合作|从属)?(?:关系|关联)|没有(?:任何)?(?:关系|关联)|不属于|非官方|骗子|山寨|高仿|\bfake\b|\bfraud|\bscam|\bimpost|not (?:our|affiliated)",
    re.IGNORECASE,
)
PLATFORM = re.compile(
    r"本站|本平台|平台客服|网站客服|网站热线|客户端|纠错|入驻|侵权|违法和不良|不良信息|举报(?:电话|热线|中心)|监管|监督管理|12\d{3}|网警|工信部|证监会|消保委|消协|银保监|金融监管|"
    r"\breport (?:a|an|this)|\blisting|web ?(?:site )?(?:design|by)|powered by|advertise with",
    re.IGNORECASE,
)
PUBLIC = re.compile(r"(?:12\d{3}|11\d|96110|12\d)$")
OURS = re.compile(
    r"\b(?:us|our|we|ours)\b|\bcontact\b|我们|我們|本(?:公司|行|店|院|校|网|站|司|集团)|我(?:公司|司|行|院|校)|官方|联系方式|聯絡我們",
    re.IGNORECASE,
)
PARTS = {
    "head": re.compile(r"head|top|banner|logo|brand|mast", re.IGNORECASE),
    "foot": re.compile(r"foot|bottom|copyright|colophon", re.IGNORECASE),
    "side": re.compile(r"side|aside|widget|left|right|col(?:umn)?-?[23]|rail", re.IGNORECASE),
    "main": re.compile(r"main|content|article|body|entry|post", re.IGNORECASE),
    "contact": re.compile(r"contact|addr|phone|tel|vcard|location|info|kontakt|lianxi", re.IGNORECASE),
}
SOCIAL = re.compile(
    r"facebook|twitter|linkedin|youtube|google|instagram|pinterest|yelp|bing|yahoo|mapquest|wordpress|w3\.org|schema\.org|addthis|tumblr|flickr|vimeo"
    r"|blogspot|adobe|microsoft|apple|gmail|hotmail|outlook|aol|baidu|weibo|qq\.com|163\.com|126\.com|sina|beian|miit\.gov|gov\.cn|amap|jquery|cloudflare",
    re.IGNORECASE,
)


def cue_before(text: str) -> tuple[Cue | None, int]:
    """The cue nearest to the end of a text, and how far from it it ends; a voice word beside a fax word wins.

    >>> cue_before("Tel: 1 23 45 Fax: ")
    (<Cue.FAX: 'fax'>, 2)
    """
    found = [(hit.start(), hit.end(), Cue(str(hit.lastgroup))) for hit in CUES.finditer(text)]
    if not found:
        return None, len(text)
    start, end, cue = found[-1]
    if len(found) > 1:
        _, other_end, other = found[-2]
        joined = (cue is Cue.FAX and start == other_end) or _joined(text[other_end:end])
        apart = start == other_end and cue is Cue.FAX and OF_FAX.fullmatch(text, found[-2][0], other_end)
        if cue in (Cue.FAX, Cue.NOT) and other is Cue.VOICE and joined and not apart:
            cue = Cue.VOICE
        elif (cue is Cue.VOICE and other is Cue.FAX and start == other_end and text[start:end] in FAX_TELEPHONE) or (
            cue is Cue.VOICE
            and other is Cue.FAX
            and start - other_end <= 12
            and WEAK.fullmatch(text, start, end)
            and not re.search(r"[/\d]", text[other_end:start])
        ):
            cue = Cue.FAX
    return cue, len(text) - end


def _joined(between: str) -> bool:
    return bool(re.match(r"\s{0,2}(?:/|&|\+|and|or|及|和|、|兼|[(（])\s{0,2}\S{0,12}$", between))


def cue_behind(text: str) -> tuple[Cue | None, int]:
    """The cue nearest to the beginning of a text, and how far from it it begins."""
    hit = CUES.search(text)
    return (Cue(str(hit.lastgroup)), hit.start()) if hit else (None, len(text))


def nearest(before: str, behind: str) -> Cue | None:
    """What the words around a number say of it: one in front on its line, else one right behind it."""
    cue, _ = cue_before(before)
    if cue is not None:
        return cue
    cue, far = cue_behind(behind)
    return cue if far <= 4 else None
