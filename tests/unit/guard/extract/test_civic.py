from __future__ import annotations

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.extract.civic import Local
from haoma.guard.extract.names import Target
from haoma.guard.extract.titles import NOBODY, OTHER, OWN, Titles
from haoma.guard.model import Belongs, Names


@pytest.mark.parametrize(
    ("name", "said", "own"),
    [
        ("白水市社会保险事业管理局", "市社保局", True),
        ("白水市社会保险事业管理局", "打市社保局电话", False),
        ("白水市社会保险事业管理局", "县社保局", False),
        ("白水市社会保险事业管理局", "市社区服务局", False),
        ("汉源市社会保障卡服务中心", "市社保卡服务中心地址", True),
        ("白水贸易有限公司", "市社保局", False),
    ],
)
def test_a_town_calls_its_bodies_short(name: str, said: str, own: bool) -> None:
    assert Local((name,)).names(said) is own


@pytest.mark.parametrize(
    ("name", "text", "sign"),
    [
        ("白水市社会保险事业管理局", "市社保局", OWN),
        ("青杉区法院", "执行局：", 0.25),
        ("老槐树醋业", "（三）标称晋源县老槐树醋业有限公司（联系电话：", OWN),
        ("恒穗财产保险股份有限公司", "恒穗保险取消了定点医院限制，报案电话为", 0.5),
        ("嵐牧乳業股份有限公司", "，或于上班时间致电台中总公司", NOBODY),
        ("浙江凌峰新材料股份有限公司", "凌峰股份证券部", OWN),
        ("拓云物流集团有限公司", "拓云物流集团有限公司，是一家以零担快运为主业的企业，客服电话为", OWN),
        ("清澜二院", "清澜市第二人民医院", OWN),
        ("岚山书店", "陕西盛驰岚山书店有限公司", OTHER),
    ],
)
def test_names_in_sentences_are_told(name: str, text: str, sign: float) -> None:
    assert Titles(Target(Names(name))).judge(text, stands=True, clause=True) == sign


def test_the_pages_of_a_body_need_not_give_its_whole_name() -> None:
    html = "<html lang='zh'><title>市社保局</title><body><h1>市社保局</h1><p>市社保局咨询电话：0913-2519801</p>"
    (one,) = mentions_of(html.encode(), names=Names("白水市社会保险事业管理局"))
    assert one.organisation is not Belongs.OTHER
