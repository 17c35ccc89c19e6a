from __future__ import annotations

import pytest
from lxml import etree

from haoma.guard.extract.attributes import icon_of, kind_of, said_by


def told(tag: str) -> list[tuple[str, str]]:
    element = etree.HTML(tag)[0][0]
    said = dict(element.items())
    kinds = [(name, kind) for name in said if (kind := kind_of(name))]
    return [(text, kind) for name, kind in kinds if (text := said_by(element, name, kind, said))]


@pytest.mark.parametrize(
    ("tag", "text", "kind"),
    [
        ("<a href='tel:400-155-0001'>热线</a>", "400-155-0001", "link"),
        ("<a href='wtai://wp/mc;4001550001'>热线</a>", "4001550001", "link"),
        ("<b onclick='callPhone(\"4001550001\")'>热线</b>", "4001550001", "link"),
        ("<b @click=\"call('4001550001')\">热线</b>", "4001550001", "link"),
        ("<b data-href='tel:4001550001'>热线</b>", "4001550001", "link"),
        ("<b data-content='热线：400-155-0001'>热线</b>", "热线：400-155-0001", "alt"),
        ("<img alt='热线400-155-0001'>", "热线400-155-0001", "alt"),
        ("<a title='热线400-155-0001'>热线</a>", "热线400-155-0001", "alt"),
        ("<input type=button value='热线400-155-0001'>", "热线400-155-0001", "alt"),
        ("<b data-clipboard-text='4001550001'>复制</b>", "4001550001", "data"),
    ],
)
def test_a_number_in_an_attribute_is_told_with_its_kind(tag: str, text: str, kind: str) -> None:
    assert told(tag) == [(text, kind)]


@pytest.mark.parametrize(
    "tag",
    [
        "<a href='/item/4001550001'>热线</a>",
        "<b class='n4001550001' id='4001550001'>热线</b>",
        "<div title='4001550001'>热线</div>",
        "<input type=hidden value='4001550001'>",
        "<b data-content='4001550001'>热线</b>",
        "<input placeholder='4001550001'>",
        "<b data-order='4001550001'>热线</b>",
        "<meta content='4001550001'>",
    ],
)
def test_what_is_not_said_is_not_told(tag: str) -> None:
    assert told(tag) == []


@pytest.mark.parametrize(
    ("tag", "sign"),
    [
        ("<img src='/static/phone.png'>", "phone"),
        ("<i class='iconfont icon-fax'></i>", "fax"),
        ("<i class='fa fa-phone-square'></i>", "phone"),
        ("<em class='ico_chuanzhen'></em>", "传真"),
        ("<use xlink:href='#icon-fax'></use>", "fax"),
        ("<img alt='传真图标'>", "传真"),
        ("<i class='fax'></i>", ""),
        ("<i class='icon-fax'>0</i>", ""),
    ],
)
def test_the_sign_of_a_telephone_is_read(tag: str, sign: str) -> None:
    element = etree.HTML(tag)[0][0]
    assert icon_of(element, element.tag, dict(element.items())) == sign
