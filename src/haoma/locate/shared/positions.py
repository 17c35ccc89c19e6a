"""Positions that customers shared on their own page: sealed, and kept for a day at the most.

Rules held here:
- A position is taken for one live consent that names the browser, and for nothing else; a newer one takes its place.
  None is taken for a consent that a guardian gave: their browser is not where the child is.
- It is sealed under the key of its subject and purpose, bound to its consent and times, and goes with a withdrawal.
- No error, log line or row shows a coordinate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from haoma.consent import Places, Source
from haoma.consent.ending import given
from haoma.consent.reasons import refusal
from haoma.errors import BadInput, NotFound
from haoma.ledger.canonical import canonical
from haoma.locate.fusion import Circle
from haoma.locate.shared.tables import shared
from haoma.vault import Vault, rule_of
from haoma.vault.audit import Event, time_text
from haoma.vault.model import SubjectToken

__all__ = ["LIFE", "Everywhere", "Positions", "circle_of", "sealed_as"]

COVERAGE = 0.68  # the share of positions inside the accuracy that a device tells of them
WIDEST_M = 100_000.0
LIFE = rule_of("location.clear").longest or timedelta()


def circle_of(lat: float, lon: float, accuracy_m: float) -> Circle:
    """What a browser told, as a circle; raises BadInput, without it, for what is on no globe or too vague.

    >>> circle_of(0.0, 0.0, 35.0)
    Circle(35 m, coverage 0.68)
    """
    if not all(map(math.isfinite, (lat, lon, accuracy_m))) or not 0 < accuracy_m <= WIDEST_M:
        raise BadInput("this is no position", hint="degrees, and an accuracy of at most 100 km")
    return Circle(lat, lon, accuracy_m, COVERAGE)


class Positions:
    """Keeps positions for one vault; fills consent's `Places`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def share(self, grant_id: str, circle: Circle) -> datetime:
        """Keep a position for a consent, as its holder wants; until when.

        Raises Refused where the consent has ended or does not name the browser, NotFound for no such consent.
        """
        vault, at = self._vault, self._vault.now()
        with vault.store.read() as tx:
            row = self._live(tx, grant_id, at)
        subject = SubjectToken.of_row(row.subject)
        until: datetime = min(at + LIFE, row.until)
        vault.prepare(subject, row.purpose)
        value = canonical({"lat": repr(circle.lat), "lon": repr(circle.lon), "accuracy_m": repr(circle.radius_m)})
        sealed = vault.seal_bytes(subject, row.purpose, sealed_as(grant_id, at, until), value)

        def work(tx: sa.Connection) -> None:
            self._live(tx, grant_id, at)
            tx.execute(sa.delete(shared).where(shared.c.grant_id == grant_id))
            whose = {"grant_id": grant_id, "subject": row.subject, "purpose": row.purpose}
            what = {"key_id": sealed.key_id, "sealed": sealed.data, "shared_at": at, "until": until}
            tx.execute(sa.insert(shared).values(**whose, **what))
            event = Event(subject.tenant, "holder", "locate.share", "allowed", "shared", at, subject, row.purpose)
            vault.audit.record(tx, event)

        vault.store.write(work)
        return until

    def kept(self, grant_ids: Sequence[str]) -> dict[str, datetime]:
        """For which of these consents a position is kept, and until when."""
        query = sa.select(shared.c.grant_id, shared.c.until).where(shared.c.grant_id.in_(list(grant_ids)))
        with self._vault.store.read() as tx:
            return {row.grant_id: row.until for row in tx.execute(query.where(shared.c.until > self._vault.now()))}

    def drop(self, grant_id: str) -> bool:
        """Delete the position of a consent; whether there was one."""
        gone = sa.delete(shared).where(shared.c.grant_id == grant_id)
        return self._vault.store.write(lambda tx: tx.execute(gone).rowcount) == 1

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """See `Places.forget`."""

        def work(tx: sa.Connection) -> int:
            names = [str(one) for one in self._vault.aliases(tx, subject)]
            mine = (shared.c.subject.in_(names), shared.c.purpose == purpose)
            return int(tx.execute(sa.delete(shared).where(*mine)).rowcount)

        return self._vault.store.write(work)

    def _live(self, tx: sa.Connection, grant_id: str, at: datetime) -> sa.Row[Any]:
        row = given(tx, grant_id)
        if row is None or row.basis != "consent":
            raise NotFound("there is no such consent")
        if row.state != "given" or not row.since <= at < row.until or self._vault.keys.ends.why(grant_id):
            raise refusal("expired" if row.state == "given" else row.state)
        if Source.BROWSER not in row.sources.split() or row.guardian is not None:
            raise refusal("source")
        return row


class Everywhere:
    """All who keep places, as one; fills consent's `Places`."""

    def __init__(self, places: Sequence[Places]) -> None:
        self._places = places

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """See `Places.forget`."""
        return sum(one.forget(subject, purpose) for one in self._places)


def sealed_as(grant_id: str, at: datetime, until: datetime) -> str:
    """What a sealed position belongs to beside its subject and purpose."""
    return f"shared-position {grant_id} {time_text(at)} {time_text(until)}"
