from __future__ import annotations

import pytest

from haoma.guard.extract.everyday import everyday, left_over


@pytest.mark.parametrize("label", ["配送咨询", "消费投诉维权", "招生办公室", "就业促进科", "海外业务", "企業方案"])
def test_a_label_is_of_everyday_words(label: str) -> None:
    assert everyday(label)


@pytest.mark.parametrize("name", ["岭东快客", "徐记银铺", "听屿", "聚賢布莊", "朵颐香氛"])
def test_a_name_has_characters_that_no_everyday_word_covers(name: str) -> None:
    assert left_over(name) >= 2


def test_what_is_not_chinese_is_no_everyday_text() -> None:
    assert not everyday("TANGO 24")
    assert left_over("") == 0
