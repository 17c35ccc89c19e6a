from __future__ import annotations

import pytest

from haoma.guard.extract.names import Target, one_house
from haoma.guard.extract.titles import AKIN, HOUSE, NOBODY, OTHER, OWN, Titles
from haoma.guard.model import Names


def judged(name: str, text: str, *, clause: bool = False) -> float:
    return Titles(Target(Names(name))).judge(text, stands=True, clause=clause)


@pytest.mark.parametrize(
    ("name", "text", "called"),
    [
        ("跃途汽车租赁有限公司", "跃途租车押金不退", True),
        ("麦禾消费金融", "「麦禾钱包」官方下载", True),
        ("跃途汽车租赁有限公司", "跃途保险理赔", False),
        ("鼎岳租赁", "鼎岳控股招商", False),
        ("安心服务有限公司", "安心购物", False),
    ],
)
def test_a_coined_word_calls_its_house_unless_another_trade_follows(name: str, text: str, *, called: bool) -> None:
    assert Titles(Target(Names(name))).calls(text) is called


def test_a_houses_own_word_ends_where_everyday_words_begin() -> None:
    assert Titles(Target(Names("林之工整体衣柜"))).brand == "林之工"
    assert Titles(Target(Names("广东霜屿电器股份有限公司"))).brand == "霜屿"


def test_a_name_in_two_scripts_is_either() -> None:
    assert Target(Names("蜂序 HiveSeq")).names == ("蜂序 HiveSeq", "蜂序", "HiveSeq")
    assert Target(Names("Yunqizhi Technology（云企智）")).names[1:] == ("云企智", "Yunqizhi Technology")
    assert Target(Names("云企智")).names == ("云企智",)


def test_a_name_of_first_characters_is_short_for_the_whole() -> None:
    assert one_house("中诚建设工程咨询有限公司", "中诚建咨")
    assert not one_house("中国工商银行", "中国银行")


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("鼎岳重工股份有限公司", OTHER),
        ("鼎岳控股", OTHER),
        ("鼎岳融资租赁有限公司", OWN),
        ("鼎岳", OWN),
        ("鼎岳杯足球赛", AKIN),
    ],
)
def test_of_one_house_another_trade_and_the_group_are_others(text: str, sign: float) -> None:
    assert judged("鼎岳租赁", text) == sign


@pytest.mark.parametrize(
    "text", ["丁一鸣", "董事会秘书", "院办", "投诉处理专席", "江苏", "人均￥78鲁菜", "岳麓区溁湾镇通程商业广场"]
)
def test_people_desks_places_and_prices_are_nobody(text: str) -> None:
    assert judged("湘山旅行社", text) == NOBODY


@pytest.mark.parametrize(
    "text", ["澜山县卫生健康局医政科", "省教育考试院高职招生处", "湖南省旅游质监所", "市产权交易中心", "区教委"]
)
def test_a_part_of_a_public_body_is_the_bodys(text: str) -> None:
    assert judged("湘山旅行社", text) == OTHER


@pytest.mark.parametrize("text", ["会员享受八折优惠，预订请致电", "没人接，又打", "手册上印的是"])
def test_what_a_sentence_begins_with_is_no_title(text: str) -> None:
    assert judged("湘山旅行社", text, clause=True) == NOBODY


def test_a_line_that_says_that_a_name_follows_is_that_name() -> None:
    assert judged("中诚建咨", "名　称：江苏中诚建设工程咨询有限公司") > NOBODY
    assert judged("中诚建咨", "采购人：涟川市第二人民医院") == OTHER


def test_a_place_in_brackets_splits_no_name() -> None:
    assert judged("橙帆消费金融", "郑重提示：橙帆消费金融（成都）股份有限公司唯一官方客服热线为", clause=True) == OWN


@pytest.mark.parametrize(
    ("name", "text", "sign"),
    [
        ("鲜渡鱼庄(河西店)", "鲜渡鱼庄(河西万达店)", OWN),
        ("鲜渡鱼庄(河西店)", "鲜渡鱼庄(城东店)", OTHER),
        ("鹤杉纸业", "嘉兴工厂", NOBODY),
        ("旷野家居", "佛山总部展厅", NOBODY),
        ("浦澜融资租赁有限公司", "浦澜信托", OTHER),
        ("骐远汽车", "衡阳恒驰骐远4S店", OTHER),
        ("骐远汽车", "衡阳骐远体验中心", AKIN),
    ],
)
def test_branches_parts_sisters_and_dealers_are_told_apart(name: str, text: str, sign: float) -> None:
    assert judged(name, text) == sign


@pytest.mark.parametrize(
    ("name", "text", "sign"),
    [
        ("会溪市第二高级中学", "会溪二中", OWN),
        ("江右省教育考试院", "省考试院咨询：", OWN),
        ("江右省教育考试院", "浔阳市教育考试院", OTHER),
        ("平溪县人社局", "县人力资源和社会保障局", OWN),
        ("平溪县人社局", "县医疗保障局", OTHER),
        ("江右省教育考试院", "洪城市教育考试中心", OTHER),
        ("中原师院", "化学化工学院", HOUSE),
        ("中原师院", "南湖大学文学院", OTHER),
        ("国网北塘供电公司", "城东供电所", HOUSE),
        ("瑞澄养老", "致客户的一封信｜防范“代理退保”风险", NOBODY),
    ],
)
def test_a_public_body_has_its_own_place_and_short_forms(name: str, text: str, sign: float) -> None:
    assert judged(name, text) == sign


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("包水区人民法院关于合肥岚淇汽车销售服务有限公司车辆的公告", OTHER),
        ("合肥岚淇汽车销售服务有限公司关于召回的公告", OWN),
        ("关于合肥岚淇汽车销售服务有限公司的公告", OWN),
        ("郑州众付电子科技有限公司（合肥岚淇汽车销售服务有限公司一级代理）", OTHER),
    ],
)
def test_who_tells_of_the_target_or_sells_for_it_is_another(text: str, sign: float) -> None:
    assert judged("合肥岚淇汽车销售服务有限公司", text) == sign


def test_a_parent_company_and_another_fields_value_own_nothing_of_the_targets() -> None:
    assert judged("云岫国际证券", "母公司：云岫证券股份有限公司 热线 ", clause=True) == OTHER
    assert judged("合肥弘远行4S店", "主营：凌驰汽车 24小时咨询：", clause=True) == NOBODY


def test_a_brand_is_its_makers_and_a_4s_shop_is_its_company() -> None:
    assert Titles(Target(Names("金盾骋指纹锁"))).judge("中山市金盾骋安防科技有限公司", stands=True) > 0
    assert Titles(Target(Names("金盾骋"))).judge("中山市银洲安防科技有限公司", stands=True) < 0
    shop = Titles(Target(Names("郑州骋鼎4S店")))
    assert shop.judge("郑州骋鼎汽车销售服务有限公司", stands=True) > 0
