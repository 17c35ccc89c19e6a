from __future__ import annotations

from haoma.guard.extract.features import NAMES, Around, features_of
from haoma.guard.extract.names import Target
from haoma.guard.extract.scene import scene_of
from haoma.guard.extract.service import understood
from haoma.guard.extract.witness import WITNESSES
from haoma.guard.model import Names


def measured(html: str, name: str = "岚山书店", url: str | None = None) -> dict[str, dict[str, float]]:
    """The witnesses of each number of a page."""
    page, regions, found = understood(f"<html lang='zh'><body>{html}</body></html>", url)
    scene = scene_of(page, found, Target(Names(name)), url, ())
    around = Around(scene, regions)
    rows = {one.one.digits: dict(zip(NAMES, features_of(scene, one, around), strict=True)) for one in found}
    return {digits: {name: row[name] for name in WITNESSES} for digits, row in rows.items()}


CARDS = "".join(
    f"<div class=c><p class=name>{title}</p><p>电话 0551-5550000{at}</p></div>"
    for at, title in enumerate(("岚山书店", "云鲸空调", "鼎盛木业"))
)


def test_the_nearest_title_of_each_kind_is_measured_and_none_decides() -> None:
    told = measured(f"<h1>岚山书店</h1>{CARDS}")
    assert told["055155500000"]["own_far"] < told["055155500001"]["own_far"]
    assert told["055155500001"]["like_far"] < told["055155500001"]["own_far"]
    assert told["055155500001"]["own_nearer"] > 0 or told["055155500001"]["own_nearer_than_like"] > 0


def test_blocks_with_names_that_differ_are_many_owners_and_departments_are_not() -> None:
    many = measured(CARDS)["055155500001"]
    departments = measured(CARDS.replace("岚山书店", "销售").replace("云鲸空调", "售后").replace("鼎盛木业", "财务"))
    assert many["items_differ"] == 1
    assert many["items_coined"] > departments["055155500001"]["items_coined"] == 0


def test_a_name_that_is_not_chinese_has_no_witnesses() -> None:
    assert set(measured(CARDS, "Acme Inc.")["055155500001"].values()) == {0.0}
