"""Machines that sign their requests, recognised: each request once.

Rules held here:
- A nonce is remembered per key for longer than a signature is good: a second request with it is refused, also where two
  arrive at once in two processes.
- It is remembered only once the signature has been verified: nobody uses up the nonces of another.
- A clock that went back shows no request twice: what was signed before any nonce that may be forgotten is refused. How
  far the clock ever came is told by the newest nonce, which is never deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.api_keys import KEY_PURPOSE, ApiKey, live_key, machine_of
from haoma.access.model import Asker
from haoma.access.secret import Sealing, digest_of
from haoma.errors import Conflict
from haoma.storage import Store

if TYPE_CHECKING:
    from haoma.access.rfc9421 import Request, Verified

__all__ = ["Requests"]

REMEMBERED = timedelta(seconds=660)
AHEAD = timedelta(seconds=30)  # how far a signature may be ahead of the clock (rfc9421)
FORGOTTEN_AT_ONCE = 100


class Requests:
    """Recognises the machines of one store by the requests they sign."""

    def __init__(self, store: Store, sealing: Sealing) -> None:
        self._store = store
        self._sealing = sealing

    def asker(self, request: Request, now: datetime) -> Asker:
        """The machine that signed this request; its nonce is used up.

        Raises Refused where the signature does not hold, is too old, or was seen before.
        """
        from haoma.access.rfc9421 import key_id_of, not_let_in, verify_request

        with self._store.read() as tx:
            key = live_key(tx, key_id_of(request), now)
            secret = self._secret(tx, key)
        verified = verify_request(request, key.kind, secret, now)

        def work(tx: sa.Connection) -> Asker:
            self._use(tx, key.id, verified, now)
            return machine_of(tx, live_key(tx, key.id, now), "signature")

        try:
            return self._store.write(work)
        except Conflict:  # the other one of two at once was first
            raise not_let_in("its nonce was seen before") from None

    def _use(self, tx: sa.Connection, key_id: str, verified: Verified, now: datetime) -> None:
        from haoma.access.rfc9421 import not_let_in

        seen = tables.nonces.c
        newest = tx.scalar(sa.select(sa.func.max(seen.expires_at)))
        # Forgotten may be what was used REMEMBERED before the newest, and that was signed AHEAD of its use at most.
        if newest is not None and verified.created <= newest - 2 * REMEMBERED + AHEAD:
            raise not_let_in("its nonce may be forgotten: the clock has gone back")
        over = sa.select(seen.digest).where(seen.expires_at < now).limit(FORGOTTEN_AT_ONCE)
        tx.execute(sa.delete(tables.nonces).where(seen.digest.in_(over), seen.expires_at < now))
        row = {"key_id": key_id, "digest": digest_of(verified.nonce)}
        same = sa.and_(seen.key_id == key_id, seen.digest == row["digest"])
        if tx.scalar(sa.select(sa.func.count()).select_from(tables.nonces).where(same)):
            raise not_let_in("its nonce was seen before")
        tx.execute(sa.insert(tables.nonces).values(**row, expires_at=now + REMEMBERED))

    def _secret(self, tx: sa.Connection, key: ApiKey) -> bytes:
        from haoma.access.rfc9421 import not_let_in

        mine = tables.keys.c
        row = tx.execute(sa.select(mine.sealed, mine.public_key).where(mine.key_id == key.id)).one()
        if key.kind == "hmac-sha256":
            return self._sealing.unseal(bytes(row.sealed), KEY_PURPOSE + key.id)
        if key.kind == "ed25519":
            return bytes(row.public_key)
        raise not_let_in("its key signs nothing")
