"""Where an import's rows come from: a file, or a table that a map names."""

from __future__ import annotations

from pathlib import Path

from haoma.errors import BadInput
from haoma.guard.registry.chart import Chart, read_chart
from haoma.guard.registry.cms import table_rows
from haoma.guard.registry.incoming import Row, read_rows

__all__ = ["rows_of"]


def rows_of(file: Path | None, chart: Path | None, encoding: str | None = None) -> tuple[list[Row], Chart]:
    """The rows of a file, or of the table of the map, and the map; raises BadInput where there is neither, or both."""
    named = Chart() if chart is None else read_chart(chart)
    if (file is None) == (named.place is None):
        raise BadInput("hotlines come from a file or from a table", hint="FILE, or --map with a url and a table in it")
    if named.place is None:
        return read_rows(file or Path(), encoding), named
    if encoding is not None:
        raise BadInput("a database has an encoding of its own", hint="leave --encoding out")
    return table_rows(named.place, tuple(dict.fromkeys(named.columns.values()))), named
