"""Names of organisations on a page: who is meant, who else is there, and how like two names are.

Rules held here:
- Names are compared without case, punctuation and legal form: 甲证券股份有限公司 is 甲证券, Acme, Inc. is ACME.
- A rival is found without knowing it: a legal suffix, a word for an institution, a name in a title's place beside a number.
- A name out of the registry (target or rival) counts wherever it stands; the longest that fits is meant.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from haoma.guard.extract.everyday import left_over
from haoma.guard.extract.han import simple, sounds
from haoma.guard.extract.short_forms import COMMON, also
from haoma.guard.extract.spelt import spelt
from haoma.guard.model import Names

__all__ = [
    "CJK",
    "ENDINGS",
    "PLACES",
    "Target",
    "core",
    "likeness",
    "one_house",
    "organisations_in",
    "short_form",
    "titled",
    "written_beside",
]

LEGAL = re.compile(
    r"[\s,.]*\b(?:inc|incorporated|llc|l\.l\.c|ltd|limited|llp|plc|corp|corporation|company|co|gmbh|ag|s\.?a|s\.?l|s\.?l\.?u|b\.?v|n\.?v|pty|lda|sp z o o|oy|ab|as|sarl|sas|spa|srl|pc|pllc|p\.?a|kg|e\.?v|the|and|of|&)\b\.?",
    re.IGNORECASE,
)
ZH_LEGAL = re.compile(
    r"[（(][^）)]{1,8}[）)]|股份有限公司|有限责任公司|有限公司|责任公司|股份公司|集团公司|集團|集团|公司|总部|官方网站|官网|官方"
)
_ENGLISH_ENDING = (
    r"(?:Inc|Incorporated|LLC|L\.L\.C|Ltd|Limited|LLP|PLC|Corp|Corporation|Company|Co|GmbH|AG|S\.?A|S\.?L|S\.?L\.?U|B\.?V|Pty|Lda|PLLC|Oy|AB|A/S|SARL|SAS|SpA|S\.?r\.?l|Group|Associates|"
    r"University|College|Schools?|Academy|Hotel|Inn|Resort|Casino|Restaurant|Cafe|Grill|Bistro|Hospital|Bank|Church|Clinic|Foundation|Institute|Museum|Zoo|Theat(?:er|re)|Center|Centre|Services|"
    r"Solutions|Technologies|Systems|Firm|Partners|Agency|Dental|Plumb(?:er|ing)|Roofing|Builders|Builds?|Construction|Design|Studios?|Productions|Films|Media|Marketing|Insurance|"
    r"Realty|Motors|Collision|Repair|Solicitors|Attorneys?|Legal|Consulting|Engineering|Industries|International|Association|Society|Council|Department|Authority|Library|Club|Market|Store|Shop)\b\.?"
)
ENGLISH = re.compile(rf"(?:\b[A-Z0-9][\w&'’.\-]*,?\s+(?:(?:&|and|of|for|the|de|y|e)\s+)?){{1,6}}{_ENGLISH_ENDING}")
ENGLISH_END = re.compile(rf"\s(?=[A-Z]){_ENGLISH_ENDING}")  # what a line with such a name has at least
ENDINGS = (
    r"有限责任公司|股份有限公司|有限公司|集团|集團|公司|银行|銀行|信用社|基金|证券|保险|人寿|财险|医院|醫院|卫生院|诊所|大学|學院|学院|中学|小学|幼儿园|酒店|宾馆"
    r"|饭店|餐厅|超市|商场|百货|专卖店|旗舰店|委员会|管理局|公安局|税务局|监管局|交通局|协会|學會|学会|研究院|研究所|出版社|旅行社|航空|快递|物流|速运|电信|移动"
    r"|联通|电力|燃气|水务|自来水|地铁|公交|机场|物业|地产|置业|电器|科技|网络|传媒|事务所|俱乐部|博物馆|图书馆|景区|影城|工作室|驾校|工厂|制造厂|药房|药店"
)
ENDING = re.compile(ENDINGS)
CHINESE = re.compile(
    rf"[\u4e00-\u9fffA-Za-z0-9（）()·]{{2,24}}?(?:{ENDINGS})(?:[\u4e00-\u9fff（）()]{{0,8}}?(?:{ENDINGS})){{0,3}}(?![\u4e00-\u9fff]?(?:服务|业务|产品|法))"
)
BARE = re.compile(
    r"管理|销售|控股|投资|股份|有限|责任|公司|集团|集團|基金|证券|银行|保险|本|我|该|各|全国|中国|国内|[（）()]"
)
PLAIN = re.compile(
    r"联系|聯絡|电话|電話|热线|熱線|服务|服務|客服|咨询|投诉|网络|指南|通知|公告|时间|地址|意见|公司$|支行$|分行$|[部处科室院店]$|首页|大全|网点|机构|简介|说明|须知|景区|单位|栏目|[0-9０-９]"
)
NOISE = re.compile(
    r"关于|旗下|不法|防范|不保证|账户|手机银行|网上银行|电子银行|私人银行|企业银行|电话银行|个人银行|個人銀行|附属|原则|施工|三级|综合医院|近|号（|^\d|的|了"
)
HOUSE = re.compile(r"帮助|中心|客服|服务|商城|官网|官方|网站|手机版|首页|热线|集团|控股|公司|网$")
BRANCH = re.compile(
    r"^.{0,8}(?:支行|分行|分公司|营业部|营业厅|分店|校区|院区|分院|门诊部|办事处|分部|事业部|子公司|本公司|我公司|各公司|该公司|贵公司|总公司|母公司)$|^(?:市|省|区|县|本|我|该|各|全国|中国|国内|本市)?[\u4e00-\u9fff]{2}$"
)
LEADING = re.compile(r"^.{0,12}?(?:拨打|致电|联系|关注|通过|由|与|和|及|向|在|到|请|为|是|的|：|，|。)(?=.{2,})")
NOT_NAMES = re.compile(
    r"^(?:home|about|contact|news|menu|services?|products?|phone|tel|fax|e-?mail|address|hours|location|directions|search|login|privacy|terms|site ?map|copyright|all rights|click|read|more|get|"
    r"follow|share|our|your|the|welcome|monday|tuesday|wednesday|thursday|friday|saturday|sunday|po box|p\.o|suite|street|联系|关于|首页|电话|传真|地址|邮编|邮箱|客服|投诉|热线|更多|返回|版权|网址|时间|营业时间)",
    re.IGNORECASE,
)
PLACES = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,3}(?:省|市|县|区|镇|乡)|中国|北京|上海|天津|重庆|广州|深圳|杭州|南京|苏州|成都|武汉|西安|郑州|长沙|济南|青岛|大连|沈阳|长春|哈尔滨|合肥|福州|厦门|南昌|昆明|贵阳|南宁|海口|兰州|太原|石家庄"
    r"|宁波|无锡|佛山|东莞|珠海|中山|泉州|温州|常州|义乌|香港|澳门|台湾|江苏|浙江|广东|山东|河南|河北|湖南|湖北|四川|福建|安徽|江西|陕西|山西|云南|贵州|辽宁|吉林|黑龙江|甘肃|青海|内蒙古|新疆|西藏|宁夏|广西|海南)"
    r"(?=[\u4e00-\u9fff]{2})"
)
_HAN, _LATIN = r"[\u4e00-\u9fff（）()·]{2,}", r"[A-Za-z][A-Za-z .,&'\-]{2,}[A-Za-z.]"
HALVES = re.compile(
    rf"(?P<one>{_HAN})[\s/|·（(]*(?P<other>{_LATIN})[)）]?|(?P<first>{_LATIN})[\s/|·（(]*(?P<last>{_HAN}?)[)）]?"
)
SHARES = re.compile(r"股份有限公司$")
LEAST_COINED = 2  # characters that no word has
LEAST_SAID = 4  # characters of a short form that no other house has: 中诚建咨
LABEL_LEAST = 4  # letters
LEFT_OUT = 6  # characters between two parts of a short form: 麓江公积金中心 is 麓江市住房公积金管理中心
BODY = re.compile(r"[\u4e00-\u9fff]{2}[省市县区州]?[\u4e00-\u9fff]{1,4}(?:局|院|中心|委|厅|办|所|会)")
BODY_GAP = r"[\u4e00-\u9fff]{0,4}"
SHORTENED = 0.8  # how surely such a one names the target
LONGEST_NAMED = 60  # characters of a line that is a name, and no menu in which parts of several meet
WORD = re.compile(r"[a-z0-9]+|[\u0370-\u03ff\u0400-\u04ff]+|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]", re.IGNORECASE)
GENERIC = frozenset("the and of for a an in at on to by de la le y e with www com net org inc llc ltd co".split())
CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


@lru_cache(maxsize=20_000)
def core(name: str) -> str:
    """A name's own part, in plain characters without spaces: what its other forms share.

    >>> core("The Babcock Law Firm LLC."), core("甲（北京）证券股份有限公司")
    ('babcocklawfirm', '甲证券')
    """
    plain = simple(unicodedata.normalize("NFKC", name).casefold())
    plain = ZH_LEGAL.sub("", plain) or plain if CJK.search(plain) else LEGAL.sub(" ", plain)
    return "".join(WORD.findall(plain)) or "".join(WORD.findall(name.casefold()))


@lru_cache(maxsize=20_000)
def _grams(name: str) -> frozenset[str]:
    whole = core(name)
    size = 2 if CJK.search(whole) else 3
    return frozenset(whole[at : at + size] for at in range(max(1, len(whole) - size + 1)))


@lru_cache(maxsize=20_000)
def likeness(one: str, other: str) -> float:
    """How much of the shorter name's pieces the longer one has, 0–1, a little less where it says much more.

    >>> likeness("ACME, Inc.", "Acme"), likeness("甲银行", "乙证券")
    (1.0, 0.0)
    """
    a, b = _grams(one), _grams(other)
    shared = len(a & b)
    if not shared or min(len(a), len(b)) == 0:
        return 0.0
    return shared / min(len(a), len(b)) * (0.7 + 0.3 * min(len(a), len(b)) / max(len(a), len(b)))


class Target:
    """Who is asked about, ready to be looked for in many lines."""

    def __init__(self, names: Names) -> None:
        parts = [part for name in (names.name, *names.aliases) for part in (name, *_halves(name))]
        self.names = tuple(dict.fromkeys(name for name in parts if core(name)))
        given = dict.fromkeys(core(name) for name in self.names)
        others = dict.fromkeys(
            [
                *(other for one in given for other in also(one)),
                *(other for name in self.names for other in _on_exchange(name)),
            ]
        )
        self.given = tuple(sorted(given, key=len, reverse=True))
        self.cores = tuple(sorted({**given, **others}, key=len, reverse=True))
        self.domains = tuple(domain.lower() for domain in names.domains)
        words = WORD.findall(LEGAL.sub(" ", simple(names.name.casefold()))) if names.name else []
        self.words = tuple(
            dict.fromkeys(word for word in words if word not in GENERIC and (len(word) > 2 or CJK.match(word)))
        )
        self.initials = "".join(word[0] for word in words if not CJK.match(word))
        self.sounds = _spelt(self.given[-1] if self.given else "")
        self._longer = _longer_forms(self.given)
        self.pieces = self._pieces()

    def _pieces(self) -> tuple[str, ...]:
        """What a line's core has at least one of, where it names the target at all."""
        least = [(whole, max(3, len(whole) * 3 // 5)) for whole in self.given]
        parts = [whole[at : at + size] for whole, size in least for at in range(len(whole) - size + 1)]
        words = () if CJK.search(self.cores[0] if self.cores else "") else self.words
        begins = [whole[:2] for whole in self.given] if self._longer else []
        return tuple(dict.fromkeys([*parts, *words, *begins, *(whole for whole in self.cores if len(whole) >= 2)]))

    def strength(self, squeezed: str, words: frozenset[str]) -> float:
        """How surely a line names the target, 0–1: `squeezed` is the line's core, `words` its words."""
        for whole in self.cores:
            if len(whole) >= 2 and whole in squeezed:
                return 1.0
        if not self.words or CJK.search(self.cores[0] if self.cores else ""):
            return self._partly(squeezed)
        rare = [word for word in self.words if len(word) > 3] or list(self.words)
        shared = sum(len(word) for word in rare if word in words) / sum(map(len, rare))
        return shared if shared >= 0.5 else 0.0

    def place(self, text: str) -> int:
        """Where in a text that names the target the name begins; as near as can be told."""
        small = simple(text.casefold())
        for name in self.names:
            if (at := small.find(simple(name.casefold()))) >= 0:
                return at
        for whole in self.cores:
            for size in range(len(whole), max(1, len(whole) // 2), -1):
                for first in range(len(whole) - size + 1):
                    if (at := small.find(whole[first : first + size])) >= 0:
                        return at
        return min((at for word in self.words if (at := small.find(word)) >= 0), default=0)

    def _partly(self, squeezed: str) -> float:
        """Chinese short forms: 中国工商银行 is called 工商银行 too."""
        best = 0.0
        for whole in self.given:
            for size in range(len(whole) - 1, max(2, len(whole) * 3 // 5 - 1), -1):
                if any(whole[at : at + size] in squeezed for at in range(len(whole) - size + 1)):
                    best = max(best, size / len(whole))
                    break
        return SHORTENED if best < SHORTENED and self._is_shortened(squeezed) else best

    def _is_shortened(self, squeezed: str) -> bool:
        """Whether a line is a longer name that one of these is short for; what does not begin as one is not searched."""
        if not self._longer or len(squeezed) > LONGEST_NAMED or not any(whole[:2] in squeezed for whole in self.given):
            return False
        return _pattern(self._longer).search(squeezed) is not None

    def owns(self, domain: str, squeezed_domain: str) -> float:
        """How surely a domain is the target's own, 0–1."""
        if any(domain == own or domain.endswith(f".{own}") for own in self.domains):
            return 1.0
        if not squeezed_domain:
            return 0.0
        for whole in self.cores:
            if len(whole) >= 4 and (
                whole in squeezed_domain or (len(squeezed_domain) >= 4 and squeezed_domain in whole)
            ):
                return 1.0
        if any(len(word) >= 4 and word in squeezed_domain for word in self.words):
            return 0.6
        if self._spelt_in(squeezed_domain):
            return 0.9
        return 0.5 if len(self.initials) >= 3 and squeezed_domain.startswith(self.initials) else 0.0

    def _spelt_in(self, label: str) -> bool:
        """Whether a domain's label spells the name: without its place, or with it as clzyy does 昌陵市中医院."""
        whole = self.given[-1] if self.given else ""
        own = PLACES.sub("", whole)
        if self.sounds and (self.sounds in label or spelt(own, label)):
            return True
        place = whole.removesuffix(own)
        return bool(place) and len(label) >= LABEL_LEAST and spelt(whole, label) and not spelt(place, label)


def _halves(name: str) -> list[str]:
    """The Chinese and the Latin half of a name that is given in both: 蜂序 HiveSeq."""
    hit = HALVES.fullmatch(name.strip())
    halves = [hit["one"] or hit["first"], hit["other"] or hit["last"]] if hit else []
    return sorted(halves, key=lambda half: CJK.search(half) is None)


def written_beside(name: str, texts: Sequence[str]) -> str:
    """The Chinese name that stands beside a Latin one in a text: 东海岸银行 of "东海岸银行 East Coast Bank"; or nothing.

    A name's ending makes it sure, or a coined word in the first text, a page's title.
    """
    own = re.escape(" ".join(name.split())).replace(r"\ ", r"\s+")
    beside = re.compile(
        rf"(?P<one>[\u4e00-\u9fff]{{3,20}})[\s/|·（(]{{0,3}}(?<![A-Za-z]){own}(?![A-Za-z])|(?<![A-Za-z]){own}(?![A-Za-z])[\s/|·（(]{{0,3}}(?P<other>[\u4e00-\u9fff]{{3,20}})",
        re.IGNORECASE,
    )
    found = [LEADING.sub("", hit["one"] or hit["other"]) for text in texts for hit in beside.finditer(text[:2000])]
    sure = (one for one in found if ENDING.search(one) or (one in texts[0] and left_over(one)))
    return next((one for one in sure if not _nobody(one) and not NOT_NAMES.match(one)), "")


def _longer_forms(cores: tuple[str, ...]) -> str:
    """What finds longer names that were shortened to these: their parts in order, with something between; or nothing.

    A name that begins with a place, or with what many begin with, has too many longer ones that are others'; but those
    of public bodies, of which a place has one of a kind: 平川人社局 is 平川市人力资源社会保障局.
    """
    found, bodies = list[tuple[str, ...]](), list[str]()
    for whole in cores:
        if BODY.fullmatch(whole):
            bodies.append(whole[:2] + r"[省市县区州盟旗]?" + BODY_GAP.join(whole[2:]))
        if not (4 <= len(whole) <= 12 and CJK.match(whole)) or PLACES.match(whole) or COMMON.match(whole):
            continue
        for first in range(2, len(whole) - 1):
            found.append((whole[:first], whole[first:]))
            found += [(whole[:first], whole[first:at], whole[at:]) for at in range(first + 2, len(whole) - 1)]
    gap = rf"[\u4e00-\u9fff]{{0,{LEFT_OUT}}}"
    return "|".join([*(gap.join(map(re.escape, parts)) for parts in found), *bodies])


@lru_cache(maxsize=1_000)
def _pattern(forms: str) -> re.Pattern[str]:
    """Forms ready to be searched for, which takes milliseconds to make."""
    return re.compile(forms)


def _spelt(name: str) -> str:
    """How a Chinese name's own word is spelt in a domain, its first two characters behind the place: 长沙麓山银行 → lushan."""
    own = PLACES.sub("", name)
    spelt = "".join(sounds(own[:2])) if len(own) >= 2 and CJK.match(own) and len(sounds(own[:2])) == 2 else ""
    return spelt if len(spelt) >= 4 else ""


def organisations_in(text: str) -> list[tuple[int, str]]:
    """The names of organisations that a text holds, told by their endings, and where each begins."""
    text = text[:2000]
    found = []
    if ENGLISH_END.search(text):
        found = [(hit.start(), hit.group().strip(" ,.-")) for hit in ENGLISH.finditer(text)]
    if ENDING.search(text):
        found += [(hit.start(), LEADING.sub("", hit.group())) for hit in CHINESE.finditer(text)]
    return [
        (start, name)
        for start, name in found
        if len(core(name)) >= 2 and not NOT_NAMES.match(name) and not _nobody(name)
    ]


def _nobody(name: str) -> bool:
    """Whether a match is a branch, a legal form or a phrase rather than the name of somebody."""
    return bool(BRANCH.match(name) or NOISE.search(name) or (CJK.search(name) and len(BARE.sub("", name)) < 2))


def short_form(name: str, of: str) -> bool:
    """Whether a Chinese name is short for another: its characters in order, from the first on.

    >>> short_form("祁山保险", "祁山财产保险股份有限公司"), short_form("雁荡实业", "雁荡纸业")
    (True, False)
    """
    own, whole = HOUSE.sub("", core(name)), core(of)
    if len(own) < 2 or not CJK.match(own):
        return False
    return any(own[:2] == one[:2] and _in_order(own, one) for one in (whole, _own_part(whole)))


def _in_order(own: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in own)


def _own_part(whole: str) -> str:
    """A name without the town or province in front, where what is left begins with a word of its own."""
    own = PLACES.sub("", whole)
    return own if len(own) >= LEAST_SAID and left_over(own[:2]) else whole


def _on_exchange(name: str) -> list[str]:
    """What a company limited by shares is called where shares are traded: 凌峰股份 of 浙江凌峰新材料股份有限公司."""
    own = PLACES.sub("", core(name)) if SHARES.search(name) else ""
    return [f"{own[:size]}股份" for size in (2, 3, 4) if len(own) > size and left_over(own[:size]) >= LEAST_COINED]


def one_house(name: str, own: str) -> bool:
    """Whether one of two Chinese names is short for the other; a name that says what it is may be short for a longer one.

    >>> one_house("富康產物保險", "富康產險"), one_house("中国工商银行", "中国银行")
    (True, False)
    """
    whole = core(own)
    says = left_over(whole[:2]) == len("富康") or (len(whole) >= LEAST_SAID and not ENDING.search(whole))
    return short_form(name, own) or (says and short_form(own, name))


def titled(text: str) -> bool:
    """Whether a short line could be a name by its form: few words, most of them capitals, no digits, no sentence."""
    text = text.strip(" :：-|»·")
    if not 2 <= len(text) <= 60 or any(map(str.isdigit, text)) or "@" in text or NOT_NAMES.match(text):
        return False
    if CJK.search(text):
        return len(text) >= 3 and not re.search(r"[，。；！？,;!?：:]", text) and not PLAIN.search(text)
    words = text.split()
    small = sum(word[0].islower() for word in words if word.lower() not in GENERIC)
    return len(words) <= 8 and small == 0 and text[-1] not in ".?!,"


def known_in(squeezed: str, rivals: Sequence[tuple[str, str]]) -> str | None:
    """The first registry name whose core a line holds, longest first."""
    return next((name for whole, name in rivals if whole in squeezed), None)
