"""Where counts lie: which hotlines and further counts there are, hours of minutes, and which minutes came late.

`watch_hotlines` gives each name of a tenant a number of its own, `watch_signals` each further count of a tenant its
place behind inquiries and errors. `watch_hours` has a row for each hotline and hour (`packing`); `revised` tells which
values in it have a revision (`revisions`), `arrived` how long they took to come (`arrivals`). It is ordered by hour, so
that what comes in a minute lies together; PostgreSQL has a partition for each month. `watch_changes` has the numbers of
hotlines whose counts changed from a minute on that may have been looked at already, four bytes each; `watch_readers`
up to which minute somebody looks.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.access.tables import tenants
from haoma.storage import Id, Time, metadata

__all__ = ["changes", "hotlines", "hours", "readers", "signals"]

UUID, NAME, WORD = 36, 64, 32

hotlines = sa.Table(
    "watch_hotlines",
    metadata,
    sa.Column("series_id", Id, primary_key=True, autoincrement=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("name", sa.String(NAME), nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
    sqlite_autoincrement=True,
)
signals = sa.Table(
    "watch_signals",
    metadata,
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), primary_key=True),
    sa.Column("signal", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(NAME), nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
)
hours = sa.Table(
    "watch_hours",
    metadata,
    sa.Column("hour", Time, primary_key=True),
    sa.Column("series_id", sa.BigInteger, sa.ForeignKey(hotlines.c.series_id), primary_key=True),
    sa.Column("packed", sa.LargeBinary, nullable=False),
    sa.Column("revised", sa.LargeBinary, nullable=True),
    sa.Column("arrived", sa.LargeBinary, nullable=True),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (hour)",
)
changes = sa.Table(
    "watch_changes",
    metadata,
    sa.Column("change_id", Id, primary_key=True, autoincrement=True),
    sa.Column("minute", sa.Integer, nullable=False),
    sa.Column("series", sa.LargeBinary, nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Index("ix_watch_changes_at", "at"),
    sqlite_autoincrement=True,
)
readers = sa.Table(
    "watch_readers",
    metadata,
    sa.Column("name", sa.String(WORD), primary_key=True),
    sa.Column("minute", sa.BigInteger, nullable=False),
)
