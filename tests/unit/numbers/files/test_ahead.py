from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from haoma.numbers.files.ahead import Ahead


def test_items_come_in_order() -> None:
    with Ahead(iter(range(100))) as items:
        assert list(items) == list(range(100))


def test_a_failure_is_raised_where_items_are_read() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("it broke")

    with Ahead(failing()) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="it broke"):
            next(items)


def test_it_works_a_bounded_way_ahead_and_ends_when_nobody_reads_on() -> None:
    made: list[int] = []

    def counting() -> Iterator[int]:
        for at in itertools.count():
            made.append(at)
            yield at

    before = threading.active_count()
    with Ahead(counting(), depth=2) as items:
        assert next(items) == 0
    assert len(made) <= 5
    assert threading.active_count() == before
