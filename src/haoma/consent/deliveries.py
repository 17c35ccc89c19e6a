"""Telling recipients that a consent has ended: out of a table, signed, until they have heard it.

Rules held here:
- What is to be told was written in the transaction of the end; one process at a time tells it, in the order it is due.
- Any 2xx is an answer. 410 says that nobody is there any more. All else is tried again; a redirect is not followed.
- After the last attempt an alarm is sounded: a recipient who does not hear still has the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.keeping import kept_until
from haoma.consent.office import Office
from haoma.consent.webhook import RETRIES_S, signed_headers
from haoma.errors import Unavailable
from haoma.ledger.entry import Entry

__all__ = ["Deliveries", "Told"]

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the deliveries that were due: heard, to be tried again, given up."""

    done: int
    again: int
    failed: int


class Deliveries:
    """The deliveries of one store."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def run(self) -> Told:
        """Tell what is due now; returns at once where another process is at it."""
        states = list[str]()
        with self._office.store.leader("consent-deliveries", wait_s=0) as leads:
            if leads:
                states = [self._tell(row) for row in self._due()]
        return Told(states.count("done"), states.count("due"), states.count("failed"))

    def _due(self) -> list[sa.Row[Any]]:
        c = tables.deliveries.c
        query = sa.select(tables.deliveries).where(c.state == "due", c.due_at <= self._office.now())
        with self._office.store.read() as tx:
            return list(tx.execute(query.order_by(c.due_at).limit(AT_ONCE)))

    def _tell(self, row: sa.Row[Any]) -> str:
        office, at = self._office, self._office.now()
        try:
            body = row.payload.encode()
            status = office.transport.post(row.url, signed_headers(office.custody, row.delivery_id, at, body), body)
        except Unavailable:
            status = 0
        state = _state(status, row.attempts)
        office.store.write(lambda tx: self._note(tx, row, state, status, at))
        if state == "failed":
            office.alarms.sound("consent-not-delivered", row.delivery_id, at)
        return state

    def _note(self, tx: sa.Connection, row: sa.Row[Any], state: str, status: int, at: datetime) -> None:
        c = tables.deliveries.c
        over = state != "due"
        wait_s = RETRIES_S[min(row.attempts, len(RETRIES_S) - 1)]
        tx.execute(
            sa.update(tables.deliveries)
            .where(c.delivery_id == row.delivery_id, c.attempts == row.attempts)
            .values(
                state=state,
                attempts=row.attempts + 1,
                due_at=at + timedelta(seconds=wait_s),
                told_at=at if state == "done" else None,
                answer=str(status or "none"),
                kept_until=kept_until("sharing", at) if over else None,
            )
        )
        if over:
            body: dict[str, Any] = {"delivery": row.delivery_id, "state": state, "attempts": row.attempts + 1}
            office_log = self._office.vault.log
            office_log.append(tx, Entry("consent.told", at, body))


def _state(status: int, attempts: int) -> str:
    if 200 <= status < 300:
        return "done"
    return "failed" if status == 410 or attempts >= len(RETRIES_S) else "due"
