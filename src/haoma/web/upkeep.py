"""The work that goes on behind what is served.

Rules held here:
- One thread integrates and signs, whatever is asked over HTTP, and another one asks those who vouch: a witness that
  does not answer holds up no entry.
- What fails is told once in the log, with no number, and tried again: an entry that was acknowledged waits, and is
  never lost.
- Every process may run this: of several on one database one leads, and the others take over when it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from haoma.app import Services
from haoma.errors import HaomaError
from haoma.locate.disclosures import sound_due

__all__ = ["Upkeep"]

LOOK_S = 1.0
ENDING_S = 15.0  # what is under way then is ended with the process: it is found, or asked for anew, by the next one
log = logging.getLogger("haoma")


class Upkeep:
    """Integrates what is queued, signs checkpoints, asks who vouches for them, and deletes what is over.

    A checkpoint every `ledger_checkpoint_s`, a deletion every `vault_retention_s`; what is due of consent, and news of
    incidents, at each look.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._signed_at = self._retained_at = -float("inf")
        self._ended = threading.Event()
        work = {
            "integrate": self._grow,
            "attest": self._attest,
            "retain": self._retain,
            "consent": self._consent,
            "news": self._news,
        }
        self._threads = [
            threading.Thread(target=self._run, args=(one,), name=f"haoma-{name}", daemon=True)
            for name, one in work.items()
        ]

    def start(self) -> None:
        """Begin; the first checkpoint is signed at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the steps under way, or after `ENDING_S`."""
        self._ended.set()
        until = time.monotonic() + ENDING_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _grow(self) -> None:
        self._services.ledger.integrate(wait_s=0)
        # A monotonic clock: whoever sets the time of day brings no checkpoint forward and holds none back.
        if time.monotonic() - self._signed_at >= self._services.settings.ledger_checkpoint_s:
            self._services.publisher.checkpoint()
            self._signed_at = time.monotonic()

    def _attest(self) -> None:
        self._services.publisher.attest()

    def _retain(self) -> None:
        """Delete what is over, and go on with the rotations that are under way."""
        if time.monotonic() - self._retained_at < self._services.settings.vault_retention_s:
            return
        self._services.retention.run()
        self._services.rotation.go_on()
        self._retained_at = time.monotonic()

    def _consent(self) -> None:
        """End consents that are over, tell recipients, and destroy what has ended; sound alarms that nobody heard."""
        self._services.consent.run()
        sound_due(self._services.consent.office)

    def _news(self) -> None:
        """Tell who is to hear of incidents, and remind of tickets that are due."""
        self._services.tell_news()

    def _run(self, work: Callable[[], None]) -> None:
        told = ""
        while not self._ended.is_set():
            trouble = _trouble(work)
            if trouble != told and trouble:
                log.warning("%s waits: %s", threading.current_thread().name, trouble)
            told = trouble
            self._ended.wait(LOOK_S)


def _trouble(work: Callable[[], None]) -> str:
    """What keeps a step from being done; empty where it is."""
    try:
        work()
    except HaomaError as error:
        return f"{error.code}: {error}"
    except Exception as error:  # noqa: BLE001 - the edge: a thread that ends would leave entries waiting in silence
        return f"a fault of haoma's own ({type(error).__name__})"
    return ""
