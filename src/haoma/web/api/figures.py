"""Figures for Prometheus: how many requests, how long they took, how many entries wait.

Rules held here:
- A label's values are a closed set: routes as they are declared, methods that there are, statuses. Nothing of a
  request, a caller or a tenant is a label.
- They are served to who shows the key in keys/metrics.key, and only where the setting api_metrics says so.
- Of several processes each tells what all of them did together.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from haoma.errors import HaomaError, Refused
from haoma.watch.counts.arrivals import EDGES_S
from haoma.web.api.counts import delays_in
from haoma.web.api.problems import Stopped
from haoma.web.api.watching import method_of, route_of
from haoma.web.requests import shows

__all__ = ["FIGURES", "Figures"]

SHARED = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Figure(NamedTuple):
    """What a figure is called, its labels, and what it tells."""

    name: str
    labels: tuple[str, ...]
    help: str


FIGURES = (
    Figure("haoma_requests_total", ("route", "method", "status"), "Requests that were answered."),
    Figure("haoma_request_seconds", ("route",), "How long an answer took."),
    Figure("haoma_faults_total", ("route",), "Requests that met a fault of haoma's own."),
    Figure("haoma_ledger_waiting_entries", (), "Entries that are committed and not in the tree yet."),
    Figure("haoma_counts_delay_seconds", (), "How long after the end of a minute counts of it came."),
)


class Figures:
    """Counts the requests of one process; `waiting` tells how many entries of the log wait."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        own = CollectorRegistry()
        requests, seconds, faults, _, delays = FIGURES
        self._requests = Counter(requests.name, requests.help, requests.labels, registry=own)
        self._seconds = Histogram(seconds.name, seconds.help, seconds.labels, buckets=BUCKETS, registry=own)
        self._faults = Counter(faults.name, faults.help, faults.labels, registry=own)
        self._delays = Histogram(delays.name, delays.help, buckets=EDGES_S, registry=own)
        self._shown = CollectorRegistry() if SHARED in os.environ else own
        if self._shown is not own:
            MultiProcessCollector(self._shown)  # type: ignore[no-untyped-call]  # its library has no types here
        self._shown.register(_Waiting(waiting))

    def began(self, scope: Scope) -> float:
        """See `Watch`."""
        return time.perf_counter()

    def ended(self, begun: object, scope: Scope, status: int, error: BaseException | None) -> None:
        """See `Watch`."""
        route = route_of(scope)
        self._requests.labels(route, method_of(scope), str(status)).inc()
        if isinstance(begun, float):
            self._seconds.labels(route).observe(time.perf_counter() - begun)
        for one in delays_in(scope):
            self._delays.observe(one)
        if error is not None:
            self._faults.labels(route).inc()

    def route(self, key: str) -> Route:
        """Where they are served to who shows this key."""

        async def metrics(request: Request) -> Response:
            if not shows(request, key):
                said = Refused("the figures ask for a key", hint="keys/metrics.key below store_dir holds it")
                headers = {"WWW-Authenticate": 'Bearer realm="metrics"'}
                raise Stopped(401, said, reason="not-recognised", headers=headers)
            return Response(await run_in_threadpool(generate_latest, self._shown), media_type=CONTENT_TYPE_LATEST)

        return Route("/metrics", metrics)


class _Waiting(Collector):
    """Asks when it is asked; a log that does not answer tells nothing."""

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._waiting = waiting

    def describe(self) -> list[Metric]:
        """Nothing is asked for when it is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        told = GaugeMetricFamily(FIGURES[3].name, FIGURES[3].help)
        try:
            told.add_metric([], self._waiting())
        except HaomaError:
            return
        yield told
