"""How fast pages are read for their numbers, and how soon the model is there.

Rules held here:
- CPU time, best of five, one thread. A page is 100 kB of menus, prose, tables and links with nine numbers of three
  organisations on it, in Chinese and in English by turns; none is read twice.
- The peer is libphonenumber's matcher over the page's text, lxml's own, with no reading of whose the numbers are.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count

import phonenumbers
from lxml import etree

from bench.figure import Figure, best_cpu_s, require
from haoma.guard.extract import mentions_of
from haoma.guard.model import Names

__all__ = ["extraction"]

PAGES, SIZE = 20, 100_000
PEER = "libphonenumber's matcher alone"
LOAD = """
import time
from haoma.guard.extract.features import ALL
from haoma.guard.extract.trees import shipped
began = time.perf_counter()
shipped(ALL)
print(time.perf_counter() - began)
"""
CHINESE = (
    "<div class='box{n}'><h3>甲{n}证券股份有限公司</h3><p>客服热线：<b>400-810-{n:04}</b></p>"
    "<p>传真：010-6505{n:04}</p></div>"
)
ENGLISH = "<table><tr><td>Acme {n} Inc.</td><td>Phone</td><td>(303) 683-{n:04}</td></tr></table>"
PROSE = "<li><a href='/item/{n}' class='link'>The {n}th item of a long menu, 第 {n} 项</a></li>\n"


def extraction() -> Iterator[Figure]:
    """Pages of 100 kB a second, and milliseconds until the model is loaded."""
    number = count(1)

    def fresh() -> list[str]:
        return [_page(next(number)) for _ in range(PAGES)]

    pages = fresh()
    require(all(len(_ours(page)) >= 9 for page in pages), "a page's numbers were not all found")
    ours = best_cpu_s(lambda: [_ours(page) for page in fresh()]) - best_cpu_s(fresh)
    theirs = best_cpu_s(lambda: [_theirs(page) for page in fresh()]) - best_cpu_s(fresh)
    yield Figure("pages of 100 kB, whose numbers they show", "pages/s", PAGES / ours, PEER, PAGES / theirs)
    yield Figure("the model loaded", "ms", _loaded() * 1000, None, None)


def _ours(page: str) -> list[object]:
    return list(mentions_of(page, url="https://www.example.com/", names=Names("甲7证券股份有限公司")))


def _theirs(page: str) -> list[object]:
    text = "\n".join(etree.fromstring(page.encode(), etree.HTMLParser(encoding="utf-8")).itertext())
    return [*phonenumbers.PhoneNumberMatcher(text, "CN"), *phonenumbers.PhoneNumberMatcher(text, "US")]


def _page(number: int) -> str:
    blocks = [CHINESE.format(n=number * 10 + at) for at in range(3)] + [
        ENGLISH.format(n=number * 10 + at) for at in range(3)
    ]
    parts, size = ["<html><head><title>甲7证券股份有限公司</title></head><body><ul>"], 0
    for at in count():
        parts.append(PROSE.format(n=at))
        size += len(parts[-1].encode())
        if at % 150 == 0 and blocks:
            parts.append(f"</ul>{blocks.pop()}<ul>")
        if size > SIZE:
            return "".join([*parts, "</ul></body></html>"])
    raise AssertionError


def _loaded() -> float:
    started = time.perf_counter()
    told = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    require(time.perf_counter() > started, "no time has passed")
    return float(told.stdout)
