"""Each change once: a request that is sent again gets the answer it got, and nothing is done a second time.

Rules held here:
- A request is known by its caller and by the key that they gave it. The key is kept as a digest; what was said as a
  commitment, for a digest of a body with a number in it could be searched; the answer sealed, for it may be personal.
- Another request with the same key gets no answer. The same one is a Conflict while the first is under way.
- What was not done because something did not answer is forgotten, and may be tried again. What was begun and never
  ended (a process that was killed) is not done again by itself: nobody knows how far it came.
- All of it is over after a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.keeping import ANSWERS_KEPT, answers_scope
from haoma.access.model import Asker
from haoma.access.secret import Sealing, digest_of
from haoma.errors import Conflict, NotFound, Tampered, Unavailable
from haoma.ledger.commitment import Commitment, Commitments
from haoma.storage import Store

__all__ = ["Answer", "Once"]

RUNNING, DONE = "running", "done"
_c = tables.answers.c


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered. `kept` is what is answered to it a second time, where that is less."""

    status: int
    body: bytes
    kept: bytes | None = None
    again: bool = False


class Once:
    """The answers of one store."""

    def __init__(self, store: Store, commitments: Commitments, sealing: Sealing) -> None:
        self._store = store
        self._commitments = commitments
        self._sealing = sealing

    def do(self, asker: Asker, key: str, said: bytes, now: datetime, work: Callable[[], Answer]) -> Answer | None:
        """Do the work of a request that says this, or give the answer that it was given; None for another request.

        Raises Conflict as above, and what the work raises. Unavailable and Tampered leave nothing behind; of anything
        else it is not known how far it came.
        """
        mine = sa.and_(_c.caller == asker.id, _c.digest == digest_of(key))
        before = self._begin(asker.id, key, said, now, mine)
        if before is not None:
            return self._again(before, said)
        try:
            answer = work()
        except (Unavailable, Tampered):
            self._store.write(lambda tx: tx.execute(sa.delete(tables.answers).where(mine)).rowcount)
            raise
        kept = answer.body if answer.kept is None else answer.kept
        sealed = self._sealing.seal(kept, _purpose(asker.id, digest_of(key)))
        ended = sa.update(tables.answers).where(mine).values(state=DONE, status=answer.status, sealed=sealed)
        self._store.write(lambda tx: tx.execute(ended).rowcount)
        return answer

    def _begin(
        self, caller: str, key: str, said: bytes, now: datetime, mine: sa.ColumnElement[bool]
    ) -> sa.Row[tuple[object, ...]] | None:
        """Write down that it is begun; the row of the first one where there is one."""
        committed = str(self._commitments.commit(answers_scope(now), said))
        row = {"caller": caller, "digest": digest_of(key), "commitment": committed, "state": RUNNING}

        def work(tx: sa.Connection) -> sa.Row[tuple[object, ...]] | None:
            tx.execute(sa.delete(tables.answers).where(mine, _c.kept_until <= now))
            found = tx.execute(sa.select(tables.answers).where(mine)).first()
            if found is None:
                tx.execute(sa.insert(tables.answers).values(**row, at=now, kept_until=now + ANSWERS_KEPT))
            return found

        try:
            return self._store.write(work)
        except Conflict:  # the other one of two at once was first
            raise _under_way() from None

    def _again(self, row: sa.Row[tuple[object, ...]], said: bytes) -> Answer | None:
        found = row._mapping  # noqa: SLF001 - public in spite of its name
        if not self._same(str(found["commitment"]), said):
            return None
        if found["state"] != DONE:
            raise _under_way()
        sealed = bytes(found["sealed"])
        body = self._sealing.unseal(sealed, _purpose(str(found["caller"]), bytes(found["digest"])))
        return Answer(int(found["status"]), body, again=True)

    def _same(self, committed: str, said: bytes) -> bool:
        try:
            return self._commitments.opens(Commitment.parse(committed), said)
        except NotFound:
            return False


def _purpose(caller: str, digest: bytes) -> str:
    return f"access/answer/{caller}/{digest.hex()}"


def _under_way() -> Conflict:
    hint = "wait for its answer; where there was none for minutes, look what is there, and send it with a new key"
    return Conflict("this request is under way, or was never ended", hint=hint)
