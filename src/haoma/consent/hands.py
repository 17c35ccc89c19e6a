"""From when on what is kept about a number is of whoever holds it now, as its carrier tells.

Rules held here:
- The carrier is asked about all that is there, whether it stands or has ended (CAMARA number-recycling): once where the
  number has had one holder, some times more where it changed hands.
- What is from before the number changed hands is not of its holder, and of that what still stands ends.
- Where the carrier does not answer, nobody knows, and nothing is shown. Where there is none, what was found out before
  counts: an end by `recycled`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.ending import end, live_rows
from haoma.consent.office import SYSTEM, Office
from haoma.numbers import Number
from haoma.vault.model import SubjectToken
from haoma.vault.tables import audit

__all__ = ["held_from"]

BEGINNING = datetime.fromtimestamp(0, UTC)
_INSTANT = timedelta(microseconds=1)


def held_from(office: Office, tenant: str, number: Number, at: datetime) -> datetime:
    """The moment from which on what is kept is of whoever holds the number; `at` where nothing is.

    Raises Unavailable where the carrier does not answer.
    """
    tokens, network = office.vault.known_as(tenant, number), office.recycling
    with office.store.read() as tx:
        names = list({name for token in tokens for name in office.vault.aliases(tx, token)})
        if network is None:
            return _found_before(tx, names)
        moments = _moments(tx, names)
    if not moments or not network.recycled(number, moments[0]):
        return BEGINNING
    first = bisect_left(moments, True, lo=1, key=lambda moment: not network.recycled(number, moment))
    since = moments[first] if first < len(moments) else at

    def work(tx: sa.Connection) -> int:
        return len(end(tx, office, [row for row in live_rows(tx, names) if row.since < since], "recycled", at, SYSTEM))

    office.store.write(work)
    return since


def _moments(tx: sa.Connection, names: Sequence[SubjectToken]) -> list[datetime]:
    """When anything was given, refused or tried that a holder of the number is shown, the oldest first."""
    g, r, a, mine = tables.grants.c, tables.refusals.c, audit.c, [str(name) for name in names]
    found = {
        *tx.scalars(sa.select(g.since).where(sa.or_(g.subject.in_(mine), g.guardian.in_(mine)))),
        *tx.scalars(sa.select(r.refused_at).where(r.subject.in_(mine))),
        *tx.scalars(sa.select(sa.func.min(a.at)).where(a.subject.in_(mine), a.action == "consent.use")),
    }
    return sorted(moment for moment in found if moment is not None)


def _found_before(tx: sa.Connection, names: Sequence[SubjectToken]) -> datetime:
    c = tables.grants.c
    mine = (c.subject.in_([str(name) for name in names]), c.state == "recycled")
    found = tx.scalar(sa.select(sa.func.max(c.ended_at)).where(*mine))
    return found + _INSTANT if isinstance(found, datetime) else BEGINNING
