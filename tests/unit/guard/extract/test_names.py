"""How an organisation's names are told from one another."""

from __future__ import annotations

from itertools import permutations

import pytest

from haoma.guard.extract.names import Target, core, written_beside
from haoma.guard.model import Names


@pytest.mark.parametrize("names", list(permutations(["甲银行", "乙证券", "丙基金", "丁保险"])), ids="".join)
def test_names_of_one_length_stand_in_the_order_they_are_given_in(names: tuple[str, ...]) -> None:
    assert tuple(own for own in Target(Names(names[0], names[1:])).cores if own in names) == names


def test_the_longest_name_is_looked_for_first() -> None:
    assert Target(Names("甲银行", ("甲商业银行", "甲行"))).cores == ("甲商业银行", "甲银行", "甲行")


def test_a_number_in_a_name_that_counts_no_house_is_left_alone() -> None:
    assert Target(Names("蜀九门老火锅")).cores == ("蜀九门老火锅",)


def strength(name: str, text: str) -> float:
    return Target(Names(name)).strength(core(text), frozenset())


@pytest.mark.parametrize(
    ("name", "longer"),
    [
        ("麓江公积金中心", "麓江市住房公积金管理中心"),
        ("麓江公积金中心", "办事网点-麓江市住房公积金管理中心"),
        ("朔岭招标", "朔岭工程招标有限公司"),
        ("平川人社局", "平川市人力资源社会保障局"),
        ("清湖粮储局", "欢迎来到清湖省粮食和物资储备局网站"),
        ("石桥市疾控中心", "石桥市疾病预防控制中心"),
        ("会溪二中", "会溪市第二高级中学公寓空调采购公告"),
        ("会溪市第二高级中学", "欢迎访问会溪二中网站"),
        ("澄江二医院", "联系我们-澄江市第二人民医院"),
        ("锦汇轨道交通", "锦汇地铁官网"),
        ("枫林市汽车客运总站", "枫林汽车站电话是多少"),
        ("江右省教育考试院", "江右考试院咨询"),
    ],
)
def test_a_short_form_is_known_in_the_name_it_is_made_of(name: str, longer: str) -> None:
    assert strength(name, longer) >= 0.7


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("中国银行", "中国建设银行"),
        ("上海银行", "上海浦东发展银行"),
        ("平川人社局", "平川市社会保险事业局"),
        ("会溪二中", "会溪市第一高级中学"),
        ("澄江二医院", "澄江市人民医院"),
        ("平川人社局", "清湖市人力资源社会保障局"),
        ("朔岭招标", "招标朔岭"),
        ("朔岭招标", "朔岭市政府采购、土地和产权交易及工程招标"),  # more lies between than a short form leaves out
        ("朔岭招标", f"朔岭城建{'资讯公告采购政策法规' * 6}朔岭工程招标"),  # a menu
    ],
)
def test_a_name_that_shares_its_parts_with_another_is_not_that(name: str, other: str) -> None:
    assert strength(name, other) < 0.7


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["东海岸银行 East Coast Bank"], "东海岸银行"),
        (["联系我们", "东海岸银行（East Coast Bank，ECB）位于宁波"], "东海岸银行"),
        (["联系我们 East Coast Bank"], ""),
        (["东海岸银行", "East Coast Banking 东海岸银行"], ""),
    ],
    ids=["title", "text", "a label", "another name"],
)
def test_a_page_tells_the_chinese_name_of_a_latin_one_beside_it(texts: list[str], name: str) -> None:
    assert written_beside("East Coast Bank", texts) == name
