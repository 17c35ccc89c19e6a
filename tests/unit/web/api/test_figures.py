from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, StatusCode, Tracer, TracerProvider
from prometheus_client.parser import text_string_to_metric_families

from contracts.api import Client, client_in
from haoma.web.api.edge import Edge
from haoma.web.api.figures import FIGURES
from haoma.web.api.spans import Spans

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"}


def figures(api: Client) -> str:
    told = api.get("/metrics", headers={"Authorization": f"Bearer {api.services.keys.metrics()}"})
    assert told.status_code == 200
    return told.text


def test_requests_are_counted_by_what_is_declared_alone(api: Client) -> None:
    api.get("/v1/13800138000")
    api.ask("BREW", "/healthz")
    api.post("/v1/numbers/lookup", {"number": "13800138000"}, by="agent")
    text = figures(api)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    labels = [sample.labels for sample in families["haoma_requests"].samples]
    paths = {*api.app._app.openapi()["paths"], "/metrics", "/v1/ledger/tile/{path:path}"}
    assert {one["route"] for one in labels if "route" in one} <= paths | {"unmatched"}
    assert {one["method"] for one in labels if "method" in one} <= METHODS
    assert all(one["status"].isdigit() for one in labels if "status" in one)
    assert "1380013" not in text


def test_every_figure_is_told_and_documented(api: Client, root: Path) -> None:
    page = (root / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    text = figures(api)
    for figure in FIGURES:
        shown = ", ".join(f"`{label}`" for label in figure.labels)
        assert f"| `{figure.name}` | {shown} | {figure.help} |".replace("|  |", "| |") in page
        assert f"# HELP {figure.name.removesuffix('_total')}" in text


@pytest.mark.parametrize("shown", [None, "Bearer x", "Basic x"])
def test_the_figures_ask_for_their_key(api: Client, shown: str | None) -> None:
    told = api.get("/metrics", headers={} if shown is None else {"Authorization": shown})
    assert (told.status_code, told.headers["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert api.get("/metrics", by="system-admin").status_code == 401


def test_without_the_setting_there_are_no_figures(tmp_path: Path) -> None:
    with client_in(tmp_path) as client:
        assert client.get("/metrics").status_code == 404


class Recorded(NonRecordingSpan):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__(SpanContext(1, 2, is_remote=False))
        self.told: list[object] = []

    def update_name(self, name: str) -> None:
        self.told.append(name)

    def set_attributes(self, attributes: object) -> None:
        self.told.append(attributes)

    def set_status(self, status: StatusCode, description: str | None = None) -> None:
        self.told.append((status, description))

    def end(self, end_time: int | None = None) -> None:
        self.told.append("end")


class Recording(Tracer):
    """Keeps the spans it made, and what they are below."""

    def __init__(self) -> None:
        self.spans: list[tuple[Recorded, int]] = []

    def start_span(self, name: str, context: object = None, **_: object) -> Span:
        made = Recorded()
        self.spans.append((made, trace.get_current_span(context).get_span_context().trace_id))
        return made

    def start_as_current_span(self, *_: object, **__: object) -> object:
        raise NotImplementedError


def spans_of(api: Client, path: str, app: object = None, **headers: str) -> Sequence[tuple[Recorded, int]]:
    tracer = Recording()
    watched = Client(api.services, Edge(app or api.app._app, Spans(tracer)), api.log, api.runner)
    watched.get(path, headers=headers)
    return tracer.spans


def test_a_span_tells_route_method_and_status_and_goes_on_with_the_callers_trace(api: Client) -> None:
    ((span, above),) = spans_of(
        api, "/v1/ledger/tile/0/999?x=1", traceparent=f"00-{'ab' * 16}-{'cd' * 8}-01", baggage="number=13800138000"
    )
    route = "/v1/ledger/tile/{path:path}"
    told = {"http.request.method": "GET", "http.route": route, "http.response.status_code": 404}
    assert span.told == [f"GET {route}", told, "end"]
    assert above == int("ab" * 16, 16)


class Provider(TracerProvider):
    """Whatever SDK a process runs under: every tracer is one."""

    def __init__(self, tracer: Recording) -> None:
        self.tracer = tracer

    def get_tracer(self, *_: object, **__: object) -> Tracer:
        return self.tracer


def test_nothing_but_our_own_spans_reaches_an_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = Recording()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", Provider(tracer))
    with client_in(tmp_path, api_traces=True) as client:
        client.get("/v1/13800138000?a=1")
        client.post("/v1/numbers/parse", {"text": "13800138000", "13800138000": 1}, by="agent")
    assert [span.told[0] for span, _ in tracer.spans] == ["GET unmatched", "POST /v1/numbers/parse"]
    assert "1380013" not in str([span.told for span, _ in tracer.spans])


def test_a_span_of_a_fault_tells_its_kind_and_not_its_words(api: Client) -> None:
    async def faulty(*_: object) -> None:
        message = "the number 13800138000 is odd"
        raise ValueError(message)

    ((span, _),) = spans_of(api, "/", faulty)
    assert "13800138000" not in str(span.told)
    assert span.told[2][0] is StatusCode.ERROR
    assert span.told[2][1].startswith("ValueError at test_figures.py:")


def test_what_other_libraries_log_is_masked(api: Client, capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    from haoma.web.api.watching import mask_logging

    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    try:
        mask_logging()
        try:
            int("13800138000x")
        except ValueError:
            logging.getLogger("some.library").exception("calling %s at 31.2304,121.4737", "138-0013-8000")
    finally:
        root.handlers[:] = kept
        root.setLevel(level)
    told = capsys.readouterr().err
    assert told.startswith("error some.library: calling **** at *.***,*.*** (ValueError at test_figures.py:")
