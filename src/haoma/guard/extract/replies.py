"""Answers of an organisation on a platform of complaints: what stands below "某某 回复" is its own word.

Rules held here:
- The line that says who answers stands right above, names the target or says that the business answers (商家回复), and
  the page complains about the target.
- What the answer gives to another, by name, is not the target's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from haoma.guard.extract.han import simple
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import organisations_in
from haoma.guard.extract.site import TITLE_GAPS

if TYPE_CHECKING:
    from haoma.guard.extract.found import Found
    from haoma.guard.extract.scene import Scene

__all__ = ["answered"]

COMPLAINS = re.compile(r"投诉|维权|诉讼|消费诉")
ANSWERS = re.compile(
    r"^\W*(?P<who>[^，。；\d]{2,24}?)[\s：:]*(?:已)?(?:回复|答复|官方回应)(?:投诉|用户)?[\s：:\d年月日-]*$"
)
BUSINESS = re.compile(r"^(?:商家|企业|品牌方|被投诉方|被投诉商家|官方)(?:官方)?$")
ABOVE, LONGEST, BEFORE, LEAST = 2, 50, 40, 3  # lines; characters


def answered(scene: Scene) -> frozenset[int]:
    """The numbers, by identity, that stand in what the target answers to a complaint."""
    titles = scene.judge
    if titles is None or not COMPLAINS.search(simple(f"{scene.page.title} {scene.brand}")) or not scene.names_target:
        return frozenset()
    return frozenset(id(one) for one in scene.found if _answers(scene, one))


def _answers(scene: Scene, one: Found) -> bool:
    titles = scene.judge
    if titles is None or one.line.kind != Kind.TEXT:
        return False
    before = one.line.text[max(0, one.one.start - BEFORE) : one.one.start]
    sites = [part.strip() for part in TITLE_GAPS.split(scene.page.title)[1:]]
    if any(not titles.names(name) for _, name in organisations_in(before)) or any(
        len(site) >= LEAST and site in before for site in sites
    ):
        return False
    for line in reversed(scene.page.lines[max(0, one.line.order - ABOVE) : one.line.order]):
        hit = ANSWERS.match(simple(line.text[:LONGEST]))
        if hit is not None:
            return BUSINESS.match(hit["who"].strip()) is not None or titles.names(hit["who"])
    return False
