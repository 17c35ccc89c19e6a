from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from haoma.errors import BadInput
from haoma.storage import Time

ZONES = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
# A moment in a zone beside the first or last of all years has no place in UTC.
MOMENTS = st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001 - zones are added


@given(MOMENTS)
def test_a_moment_is_the_same_after_it_was_stored(moment: dt.datetime) -> None:
    assert Time.read(Time.stored(moment)) == moment
    assert Time.read(Time.stored(moment)).tzinfo is dt.UTC


@given(MOMENTS, MOMENTS)
def test_stored_moments_sort_as_moments_do(one: dt.datetime, other: dt.datetime) -> None:
    assert (Time.stored(one) < Time.stored(other)) == (one < other)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="zone"):
        Time.stored(dt.datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_nothing_stays_nothing_on_the_way_through_a_database() -> None:
    table = sa.Table("one", sa.MetaData(), sa.Column("at", Time))
    moment = dt.datetime(2026, 11, 22, 8, 0, 0, 123456, dt.timezone(dt.timedelta(hours=8)))
    engine = sa.create_engine("sqlite://")
    with engine.begin() as tx:
        table.create(tx)
        tx.execute(sa.insert(table), [{"at": moment}, {"at": None}])
        assert list(tx.scalars(sa.select(table.c.at))) == [moment, None]
        assert tx.execute(sa.text("SELECT at FROM one")).scalars().all() == [1795305600123456, None]
    engine.dispose()
