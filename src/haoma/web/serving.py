"""The application that `haoma ledger serve` runs, and the work that goes on behind it.

Rules held here:
- Settings come from the environment and haoma.toml, as for any process.
- One thread integrates and signs, whatever is asked over HTTP. What fails is told once in the log, with no number, and
  tried again: an entry that was acknowledged waits, and is never lost.
- Every process may run this: of several on one database one leads, and the others take over when it ends.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from haoma.app import Services
from haoma.errors import HaomaError
from haoma.settings import load
from haoma.web.log import log_routes, witness_routes

__all__ = ["Upkeep", "application"]

LOOK_S = 1.0
log = logging.getLogger("haoma")


def application() -> Starlette:
    """The log of the settings in force, ready for an ASGI server."""
    services = Services(load())
    entries_key = None if services.settings.ledger_open_entries else services.entries_key
    upkeep = Upkeep(services)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        upkeep.start()
        try:
            yield
        finally:
            upkeep.stop()
            services.__exit__()

    routes = [
        *log_routes(services.view, services.publisher, entries_key),
        *witness_routes(services.witness),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


class Upkeep:
    """Integrates what is queued, signs a checkpoint every `ledger_checkpoint_s`, and asks who vouches for it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="haoma-upkeep", daemon=True)
        self._trouble = ""

    def start(self) -> None:
        """Begin; the first checkpoint is signed at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        signed_at = -float("inf")
        while not self._ended.wait(LOOK_S):
            try:
                self._services.ledger.integrate(wait_s=0)
                # A monotonic clock: whoever sets the time of day brings no checkpoint forward and holds none back.
                if time.monotonic() - signed_at >= self._services.settings.ledger_checkpoint_s:
                    self._services.publisher.checkpoint()
                    signed_at = time.monotonic()
                self._services.publisher.attest()
                self._trouble = ""
            except HaomaError as error:
                self._tell(f"{error.code}: {error}")

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("the log waits: %s", trouble)
        self._trouble = trouble
