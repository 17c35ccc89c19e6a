"""Whom a page is about, whoever's site it is on: an article, an entry, a notice or a complaint has one subject.

Rules held here:
- A title or a heading that names the target makes it the subject; so do the lines that open the page, a line that says
  whose part it plays (投诉对象：, 招聘单位：, 公司名称：), and the signature over a date that a notice ends with.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoma.guard.extract.anatomy import rank_of
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import core
from haoma.guard.extract.site import LIKE, OUTER

if TYPE_CHECKING:
    from haoma.guard.extract.scene import Scene

__all__ = ["is_about"]

TOP_RANK = 2  # headings that may name a page's subject
LONGEST = 60  # characters of a line that says whose part it plays
ROLE = re.compile(
    r"^\W*(?:被?投诉(?:对象|商家|企业|方)|涉诉(?:商家|企业)|招聘(?:单位|公司|企业)|(?:公司|企业|单位|商家|店铺|机构)(?:名称|全称)|发布(?:单位|机构|者)|来源|开发者|开发商|公众号|账号主体)\s*[：:]"
)
DATE = re.compile(r"^\W*(?:20\d\d|二[〇○零]\w\w)\s*年.{1,8}日\W*$")


def is_about(scene: Scene) -> bool:
    """Whether the target is the subject of a page, as far as its title, headings, opening and signature tell."""
    titles = scene.judge
    if titles is None:
        return False
    if scene.title_strength >= LIKE:
        return True
    shown = [line for line in scene.page.lines if line.kind == Kind.TEXT and not line.hidden]
    if any(core(line.text).startswith(scene.target.cores) for line in shown[:OUTER]):
        return True
    named = [line for line in shown if scene.strength[line.order] >= LIKE]
    if any(
        rank_of(line.element) <= TOP_RANK or (len(line.text) <= LONGEST and ROLE.match(line.text)) for line in named
    ):
        return True
    at = {line.order: place for place, line in enumerate(shown)}
    signed = (
        at[line.order] + 1 < len(shown)
        and len(core(line.text)) <= len(scene.target.cores[0]) + 4
        and DATE.match(shown[at[line.order] + 1].text)
        for line in named
    )
    return any(signed)
