from __future__ import annotations

import pytest

from haoma.guard.extract.walk import read

MENU = "<p>首页 产品中心 新闻中心 联系我们 人才招聘 下载中心 友情链接 网站地图 经销商登录 站内搜索 无障碍阅读</p>"


def hidden(page: str) -> list[bool]:
    """Of each line of a page with a number, whether no reader sees it."""
    return [line.hidden for line in read(f"<body>{MENU}{page}</body>").lines if "400-" in line.text]


@pytest.mark.parametrize(
    "page",
    [
        "<div class='tab-pane'>甲</div><div class='tab-pane' style='display:none'>热线 400-155-0001</div>",
        "<div slot='panel'>甲</div><div slot='panel' hidden>热线 400-155-0001</div>",
        "<div role='tabpanel' hidden>热线 400-155-0001</div>",
        "<div class='uni-popup' style='display:none'>热线 400-155-0001</div>",
        "<a href='#more'>更多</a><div id='more' style='display:none'>热线 400-155-0001</div>",
        "<button data-bs-target='#more'>更多</button><div id='more' hidden>热线 400-155-0001</div>",
        "<button aria-expanded='false'>网点</button><div style='height:0;overflow:hidden'>热线 400-155-0001</div>",
        "<p>甲?</p><div class='a' hidden>乙</div><p>丙?</p><div class='a' hidden>400-155-0001</div>",
        "<div><h4>甲</h4><div hidden>乙</div></div><div><h4>丙</h4><div hidden>400-155-0001</div></div>",
        "<x-card><template shadowrootmode='open'>热线 400-155-0001</template></x-card>",
        f"<div id='js_content' style='visibility:hidden'>热线 400-155-0001 {'正文' * 60}</div>",
        "<div id='js_content' style='visibility:hidden'>热线 400-155-0001</div>" + "<p>别的新闻</p>" * 60,
    ],
)
def test_what_a_reader_opens_is_not_hidden(page: str) -> None:
    assert hidden(page) == [False]


@pytest.mark.parametrize(
    "page",
    [
        "<div style='display:none'>热线 400-155-0001</div>",
        "<div>甲</div><div style='display:none'>热线 400-155-0001</div>",
        "<template id='card'>热线 400-155-0001</template>",
        "<a href='#more'>更多</a><div id='more' class='old-tip' style='display:none'>热线 400-155-0001</div>",
        "<table><tr><td>甲</td><td hidden>乙</td></tr><tr><td>丙</td><td hidden>400-155-0001</td></tr></table>",
        "<ul><li>甲</li><li hidden>乙</li><li>丙</li><li hidden>400-155-0001</li></ul>",
    ],
)
def test_what_nobody_can_open_is_hidden(page: str) -> None:
    assert hidden(page) == [True]


def test_a_page_of_hidden_blocks_in_one_another_is_read_soon() -> None:
    deep = "<div hidden>" * 200 + "400-155-0001" + "</div>" * 200
    assert hidden(deep * 20) == [True] * 20
