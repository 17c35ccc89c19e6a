"""What is read off a page does not hang on how the page was typed, saved or sent."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.pages_zh import Page, pages
from haoma.guard.extract import decode, mentions_of
from haoma.guard.model import Mention, Names

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
WHOLE = re.compile(
    r"(<(?:script|style|title|textarea|noscript|template)\b.*?</(?:script|style|title|textarea|noscript|template)\s*>)",
    re.IGNORECASE | re.DOTALL,
)
BEGINS = re.compile(r"(?=</?[a-zA-Z])")
NAMES = Names("云岚基金")
PAGE = (
    "<html><head><title>云岚基金</title></head><body><h1>云岚基金</h1><p>客服热线：<b>{care}</b></p><p>传真：{fax}</p>"
    "<p>地址：上海市岚山路 188 号，邮编 200120</p></body></html>"
)
a_page = st.sampled_from([page for page in pages("seen") if len(page.body) < 2500])
care = st.sampled_from(["400-855-0112", "021-55500112", "95074", "8008550112", "(021)5550 0112"])


def read(html: str | bytes) -> set[tuple[str, str, str]]:
    return {(one.digits, one.role, one.purpose) for one in mentions_of(html, names=NAMES)}


def said(mentions: list[Mention]) -> list[tuple[object, ...]]:
    return [(one.digits, one.role, one.organisation, one.purpose, one.hidden) for one in mentions]


@settings(max_examples=15)
@given(a_page, st.sampled_from(["gb18030", "utf-16", "utf-16-le", "utf-8-sig"]))
def test_the_charset_that_a_page_is_sent_in_changes_nothing(page: Page, charset: str) -> None:
    text = decode(page.body)
    assert said(mentions_of(text.encode(charset), names=page.names)) == said(mentions_of(text, names=page.names))


@settings(max_examples=25)
@given(st.sampled_from([page for part in ("seen", "firms", "apps", "press") for page in pages(part)]))
def test_comments_between_the_elements_of_a_page_hide_nothing_and_break_nothing(page: Page) -> None:
    text = decode(page.body)
    parts = WHOLE.split(text)  # what has no comments in it stands at odd places
    noted = "".join(part if at % 2 else BEGINS.sub("<!-- note -->", part) for at, part in enumerate(parts))
    plain, again = ({one.digits for one in mentions_of(one, names=page.names)} for one in (text, noted))
    assert plain == again


@settings(max_examples=20)
@given(care, st.integers(0, 2**16 - 1))
def test_a_number_may_be_split_over_tags_anywhere(number: str, cuts: int) -> None:
    split = "".join(f"<i>{char}</i>" if cuts >> place & 1 else char for place, char in enumerate(number))
    assert read(PAGE.format(care=split, fax="021-55500119")) == read(PAGE.format(care=number, fax="021-55500119"))


@settings(max_examples=20)
@given(
    care,
    st.sampled_from([str.upper, lambda page: page.translate(WIDE), lambda page: re.sub(r"\d", r"&#x3\g<0>;", page)]),
)
def test_full_width_digits_entities_and_capitals_are_read_alike(number: str, typed: object) -> None:
    head, _, body = PAGE.format(care=number, fax="021-55500119").partition("<body><h1>")
    parts = re.split(r"(<[^>]*>)", body)
    assert callable(typed)
    retyped = "".join(part if part.startswith("<") else typed(part) for part in parts)
    assert read(f"{head}<body><h1>{retyped}") == read(f"{head}<body><h1>{body}")


@settings(max_examples=15)
@given(a_page, st.binary(max_size=400), st.integers(0))
def test_a_page_cut_or_broken_anywhere_is_read_all_the_same(page: Page, rubbish: bytes, place: int) -> None:
    cut = place % (len(page.body) + 1)
    for body in (page.body[:cut], page.body[:cut] + rubbish + page.body[cut:], rubbish):
        for one in mentions_of(body, names=page.names):
            assert one.digits.isdigit()
            assert 0 <= one.confidence <= 1


@settings(max_examples=20)
@given(st.text(max_size=300), st.text(max_size=60), st.one_of(st.none(), st.text(max_size=60)))
def test_any_text_is_a_page(html: str, kind: str, url: str | None) -> None:
    assert isinstance(mentions_of(html, url=url, content_type=kind, names=NAMES), list)
    assert isinstance(mentions_of(html.encode("utf-8", "replace"), url=url, content_type=kind), list)


@settings(max_examples=10)
@given(a_page)
def test_reading_a_page_again_says_the_same(page: Page) -> None:
    assert mentions_of(page.body, url=page.url, names=page.names) == mentions_of(
        page.body, url=page.url, names=page.names
    )
