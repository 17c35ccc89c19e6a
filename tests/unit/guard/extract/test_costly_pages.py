"""Pages of some megabytes that are made to cost their reader minutes or hours, each in another way."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.model import Names

NAMES = Names("云岚基金管理有限公司", ("云岚基金",), ("yunlanfund.cn",))
HEAD = '<html><head><meta charset="utf-8"><title>云岚基金</title></head><body>'
LINE = "<p>云岚基金客服热线：400-855-0112</p>"
NUMBERS = "".join(f"<p>电话 021-5550{at:04d}</p>" for at in range(400))
MOST_S = 12.0  # of a processor that others use too; each took more than twice that, mostly minutes

COUNTRIES = "<p>Deutschland France United Kingdom Italia España Mexico</p>"


def groups(many: int) -> list[str]:
    """Groups of digits that could be cut into numbers in many ways."""
    drawn = random.Random(4)
    return [" ".join(str(drawn.randrange(10, 9_999)) for _ in range(12)) for _ in range(many)]


COSTLY: dict[str, Callable[[], str]] = {
    "a comment of structured data never closed": lambda: (
        f'<script type="application/ld+json">x{"/* " * 130_000}</script>' * 3
    ),
    "structured data of empty lines": lambda: f'<script type="application/ld+json">x{chr(10) * 390_000}x</script>',
    "a line of equal digits": lambda: f"<!-- 电话 {'1' * 400_000} -->",
    "a line of signs that mask": lambda: f"<!-- 电话 021-55501234 {'*' * 400_000} -->",
    "addresses of no one": lambda: f"<p>{'_' * 19_000}@@</p>" * 60,
    "an item of many elements": lambda: f"<div itemscope>{NUMBERS}{'<br>' * 250_000}</div>",
    "names without a name": lambda: f"<div itemscope>{NUMBERS}{'<i itemprop=name>' * 150}{'<br>' * 250_000}",
    "a number behind many cells": lambda: (
        f"<table><tr>{'<td>' * 250_000}{''.join(f'<td>021-5550{at:04d}' for at in range(400))}</table>"
    ),
    "a term behind many elements": lambda: (
        f"<dl>{'<br>' * 250_000}{''.join(f'<dd>021-5550{at:04d}</dd>' for at in range(400))}</dl>"
    ),
    "parts that nobody plays": lambda: (
        f"<p>施工单位{'云' * 90}</p>" * 30_000 + "".join(f"<p>施工单位：021-5550{at:04d}</p>" for at in range(400))
    ),
    "rows that nobody needs": lambda: (
        f"<table>{'<tr><td>代理机构电话<td>021-55500101' * 400}{'<tr>' * 1_200_000}</table>"
    ),
    "tables without a cell": lambda: (
        f"<table><tr><th>甲{'<tr><td>乙<td>丙' * 1_999}</table>{'<table></table>' * 600_000}"
        "<table><tr><td>电话<td>021-55501234</table>"
    ),
    "rules of elements far above": lambda: (
        f"<style>{'.a .b b{display:none}' * 40}</style>{'<div class=a>' * 150}{'<b>x</b>' * 100_000}"
    ),
    "a class of words around": lambda: f"<div class='{'a ' * 1_500_000}'>{NUMBERS}",
    "a class of one word around": lambda: f"<div class='{'a' * 3_000_000}'>{NUMBERS}",
    "an id that all numbers share": lambda: f"<div id='{'a' * 3_000_000}'>{NUMBERS.replace('p>', 'br>')}",
    "classes of tables": lambda: f"<table class='{'a' * 3_000_000}'><tr><td>{NUMBERS.replace('<p>', '<tr><td>')}",
    "groups that may be numbers of anywhere": lambda: f"{COUNTRIES}<p>{'; '.join(groups(5_000))}</p>",
    "such groups in structured data": lambda: (
        f'{COUNTRIES}<script type="application/ld+json">{json.dumps([{"telephone": one} for one in groups(6_000)])}'
        "</script>"
    ),
    "structured data of no numbers, many times": lambda: (
        '<script type="application/ld+json">{"telephone":"1 2 3 4 5"}</script>' * 100_000
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COSTLY)
def test_a_page_costs_its_reader_seconds(name: str) -> None:
    page = (HEAD + LINE + COSTLY[name]()).encode()
    begun = time.process_time()
    mentions = mentions_of(page, url="https://www.example.cn/", names=NAMES)
    assert time.process_time() - begun < MOST_S
    assert any(one.digits == "4008550112" for one in mentions)
