"""What is read out of a page before anything is concluded from it: a no, links, numbers of persons, a feed."""

from __future__ import annotations

import json

import pytest

from contracts.crawl import answer, page
from haoma.errors import BadInput
from haoma.guard.crawl.blocked import said_no
from haoma.guard.crawl.feed import check_mapping, mapped, page_of
from haoma.guard.crawl.links import links_in
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.web import Got

HERE = "https://www.example.com/a/b"
MAP = 'rows = "data.items"\nname = "org"\nnumber = "tel"\npurpose = "use"\n'


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (answer(403), "forbidden"),
        (answer(401), "forbidden"),
        (answer(429), "too-many"),
        (answer(302, ("Location", "https://example.com/antispider/?from=a")), "captcha"),
        (answer(302, ("Location", "https://captcha.example.com/")), "captcha"),
        (page("<title>请完成验证</title>"), "captcha"),
        (answer(200, body="<TITLE>百度安全验证</TITLE>".encode("gbk")), "captcha"),
        (answer(503, body=b"<title>Just a moment...</title>"), "captcha"),
        (answer(503, body=b"<script>window._cf_chl_opt={}</script>"), "captcha"),
        (page("<title>登录</title><form>短信验证码 <input></form>"), None),
        (page("<title>关于安全验证码的公告</title>"), "captcha"),
        (answer(503, body=b"<title>503</title>"), None),
        (answer(404), None),
        (page(), None),
    ],
)
def test_a_host_that_says_no_is_understood(got: Got, kind: str | None) -> None:
    assert said_no(got) == kind


def test_links_lead_to_pages_of_the_same_host_once() -> None:
    found = links_in(
        b"""<a href="/x">1</a><a href=/x#top>2</a><A HREF='c?d=1&amp;e=2'>3</A><a href="https://www.example.com:443/y">4</a>
        <iframe src="/frame"></iframe><a href="//other.example/z">5</a><a href="mailto:a@b.example">6</a><a>7</a>
        <a href="javascript:void(0)">8</a><a href="/file.PDF">9</a><a href="/tel/13800138000">10</a>
        <a rel="nofollow" href="/private">11</a><!-- <a href="/hidden">12</a> --><a href="tel:95588">13</a><a href="http://[">""",
        HERE,
    )
    assert [one.removeprefix("https://www.example.com") for one in found] == ["/x", "/a/c?d=1&e=2", "/y", "/frame"]


@pytest.mark.parametrize(
    "body", [b"", b"\0\0\0", b"<" * 5000, b"<a href=", b"\xff\xfe<\0a\0", b"<a " * 20_000, b"<div>" * 20_000]
)
def test_a_broken_page_leads_nowhere_and_stops_nothing(body: bytes) -> None:
    assert links_in(body, HERE) == []


def test_a_base_moves_links_and_there_are_two_thousand_at_the_most() -> None:
    moved = links_in(b'<base href="https://www.example.com/deep/"><a href="x">1</a>', HERE)
    assert moved == ["https://www.example.com/deep/x"]
    many = b"".join(b"<a href=/%d>n</a>" % n for n in range(3000))
    assert len(links_in(many, HERE)) == 2000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("王经理13800138000", "王经理138****8000"),
        ("138-0013-8000 或 +86 138 0013 8000", "138-****-8000 或 +86 138 **** 8000"),
        ("客服 400-810-9090，95588", "客服 400-810-9090，95588"),
        ("１３８００１３８０００", "１３８****８０００"),
        ("138·0013·8000 或 (138)0013—8000", "138·****·8000 或 (138)****—8000"),
        ("&#49;38&nbsp;0&#x30;13&#8203;8000", "&#49;38&nbsp;****&#8203;8000"),
        ('138<b id="1">0013</b>8000', '138<b id="1">****</b>8000'),
        ("<td>13</td><td>800138000</td> 120-0013-8000", "<td>13</td><td>800138000</td> 120-0013-8000"),
        ("订单 2026112213800138000", "订单 2026112213800138000"),
    ],
)
def test_a_persons_number_is_masked_and_a_hotline_is_not(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_mobile_number_that_is_a_hotline_stays() -> None:
    for text in ("加盟 13800138000", "加盟 +86 １３８·0013&#8203;8000"):
        assert masked(text, lambda uri: uri == "tel:+8613800138000") == text


def test_a_feed_becomes_a_page_of_its_rows() -> None:
    rows = [{"org": "甲<基金>", "tel": "95588", "use": "客服", "x": 1}, {"org": "乙", "tel": 4008109090}, "row", {}]
    text = mapped(json.dumps({"data": {"items": rows}}).encode(), MAP).decode()
    said = json.loads(text.partition(">")[2].partition('json">')[2].partition("</script>")[0])["@graph"]
    assert [one.get("name") for one in said] == ["甲<基金>", "乙", None]
    assert said[0]["contactPoint"] == {"@type": "ContactPoint", "telephone": "95588", "contactType": "客服"}
    assert "甲&lt;基金&gt;" in text


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": []}', b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_feed_is_an_empty_page(body: bytes) -> None:
    assert mapped(body, MAP) == page_of([])


def test_a_script_cannot_be_smuggled_out_of_a_row() -> None:
    assert page_of([{"name": "</script><script>x", "number": "1"}]).count(b"</script>") == 1


@pytest.mark.parametrize("text", ["", "name = 1", 'name = "a"', 'name = "a"\nnumber = "b"\nother = "c"', "= ="])
def test_a_map_that_says_something_else_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        check_mapping(text)
