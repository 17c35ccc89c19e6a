"""What the bytes of a page are read as, whatever they are said to be."""

from __future__ import annotations

import pytest

from haoma.guard.extract.charset import decode

TRADITIONAL = "<title>聯絡我們</title><p>客戶服務熱線電話：2748 8222，圖文傳真號碼，關於產品與權益的說明請見首頁。</p>"
LATIN = "<title>Über uns</title><p>Täglich geöffnet außer sonntags, Anruf für 5 £ an +49 30 123456, Grüße aus Köln</p>"


@pytest.mark.parametrize("claim", [None, "text/html; charset=utf-8", "text/html; charset=iso-8859-1"])
@pytest.mark.parametrize("charset", ["gb18030", "big5hkscs", "utf-8"])
def test_traditional_characters_are_read_in_whatever_charset_they_come(charset: str, claim: str | None) -> None:
    assert decode(TRADITIONAL.encode(charset), claim) == TRADITIONAL


@pytest.mark.parametrize("claim", [None, "text/html; charset=utf-8", "text/html; charset=iso-8859-1"])
def test_latin_letters_with_marks_are_no_chinese(claim: str | None) -> None:
    assert decode(LATIN.encode("cp1252"), claim) == LATIN


def test_a_replacement_character_of_the_page_s_own_is_no_sign_of_another_charset() -> None:
    page = "<p>客服热线 95588 \ufffd</p>"
    assert decode(page.encode()) == page
