"""Whose each number on a page is: two passes of a model, a few rules, and "unsure" where it cannot be told.

Rules held here:
- The first pass judges a number by what stands around it; the second by how the numbers beside it and elsewhere on the
  page were judged: whose the odd one out is shows beside the others. Who has a Chinese name has trees of its own, in
  one pass: its titles are read (`owners`).
- A number keeps one owner on a page: where it stands twice, the evidence is put together.
- A public line (12345, 110) is nobody's but a public body's; one that a warning names is no one's own.
- What only data state that no reader sees, against what the page shows, is not believed.
- Who has a Chinese name and is named nowhere on a page owns none of its numbers.
- What nobody sees, and what the page calls dead, is never accepted: unsure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import exp, log

from haoma.guard.extract.features import NAMES, Around, compared, features_of
from haoma.guard.extract.found import Found
from haoma.guard.extract.han import simple
from haoma.guard.extract.names import CJK
from haoma.guard.extract.public_lines import is_anothers
from haoma.guard.extract.scene import Scene
from haoma.guard.extract.spoken import spoken
from haoma.guard.extract.trees import Model
from haoma.guard.extract.words import PUBLIC
from haoma.guard.model import Belongs

__all__ = ["among", "bound", "chinese_name", "clipped", "number_key", "rows_of", "ruled"]

WITHOUT_CODE = 7  # digits of a number that stands without its area code
NEAR = 6  # lines within which numbers are beside one another
CLIP = 0.001
PUBLIC_LESS, FAKE_LESS, CONTRADICTED_LESS, UNNAMED_LESS = 5.0, 2.5, 5.0, 9.0  # logits
DISOWNED_LESS, ANSWERED_MORE = 5.0, 9.5  # for what the page says
SAID_LESS, SAID_MORE = 3.0, 1.5  # for what a sentence says
PUBLIC_BODY = re.compile(r"政府|局|委|热线|12\d{3}|中心|协会|厅|署|法院|检察|公安|政务")
FAKE, CONTRADICTED = NAMES.index("fake"), NAMES.index("contradicted")


def number_key(one: Found) -> str:
    """What two mentions of one number share, however each is written."""
    return one.one.digits.lstrip("0")[-8:]


def rows_of(scene: Scene, regions: Sequence[str]) -> list[list[float]]:
    """The features of each number of a page, in the order of `features.ALL`."""
    around = Around(scene, regions)
    for one in scene.found:
        one.spoken = spoken(scene, one)
    return compared([features_of(scene, one, around) for one in scene.found], scene.found, around)


def among(logits: Sequence[float], found: Sequence[Found]) -> list[list[float]]:
    """How each number was judged beside the others: own, beside, best and worst elsewhere, how many, same number."""
    keys, lines = [number_key(one) for one in found], [one.line.order for one in found]
    rows = []
    for at, own in enumerate(logits):
        beside, elsewhere, same = [], [], []
        for other, theirs in enumerate(logits):
            if keys[other] == keys[at]:
                same.append(theirs)
            if abs(lines[other] - lines[at]) <= NEAR:
                if other != at:
                    beside.append(theirs)
            elif keys[other] != keys[at]:
                elsewhere.append(theirs)
        rows.append(
            [
                own,
                _mean(beside, own),
                max(elsewhere, default=0.0),
                min(elsewhere, default=0.0),
                float(len(elsewhere)),
                _mean(same, own),
            ]
        )
    return rows


def bound(scene: Scene, regions: Sequence[str], model: Model, name: str) -> list[tuple[Belongs, float]]:
    """(whose, calibrated probability that it is the target's) of each number of a page."""
    rows, chinese = rows_of(scene, regions), chinese_name(name)
    if chinese:
        told = [model.chinese.score(row) for row in rows]
    else:
        first = [clipped(model.alone.score(row)) for row in rows]
        told = [model.among.score(row) for row in among(first, scene.found)]
    named = not chinese or scene.names_target
    logits = [
        logit + ruled(one, row, name, named=named, said=scene.said.get(id(one), 0))
        for logit, one, row in zip(told, scene.found, rows, strict=True)
    ]
    accept = model.accept_chinese if chinese else model.accept
    return [_answer(one, logits, scene.found, accept, model.refuse) for one in scene.found]


def chinese_name(name: str) -> bool:
    """Whether a name is written in Chinese characters."""
    return CJK.search(name) is not None


def clipped(logit: float) -> float:
    """A logit within what a page can tell: no more than 999 to 1."""
    most = log((1 - CLIP) / CLIP)
    return max(-most, min(most, logit))


def _mean(values: Sequence[float], without: float) -> float:
    return sum(values) / len(values) if values else without


def ruled(one: Found, row: Sequence[float], name: str, *, named: bool, said: int) -> float:
    """What rules add to the logit of a number, where `name` is asked about, and `named` on the page or not.

    `said` is what the page itself says of whose it is: 1 the target's, -1 another's, 0 nothing.
    """
    less = ANSWERED_MORE if said > 0 else -DISOWNED_LESS if said < 0 else 0.0
    less += -SAID_LESS if one.spoken < 0 else SAID_MORE if one.spoken > 0 else 0.0
    if not named:
        less -= UNNAMED_LESS
    if is_anothers(one.one.digits, simple(name)) or (PUBLIC.match(one.one.digits) and not PUBLIC_BODY.search(name)):
        less -= PUBLIC_LESS
    if row[FAKE] >= 1:
        less -= FAKE_LESS
    if row[CONTRADICTED] >= 1:
        less -= CONTRADICTED_LESS
    return less


def _answer(
    one: Found, logits: Sequence[float], found: Sequence[Found], accept: float, refuse: float
) -> tuple[Belongs, float]:
    key = number_key(one)
    same = [
        logit
        for logit, other in zip(logits, found, strict=True)
        if number_key(other) == key and not (other.hidden or other.dead)
    ]
    if one.hidden or not same or any(other.dead for other in found if _same_digits(one, other)):
        return Belongs.UNSURE, _probability(clipped(logits[found.index(one)]))
    probability = _probability(clipped(_mean(same, 0.0)))
    if probability >= accept:
        return Belongs.TARGET, probability
    return (Belongs.OTHER if probability < refuse else Belongs.UNSURE), probability


def _same_digits(one: Found, other: Found) -> bool:
    """Whether two mentions have the same digits, but for a code in front."""
    short, long = sorted((one.one.digits.lstrip("0"), other.one.digits.lstrip("0")), key=len)
    return short == long or (len(short) >= WITHOUT_CODE and long.endswith(short))


def _probability(logit: float) -> float:
    return 1 / (1 + exp(-logit))
