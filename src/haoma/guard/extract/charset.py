"""What the bytes of a page say: its charset settled, whatever header and page claim.

Rules held here:
- A byte order mark wins; then what decodes wholly as UTF-8 and has a character of several bytes is UTF-8: other
  charsets do not form such sequences by chance.
- Then the header, then the page's own claim, as far as the bytes bear them out. A claim of Latin letters where the bytes
  stand in the pairs of GB 18030 is a lie.
- Labels mean what the WHATWG Encoding Standard §4.2 says: gb2312 is GB 18030, iso-8859-1 is windows-1252.
- Nothing raises: what cannot be read becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re

__all__ = ["decode"]

LONGEST = 8_000_000  # bytes of a page that are read, fifty times a long one: its beginning and
TAIL = 2_000_000  # its end, where the hotline stands
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
MEANT = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "iso-8859-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252",
    "ascii": "cp1252", "windows-1252": "cp1252", "shift_jis": "cp932", "x-sjis": "cp932", "euc-kr": "cp949",
    "utf8": "utf-8", "utf-16": "utf-8", "utf-16le": "utf-8", "utf-16be": "utf-8",
}  # fmt: skip
CLAIM = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE
)
IN_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]+)""", re.IGNORECASE)
PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
COMMON = frozenset("的是在有人中大公司地址聯絡联系電話电话傳真传真客服務务熱線热线號号版權权所首頁页关於于产品新聞闻")
EASTERN = frozenset(("big5hkscs", "cp932", "cp949", "euc_jp"))
HIGH = re.compile(rb"[\x80-\xff]")


def decode(page: bytes, content_type: str | None = None) -> str:
    """The text of a page's bytes, read as what they are rather than what they are said to be.

    >>> decode("客服热线".encode("gbk"), "text/html; charset=utf-8")
    '客服热线'
    """
    if len(page) > LONGEST:
        page = page[: LONGEST - TAIL] + page[-TAIL:]
    for mark, charset in MARKS:
        if page.startswith(mark):
            return page[len(mark) :].decode(charset, "replace")
    if wide := _without_mark(page):
        return page.decode(wide, "replace")
    if (text := _whole(page)) is not None:
        return text
    return page.decode(_charset(page, content_type), "replace")


def _without_mark(page: bytes) -> str | None:
    """UTF-16 that does not say so: every other byte of its markup is zero."""
    head = page[:400]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) < 8 or max(even, odd) < len(head) // 8:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _whole(page: bytes) -> str | None:
    """A page that is UTF-8 from end to end, as most are; None for any other."""
    try:
        text = page.decode()
    except UnicodeDecodeError:
        return None
    return text if text.count("\ufffd") <= 1 else None


def _charset(page: bytes, content_type: str | None) -> str:
    high = len(HIGH.findall(page))
    if not high or _broken(page) * 20 <= high:
        return "utf-8"
    claims = [_known(found.group(1)) for found in (IN_HEADER.search(content_type or ""),) if found]
    claims += [_known(found.group(1).decode("ascii")) for found in (CLAIM.search(page[:4096]),) if found]
    told = any(claim in EASTERN and _bears(page, claim) for claim in claims if claim)
    common = {charset: _common(page, charset) for charset in ("gb18030", "big5hkscs")}
    if not told and (2 * len(PAIR.findall(page)) >= 0.8 * high or 20 * max(common.values()) >= high):
        return max(common, key=lambda charset: common[charset])
    for claim in claims:
        if claim and claim != "utf-8" and _bears(page, claim):
            return claim
    return "cp1252"


def _common(page: bytes, charset: str) -> int:
    """How many of the commonest characters a page has when read so."""
    return sum(char in COMMON for char in page[:200_000].decode(charset, "replace"))


def _broken(page: bytes) -> int:
    """How many bytes are no UTF-8; what the end of the page cuts off is none of them."""
    text = page.decode("utf-8", "replace")
    return max(0, text.count("\ufffd") - 1)


def _bears(page: bytes, charset: str) -> bool:
    text = page.decode(charset, "replace")
    return text.count("\ufffd") * 100 <= len(text)


def _known(label: str) -> str | None:
    charset = MEANT.get(label.lower(), label)
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return None
