"""Lists of fakes: numbers that stand below "以下均为假冒…", or above "以上号码均与我司无关".

Rules held here:
- What introduces a list ends with a colon, or is a short title or the head of a column; it governs the lines below it
  until one says which number is the right one, or speaks of something else.
- A list that names the target itself, on a page that is not the target's, is of somebody who asks about a fake.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoma.guard.extract.anatomy import NO_RANK, rank_of
from haoma.guard.extract.lines import Kind, lines_having

if TYPE_CHECKING:
    from collections.abc import Container

    from haoma.guard.extract.lines import Page

__all__ = ["fakes_below"]

FALSE = r"假冒|虚假|虛假|冒充|仿冒|冒牌|冒用|山寨|诈骗|詐騙|骗子|不法"
THINGS = r"号码|號碼|电话|電話|热线|熱線|客服|网站|網站|网点|机构|单位|名单|店铺|维修点|信息"
BELOW = re.compile(
    rf"(?:以下|下列|下述|如下)[^。；\n]{{0,24}}(?:{FALSE}|非我|与我[司行们公局院店厂]|無關|无关|非官方|不是(?:我|本|官方))[^。；\n]{{0,16}}[：:]?\s*$"
    rf"|(?:{FALSE})[^。；\n]{{0,20}}(?:如下|包括|名单|清单|一览|列表|公示)[^。；\n]{{0,6}}[：:]?\s*$"
    rf"|^\W{{0,4}}(?:已(?:查实|发现|核实|曝光)的?)?(?:{FALSE})[^，。；：:\n]{{0,8}}(?:{THINGS})[^，。；：:\n]{{0,4}}[：:]?\s*$"
)
ABOVE = re.compile(
    rf"(?:以上|上述|前述)[^。；，\n]{{0,12}}(?:{THINGS})?[^。；，\n]{{0,6}}(?:均|都|全部|皆)[^。；\n]{{0,8}}(?:{FALSE}|非我|与我[司行们公局院店厂]|無關|无关|非官方|不是|不属于)"
)
WARNS = ("假冒", "虚假", "虛假", "冒充", "冒用", "冒牌", "诈骗", "骗子", "山寨", "非我", "与我", "无关")
BESIDES = re.compile(r"除此|除上|此外|以外|之外|其余|其[他它]|官方|正确|唯一")
RIGHT = re.compile(
    r"官方(?!授权)|唯一|正确|认准|認準|以上|上述|特此|我[司行]|本公司|举报|报警|如遇|如有|请(?:拨|致电|联系)"
)
SENTENCE = re.compile(r"[。！？!?；]")
LONG, LONGEST = 40, 600  # characters of a line that speaks of something else, and of one that is read
LINES, BACK = 60, 12  # below and above
READ = 10_000  # characters of a page


def fakes_below(page: Page, numbered: Container[int]) -> frozenset[int]:
    """The lines of a page that list fakes; `numbered` are those that have numbers."""
    found: set[int] = set()
    for order in lines_having(WARNS, page.text[:READ]):
        text = page.lines[order].text[:LONGEST]
        if BELOW.search(text) and not BESIDES.search(SENTENCE.split(text.rstrip("：: 。"))[-1]):
            found.update(_down(page, order, numbered))
        if ABOVE.search(text):
            found.update(_up(page, order, numbered))
    return frozenset(found)


def _down(page: Page, order: int, numbered: Container[int]) -> set[int]:
    found: set[int] = set()
    for line in page.lines[order + 1 : order + 1 + LINES]:
        if line.kind != Kind.TEXT:
            continue
        if RIGHT.search(line.text) or (rank_of(line.element) < NO_RANK and line.order - order > 1):
            break
        if line.order in numbered:
            found.add(line.order)
        elif len(line.text) > LONG:
            break
    return found


def _up(page: Page, order: int, numbered: Container[int]) -> set[int]:
    found: set[int] = set()
    for line in reversed(page.lines[max(0, order - BACK) : order]):
        if line.kind != Kind.TEXT:
            continue
        if RIGHT.search(line.text) or rank_of(line.element) < NO_RANK:
            break
        if line.order in numbered:
            found.add(line.order)
        elif len(line.text) > LONG or found:
            break
    return found
