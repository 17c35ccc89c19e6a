from __future__ import annotations

import pytest

from haoma.guard.crawl.picture import Box, Unread, box_of, boxes_in, unread_in, with_boxes

PNG = b"\x89PNG\r\n\x1a\n" + bytes(25) + b"the rest"


def test_where_numbers_stand_comes_back_out_of_the_picture() -> None:
    made = with_boxes(PNG, '{"/html/body/p": [1, 2, 30, 4]}')
    assert boxes_in(made) == {"/html/body/p": Box(1, 2, 30, 4)}
    assert made.startswith(PNG[:33])
    assert made.endswith(PNG[33:])


@pytest.mark.parametrize("png", [b"", b"GIF89a", PNG, PNG[:34]])
def test_a_picture_that_says_nothing_is_known_by_that(png: bytes) -> None:
    assert boxes_in(png) is None


@pytest.mark.parametrize("said", ["", "no", "[1]", '{"/p": 1}', '{"/p": [1, 2]}', '{"/p": ["a", 2, 3, 4]}'])
def test_what_is_no_place_in_a_picture_is_none(said: str) -> None:
    assert boxes_in(with_boxes(PNG, said)) == {}


@pytest.mark.parametrize(
    ("xpath", "found"),
    [
        ("/html/body/p[1]", Box(1, 1, 1, 1)),
        ("/html/body/p[2]", Box(2, 2, 2, 2)),
        ("/html/body/p[1]/a/b", Box(1, 1, 1, 1)),
        ("/html/body/p[3]", None),
        ("", None),
    ],
)
def test_a_number_stands_in_its_element_or_in_what_is_in_it_or_around_it(xpath: str, found: Box | None) -> None:
    boxes = '{"/html/body/p[1]": [1, 1, 1, 1], "/html/body/p[2]/b": [2, 2, 2, 2]}'
    assert box_of(with_boxes(PNG, boxes), xpath) == found


def test_what_nobody_looked_into_is_told_by_the_picture() -> None:
    made = with_boxes(PNG, '{"/html/body/p": [1, 2, 30, 4]}', Unread(3, 1))
    assert unread_in(made) == Unread(3, 1)
    assert boxes_in(made) == {"/html/body/p": Box(1, 2, 30, 4)}
    assert unread_in(with_boxes(PNG, "{}")) is None
    assert unread_in(b"") is None
