"""Spans for OpenTelemetry, made for whatever SDK this process runs under; without one they are nothing.

Rules held here:
- A span says route, method and status, and of a fault its kind. No path, query, header, body or text of an error.
- The caller's trace is gone on with (W3C traceparent); its baggage is not taken, for anything may stand in it.
"""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import Scope

from haoma.web.api.watching import method_of, place_of, route_of

__all__ = ["Spans"]

_w3c = TraceContextTextMapPropagator()


class _Begun(NamedTuple):
    span: Span
    token: object


class Spans:
    """Makes a span for each request."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self._tracer = tracer or trace.get_tracer("haoma")

    def began(self, scope: Scope) -> object:
        """See `Watch`."""
        headers = Headers(scope=scope)
        carried = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        above = _w3c.extract(carried)
        span = self._tracer.start_span(method_of(scope), context=above, kind=SpanKind.SERVER)
        return _Begun(span, context.attach(trace.set_span_in_context(span, above)))

    def ended(self, begun: object, scope: Scope, status: int, error: BaseException | None) -> None:
        """See `Watch`."""
        if not isinstance(begun, _Begun):
            return
        span, route = begun.span, route_of(scope)
        span.update_name(f"{method_of(scope)} {route}")
        told: dict[str, str | int] = {
            "http.request.method": method_of(scope),
            "http.route": route,
            "http.response.status_code": status,
        }
        span.set_attributes(told)
        if status >= 500:
            span.set_status(StatusCode.ERROR, None if error is None else place_of(error))
        span.end()
        context.detach(begun.token)  # type: ignore[arg-type]  # the token that attach returned
