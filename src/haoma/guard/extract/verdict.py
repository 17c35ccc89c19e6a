"""Who the titles around a page's numbers name, put together over the page.

Rules held here:
- Titles speak of a target with a Chinese name alone; of others nothing is said.
- What stands like a name counts where the page has another such name; a number that no title names has the owner of its
  other places.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from haoma.guard.extract.anatomy import NO_RANK, rank_of
from haoma.guard.extract.found import Found
from haoma.guard.extract.lines import Kind
from haoma.guard.extract.names import CJK, core
from haoma.guard.extract.owners import FOREIGN, LABELLED, NOWHERE, ROW, Owner, Owners
from haoma.guard.extract.scene import Scene
from haoma.guard.extract.site import CHROME_HEAD, chrome
from haoma.guard.extract.titles import FAINT, NOBODY, OTHER, OWN, PERHAPS

__all__ = ["CLAUSE", "OFFICIAL", "asked_of", "contradicted", "owners_of", "titled"]

UNSEEN = ("meta", "link", "script")  # elements that show nothing and are not rung
NEAR_HEADING = 8  # lines
ASKED = re.compile(r"(?:洽|联系|致电|拨打|咨询|找)(?![我本])[\u4e00-\u9fff]{3,}\W*$")  # and whom to ask
OFFICIAL = re.compile(r"官方(?:客服|服务|唯一|投诉|售后)?(?:电话|热线|号码)?(?:是|为)?[：:\s]*$")
CLAUSE = re.compile(r"[。；;！!，,？?\n]")


def asked_of(scene: Scene) -> Owners | None:
    """Who may be asked for the owners of a page's numbers; nobody where the target has no Chinese name."""
    chinese = any(CJK.search(own) for own in scene.target.names)
    return Owners(scene.page, scene.target, scene.brand) if chinese else None


def owners_of(scene: Scene, owners: Owners) -> dict[int, Owner]:
    """Who the titles around each number name."""
    told = {id(one): owners.of(one) for one in scene.found}
    return _told_elsewhere(scene, _settled(told, own=scene.mine > 0) if scene.mine >= 0 else told)


def _told_elsewhere(scene: Scene, owners: dict[int, Owner]) -> dict[int, Owner]:
    """The owners where a number that no title names has that of its other places on the page, if these agree."""
    known: dict[str, set[float]] = {}
    first: dict[str, Owner] = {}
    for one in scene.found:
        owner, key = owners[id(one)], one.one.digits[-8:]
        if owner.sign in (OWN, OTHER) and not one.hidden and one.line.kind != Kind.DATA:
            known.setdefault(key, set()).add(owner.sign)
            first.setdefault(key, owner)
    for one in scene.found:
        key = one.one.digits[-8:]
        if owners[id(one)].sign in (NOBODY, FAINT) and len(known.get(key, ())) == 1:
            owners[id(one)] = first[key]
    return owners


def _settled(owners: dict[int, Owner], *, own: bool) -> dict[int, Owner]:
    """The owners where what stands like a name is one only if another number has one like it at its place.

    On the target's `own` page everywhere, else in the rows of a table whose other rows have labels.
    """
    listed = {(one.level, one.name) for one in owners.values() if one.sign <= PERHAPS and not FOREIGN.search(one.name)}
    labels = not own and not any(one.level == ROW and one.sign > NOBODY for one in owners.values())
    plain = sum(FAINT <= one.sign <= NOBODY for one in owners.values()) if own else 0
    coined = Counter(level for level, _ in listed)

    def stays(one: Owner) -> bool:
        like = coined[one.level] > 1 and coined[one.level] >= plain
        asked = one.level == LABELLED and ASKED.search(one.name) is not None
        return one.sign != PERHAPS or like or asked or not (own or (labels and one.level == ROW))

    return {key: one if stays(one) else replace(one, sign=one.named, level=NOWHERE) for key, one in owners.items()}


def titled(scene: Scene, one: Found, owners: Mapping[int, Owner], claiming: Collection[int]) -> list[float]:
    """Eight measures of what the page's anatomy says: of this number, of the others, and whose page it is."""
    owner = owners.get(id(one))
    if owner is None:
        return [0.0] * 8
    apart = [other for other in scene.found if other.one.digits[-8:] != one.one.digits[-8:]]
    others = [owners[id(other)].sign for other in apart]
    claimed = float(owner.sign <= 0 and any(id(other) in claiming for other in apart))
    return [
        owner.sign, owner.named, float(owner.level), float(owner.others), claimed,
        _sided(scene, one),
        sum(sign < 0 for sign in others) / len(others) if others else -1.0, scene.mine,
    ]  # fmt: skip


def contradicted(scene: Scene, one: Found, owners: Mapping[int, Owner]) -> bool:
    """Whether only data that no reader sees state a number, and the page shows others that may be the target's."""
    if one.line.kind != Kind.DATA or one.line.element.tag not in UNSEEN:
        return False
    shown = {
        other.one.digits[-8:]
        for other in scene.found
        if other.line.kind != Kind.DATA and not other.hidden and _may_be_own(scene, other, owners[id(other)])
    }
    return bool(shown) and one.one.digits[-8:] not in shown


def _may_be_own(scene: Scene, one: Found, owner: Owner) -> bool:
    return scene.mine > 0 or (owner.sign >= NOBODY and not owner.others and not _frame(scene, one))


def _sided(scene: Scene, one: Found) -> float:
    """1 in the frame of the target's own page, -1 in that of another's, 0 elsewhere."""
    return float((scene.mine > 0) - (scene.mine < 0)) if _frame(scene, one) else 0.0


def _frame(scene: Scene, one: Found) -> bool:
    """Whether a number stands in the head or the foot of its page; not in a block that the target's own name heads."""
    part = chrome(one.line.element_at(one.one.start))
    headed = part == CHROME_HEAD and scene.mine < 0 and _heads_block(scene, one)
    return part != 0 and not headed


def _heads_block(scene: Scene, one: Found) -> bool:
    """Whether a heading with the target's whole name stands above a number in the same block, a card up at most."""
    lines = scene.page.lines[max(0, one.line.order - NEAR_HEADING) : one.line.order]
    return any(core(line.text) in scene.target.cores and rank_of(line.element) < NO_RANK for line in lines)
