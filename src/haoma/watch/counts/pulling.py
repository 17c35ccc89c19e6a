"""Counts out of a table of somebody else's, in SQLite or PostgreSQL: what is new there since a moment.

Rules held here:
- One SELECT of the columns that the map names, with names quoted, in a transaction that changes nothing, within the
  time that the map says; in the order of time, and no more rows than are taken at once.
- Whatever goes wrong is Unavailable, and neither SQL nor values are in the message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, Unavailable
from haoma.storage.foreign import FAULTS, foreign_engine
from haoma.watch.counts.chart import Chart
from haoma.watch.counts.model import Batch
from haoma.watch.counts.rows import NAMES, batch_of_rows

__all__ = ["PULLED", "pulled"]

PULLED = 20_000


def pulled(chart: Chart, since: datetime, revision: int = 0) -> Batch:
    """The rows of the table from a moment on, the oldest 20,000 of them; raises Unavailable where it says nothing."""
    if chart.url is None:
        raise BadInput("the map names no table", hint="url, table and columns; docs/guide/watch.md shows a map")
    names = chart.names([*chart.columns.values()], "the map")
    engine = foreign_engine(chart.url, chart.timeout_s)
    try:
        with engine.begin() as tx:
            rows = tx.execute(_select(chart, names, since)).all()
    except FAULTS as error:
        message = f"the database does not answer, or not as the map says ({type(error).__name__})"
        raise Unavailable(message, hint="look at url, table, columns and kind of the map") from None
    finally:
        engine.dispose()
    told = [dict(zip(names, row, strict=True)) for row in rows]
    return batch_of_rows([_row(one, chart.hotline) for one in told], revision, chart.zone)


def _select(chart: Chart, names: dict[str, str], since: datetime) -> sa.Select[Any]:
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(sa.quoted_name(column, quote=True)) for column in dict.fromkeys(names.values())
    ]
    schema = None if chart.schema is None else sa.quoted_name(chart.schema, quote=True)
    table = sa.table(sa.quoted_name(chart.table, quote=True), *columns, schema=schema)
    at = table.c[names["timestamp"]]
    return (
        sa.select(*(table.c[one] for one in names.values()))
        .where(at >= _moment(chart, since))
        .order_by(at)
        .limit(PULLED)
    )


def _moment(chart: Chart, since: datetime) -> sa.ColumnElement[Any]:
    if chart.kind == "seconds":
        return sa.literal(int(since.timestamp()))
    return (
        sa.literal(since) if chart.kind == "time" else sa.literal(f"{since.astimezone(chart.zone):%Y-%m-%d %H:%M:%S}")
    )


def _row(told: dict[str, Any], hotline: str) -> tuple[str, object, dict[str, float | None]]:
    counts = {name: _number(value) for name, value in told.items() if name not in NAMES}
    return hotline or str(told["hotline"] or ""), told["timestamp"], counts


def _number(value: object) -> float | None:
    if value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        return float("nan")
