from __future__ import annotations

import pytest

from haoma.guard.extract.names import Target
from haoma.guard.extract.scene import scene_of
from haoma.guard.extract.service import understood
from haoma.guard.extract.spelt import spelt
from haoma.guard.model import Names

NUMBER = "<p>电话 0551-55500001</p>"


def mine(html: str, name: str, url: str | None) -> float:
    page, _, found = understood(f"<html lang='zh'>{html}</html>", url)
    return scene_of(page, found, Target(Names(name)), url, ()).mine


@pytest.mark.parametrize(
    ("html", "url", "whose"),
    [
        (f"<title>网点查询</title><body>{NUMBER}</body>", "https://www.lanshanbooks.cn/a", 1.0),
        (f"<title>联系我们 - 岚山书店</title><body>{NUMBER}</body>", "https://www.sea.cn/a", 0.5),
        (f"<title>联系我们</title><body>{NUMBER}<footer>© 岚山书店</footer></body>", "https://www.sea.cn/a", 1.0),
        (f"<title>联系我们</title><body><header>岚山书店</header>{NUMBER}</body>", "https://www.sea.cn/a", 0.5),
        (f"<title>岚山书店 - 云鲸黄页</title><body>{NUMBER}</body>", "https://www.sea.cn/a", -1.0),
        (f"<title>岚山书店和云鲸书城哪家好</title><body>{NUMBER}</body>", "https://www.sea.cn/a", 0.0),
        (f"<title>老店的早晨-新闻中心-岚山书店</title><body>{NUMBER}</body>", "https://www.sea.cn/a", 0.5),
        (f"<title>停电了打哪个电话 - 岚山论坛</title><body>{NUMBER}</body>", "https://bbs.lanshanren.cn/a", -1.0),
    ],
    ids=[
        "domain",
        "end of the title",
        "copyright",
        "head",
        "yellow pages",
        "weighed",
        "a section of its news",
        "a town's forum",
    ],
)
def test_whose_site_a_page_is(html: str, url: str, whose: float) -> None:
    assert mine(html, "岚山书店", url) == whose


def test_everyday_words_that_end_a_title_are_no_sites_name() -> None:
    html = f"<title>岚山书店集团—所属企业</title><body><h1>岚山书店</h1><p>所属企业</p>{NUMBER}</body>"
    assert mine(html, "岚山书店", "https://www.sea.cn/a") > -1


def test_a_long_menu_hides_neither_head_nor_foot() -> None:
    menu = "".join(f"<li><a href='/{at}'>产品中心</a></li>" for at in range(30))
    html = f"<title>联系我们</title><body><ul>{menu}</ul><h1>岚山书店</h1>{NUMBER}</body>"
    assert mine(html, "岚山书店", "https://www.sea.cn/a") == 0.5
    html = f"<title>公告</title><body><ul class='nav'>{menu}<li>岚山书店</li></ul>{NUMBER}</body>"
    assert mine(html, "岚山书店", "https://www.sea.cn/a") == 0.5


def test_a_domain_spells_a_name_in_syllables_or_letters_but_not_a_town_alone() -> None:
    assert spelt("泉岭农商行", "quannongshang")
    assert spelt("槐谷第一医院", "hgdyyy120")
    assert not spelt("临江堂防水", "wuhanhuangye")


def test_a_groups_site_is_not_its_companys() -> None:
    html = f"<title>联系我们 - 岚山控股</title><body>{NUMBER}</body>"
    assert mine(html, "岚山冷链物流有限公司", "https://www.lanshanholding.cn/a") == -1.0
    assert mine(html, "岚山控股", "https://www.lanshanholding.cn/a") == 1.0


@pytest.mark.parametrize(
    ("name", "domain", "owned"),
    [("昌陵市中医院", "clzyy", True), ("青石镇水厂", "qingshitown", False), ("青石镇水厂", "qingshi", False)],
)
def test_a_domain_may_spell_place_and_name_but_not_the_place_alone(name: str, domain: str, owned: bool) -> None:
    assert (Target(Names(name)).owns(f"{domain}.cn", domain) >= 0.6) is owned


@pytest.mark.parametrize(
    ("html", "whose"),
    [
        (f"<title>东街店</title><body>{NUMBER}<p>© 2025 图岸地图</p></body>", -1.0),
        (f"<title>岚山书店招聘-职羽网</title><body><a>职羽</a>{NUMBER}</body>", -1.0),
        (f"<title></title><body><h1>开业</h1><a id='js_name'>岚山书店</a>{NUMBER}</body>", 0.5),
        (f"<title>岚山书店 Lanshan Books | 联系我们</title><body>{NUMBER}<p>© Lanshan Books Ltd.</p></body>", 0.5),
    ],
    ids=["copyright of a coined name", "a site's name without its ending", "an article's account", "a name in English"],
)
def test_whose_site_a_page_is_by_lesser_signs(html: str, whose: float) -> None:
    assert mine(html, "岚山书店", "https://www.sea.cn/a") == whose


@pytest.mark.parametrize(
    ("html", "name", "whose"),
    [
        (f"<title>岚山书店图书价格_活动预约</title><body>{NUMBER}</body>", "岚山书店", 0.0),
        (f"<title>岚山书店图书价格_云鲸书城</title><body>{NUMBER}</body>", "岚山书店", -1.0),
        (f"<title>放假</title><body><a id='js_name'>忆杏健身</a>{NUMBER}</body>", "徐州忆杏餐饮管理有限公司", 0.5),
        (f"<title>放假</title><body><a id='js_name'>云鲸健身</a>{NUMBER}</body>", "徐州忆杏餐饮管理有限公司", -1.0),
    ],
    ids=["a topic ends the title", "another ends it", "a company's sign", "another's sign"],
)
def test_a_topic_and_a_companys_sign_make_a_page_nobody_elses(html: str, name: str, whose: float) -> None:
    assert mine(html, name, "https://www.sea.cn/a") == whose
