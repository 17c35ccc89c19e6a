"""Counts of hotlines by the minute: taken, corrected, kept small, and read.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

from haoma.watch.counts.chart import Chart, read_chart
from haoma.watch.counts.entries import ENTRY_TYPES
from haoma.watch.counts.files import File
from haoma.watch.counts.flow import Flow
from haoma.watch.counts.keeping import COUNTS_KEPT
from haoma.watch.counts.model import COUNTS, Batch, Reason, Refusal, Taken
from haoma.watch.counts.months import Months
from haoma.watch.counts.pulling import pulled
from haoma.watch.counts.reading import Changed, changed_since, newest_of, read, spanned
from haoma.watch.counts.remote_write import read_request
from haoma.watch.counts.rows import batch_of_columns, batch_of_rows
from haoma.watch.counts.series import Series, every_series, series_of, signals_of, tenant_named
from haoma.watch.counts.service import ACTION, Counts

__all__ = [
    "ACTION",
    "COUNTS",
    "COUNTS_KEPT",
    "ENTRY_TYPES",
    "Batch",
    "Changed",
    "Chart",
    "Counts",
    "File",
    "Flow",
    "Months",
    "Reason",
    "Refusal",
    "Series",
    "Taken",
    "batch_of_columns",
    "batch_of_rows",
    "changed_since",
    "every_series",
    "newest_of",
    "pulled",
    "read",
    "read_chart",
    "read_request",
    "series_of",
    "signals_of",
    "spanned",
    "tenant_named",
]
