from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.store import names, put
from haoma.errors import Conflict
from haoma.storage import Steps, Store, open_store
from haoma.storage.steps import alone, together
from haoma.storage.store import Outcome


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'haoma.db'}") as opened:
        yield opened


def two(name: str) -> Steps[str]:
    first = yield put(f"{name} one")
    second = yield put(f"{name} two")
    return f"{first}, {second}"


def none() -> Steps[str]:
    return "nothing"
    yield None


def aside() -> Steps[str]:
    before = yield put("before")
    yield None
    return f"{before}, and on"


def forgiving() -> Steps[str]:
    try:
        yield put("a one")  # is there
    except Conflict:
        return (yield put("another"))
    raise AssertionError


def failing() -> Steps[str]:
    yield put("failing")
    raise ZeroDivisionError


def ended(outcome: Outcome | None) -> object:
    assert outcome is not None
    assert outcome.error is None
    return outcome.result


def test_steps_go_to_their_end_alone(store: Store) -> None:
    assert alone(store, two("a")) == "a one, a two"
    assert alone(store, none()) == "nothing"
    assert alone(store, aside()) == "before, and on"
    assert alone(store, forgiving()) == "another"
    with pytest.raises(ZeroDivisionError):
        alone(store, failing())
    assert names(store) == {"a one", "a two", "before", "another", "failing"}


def test_steps_of_many_end_each_as_alone(store: Store) -> None:
    first, second, nothing, other, wrong = together(store, [two("a"), two("b"), none(), forgiving(), failing()])
    assert [ended(one) for one in (first, second, nothing, other)] == [
        "a one, a two",
        "b one, b two",
        "nothing",
        "another",
    ]
    assert wrong is not None
    assert isinstance(wrong.error, ZeroDivisionError)
    assert together(store, []) == []


def test_who_goes_on_alone_is_left_where_it_stands(store: Store) -> None:
    left = aside()
    assert together(store, [left, none()]) == [None, Outcome("nothing")]
    assert names(store) == {"before"}
    assert alone(store, left) == "before, and on"


def test_works_of_many_are_one_transaction(store: Store) -> None:
    def seen() -> Steps[str]:
        return (yield lambda tx: str(tx.execute(sa.text("SELECT count(*) FROM store_info")).scalar_one()))

    before = len(names(store))
    with store.read() as tx:  # a snapshot of before, held while they write
        tx.execute(sa.text("SELECT 1")).all()
        outcomes = together(store, [two("a"), seen(), two("b"), seen()])
    assert [ended(one) for one in outcomes][1::2] == [str(before + 1), str(before + 2)]
