from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.extract.walk import LONGEST_LINE, read
from haoma.guard.model import Names, Role

LINE = "<p>云岚基金客服热线：400-855-0112</p>"
NUMBER = "4008550112"
HEAD = '<html><head><meta charset="utf-8"><title>云岚基金</title></head><body>'


def seen(page: bytes | str, **more: str) -> set[str]:
    """The digits of the voice numbers that a page's reader sees."""
    return {one.digits for one in mentions_of(page, **more) if one.role is Role.VOICE and not one.hidden}


@pytest.mark.parametrize(
    "page",
    [b"", b"   ", b"\0" * 100, b"<", b"<!--", b"\xff\xfe", b"\xff\xfea", b"\xef\xbb\xbf",
     b"PK\x03\x04" + bytes(range(256)) * 9, b"%PDF-1.7\n" + bytes(range(256)),
     b"{}", "\ufeff", "<?xml version='1.0' encoding='gbk'?>", "\ud800"],
)  # fmt: skip
def test_what_is_no_page_has_no_numbers(page: bytes | str) -> None:
    assert mentions_of(page) == []


@pytest.mark.parametrize(
    "charset", ["utf-8", "gbk", "utf-16", "utf-16-le", "utf-16-be", "big5hkscs"], ids=lambda charset: charset
)
@pytest.mark.parametrize("claimed", ["utf-8", "gb2312", "ISO-8859-1", "utf-16", "x-unknown", "zlib", "\x00;;"])
def test_a_lie_about_the_charset_changes_nothing(charset: str, claimed: str) -> None:
    text = (HEAD + LINE).replace("utf-8", claimed)
    if charset == "big5hkscs":
        text = text.replace("云岚", "雲山").replace("热线", "熱線")
    assert NUMBER in seen(text.encode(charset), content_type=f"text/html; charset={claimed}")


@pytest.mark.parametrize(
    "markup",
    [
        "<ruby>400-855-0112</ruby>",
        "<svg><text>400-855-0112</text></svg>",
        "400<!-- no -->-855<wbr>-0112",
        "<font>400</font><b><i>-855</i></b>-01<u>12",
        "400\u200b-85\u200d5-01\u200c12",
        "400\u00ad855\u00ad0112",
        "400\u2060855\u20600112",
        "400\u00a0855\u30000112",
        "\u202a400-855-0112\u202c",
        "𝟒𝟎𝟎-𝟖𝟓𝟓-𝟎𝟏𝟏𝟐",
        "٤٠٠-٨٥٥-٠١١٢",
        "４００－８５５－０１１２",
        "四零零-八五五-零一一二",
        "&#52;&#x30;0-855-0112",
        "400‒855−0112",
        "400-855-0112<sup>[1]</sup>",
        "400-855-0112<sup>1</sup>",
        "<ruby>400<rt>sì</rt></ruby>-855-0112",
        "<svg><text><tspan>400</tspan><tspan>-855-0112</tspan></text></svg>",
        "400<span style='display:none'>999</span>-855<i hidden>-1</i>-0112",
        "肆零零-捌伍伍-零壹壹贰",
        "<b>1F-05</b><i>400-855-0112</i>",
        "<a href='TEL: 400 855 0112'>拨打</a>",
        "<a href='tel:%2B86-400-855-0112'>拨打</a>",
        "<a href='wtai://wp/mc;4008550112'>拨打</a>",
        "400-<br>855-0112",
        "400-855-<br/>0112",
        "400_855_0112",
        "4OO-855-O112",
        "\u202e2110-558-004\u202c",
        '<bdo dir="RTL">2110-<b>558</b>-004</bdo>',
        f"</p><ul>{''.join(f'<li>{digit}</li>' for digit in NUMBER)}</ul><p>",
    ],
)
def test_a_number_is_read_through_its_typography(markup: str) -> None:
    assert {digits.removeprefix("86") for digits in seen(f"{HEAD}<p>云岚基金客服热线：{markup}</p>")} == {NUMBER}


@pytest.mark.parametrize(
    "markup",
    [
        "<template>{}</template>",
        "<!-- {} -->",
        "<!--[if IE]>{}<![endif]-->",
        "<div hidden>{}</div>",
        "<div style='DISPLAY : NONE !important'>{}</div>",
        "<div style='text-indent:-9999px'>{}</div>",
        "<style>.z, .q p{{display:none}}</style><div class=q>{}</div>",
        "<input placeholder='400-855-0199'>",
        "<a href=\"javascript:call('400-855-0199')\">x</a>",
        "<script>var call = '{}'</script>",
    ],
)
def test_what_no_reader_sees_is_not_seen(markup: str) -> None:
    assert seen(HEAD + markup.format(LINE.replace("0112", "0199")) + LINE) == {NUMBER}


@pytest.mark.parametrize(
    "data",
    ['{"telephone":' + "1" * 5000 + "}", "[" * 5000, '{"a":' * 5000 + "1" + "}" * 5000, '{"telephone":null}',
     '{"telephone":NaN}',
     '{"telephone":"\\ud800"}', '{"name":{"@value":1},"telephone":[true,{}]}', "/*" * 5000, "1", '"'],
    ids=lambda data: data[:16],
)  # fmt: skip
def test_structured_data_that_is_none_harms_nothing(data: str) -> None:
    assert NUMBER in seen(f'{HEAD}<script type="application/ld+json">{data}</script>{LINE}')


@pytest.mark.parametrize(
    "text",
    """2026-05-15 15:50:28|沪ICP备05500112号-3|京公网安备11010255000188号|91150100550471228X|192.168.155.128
    ISBN 978-7-5550-0118-3|QQ：550018277|¥1,550,288.00元|120.115503,30.228271|邮编：200120|股票代码 600550
    138****0500|6222 0255 0011 2850 285
    <img src='/4008550112.png'>|<a href='/x?id=4008550112'>x</a>|4008550112@qq.com""".replace("\n", "|").split("|"),
)
def test_other_digits_are_no_numbers(text: str) -> None:
    assert seen(f"{HEAD}<p>云岚基金 {text}</p>{LINE}") == {NUMBER}


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://\0/", "http://a.cn:99999999/", "javascript:alert(1)", "", "x" * 9999]
)
def test_any_address_will_do(url: str) -> None:
    assert seen(HEAD + LINE, url=url) == {NUMBER}


ROW = f"<tr>{'<td>x</td>' * 50}"
LARGE: dict[str, Callable[[], str]] = {
    "deep and then shallow": lambda: "<div>" * 100_000 + "</div>" * 100_000 + LINE,
    "spans never closed": lambda: "<span>" * 100_000 + LINE,
    "ten megabytes of digits": lambda: f"{LINE}<p>{'1234567890' * 1_000_000}</p>",
    "digits and dashes": lambda: f"{LINE}<p>{'1-' * 300_000}</p>",
    "brackets": lambda: f"{LINE}<p>{'(' * 1_000_000}</p>",
    "numerals": lambda: f"{LINE}<p>{'四零零' * 300_000}</p>",
    "companies": lambda: f"{LINE}<p>{'某某有限公司' * 150_000}</p>",
    "a sheet of comments never closed": lambda: f"<style>{'/*' * 500_000}</style>{LINE}",
    "fifty megabytes of text": lambda: f"{LINE}<p>{'长期投资从容同行。' * 1_900_000}</p>",
    "structured data all the way down": lambda: (
        f'<script type="application/ld+json">{json.dumps([[]])[:1] * 100_000}</script>{LINE}'
    ),
    "comments with numbers": lambda: "<!-- 400-855-0199 -->" * 100_000 + LINE,
    "a table of a quarter of a million cells": lambda: f"<table>{ROW * 5_000}</table>{LINE}",
    "a tag of a hundred thousand attributes": lambda: f"<p {' '.join(f'a{at}=1' for at in range(100_000))}>x</p>{LINE}",
    "many numbers": lambda: LINE + "".join(f"<p>某公司 电话 021-5550{at:04d}</p>" for at in range(9_999)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_page_made_to_hang_its_reader_is_read_in_seconds(name: str) -> None:
    page = (HEAD + LARGE[name]()).encode()
    begun = time.process_time()
    assert NUMBER in seen(page)
    assert time.process_time() - begun < 60


LINKS = "".join(f"<a>甲<br></a><a>021-5550{at:04d}<br></a>" for at in range(200))
IDEOGRAPHIC = "\u3000"
BOUND_S = 5.0  # of a page that took many times as long before
COSTLY: dict[str, Callable[[], str]] = {
    "a class of underscores for a sign": lambda: f"<i class='{'_' * 27}!'></i>{LINE}",
    "a class of underscores around": lambda: f"<div class='{'_' * 30_000}!'>{LINE}<p>© 云岚</p></div>",
    "a class of underscores of what is hidden": lambda: (
        f"{LINE}<div hidden class='{'_' * 30_000}!'>x</div><div>x</div>"
    ),
    "a title of spaces": lambda: f"<title>云岚基金{IDEOGRAPHIC * 30_000}x</title>{LINE}",
    "a title of brackets": lambda: f"<title>云岚基金 | {')a' * 40_000}!</title>{LINE}",
    "a site's name of spaces": lambda: f"<meta property='og:site_name' content='{IDEOGRAPHIC * 30_000}x'>{LINE}",
    "lines of brackets with a colon": lambda: f"<p>{')a' * 9_000}!：</p>" * 9 + LINE + "<p>021-55500101</p>",
    "attributes without a value": lambda: f"<p {' '.join(f'a{at}' for at in range(60_000))}>x</p>{LINE}",
    "attributes behind a quoted bracket": lambda: (
        f"<p x='>' {' '.join(f'a{at}=1' for at in range(60_000))}>x</p>{LINE}"
    ),
    "links without end": lambda: f"{LINE}{LINKS}{'<a></a>' * 150_000}",
    "headings above as many": lambda: (
        f"{LINE}{'<p>附近商户</p>' * 15}{'<b></b>' * 300_000}{''.join(f'<p>021-5550{at:04d}</p>' for at in range(15))}"
    ),
    "hidden in what is hidden": lambda: f"{LINE}{'<div hidden>' * 190}{'甲<br>' * 100_000}",
    "a tag of spaces": lambda: f"{LINE}<p {' ' * 300_000}",
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_page_costs_no_more_than_its_length(name: str) -> None:
    assert of_target(HEAD + LINE) > 0
    page = f"<html><head>{COSTLY[name]()}"
    begun = time.process_time()
    assert of_target(page) > 0
    assert time.process_time() - begun < BOUND_S


def of_target(page: str) -> int:
    """How many numbers a page has, read as one that may be an organisation's."""
    names = Names("云岚基金管理有限公司", ("云岚基金",), ("yunlanfund.cn",))
    return len(mentions_of(page, names=names, url="https://www.example.cn/"))


def test_a_comment_and_an_attribute_are_read_no_further_than_a_line() -> None:
    page = read(f"<img alt='热线 400-855-0112 {'长' * 90_000}'><!-- 热线 400-855-0112 {'长' * 90_000} -->")
    assert [len(line.text) for line in page.lines] == [LONGEST_LINE] * 2
