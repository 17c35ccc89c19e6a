"""How long rows of the crawl are kept.

Rules held here:
- What was seen goes after 180 days with all its records, unless something holds it.
- What a visit had to fetch goes after 31 days; the sources and what is known of hosts stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from haoma.guard.crawl import tables
from haoma.vault.retention import Expiring

__all__ = ["EXPIRING", "LASTING"]

EXPIRING: tuple[Expiring, ...] = (
    Expiring(
        "crawl.snapshot",
        tables.snapshots.c.kept_until,
        which=tables.snapshots.c.held.is_(False),
        below=(tables.records.c.snapshot_id, tables.drawings.c.snapshot_id, tables.undrawn.c.snapshot_id),
    ),
    Expiring("crawl.snapshot", tables.tasks.c.kept_until),
    Expiring("crawl.job", tables.jobs.c.kept_until),
)

LASTING: Mapping[str, str] = MappingProxyType(
    {
        "crawl_sources": "where numbers are looked for, and who answers for it: every snapshot names its source",
        "crawl_hosts": "which hosts are at work, and which may not be asked: nobody's data",
    }
)
