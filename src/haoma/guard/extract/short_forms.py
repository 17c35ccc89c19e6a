"""The other forms that a Chinese name is usually called by: 会溪二中 for 会溪市第二高级中学.

Rules held here:
- Words that everybody shortens alike are listed, long and short; none names anybody.
- A place stands with its level or without (平川市, 平川) where what follows says what it is, in everyday words.
- The word that a name begins with stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from haoma.guard.extract.everyday import left_over

__all__ = ["CIVIC", "COMMON", "PLACED", "also"]

WORDS = (  # long/short
    "农村商业银行/农商行 农村商业银行/农商银行 财产保险/财险 财产保险/产险 中医医院/中医院 产物保险/产险 "
    "人寿保险/人寿 信用合作联社/信用社 消费金融/消金 律师事务所/律所 商业银行/银行 综合证券/证券 "
    "基金管理/基金 国家电网/国网 轨道交通/地铁 公共交通/公交 汽车客运总站/汽车站 汽车客运站/汽车站 "
    "汽车总站/汽车站 国际机场/机场 高级中学/中学 实验小学/实小 实验中学/实中 师范大学/师大 师范学院/师院 "
    "医科大学/医大 科技大学/科大 职业技术学院/职院 卫生学校/卫校 妇幼保健院/妇保院 人民法院/法院 "
    "人民检察院/检察院 疾病预防控制中心/疾控中心 人力资源和社会保障局/人社局 人力资源社会保障局/人社局 "
    "住房公积金管理中心/公积金中心 住房公积金管理中心/公积金管理中心 市场监督管理局/市场监管局 "
    "市场监督管理局/市监局 卫生健康委员会/卫健委 卫生健康局/卫健局 医疗保障局/医保局 城市管理局/城管局 "
    "住房和城乡建设局/住建局 发展和改革委员会/发改委 发展和改革局/发改局 教育考试院/考试院 生态环境局/环保局 "
    "政务服务中心/行政服务中心 政务服务中心/政务中心 退役军人事务局/退役军人局 消费者权益保护委员会/消保委 "
    "消费者协会/消协 不动产登记中心/不动产中心 汽车销售服务/4s店 汽车销售/4s店"
)
COUNTED = "一二三四五六七八九"
SHORT_FORMS = (
    *((long, short) for long, _, short in (word.partition("/") for word in WORDS.split())),
    *(
        (f"第{number}{kind}", f"{number}{kind}")
        for number in COUNTED
        for kind in ("中学", "高级中学", "小学", "医院", "人民医院", "幼儿园")
    ),
    *((f"{number}中学", f"{number}中") for number in COUNTED),
    *((f"第{number}人民医院", f"{number}院") for number in COUNTED),
    *((f"{number}人民医院", f"{number}医院") for number in COUNTED),
)
LEVEL = "市县区"  # what a place's name may end with, and is mostly called without
CIVIC = re.compile(
    r"(?:[局院委办会所站馆中小校厅社学]|中心|大学|水务|水厂|燃气|热力|供热|公交|地铁|轨道交通|公共交通|自来水|供电|机场|农商行|景区)$"
)
PLACED = re.compile(rf"(?P<place>[\u4e00-\u9fff]{{2,3}}?)(?P<level>[省州盟旗{LEVEL}])(?P<rest>[\u4e00-\u9fff]{{2,}})")
MOST_FORMS, STEPS = 24, 3  # of a name; words shortened or written out in one
LEAST = 2  # characters of a place, and of what follows
COMMON = re.compile(r"中国|国家|全国|中华|第[一二三四五]|人民|国际|环球|世界|东方|新华|国民|中央|联合")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@lru_cache(maxsize=1_000)
def also(whole: str) -> tuple[str, ...]:
    """The other forms of a name that is given by its own part, at most `MOST_FORMS`.

    >>> also("甲农商行")[:2]
    ('甲农村商业银行', '甲农商银行')
    """
    if not CHINESE.match(whole):
        return ()
    forms = dict.fromkeys([whole])
    for _ in range(STEPS):
        forms |= dict.fromkeys(other for one in list(forms) for other in _one_step(one))
    placed = [form for one in forms for form in _of_place(one)]
    return tuple(dict.fromkeys([*forms, *placed]))[1 : MOST_FORMS + 1]


def _one_step(whole: str) -> Iterator[str]:
    """A name with one of its words in its other form."""
    for long, short in SHORT_FORMS:
        one, other = (long, short) if long in whole else (short, long)
        if (at := whole.find(one, 1)) >= 0:
            yield whole[:at] + other + whole[at + len(one) :]


def _of_place(whole: str) -> Iterator[str]:
    """A name that begins with a place without the place's level, or with each."""
    hit = PLACED.fullmatch(whole)
    place, rest = (hit["place"], hit["rest"]) if hit else (whole[:LEAST], whole[LEAST:])
    if hit:
        yield place + rest
    elif len(rest) >= LEAST and CIVIC.search(rest) and not COMMON.match(whole) and left_over(rest) <= LEAST:
        yield from (place + level + rest for level in LEVEL)
