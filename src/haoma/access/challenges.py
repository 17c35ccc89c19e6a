"""Challenges: what a ceremony of two steps remembers between them, good once and for five minutes.

Rules held here:
- A challenge is stored as a digest; what goes with it is sealed. It is used up by whoever finishes, right or wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.secret import Sealing, digest_of
from haoma.errors import Refused
from haoma.storage import Store

__all__ = ["GOOD_FOR", "Challenge", "Challenges"]

GOOD_FOR = timedelta(minutes=5)
PURPOSE = "access/challenge/"
_known = tables.challenges.c


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was remembered: for whom, if that was known, and anything else."""

    person: str | None
    told: bytes


class Challenges:
    """The challenges of one store, of one kind."""

    def __init__(self, store: Store, sealing: Sealing, kind: str) -> None:
        self._store = store
        self._sealing = sealing
        self._kind = kind

    def put(self, challenge: str, now: datetime, *, person: str | None = None, told: bytes = b"") -> None:
        """Remember a challenge; those that are over are forgotten."""
        sealed = self._sealing.seal(told, PURPOSE + self._kind) if told else None
        row = {"digest": digest_of(challenge), "kind": self._kind, "person_id": person, "sealed": sealed}

        def work(tx: sa.Connection) -> None:
            tx.execute(sa.delete(tables.challenges).where(_known.expires_at < now))
            tx.execute(sa.insert(tables.challenges).values(**row, expires_at=now + GOOD_FOR))

        self._store.write(work)

    def take(self, challenge: str, now: datetime) -> Challenge:
        """Use up a challenge; raises Refused where it is none, over or used."""
        mine = sa.and_(_known.digest == digest_of(challenge), _known.kind == self._kind, _known.expires_at > now)
        used = sa.delete(tables.challenges).where(mine).returning(_known.person_id, _known.sealed)
        row = self._store.write(lambda tx: tx.execute(used).first())
        if row is None:
            raise Refused("this was begun too long ago, or ended already", hint="begin again")
        sealed = row.sealed
        return Challenge(row.person_id, self._sealing.unseal(bytes(sealed), PURPOSE + self._kind) if sealed else b"")
