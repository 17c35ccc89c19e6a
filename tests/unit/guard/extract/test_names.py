"""How an organisation's names are told from one another."""

from __future__ import annotations

from itertools import permutations

import pytest

from haoma.guard.extract.names import Target
from haoma.guard.model import Names


@pytest.mark.parametrize("names", list(permutations(["甲银行", "乙证券", "丙基金", "丁保险"])), ids="".join)
def test_names_of_one_length_stand_in_the_order_they_are_given_in(names: tuple[str, ...]) -> None:
    assert Target(Names(names[0], names[1:])).cores == names


def test_the_longest_name_is_looked_for_first() -> None:
    assert Target(Names("甲银行", ("甲商业银行", "甲行"))).cores == ("甲商业银行", "甲银行", "甲行")
