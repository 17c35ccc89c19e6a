from __future__ import annotations

import pickle

import pytest

from haoma import errors
from haoma.errors import ERRORS, BadInput, HaomaError


def test_every_error_of_the_tree_is_in_the_table() -> None:
    assert set(ERRORS) == set(HaomaError.__subclasses__())
    assert {error.__name__ for error in (HaomaError, *ERRORS)} | {"ERRORS"} == set(errors.__all__)


@pytest.mark.parametrize("error", ERRORS)
def test_the_picture_in_the_docstring_says_what_the_class_says(error: type[HaomaError]) -> None:
    line = next(line for line in (errors.__doc__ or "").splitlines() if f"── {error.__name__} " in line)
    assert line.split()[2:5] == [error.code, str(error.http_status), str(error.exit_code)]


def test_codes_are_unique() -> None:
    assert len({error.code for error in ERRORS}) == len(ERRORS)


def test_an_error_survives_the_way_between_two_processes() -> None:
    back = pickle.loads(pickle.dumps(BadInput("row 7 is not UTF-8", hint="--encoding gb18030")))  # noqa: S301
    assert (str(back), back.hint) == ("row 7 is not UTF-8", "--encoding gb18030")
