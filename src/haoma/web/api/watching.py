"""Who looks at requests: a line in the log for each, without anything that was asked.

Rules held here:
- A line names the route as it is declared, never the path that came; who called in letters; the status and the time;
  and what kept the service from answering, where something did.
- Every text on its way to the log goes through the mask, also what other libraries write.
- What succeeds by the thousand is not told: lookups, questions after health, public parts of the log. Of whoever is not
  recognised, `STRANGERS_PER_MIN` failures a minute are.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from traceback import extract_tb
from typing import Any, TextIO

import msgspec
import structlog
from starlette.types import Scope

from haoma.web.api.edge import Watch
from haoma.web.api.masking import masked
from haoma.web.api.rates import Rates

__all__ = ["Each", "Log", "mask_logging", "method_of", "place_of", "route_of"]

QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/v1/numbers/lookup"})
UNMATCHED = "unmatched"
STRANGERS_PER_MIN = 60
_json = msgspec.json.Encoder()


class Log:
    """Writes a line of JSON for each request to a stream."""

    def __init__(self, stream: TextIO | None = None, strangers_per_min: int = STRANGERS_PER_MIN) -> None:
        self._strangers = Rates(strangers_per_min)
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(stream or sys.stderr),
            processors=[_line],
        ).bind()  # once: else with each line anew

    def began(self, scope: Scope) -> float:
        """See `Watch`."""
        return time.perf_counter()

    def ended(self, begun: object, scope: Scope, status: int, error: BaseException | None) -> None:
        """See `Watch`."""
        route, caller = route_of(scope), str(scope.get("state", {}).get("caller", ""))
        fine = status < 400 and (route in QUIET or not caller)
        if fine or (not caller and error is None and self._strangers.wait_s("")):
            return
        took_ms = round((time.perf_counter() - begun) * 1000, 1) if isinstance(begun, float) else 0.0
        request_id = str(scope.get("state", {}).get("request_id", ""))
        told = {"request": request_id, "caller": caller, "method": method_of(scope)}
        if error is not None:
            told["fault"] = place_of(error)
        if trouble := str(scope.get("state", {}).get("trouble", "")):
            told["trouble"] = trouble
        with suppress(OSError, ValueError):  # where nothing can be logged, the line is lost, and not the connection
            self._log.msg("request", route=route, status=status, took_ms=took_ms, **told)


class Each:
    """Several who look at requests, as one."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches

    def began(self, scope: Scope) -> list[object]:
        """See `Watch`."""
        return [one.began(scope) for one in self._watches]

    def ended(self, begun: object, scope: Scope, status: int, error: BaseException | None) -> None:
        """See `Watch`."""
        for one, its in zip(self._watches, begun if isinstance(begun, list) else [], strict=True):
            one.ended(its, scope, status, error)


def route_of(scope: Scope) -> str:
    """The route of a request as it is declared; one word for every path that is none."""
    return str(getattr(scope.get("route"), "path", "") or scope.get("state", {}).get("route", UNMATCHED))


def method_of(scope: Scope) -> str:
    """The method of a request, out of a closed list."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "OTHER"


def place_of(error: BaseException) -> str:
    """What kind of fault it was and where: its text may hold a number."""
    frames = extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"


class _Masked(logging.Formatter):
    """Writes the words of a record, masked, and of an exception its kind and place alone."""

    def format(self, record: logging.LogRecord) -> str:
        """A line."""
        error = record.exc_info[1] if record.exc_info else None
        where = f" ({place_of(error)})" if error else ""
        return masked(f"{record.levelname.lower()} {record.name}: {record.getMessage()}{where}")


def mask_logging() -> None:
    """Have everything that is logged in this process go through the mask, to stderr, from warnings on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Masked())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)


def _line(_logger: object, _name: str, told: MutableMapping[str, Any]) -> str:
    """A line of JSON, every text of it masked, and its time."""
    line = {name: masked(one) if isinstance(one, str) else one for name, one in told.items()}
    line["timestamp"] = datetime.now(UTC)
    return _json.encode(line).decode()
