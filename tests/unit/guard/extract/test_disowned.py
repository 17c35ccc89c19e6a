from __future__ import annotations

import pytest

from haoma.guard.extract.disowned import is_strangers
from haoma.guard.extract.names import Target
from haoma.guard.extract.scene import Scene, scene_of
from haoma.guard.extract.service import understood
from haoma.guard.model import Names


def scene(body: str, name: str, title: str = "", url: str | None = None) -> Scene:
    page, _, found = understood(f"<html lang='zh'><title>{title}</title><body>{body}</body></html>", url)
    return scene_of(page, found, Target(Names(name)), url, ())


def said(body: str, name: str, title: str = "", url: str | None = None) -> dict[str, int]:
    """What a page says of each number: 1 the target's, -1 another's, 0 nothing."""
    told = scene(body, name, title, url)
    return {one.one.digits: told.said.get(id(one), 0) for one in told.found}


OWN, OTHER, THIRD = "0551-55500001", "0551-55500002", "0551-55500003"
FAKES = [
    f"<p>以下号码均与我司无关：</p><p>{OTHER}</p><p>{THIRD}</p><p>岚山锁业唯一官方热线：{OWN}</p>",
    (
        f"<table><tr><th>假冒号码</th><th>渠道</th></tr><tr><td>{OTHER}</td><td>地图</td></tr>"
        f"<tr><td>{THIRD}</td><td>搜索</td></tr></table><p>岚山锁业唯一官方热线：{OWN}</p>"
    ),
    f"<p>现已查实的虚假号码如下：</p><p>{OTHER}、{THIRD} 等。</p><p>请认准岚山锁业热线：{OWN}</p>",
    f"<p>{OTHER}</p><p>{THIRD}</p><p>以上号码均与我司无任何关系！岚山锁业官方热线为：{OWN}</p>",
]


@pytest.mark.parametrize("body", FAKES, ids=["sentence", "head of a column", "one line", "below"])
def test_a_warning_governs_its_whole_list(body: str) -> None:
    assert said(body, "岚山锁业", "严正声明 - 岚山锁业") == {
        "055155500001": 0,
        "055155500002": -1,
        "055155500003": -1,
    }


def test_a_list_of_the_right_numbers_is_no_list_of_fakes() -> None:
    body = f"<h1>官方号码公示</h1><p>我司号码公示如下，除此之外均非我司号码：</p><p>{OWN}</p><p>{OTHER}</p>"
    assert set(said(body, "岚山锁业", "岚山锁业").values()) == {0}


def test_a_shop_that_is_no_makers_has_numbers_of_its_own() -> None:
    title = "北塘岚山壁挂炉维修_岚山售后服务中心"
    body = (
        f"<p>报修：{OTHER}</p><p>本站（北塘速洁服务部）为第三方维修机构，非岚山官方，保修期内请拨打厂家客服 {OWN}</p>"
    )
    assert said(body, "岚山壁挂炉", title) == {"055155500001": 0, "055155500002": -1}
    assert not is_strangers(scene(body, "北塘速洁服务部", title))


def test_who_merely_quotes_a_shop_is_no_shop() -> None:
    body = f"<p>我们中心系第三方维修，与厂家无关 {OTHER}</p><p>岚山官方客服：{OWN}</p>"
    assert not is_strangers(scene(body, "岚山壁挂炉", "岚山壁挂炉售后电话是什么？_问一问"))


@pytest.mark.parametrize(
    "line",
    [
        f"<p>免费通话 {OTHER}（本站统一咨询热线）</p>",
        f"<p>加盟咨询 {OTHER}（创富网客服）</p>",
        f"<p>或拨打平台专线 {OTHER}</p>",
        f"<p>创富网 免费咨询：{OTHER}</p>",
    ],
)
def test_a_platforms_line_is_its_own_at_all_its_places(line: str) -> None:
    body = f"{line}<p>岚山小面招商电话：{OWN}</p><p>电话：{OTHER}</p>"
    told = said(body, "岚山小面", "岚山小面加盟费多少_加盟电话_创富网")
    assert told == {"055155500001": 0, "055155500002": -1}


def test_of_a_list_of_names_the_others_numbers_are_others() -> None:
    lines = f"<p>1、岚山热水器：{OWN}</p><p>2、奥锐柯：{OTHER}</p><p>3、苏沁净水：{THIRD}</p>"
    title = "各大品牌客服电话大全_生活百事通"
    assert said(lines, "岚山热水器", title, "https://www.bst.example/") == {
        "055155500001": 0,
        "055155500002": -1,
        "055155500003": -1,
    }
    departments = f"<p>岚山热水器：{OWN}</p><p>销售部：{OTHER}</p><p>售后服务：{THIRD}</p>"
    assert set(said(departments, "岚山热水器", title).values()) == {0}


def test_a_row_of_a_dealer_is_the_dealers_but_not_that_of_an_own_office() -> None:
    rows = "<table><tr><th>城市</th><th>服务商名称</th><th>电话</th></tr>{}</table>"
    row = "<tr><td>北塘</td><td>{}</td><td>{}</td></tr>"
    body = rows.format(row.format("北塘顺心家电维修部", OTHER) + row.format("岚山空调北塘直属服务站", OWN))
    assert said(body, "岚山空调", "服务网点 - 岚山空调") == {"055155500001": 0, "055155500002": -1}


def test_what_a_courts_notice_gives_is_not_the_partys() -> None:
    body = f"<p>本院受理原告甲公司诉你公司一案。</p><p>联系人：孙法官　电话：{OTHER}</p><p>咨询：{THIRD}</p>"
    told = said(body, "岚山置业有限公司", "拍卖公告 - 北塘区人民法院")
    assert told == {"055155500002": -1, "055155500003": -1}
    assert set(said(body, "北塘区人民法院", "拍卖公告 - 北塘区人民法院").values()) == {0}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (f"<p>厂家客服：岚山汽车有限公司 {OTHER}</p>", "北塘驰远4S店"),
        (f"<p>骋泽汽车官方客服：{OTHER}</p>", "北塘驰远汽车销售服务有限公司"),
        (f"<p>集团中央预订：{OTHER}</p>", "北塘云岚酒店"),
        (f"<p>中央预订 {OTHER}</p>", "云岚酒店(北塘店)"),
        (f"<p>登记电话：{OTHER}（北塘市商务局流通科）</p>", "悦岚健身"),
        (f"<p>拨打可岚乳业服务热线{OWN}，或塔泽客服电话{OTHER}。</p>", "可岚乳业"),
        (f"<p>经营主体：北塘晴睦眼镜店</p><p>{OTHER}</p>", "巷岚眼镜有限公司"),
        (f"<h4>最近查询</h4><p>{OTHER}</p>", "飞岚速递"),
        (f"<p>博岳公关顾问 吴先生</p><p>电话：{OTHER}</p>", "嘉岚化工"),
    ],
)
def test_what_a_line_gives_to_another_is_the_others(body: str, name: str) -> None:
    assert said(body, name)["055155500002"] == -1


def test_a_group_and_a_body_keep_their_own_lines() -> None:
    assert said(f"<p>集团中央预订：{OWN}</p>", "云岚酒店集团") == {"055155500001": 0}
    assert said(f"<p>登记电话：{OWN}（北塘市商务局流通科）</p>", "北塘市商务局") == {"055155500001": 0}


def test_what_an_organisation_answers_to_a_complaint_is_its_own() -> None:
    body = f"<p>岚山旅行 回复 2026-01-02</p><p>您好，专员将通过 {OWN} 与您联系。</p><p>举报 {OTHER}</p>"
    assert said(body, "岚山旅行", "【岚山旅行】退票手续费过高-消费投诉")["055155500001"] == 1
    assert said(body, "岚山旅行", "岚山旅行")["055155500001"] == 0
    below = body.replace("举报", "黑马投诉热线")
    assert said(below, "岚山旅行", "【岚山旅行】退票手续费过高 - 黑马投诉")["055155500002"] <= 0
    assert said(body.replace("岚山旅行 回复", "青岚航空 回复"), "岚山旅行", "岚山旅行-投诉")["055155500001"] == 0


def test_a_name_in_latin_letters_is_told_nothing() -> None:
    assert said(f"<p>以下号码均为假冒：</p><p>{OTHER}</p>", "Acme") == {"055155500002": 0}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("分期服务由“齿安贷”提供，还款咨询 {}。", -1),
        ("分期服务由本院提供，还款咨询 {}。", 0),
        ("东园已于去年撤场，现由睦和物业服务，前台 {}", -1),
        ("上门由服务中心提供，电话 {}", 0),
        ("家电回收由“换新宝”提供，有疑问请拨打皓岚口腔客服 {}", 0),
        ("香港代理：HARVEST BRIDGE LOGISTICS LTD. TEL:{}", -1),
        ("厂房出租：房东 {}", -1),
        ("涪城店 {}（加盟商：涪城区辣意浓餐饮店）", -1),
        ("涪城店 {}（近涪城公园）", 0),
        ("大理旅游投诉 {}", -1),
        ("投诉电话 {}", 0),
    ],
)
def test_those_who_serve_the_target_have_lines_of_their_own(text: str, told: int) -> None:
    assert said(f"<p>{text.format(OTHER)}</p>", "皓岚口腔", "联系我们 - 皓岚口腔") == {"055155500002": told}
