"""Tokens of a carrier: each for one consent, one purpose and one interface, kept in memory and not for long.

Rules held here:
- A token that was got under one Grant's consent serves no other consent, subject, purpose or interface.
- It is kept ten minutes at the most, never beyond its own end or the consent's, and nowhere but in this process.
- `forget` drops what is kept of a subject at once, and what is on its way is not kept nor used.
- Whom the carrier is asking already is not asked a second time: the next question waits for the same answer. Polls are
  as far apart as the carrier says, and farther when it says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from haoma.consent import Grant
from haoma.consent.reasons import refusal
from haoma.errors import Refused, Unavailable
from haoma.locate.camara.answers import Why
from haoma.locate.camara.issuer import Begun, Issued, Issuer
from haoma.vault.model import SubjectToken
from haoma.wire.line import Line

__all__ = ["KEEP_S", "MOST", "Tokens"]

KEEP_S = 600.0
MOST = 4096
EARLY_S = 10
SLOWER_S = 5
SWEEP_S = 60.0


@dataclass(slots=True, repr=False)
class _Waiting:
    begun: Begun
    until: float
    next_at: float
    interval_s: float


@dataclass(slots=True, repr=False)
class _Place:
    """Where one token is kept, or waited for."""

    subject: str
    purpose: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str | None = None
    until: float = 0.0
    waiting: _Waiting | None = None
    gone: bool = False


class Tokens:
    """Fetches and keeps tokens. `clock` is monotonic, in seconds; `sleep` waits that long."""

    def __init__(
        self,
        issuer: Issuer,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._places: dict[tuple[str, str, str], _Place] = {}
        self._sweep_at = clock() + SWEEP_S

    def token(self, line: Line, grant: Grant, scope: str, hint: Callable[[], str]) -> str | Why:
        """A token for a Grant; `hint` tells whom it is for, and is called only where none is kept.

        Raises Refused where customer or carrier denied it, Unavailable where there is no answer yet.
        """
        place = self._place(grant, scope)
        if not place.lock.acquire(timeout=line.deadline.left_s()):
            raise _not_yet(SLOWER_S)
        try:
            found = self._kept(place) or self._fetched(line, place, scope, hint)
            if isinstance(found, Issued):
                self._keep(place, found, grant)
                found = found.value
            if place.gone:
                raise refusal("withdrawn")
            return found
        finally:
            place.lock.release()

    def once(self, line: Line, scope: str, hint: str) -> str | Why:
        """A token that nothing is kept of."""
        found = self._fetched(line, _Place("", ""), scope, lambda: hint)
        return found if isinstance(found, Why) else found.value

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """Drop what is kept of a subject for a purpose; returns how many tokens and waiting requests that was."""
        with self._lock:
            mine = [key for key, one in self._places.items() if (one.subject, one.purpose) == (str(subject), purpose)]
            for key in mine:
                self._drop(key)
            return len(mine)

    def drop(self, grant: Grant, scope: str) -> None:
        """Drop a token that the carrier does not take any more."""
        with self._lock:
            self._places.pop((str(grant.subject), grant.grant_id, scope), None)

    def _drop(self, key: tuple[str, str, str]) -> None:
        place = self._places.pop(key)
        place.gone, place.token, place.waiting = True, None, None

    def _place(self, grant: Grant, scope: str) -> _Place:
        key = (str(grant.subject), grant.grant_id, scope)
        with self._lock:
            self._sweep()
            return self._places.setdefault(key, _Place(str(grant.subject), grant.purpose))

    def _sweep(self) -> None:
        """Drop what is over once a minute, and the eldest where there is no room."""
        at, full = self._clock(), len(self._places) >= MOST
        if not full and at < self._sweep_at:
            return
        self._sweep_at = at + SWEEP_S
        idle = {key: one for key, one in self._places.items() if not one.lock.locked()}
        over = [key for key, one in idle.items() if max(one.until, one.waiting.until if one.waiting else 0.0) <= at]
        for key in over or list(idle)[: MOST // 8 if full else 0]:
            del self._places[key]

    def _kept(self, place: _Place) -> str | None:
        return place.token if self._clock() < place.until else None

    def _keep(self, place: _Place, issued: Issued, grant: Grant) -> None:
        left_s = (grant.ends_at - self._now()).total_seconds()
        place.token, place.until = issued.value, self._clock() + min(issued.expires_s - EARLY_S, left_s, KEEP_S)

    def _fetched(self, line: Line, place: _Place, scope: str, hint: Callable[[], str]) -> Issued | Why:
        """Begin, or go on with what was begun, and poll while the question has time."""
        waiting = place.waiting
        if waiting is None or self._clock() >= waiting.until:
            begun = self._issuer.begin(line, scope, hint())
            if isinstance(begun, Why):
                return begun
            at = self._clock()
            waiting = place.waiting = _Waiting(begun, at + begun.expires_s, at, begun.interval_s)
        while True:
            self._wait(line, waiting)
            found = self._polled(line, place, waiting, scope)
            if found is not None:
                return found

    def _wait(self, line: Line, waiting: _Waiting) -> None:
        wait_s = waiting.next_at - self._clock()
        if wait_s >= line.deadline.left_s():
            raise _not_yet(wait_s)
        if wait_s > 0:
            self._sleep(wait_s)

    def _polled(self, line: Line, place: _Place, waiting: _Waiting, scope: str) -> Issued | None:
        waiting.next_at = self._clock() + waiting.interval_s  # also where no answer comes
        try:
            found = self._issuer.poll(line, waiting.begun, scope)
        except Refused:
            place.waiting = None
            raise
        if found.issued is not None or found.over or self._clock() >= waiting.until:
            place.waiting = None
        if found.issued is None and place.waiting is None:
            raise Unavailable("the customer did not answer the carrier in time", hint="ask again, if it still matters")
        waiting.interval_s += SLOWER_S if found.slower else 0
        waiting.next_at = self._clock() + waiting.interval_s
        return found.issued


def _not_yet(wait_s: float) -> Unavailable:
    message = "the customer has not answered the carrier yet"
    return Unavailable(message, hint=f"the same question again in {max(1, round(wait_s))} s takes the answer")
