from __future__ import annotations

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.model import Belongs, Mention, Names, Purpose, Role

BANK = Names("海渠银行", ("海渠银行股份有限公司",), ("haiqubank.com",))
PAGE = """<html lang="zh-CN"><head><title>联系我们 - 海渠银行</title></head><body>
<div><h2>客户服务</h2><p>海渠银行客服热线：<b>400</b>-810-<i>9090</i></p><p>传真：010-65051166</p></div>
{more}
<div class="footer">版权所有 海渠银行股份有限公司</div></body></html>"""
HEAD = "<tr><th>业务</th><th>地址</th><th>电话</th></tr>"


def read(more: str = "", names: Names | None = BANK, **given: str) -> list[Mention]:
    return mentions_of(PAGE.format(more=more), url="https://www.haiqubank.com/lx", names=names, **given)


def by_digits(mentions: list[Mention]) -> dict[str, Mention]:
    return {one.digits: one for one in mentions}


def test_the_hotline_on_ones_own_page_is_ones_own() -> None:
    hotline = by_digits(read())["4008109090"]
    assert (hotline.role, hotline.organisation, hotline.purpose) == (Role.VOICE, Belongs.TARGET, Purpose.CARE)
    assert hotline.uri == "tel:4008109090;phone-context=+86"


def test_a_fax_is_a_fax_and_its_purpose_too() -> None:
    fax = by_digits(read())["01065051166"]
    assert (fax.role, fax.purpose) == (Role.FAX, Purpose.FAX)


@pytest.mark.parametrize(
    "more",
    [
        "<div class='ad'><h3>泾川证券股份有限公司</h3><p>泾川证券股份有限公司热线 <b>4008205555</b></p></div>",
        "<p>谨防假冒：不法分子使用 4008205555 冒充客服实施诈骗</p>",
        "<div style='display:none'>客服热线 4008205555</div>",
        "<!-- 客服热线 4008205555 -->",
        "<p>原客服热线 4008205555 已停用</p>",
        "<p><del>客服热线 4008205555</del></p>",
    ],
    ids=["another's name", "a warning", "hidden", "a comment", "dead", "struck"],
)
def test_what_is_not_ones_own_to_call_is_never_accepted(more: str) -> None:
    assert all(one.organisation is not Belongs.TARGET for one in read(more) if one.digits == "4008205555")
    assert by_digits(read(more))["4008109090"].organisation is Belongs.TARGET


def test_a_public_line_is_nobodys_own() -> None:
    assert by_digits(read("<p>消费者投诉维权热线 12378</p>"))["12378"].organisation is not Belongs.TARGET


def test_hidden_numbers_say_so() -> None:
    (hidden,) = [one for one in read("<p hidden>客服热线 4008205555</p>") if one.digits == "4008205555"]
    assert hidden.hidden
    assert "no reader sees it" in hidden.reasons


def test_without_a_name_nothing_is_told_of_owners() -> None:
    assert {one.organisation for one in read(names=None)} == {Belongs.UNSURE}


def test_bytes_in_gbk_are_read_whatever_is_claimed() -> None:
    body = PAGE.format(more="").encode("gbk")
    found = mentions_of(body, content_type="text/html; charset=utf-8", names=BANK)
    assert "4008109090" in by_digits(found)


def test_structured_data_names_the_owner() -> None:
    data = '<script type="application/ld+json">{"@type":"Bank","name":"泾川证券","telephone":"400-820-5555",}</script>'
    other = by_digits(read(data))["4008205555"]
    assert other.owner == "泾川证券"
    assert other.organisation is not Belongs.TARGET


def test_a_known_rival_is_seen_without_an_ending() -> None:
    more = "<ul><li>云鲸 4008205555</li></ul>"
    found = mentions_of(PAGE.format(more=more), names=BANK, rivals=[Names("云鲸")])
    assert by_digits(found)["4008205555"].organisation is not Belongs.TARGET


def test_the_path_leads_to_the_element_that_shows_the_number() -> None:
    from lxml import etree

    tree = etree.fromstring(PAGE.format(more="").encode(), etree.HTMLParser(encoding="utf-8")).getroottree()
    (shown,) = tree.xpath(by_digits(read())["4008109090"].xpath)
    assert "".join(shown.itertext()) == "400"


def test_data_that_no_reader_sees_and_the_page_contradicts_are_not_believed() -> None:
    more = (
        '<script type="application/ld+json">{"@type": "Bank", "name": "海渠银行", "telephone": "400-810-9191"}</script>'
    )
    found = by_digits(read(more))
    assert found["4008109191"].organisation is not Belongs.TARGET
    assert found["4008109090"].organisation is Belongs.TARGET


def test_a_number_that_a_page_calls_dead_once_is_accepted_nowhere_on_it() -> None:
    more = "<p>海渠银行贵宾热线 400-810-9292</p><p>原热线 400-810-9292 已停用。</p>"
    kinds = {one.organisation for one in read(more) if one.digits == "4008109292"}
    assert kinds == {Belongs.UNSURE}


@pytest.mark.parametrize(
    "more",
    [
        "<p>电话 010-65051100</p><table><tr><td>柜台</td><td>6505-1188</td></tr></table>",
        "<p>电话 010-65051100</p><dl><dd>办公室：65051188</dd></dl>",
        "<a onclick=\"callPhone('010-65051188')\">拨打</a>",
        "<button data-clipboard-text='010-65051188'>复制</button>",
        "<div class='pane'>售前</div><div class='pane' style='display:none'>电话 010-65051188</div>",
        '<script>window.__DATA__={\'a\':1, "shop":{"name":"海渠银行","serviceTel":"010-65051188"}}</script>',
    ],
    ids=["in its exchange", "behind a colon", "rung by script", "copied", "in a pane", "in a script's state"],
)
def test_a_number_is_found_where_a_reader_gets_it(more: str) -> None:
    assert "65051188" in {one.digits.removeprefix("010") for one in read(more) if one.role is Role.VOICE}


def test_digits_of_no_exchange_on_the_page_are_no_number() -> None:
    assert "77051188" not in by_digits(read("<p>电话 010-65051100</p><p>编码 77051188</p><p>77051188</p>"))


def test_a_page_full_of_400_numbers_is_not_american() -> None:
    html = "<p>品牌售后</p><p>甲 400-855-0311</p><p>乙 400-655-0188</p><p>丙 400-755-0422</p><p>95041</p>"
    assert "95041" in by_digits(mentions_of(html))


@pytest.mark.parametrize(
    ("more", "digits", "purpose"),
    [
        ("<p>产品寄修：甲路1号 吴工 <a href='tel:13800209122'>点击拨打</a></p>", "13800209122", "售后"),
        ("<p>投诉热线：<img src='/t.png' alt='400-810-9191'></p>", "4008109191", "投诉"),
        ("<p>投诉电话：400-810-9191、010-65051199</p>", "01065051199", "投诉"),
        (f"<table>{HEAD}<tr><td>加盟</td><td>甲路</td><td>010-65051199</td></tr></table>", "01065051199", "招商"),
        ("<nav><a>加盟</a><a>执照</a><a href='tel:4008109191' aria-label='客服电话'></a></nav>", "4008109191", "客服"),
    ],
)
def test_what_stands_in_front_tells_what_a_number_is_for(more: str, digits: str, purpose: str) -> None:
    told = by_digits(read(more))[digits]
    assert (told.role, told.purpose) == (Role.VOICE, purpose)


def test_numbers_in_inline_blocks_behind_an_order_are_whole() -> None:
    numbers = "010-6505-1199", "138 0020 9122", "400-810-9191"
    rows = "".join(f"<p><span>{order}</span><span>{number}</span></p>" for order, number in enumerate(numbers))
    assert {"01065051199", "13800209122", "4008109191"} <= by_digits(read(rows)).keys()


@pytest.mark.parametrize(
    ("more", "role"),
    [
        ("<p>电话（传真）：010-65051199</p>", Role.VOICE),
        ("<p>010-65051199（兼传真）</p>", Role.VOICE),
        ("<p>010-65051199（传真）</p>", Role.FAX),
        ("<p>加V 13800209122 或 010-65051199</p>", Role.VOICE),
        ("<p>帐　号：010-65051199</p>", Role.OTHER),
    ],
)
def test_a_number_that_takes_faxes_too_is_a_voice_number(more: str, role: Role) -> None:
    assert by_digits(read(more))["01065051199"].role is role


@pytest.mark.parametrize("said", ["一直打不通", "早就打不通了"])
def test_a_busy_line_is_not_dead(said: str) -> None:
    told = by_digits(read(f"<p>海渠银行 010-65051199 {said}</p>"))["01065051199"]
    assert ("the page says that it is out of use" in told.reasons) is (said[0] == "早")


@pytest.mark.parametrize("digits", ["13800138000", "13800000000", "400-123-4567", "010-12345678"])
def test_what_templates_show_is_nobodys_number(digits: str) -> None:
    (one,) = mentions_of(f"<html lang='zh-CN'><p>客服热线：{digits}</p></html>")
    assert one.role is Role.OTHER


@pytest.mark.parametrize(
    ("more", "dead"),
    [
        ("<p>启用专线010-65051199；后来中心搬迁，该专线随之停用。</p>", True),
        ("<p>原010-65051199座机撤销</p>", True),
        ("<p>客服热线变更为010-65051199，原号码同时停用。</p>", False),
        ("<p>客服热线010-65051199。该系统停用后请致电。</p>", False),
        ("<p>此前的010-65051199随之注销。</p>", True),
        ("<p>本店座机010-65051199因线路改造已弃用。</p>", True),
        ("<p>原告公示的服务电话为010-65051199。</p>", False),
        ("<p>旧线路同时停用。</p><p>电话销售中心外呼号码为010-65051199。</p>", False),
    ],
)
def test_a_number_that_is_given_up_is_dead_and_the_new_one_is_not(more: str, dead: bool) -> None:
    told = by_digits(read(more))["01065051199"]
    assert ("the page says that it is out of use" in told.reasons) is dead


def test_a_number_is_not_dead_because_a_longer_one_with_its_digits_is() -> None:
    page = "<title>岚山书店</title><p>岚山书店客服热线 95166</p><p>原热线 400-609-5166 已停用</p>"
    told = {one.digits: one.organisation for one in mentions_of(page, names=Names("岚山书店"))}
    assert told == {"95166": Belongs.TARGET, "4006095166": Belongs.UNSURE}


def test_what_a_swindler_showed_is_nobodys_and_advice_behind_it_is_heard() -> None:
    page = (
        "<title>岚山书店</title><p>接到显示为 021-55500001 的来电，自称岚山书店。"
        "凡冒充岚山书店的，可拨打岚山书店客服 021-55500002 核实。</p>"
    )
    told = {one.digits: one.organisation for one in mentions_of(page, names=Names("岚山书店"))}
    assert told["02155500001"] is not Belongs.TARGET
    assert told["02155500002"] is Belongs.TARGET


def test_the_numbers_of_prose_about_the_target_are_nobody_elses() -> None:
    page = (
        "<title>明日停水 - 江北新闻网</title><body><p>江北新闻网</p><p>记者从澜沧水务集团获悉，城东明日停水。</p>"
        "<p>市民如有疑问，可以在白天拨打热线 0571-86612345 咨询。</p><footer>报料热线 0571-85310222</footer></body>"
    )
    told = {
        one.digits: one.organisation
        for one in mentions_of(page, url="https://www.jb.cn/a", names=Names("澜沧水务集团"))
    }
    assert told["057186612345"] is not Belongs.OTHER
    assert told["057185310222"] is Belongs.OTHER


def test_who_is_named_nowhere_owns_nothing() -> None:
    page = "<title>联系我们</title><p>客服热线 400-810-9191</p>"
    (one,) = mentions_of(page, url="https://www.qiyuan-auto.com/a", names=Names("栎川电器有限公司"))
    assert one.organisation is not Belongs.TARGET


def test_what_a_swindler_is_quoted_with_is_nobodys() -> None:
    page = (
        "<title>风险提示 - 楚江银行</title><p>不法分子冒充我行，发送短信称“请致电170-0421-5586办理”。</p>"
        "<p>楚江银行客服热线 400-810-9191</p>"
    )
    told = {one.digits: one.organisation for one in mentions_of(page, names=Names("楚江银行"))}
    assert told["4008109191"] is Belongs.TARGET
    assert told["17004215586"] is not Belongs.TARGET


def test_unknown_elements_stand_in_the_line_and_numbers_beside_one_another_are_two() -> None:
    first = "<span itemprop=tel>0<d class=n>2</d>0-<d>3</d>8761094</span>"
    page = f"<p>电话：{first}<span itemprop=tel>1<d>3</d>710588246</span></p>"
    assert [one.digits for one in mentions_of(page)] == ["02038761094", "13710588246"]


def test_a_fax_of_a_department_is_a_fax() -> None:
    page = "<p>客服传真：020-32890626</p><p>傳真電話：020-32890627</p><p>电话传真：020-32890628</p>"
    assert [one.role for one in mentions_of(page)] == [Role.FAX, Role.FAX, Role.VOICE]


def test_brackets_that_call_one_number_dead_say_nothing_of_those_below() -> None:
    more = "<p>电话</p><p>010-65051100</p><p>（已停用）</p><p>010-65051122</p><p>海渠银行投诉：010-65051133</p>"
    found = by_digits(read(more))
    assert all("out of use" not in " ".join(found[one].reasons) for one in ("01065051122", "01065051133"))


def test_who_is_asked_about_in_latin_letters_is_known_by_the_name_beside_them() -> None:
    page = PAGE.replace("<title>联系我们 - 海渠银行", "<title>海渠银行 Seacanal Bank")
    found = by_digits(mentions_of(page.format(more=""), names=Names("Seacanal Bank")))
    assert found["4008109090"].organisation is Belongs.TARGET
