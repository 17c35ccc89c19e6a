"""Whether alerts still stand as they were recorded.

Rules held here:
- Every entry of the log that tells of an alert has its row, which stands as the last of them left it: one that was
  made, changed or taken away by hand is told.
- What shows an alert is what was told to show it, to the byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from haoma.errors import Tampered
from haoma.ledger.forms import Json
from haoma.ledger.scan import scan
from haoma.watch.running import tables
from haoma.watch.running.moments import minute_text
from haoma.watch.running.shown import digest_of
from haoma.watch.running.spans import State

__all__ = ["Audited", "audit_alerts"]

RAISED, OVER = "watch.alerted", "watch.recovered"
_A = tables.alerts.c


@dataclass(frozen=True, slots=True)
class Audited:
    """How many alerts were held to how many entries of the log."""

    alerts: int
    entries: int


def audit_alerts(tx: sa.Connection) -> Audited:
    """Hold alerts to the log, and the log to them. Reads the whole log. Raises Tampered with the first that differs."""
    last: dict[str, tuple[int, str, dict[str, Json]]] = {}
    entries = 0
    for one in scan(tx, lambda data: b'"type":"watch.' in data):
        if one.entry.type in {RAISED, OVER}:
            entries += 1
            last[str(one.entry.body["alert"])] = one.entry_id, one.entry.type, dict(one.entry.body)
    count = 0
    for row in tx.execute(sa.select(tables.alerts).order_by(_A.opened, _A.hotline)):
        entry_id, type_, body = last.pop(row.alert_id, (0, "", {}))
        if not _stands(row, entry_id, type_, body):
            raise _differs(f"alert {row.alert_id} is not what was recorded")
        count += 1
    if last:
        raise _differs(f"alert {min(last)}, which the log tells of, is gone")
    return Audited(count, entries)


def _stands(row: sa.Row[Any], entry_id: int, type_: str, body: dict[str, Json]) -> bool:
    """Whether a row is as the last entry of its alert left it, with what shows it."""
    if digest_of(row.document) != row.digest:
        return False
    if row.state == State.OPEN:
        said = {"channel": row.channel, "score": row.score, "evidence": row.digest, "minute": minute_text(row.opened)}
        same = {name: body.get(name) for name in said} == said
        return (type_, entry_id, row.closed, row.over_entry_id) == (RAISED, row.entry_id, None, None) and same
    minute = row.opened if row.closed is None else row.closed
    return (type_, entry_id, body.get("why"), body.get("minute")) == (
        OVER,
        row.over_entry_id,
        row.state,
        minute_text(minute),
    )


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="rows were changed by hand: put the database back from a backup")
