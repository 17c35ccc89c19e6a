from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from haoma.errors import Unavailable
from haoma.storage.gate import Gate


def test_no_more_are_inside_than_there_are_places() -> None:
    gate, lock = Gate(3, wait_s=30), threading.Lock()
    inside: list[int] = []
    most: list[int] = []

    def go(number: int) -> None:
        with gate:
            with lock:
                inside.append(number)
                most.append(len(inside))
            with lock:
                inside.remove(number)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(go, range(300)))
    assert max(most) <= 3
    assert len(most) == 300


def test_those_who_wait_come_in_their_order() -> None:
    gate = Gate(1, wait_s=30)
    order: list[int] = []

    def go(number: int) -> None:
        with gate:
            order.append(number)

    with ThreadPoolExecutor(5) as pool, gate:
        for number in range(5):
            pool.submit(go, number)
            while len(gate._waiting) <= number:
                pass
    assert order == [0, 1, 2, 3, 4]


def test_who_waits_too_long_is_told_and_leaves_the_place_to_others() -> None:
    gate = Gate(1, wait_s=0.05)
    with gate, ThreadPoolExecutor(1) as pool, pytest.raises(Unavailable, match="in use"):
        pool.submit(gate.__enter__).result()
    with gate:
        assert not gate._waiting


def test_an_error_inside_gives_the_place_back() -> None:
    gate = Gate(1, wait_s=0.05)
    for _ in range(2):
        with pytest.raises(KeyError), gate:
            raise KeyError
