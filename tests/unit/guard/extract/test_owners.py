from __future__ import annotations

import pytest

from haoma.guard.extract.han import simple, sounds
from haoma.guard.extract.names import Target
from haoma.guard.extract.owners import Owners
from haoma.guard.extract.service import understood
from haoma.guard.model import Names


def signs(html: str, name: str) -> dict[str, float]:
    """What the titles around each number of a page say: 1 the target's, -1 and -0.5 another's, 0 nobody's."""
    page, _, found = understood(f"<html lang='zh'><body>{html}</body></html>", None)
    owners = Owners(page, Target(Names(name)))
    return {one.one.digits: owners.of(one).sign for one in found}


ROWS = (
    "<table><tr><th>机构</th><th>电话</th></tr><tr><td>{}</td><td>0551-55500001</td></tr>"
    "<tr><td>{}</td><td>0551-55500002</td></tr></table>"
)
CARD = "<div class=c><p class=n>{}</p><p>东街</p><p>电话 {}</p></div>"
HEADINGS = "<h3>岚山书店</h3><p>东街 1 号</p><p>0551-55500001</p><h3>云鲸空调</h3><p>0551-55500002</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<p>岚山书店：0551-55500001</p><p>云鲸空调 —— 0551-55500002</p>",
        "<p>请拨打岚山书店客服热线0551-55500001，或者找云鲸空调的0551-55500002</p>",
        ROWS.format("岚山书店", "云鲸空调"),
        "<dl><dt>岚山书店</dt><dd>电话 0551-55500001</dd><dt>云鲸空调</dt><dd>电话 0551-55500002</dd></dl>",
        HEADINGS,
        CARD.format("岚山书店", "0551-55500001") + CARD.format("云鲸空调", "0551-55500002"),
    ],
    ids=["lines", "a sentence", "rows", "definitions", "headings", "cards"],
)
def test_the_nearest_title_owns_a_number(html: str) -> None:
    assert signs(html, "岚山书店") == {"055155500001": 1.0, "055155500002": -1.0}


def test_a_label_a_department_and_a_place_own_nothing() -> None:
    html = "<p>客服热线：0551-55500001</p><p>市场部 0551-55500002</p><p>合肥市 0551-55500003</p>"
    assert set(signs(html, "岚山书店").values()) == {0.0}


@pytest.mark.parametrize(
    "label",
    ["上海市旅游质量监督所", "深交所投资者服务热线", "承办法官：黄法官 联系电话：", "业主常用电话：供电", "辖区派出所"],
)
def test_who_watches_and_who_supplies_own_their_numbers_on_anybodys_page(label: str) -> None:
    assert signs(f"<h1>岚山书店</h1><p>{label} 0551-55500001</p>", "岚山书店") == {"055155500001": -1.0}


def test_another_branch_is_another() -> None:
    html = "<p>卤小匠(人民路店) 0551-55500001</p><p>卤小匠(东门店) 0551-55500002</p>"
    assert signs(html, "卤小匠(人民路店)") == {"055155500001": 1.0, "055155500002": -1.0}
    assert signs(html, "卤小匠") == {"055155500001": 1.0, "055155500002": 1.0}


def test_names_meet_in_simplified_characters_and_in_domains() -> None:
    assert signs("<p>雲豐保險 0551-55500001</p>", "云丰保险") == {"055155500001": 1.0}
    assert simple("雲豐") == "云丰"
    assert sounds("麓山") == ("lu", "shan")
    assert Target(Names("麓山银行")).owns("lushanbank.net", "lushanbank") >= 0.6
    assert Target(Names("武汉市临江堂")).owns("wuhanhuangye.com", "wuhanhuangye") < 0.6


def test_a_name_in_a_row_goes_before_what_merely_stands_like_one() -> None:
    html = "<table><tr><td>沧浪银行股份有限公司</td><td>券行</td><td>95041</td></tr></table>"
    assert signs(html, "松壑基金") == {"95041": -1.0}


def test_a_heading_ends_what_stands_above_it() -> None:
    html = "<h2>组委会</h2><p>岚山书店</p><p>0551-55500001</p><h2>场馆</h2><p>电话 0551-55500002</p>"
    assert signs(html, "岚山书店") == {"055155500001": 1.0, "055155500002": 0.0}


def test_who_plays_a_part_in_one_row_plays_it_in_another() -> None:
    html = (
        "<table><tr><td>采购单位名称</td><td>岚山书店</td></tr><tr><td>代理机构名称</td><td>云鲸招标有限公司</td></tr>"
        "<tr><td>采购单位联系方式</td><td>0551-55500001</td></tr>"
        "<tr><td>代理机构联系方式</td><td>0551-55500002</td></tr></table>"
    )
    assert signs(html, "岚山书店") == {"055155500001": 1.0, "055155500002": -1.0}


def test_we_is_who_speaks_and_that_company_whoever_was_named_last() -> None:
    html = "<ul><li><b>岚山书店</b><p>有人冒充我店员工。请拨我店电话 0551-55500001</p></li></ul>"
    assert signs(html, "岚山书店") == {"055155500001": 1.0}
    assert signs("<p>记者走访了岚山书店。</p><p>可拨打该店电话 0551-55500001</p>", "岚山书店") == {"055155500001": 1.0}


def test_a_part_that_others_play_is_theirs_unless_the_target_is_said_to_play_it() -> None:
    html = "<p>施工单位项目部：0551-55500001</p>"
    assert signs(html, "岚山书店") == {"055155500001": -1.0}
    assert signs(f"<p>施工单位：岚山书店</p>{html}", "岚山书店") == {"055155500001": 1.0}


def test_long_and_short_forms_of_a_trade_make_one_name() -> None:
    assert signs("<p>江陵农商行 0551-55500001</p>", "江陵农村商业银行股份有限公司") == {"055155500001": 1.0}
    assert signs("<p>富康產物保險 0551-55500001</p>", "富康產險") == {"055155500001": 1.0}


@pytest.mark.parametrize(
    ("title", "sign"),
    [
        ("瀛洲冷链物流有限公司 Yingzhou Cold Chain Logistics Co., Ltd.", 1.0),
        ("瀛洲渔业有限公司 Yingzhou Fishery Co., Ltd.", -1.0),
        ("瀛洲（上海）供应链有限公司", -1.0),
        ("瀛洲控股集团有限公司", -1.0),
    ],
)
def test_of_two_companies_with_one_word_neither_is_the_other(title: str, sign: float) -> None:
    html = f"<ul><li><h4>{title}</h4><p>电话：0551-55500001</p></li><li>招聘</li></ul>"
    assert signs(html, "瀛洲冷链物流有限公司") == {"055155500001": sign}


@pytest.mark.parametrize(
    "label",
    ["北京代理：京灯坊", "附近：云鲸小馆", "市公安局监督电话", "法院监督", "顺丰客服", "松江省教育考试院"],
)
def test_a_label_gives_a_number_to_agents_neighbours_and_those_who_watch(label: str) -> None:
    assert signs(f"<p>{label} 0551-55500001</p>", "岚山书店") == {"055155500001": -1.0}


@pytest.mark.parametrize("title", ["详细信息", "酒店设施与信息", "电子银行", "合肥市庐阳区东街 1 号云鲸中心 A 座"])
def test_everyday_words_with_a_trades_ending_and_addresses_are_no_names(title: str) -> None:
    html = f"<h2>{title}</h2><p>电话 0551-55500001</p>"
    assert signs(html, "岚山书店") == {"055155500001": 0.0}


def test_a_tel_link_is_whose_its_own_text_says() -> None:
    html = "<a href='tel:96001'><span>重川燃气抢修96001</span></a>"
    assert signs(html, "岚山书店") == {"96001": -1.0}


def test_places_in_a_list_of_the_targets_own_are_the_targets() -> None:
    card = "<div class=c><h3>{}</h3><p>0551-5550000{}</p></div>"
    html = f"<h2>云鲸客运集团所属车站</h2>{card.format('长运南站', 1)}{card.format('长运北站', 2)}"
    assert signs(html, "云鲸客运集团") == {"055155500001": 1.0, "055155500002": 1.0}


def test_a_heading_over_a_list_of_others_ends_with_the_list() -> None:
    html = "<h2>合作商户</h2><table><tr><td>电话</td><td>0551-55500001</td></tr></table><p>咨询：0551-55500002</p>"
    page, _, found = understood(f"<html lang='zh'><body>{html}</body></html>", None)
    owners = Owners(page, Target(Names("岚山书店")))
    assert [owners.of(one).others for one in found] == [True, False]


def test_a_menu_of_links_heads_nothing() -> None:
    html = "<div><a>售后</a><a>经销商</a><a>媒体</a></div><div><p>电话 0551-55500001</p></div>"
    page, _, found = understood(f"<html lang='zh'><body>{html}</body></html>", None)
    assert not Owners(page, Target(Names("岚山书店"))).of(found[0]).others


def test_a_layout_cell_is_no_row_of_a_table() -> None:
    rows = "<table><tr><td>云鲸空调</td><td>0551-55500001</td></tr></table>"
    html = f"<table><tr><td>{rows}<p>联系我们</p><p>电话：0551-55500002</p></td></tr></table>"
    assert signs(html, "岚山书店") == {"055155500001": -1.0, "055155500002": 0.0}


def test_inline_elements_side_by_side_are_as_cells() -> None:
    html = "<div><b>云鲸空调</b><span>东街道 12 号</span><span>0551-55500001</span></div>"
    assert signs(html, "岚山书店") == {"055155500001": -1.0}


def test_a_picture_that_begins_a_row_names_it() -> None:
    row = "<div class=r><div><img alt='{}'></div><div>{}</div></div>"
    html = row.format("云鲸空调", "0551-55500001") + row.format("岚山书店", "0551-55500002")
    assert signs(html, "岚山书店") == {"055155500001": -1.0, "055155500002": 1.0}


@pytest.mark.parametrize(
    ("html", "sign"),
    [
        ("<p>监督电话：0551-55500001（市产权交易中心）</p>", -1.0),
        ("<p>问询请拨打 0551-55500001（由云鲸空调运营）</p>", -1.0),
        ("<p>同业德宝童车（客服热线 0551-55500001）</p>", -1.0),
        ("<p>欢迎来贸易通 0551-55500001</p>", -1.0),
        ("<p>本局联系电话 0551-55500001</p>", -1.0),
        ("<p>专修各品牌空调，岚山书店维修点 0551-55500001</p>", -1.0),
        ("<h3>恺铂公关（代表岚山书店）</h3><p>0551-55500001</p>", -1.0),
        ("<h3>当事人：岚山书店</h3><p>联系电话 0551-55500001</p>", 0.0),
        ("<h3>各乡镇人民政府：</h3><p>咨询电话 0551-55500001</p>", 0.0),
        ("<p>热线 0551-55500001（免长途费）</p>", 0.0),
    ],
)
def test_who_answers_is_said_in_many_ways(html: str, sign: float) -> None:
    assert signs(html, "岚山书店") == {"055155500001": sign}


def test_headings_in_brackets_end_one_another_and_a_trail_heads_nothing() -> None:
    html = "<div>【合作机构】甲江农商银行<br>【联系我们】<br>客服电话：0551-55500001</div>"
    assert signs(html, "岚山书店") == {"055155500001": 0.0}
    assert signs("<div>首页 > 合肥经销商 > 云鲸空调</div><p>0551-55500001</p>", "岚山书店") == {"055155500001": 0.0}


@pytest.mark.parametrize(("heading", "others"), [("附近商户", True), ("热门营业部", False), ("商户投诉专线", False)])
def test_a_heading_lists_others_unless_it_is_what_a_house_has(heading: str, *, others: bool) -> None:
    page, _, found = understood(f"<body><h3>{heading}</h3><p>0551-55500001</p></body>", None)
    assert Owners(page, Target(Names("岚山书店"))).of(found[0]).others is others
