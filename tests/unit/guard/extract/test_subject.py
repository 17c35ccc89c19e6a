from __future__ import annotations

import pytest

from haoma.guard.extract.names import Target
from haoma.guard.extract.scene import Scene, scene_of
from haoma.guard.extract.service import understood
from haoma.guard.model import Names

URL = "https://www.a-portal.example/n/1"


def scene(html: str, name: str, title: str = "公告_某网") -> Scene:
    page, _, found = understood(f"<html><head><title>{title}</title></head><body>{html}</body></html>", URL)
    return scene_of(page, found, Target(Names(name)), URL, ())


@pytest.mark.parametrize(
    "html",
    [
        "<p>首页</p><h1>飞鹿快运涨价</h1><p>电话 0551-55500001</p>",
        "<p>首页</p><p>投诉对象：飞鹿快运</p><p>打 0551-55500001 没人接</p>",
        "<p>停运通知</p><p>电话 0551-55500001</p>" + "<p>正文</p>" * 9 + "<p>飞鹿快运</p><p>2024年3月5日</p>",
    ],
    ids=["heading", "part", "signature"],
)
def test_a_page_is_about_whom_a_heading_a_part_or_a_signature_names(html: str) -> None:
    assert scene(html, "飞鹿快运").about
    assert not scene(html.replace("飞鹿快运", "岚山书店"), "飞鹿快运").about


def test_a_title_that_calls_a_house_by_its_own_word_makes_it_the_subject() -> None:
    assert scene("<p>0551-55500001</p>", "跃途汽车租赁有限公司", "跃途租车押金不退_消费诉声").about
    assert not scene("<p>0551-55500001</p>", "跃途汽车租赁有限公司", "跃途保险理赔难_消费诉声").about
