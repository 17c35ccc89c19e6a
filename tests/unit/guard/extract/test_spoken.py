from __future__ import annotations

import pytest

from haoma.guard.extract.names import Target
from haoma.guard.extract.scene import scene_of
from haoma.guard.extract.service import understood
from haoma.guard.extract.spoken import spoken
from haoma.guard.model import Names

NUMBER = "0551-55500001"


def said(html: str, name: str = "岚山书店", url: str | None = None) -> float:
    """Whose the sentence says that the first number of a page is: 1 the target's, -1 another's, 0 not said."""
    page, _, found = understood(f"<html lang='zh'><body>{html}</body></html>", url)
    scene = scene_of(page, found, Target(Names(name)), url, ())
    return spoken(scene, scene.found[0])


@pytest.mark.parametrize(
    "text",
    [
        "云鲸空调有限公司表示，受影响的客户可致电{}办理。",
        "债权人应向管理人（地址：东街1号；联系人：董律师，联系电话：{}）申报债权。",
        "新闻热线：{}",
        "地铁公安：{}",
        "消费者委员会热线为{}。",
        "旅游投诉：{}（市旅游局质监所）",
        "云鲸空调有限公司也在现场，读者可以打他们的电话{}。",
        "原告云鲸空调有限公司诉被告岚山书店一案，原告公示的电话为{}。",
        "上次在网上搜到一个{}，上门就要三百块。",
        "读者的截图显示，打来电话的号码有{}等。",
        "有人留的号码是{}，与我们没有任何关系。",
        "有人自称客服上门推销，留下{}。",
        "近期诈骗多发。【岚山书店】您的账户异常，请速致电{}。退订回T",
    ],
    ids=[
        "who says it", "a bracket", "a newsroom", "who watches", "who watches, said", "behind in brackets", "theirs",
        "a party", "found on the web", "it called", "denied", "a sham", "a false message",
    ],
)  # fmt: skip
def test_a_sentence_gives_a_number_to_another(text: str) -> None:
    above = "<p>警惕诈骗短信</p>" if "退订" in text else ""
    assert said(f"{above}<p>{text.format(NUMBER)}</p>") == -1.0


@pytest.mark.parametrize(
    "text",
    [
        "岚山书店表示，读者可致电{}退书。",
        "书籍由岚山书店（地址：东街1号，电话：{}）发行。",
        "原告岚山书店诉被告云鲸空调有限公司一案，原告公示的电话为{}。",
        "票是在岚山书店买的。记者拨打其客服{}，无人接听。",
    ],
    ids=["who says it", "a bracket", "a party", "theirs"],
)
def test_a_sentence_gives_a_number_to_the_target(text: str) -> None:
    assert said(f"<p>{text.format(NUMBER)}</p>") == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "联系电话：{}",
        "凡自称我店客服的，请拨打{}核实。",
        "请收好我店的号码{}，店员来电都显示它。",
        "看到黄牛请告诉我们：{}。",
        "本院咨询电话{}",
    ],
    ids=["a label", "what to ring behind a warning", "our own", "whom to tell", "a house that is no court"],
)
def test_a_sentence_that_does_not_say_whose_leaves_it_to_others(text: str) -> None:
    assert said(f"<p>{text.format(NUMBER)}</p>") == 0.0


def test_a_court_is_no_company() -> None:
    assert said(f"<p>甲县人民法院</p><p>可向本院司法技术室反映，电话{NUMBER}</p>", "岚山书店有限公司") == -1.0


def test_who_watches_may_be_the_target() -> None:
    assert said(f"<p>旅游局投诉电话：{NUMBER}</p>", "岚山市旅游局") == 0.0


def test_a_newsroom_may_be_the_targets() -> None:
    assert said(f"<p>新闻热线：{NUMBER}</p>", "岚山晚报") == 0.0
