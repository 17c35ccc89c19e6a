"""Laws of counting what is told of places: the quick way counts and sounds as the plain one does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.disclosures import Count, Step, count_by_query_layer, played
from haoma.locate import tables
from haoma.locate.disclosures import LEAST_UNUSUAL, count, is_unusual

STEPS = st.builds(
    Step, st.integers(0, 24 * 32), st.sampled_from(["agent:1", "agent:2"]), st.sampled_from("xy"), st.integers(1, 26)
)


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://")
    tables.counts.metadata.create_all(engine, tables=[tables.counts, tables.disclosures])
    yield engine
    engine.dispose()


@example(steps=[Step(0, "agent:1", "x", 26), Step(1, "agent:1", "y", 1), Step(24, "agent:1", "x", 26)])
@given(steps=st.lists(STEPS, max_size=8))
def test_what_is_counted_and_when_an_alarm_is_due_are_those_of_the_whole_history(
    engine: sa.Engine, steps: list[Step]
) -> None:
    def alone(count: Count) -> list[object]:
        with engine.connect() as tx:  # rolled back
            return played(tx, count, "acme", steps)

    assert alone(count) == alone(count_by_query_layer)


@given(st.lists(st.integers(1, 500), max_size=28), st.integers(1, LEAST_UNUSUAL - 1))
def test_no_day_below_the_least_is_unusual_whatever_was_before(before: list[int], today: int) -> None:
    assert not is_unusual(today, before)
    assert is_unusual(LEAST_UNUSUAL, [])
