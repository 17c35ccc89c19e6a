"""Pages of a megabyte at most that are made to cost their reader minutes or hours, each in another way."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.model import Names

NAMES = Names("云岚基金管理有限公司", ("云岚基金",), ("yunlanfund.cn",))
HEAD = '<html><head><meta charset="utf-8"><title>云岚基金</title></head><body>'
LINE = "<p>云岚基金客服热线：400-855-0112</p>"
MOST_S = 15.0  # of a processor that others use too; each took a minute at least

COSTLY: dict[str, Callable[[], str]] = {
    "a comment of structured data never closed": lambda: (
        f'<script type="application/ld+json">x{"/* " * 130_000}</script>' * 3
    ),
    "structured data of empty lines": lambda: f'<script type="application/ld+json">x{chr(10) * 390_000}x</script>',
    "a line of equal digits": lambda: f"<!-- 电话 {'1' * 400_000} -->",
    "a line of signs that mask": lambda: f"<!-- 电话 138{'*' * 400_000} -->",
    "addresses of no one": lambda: f"<p>{'_' * 400_000}@@</p>",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COSTLY)
def test_a_page_costs_its_reader_seconds(name: str) -> None:
    page = (HEAD + LINE + COSTLY[name]()).encode()
    begun = time.process_time()
    mentions = mentions_of(page, url="https://www.example.cn/", names=NAMES)
    assert time.process_time() - begun < MOST_S
    assert any(one.digits == "4008550112" for one in mentions)
