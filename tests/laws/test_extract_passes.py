"""Passes over a whole page that are made fast tell what the plain definition of each would."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from haoma.guard.extract import scene
from haoma.guard.extract.country import CODE, CODE_DIALLED
from haoma.guard.extract.names import CJK
from haoma.guard.extract.plain import flat, perhaps, possible
from haoma.guard.extract.walk import read

PIECES = [
    *"014589 _-./()+\n\tabOoZé²٣。，：、〇○一九客服热线ー한Я\u3000\xa0\u200b４",
    "400-820-8820", "4OO-820-882O", "打120", "电话：110", "95588", "800-FLOWERS", "2145AB",
    "+86 21", "0086-21", "客服热线", "word", "5th",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
NO_WORD = re.compile(r"[^a-z0-9\u0370-\u04ff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af\n]+")
CODES = re.compile(r"[+0](?:(?<=\+)|0(?<!\w00))\s?([1-9]\d{0,2})[\s().-]")


@settings(max_examples=150)
@given(texts)
def test_no_line_that_could_hold_a_number_is_passed_over(text: str) -> None:
    lines = text.split("\n")
    assert {order for order, line in enumerate(lines) if possible(flat(line))} <= set(perhaps(text))


@settings(max_examples=100)
@given(texts)
def test_the_words_of_a_page_are_those_of_its_text(text: str) -> None:
    counted, plain = scene._counted(text.casefold()), Counter(scene._words(text.casefold()))
    assert all(counted[word] == plain[word] for word in scene.words_in(text))


@settings(max_examples=100)
@given(texts)
def test_the_letters_of_a_text_are_what_is_left_without_all_else(text: str) -> None:
    assert scene._letters(text.casefold()) == NO_WORD.sub("", text.casefold())


@settings(max_examples=50)
@given(texts)
def test_a_line_is_as_wide_as_its_characters_say(text: str) -> None:
    page = read("".join(f"<p>{line}</p>" for line in text.split("\n")))
    assert scene._widths(page) == [len(line.text) + 2 * len(CJK.findall(line.text)) for line in page.lines]


@settings(max_examples=100)
@given(texts)
def test_codes_of_countries_are_found_behind_a_plus_and_two_noughts(text: str) -> None:
    found = sorted((hit.start(), hit[1]) for code in (CODE, CODE_DIALLED) for hit in code.finditer(text))
    assert [code for _, code in found] == CODES.findall(text)
