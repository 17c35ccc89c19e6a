"""Laws of the crawl: what a server sends is bounded, read or refused, and nothing gets past the checks in disguise."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import Refused
from haoma.guard.crawl.addresses import Allowed, is_public, resolved
from haoma.guard.crawl.blocked import said_no
from haoma.guard.crawl.feed import mapped
from haoma.guard.crawl.links import links_in
from haoma.guard.crawl.masks import masked
from haoma.guard.crawl.robots import LARGEST, rules_of
from haoma.guard.crawl.urls import MOBILE, holds_mobile, host_of, normal
from haoma.guard.crawl.warc import Answer, body_in, response
from haoma.guard.crawl.web import Got

HERE = "https://www.example.com/a/"
ID = "11111111-1111-4111-8111-111111111111"
PAGES = st.binary(max_size=300) | st.text(
    st.sampled_from("<>=/\"' aäbhrefscript:#?&;.%客服138001380009-+\n\0"), max_size=300
).map(str.encode)
PRIVATE = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
INSIDE = st.sampled_from(PRIVATE).flatmap(lambda net: st.ip_addresses(network=net))


@given(st.text(max_size=100) | st.from_regex(r"https?://[a-zA-Z0-9.\-:@\[\]]{1,30}(/[^\s]{0,40})?", fullmatch=True))
def test_an_address_in_its_one_spelling_stays_as_it_is(text: str) -> None:
    one = normal(text)
    assert one is None or normal(one) == one
    assert one is None or one.startswith(("http://", "https://"))


@given(PAGES)
def test_whatever_a_page_is_its_links_are_addresses_of_its_host(page: bytes) -> None:
    for link in links_in(page, HERE):
        assert (normal(link), host_of(link)) == (link, "www.example.com")
        assert not holds_mobile(link)


@given(st.text(st.sampled_from("0123456789138 -.+客a"), max_size=60))
def test_no_mobile_number_is_left_in_what_is_shown(text: str) -> None:
    shown = masked(text)
    assert len(shown) == len(text)
    assert not MOBILE.search(shown)


@given(st.integers(-1, 999), PAGES)
def test_whatever_answers_for_robots_txt_there_are_rules(status: int, body: bytes) -> None:
    allowed = rules_of(status, body).allows(HERE)
    if status < 200 or status in {401, 403, 429} or 300 <= status < 400 or status >= 500:
        assert not allowed


@given(st.integers(0, 2000))
def test_what_stands_in_the_first_part_of_huge_rules_holds(lines: int) -> None:
    filling = b"# filling up to the bound\n" * lines
    rules = rules_of(200, b"User-agent: *\nDisallow: /\n" + filling + b"#" * LARGEST)
    assert not rules.allows(HERE)


@given(INSIDE)
def test_no_form_of_an_inside_address_is_public(inside: ipaddress.IPv4Address) -> None:
    number = int(inside)
    forms = [
        str(inside),
        f"::ffff:{inside}",
        f"64:ff9b::{inside}",
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
        str(ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),
    ]
    assert not any(map(is_public, forms))
    with pytest.raises(Refused):
        resolved("x.example", 80, Allowed(), lambda _host, _port: ["8.8.8.8", *forms])


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=6), st.binary(max_size=500))
def test_what_is_kept_of_an_answer_is_read_back_whatever_its_headers(
    headers: list[tuple[str, str]], body: bytes
) -> None:
    kept = [
        (name, value) for name, value in headers if name.strip().lower() not in {"content-encoding", "content-length"}
    ]
    record = response(ID, Answer(HERE, 200, kept, body), datetime(2026, 11, 22, tzinfo=UTC))
    assert body_in(record, 500) == body


@given(PAGES)
def test_whatever_comes_is_a_no_or_none_and_a_feed_or_an_empty_one(body: bytes) -> None:
    assert said_no(Got(HERE, 200, (), body, body)) in {None, "captcha"}
    assert mapped(body, 'name = "a"\nnumber = "b"').startswith(b"<!doctype html>")
