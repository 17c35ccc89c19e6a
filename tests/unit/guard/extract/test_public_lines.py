from __future__ import annotations

import pytest

from haoma.guard.extract import mentions_of
from haoma.guard.extract.public_lines import ANSWERED_BY, is_anothers, is_own
from haoma.guard.model import Belongs, Names


@pytest.mark.parametrize(
    ("digits", "name"),
    [
        ("12329", "桂岭市住房公积金管理中心"),
        ("12333", "平溪县人社局"),
        ("95598", "国网北塘供电公司"),
        ("12368", "白鹿法院"),
    ],
)
def test_a_national_line_is_its_own_bodys(digits: str, name: str) -> None:
    assert is_own(digits, name)
    assert not is_anothers(digits, name)


@pytest.mark.parametrize(
    ("digits", "name"),
    [
        ("12329", "平溪县人社局"),
        ("95598", "康郡物业"),
        ("12345", "白鹿法院"),
        ("052312329", "海陵银行"),
        ("1950", "和昇電器"),
    ],
)
def test_a_national_line_is_no_other_bodys(digits: str, name: str) -> None:
    assert is_anothers(digits, name)
    assert not is_own(digits, name)


def test_what_is_no_national_line_says_nothing() -> None:
    assert "95566" not in ANSWERED_BY
    assert not is_own("95566", "中国银行")
    assert not is_anothers("95566", "康郡物业")


def test_a_page_gives_a_national_line_to_its_own_body_alone() -> None:
    html = "<html lang='zh'><title>联系我们 - {name}</title><h1>{name}</h1><p>服务热线：12329</p></html>"
    (own,) = mentions_of(html.format(name="桂岭市住房公积金管理中心"), names=Names("桂岭公积金中心"))
    (others,) = mentions_of(html.format(name="平溪县审计局"), names=Names("平溪县审计局"))
    assert own.organisation is Belongs.TARGET
    assert others.organisation is not Belongs.TARGET
