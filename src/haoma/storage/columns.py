"""What tables are declared with: the one `metadata`, and the column types that mean the same on both databases.

Rules held here:
- A time is an aware one, stored as whole microseconds since 1970 in UTC, so that it sorts and compares as a number.
- Constraints and indexes have names that follow from their columns, the same on both databases.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from haoma.errors import BadInput
from haoma.storage.cells import GARBLED, Garbled

__all__ = ["Id", "Time", "metadata"]

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A key that the database counts up. With `sqlite_autoincrement=True` on the table, none is ever given out twice."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Time(sa.TypeDecorator[dt.datetime]):
    """A moment: an aware datetime in Python, INTEGER microseconds UTC in the database. BadInput for a naive one."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> int | None:
        """The number to store."""
        return None if value is None else Time.stored(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> dt.datetime | None:
        """The moment that a stored number means, in UTC."""
        return None if value is None else Time.read(value)

    @staticmethod
    def stored(value: dt.datetime) -> int:
        """The number for a statement that goes past SQLAlchemy.

        >>> Time.stored(dt.datetime(1970, 1, 1, 8, 0, 1, tzinfo=dt.timezone(dt.timedelta(hours=8))))
        1000000
        """
        if value.utcoffset() is None:
            raise BadInput("a time without a zone was to be stored", hint="datetime.now(UTC), or give it its tzinfo")
        return (value - _EPOCH) // _MICROSECOND

    @staticmethod
    def read(value: int) -> dt.datetime:
        """The moment that a number read past SQLAlchemy means; Garbled for what `stored` never gave."""
        try:
            return _EPOCH + value * _MICROSECOND
        except (TypeError, OverflowError):
            raise Garbled(GARBLED) from None
