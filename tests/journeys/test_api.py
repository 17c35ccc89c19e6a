"""The API as it is run: several processes, a PostgreSQL that goes away, and two hosts on one database."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from contracts.api import Client, client_in, served_of
from haoma.app import Services
from haoma.web.api.app import api
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log

HAOMA = [sys.executable, "-c", "from haoma.cli.main import main; main()"]
NUMBER = "13800138701"
ASKS = (
    ("POST", "/v1/numbers/parse", {"text": "95588"}),
    ("POST", "/v1/cases", {"number": NUMBER}),
    ("GET", "/v1/cases", None),
    ("POST", "/v1/consents/show", {"number": NUMBER}),
    ("POST", "/v1/tokens/resolve", {"token": "loc.aaaa"}),
    ("GET", "/v1/ledger/entries", None),
)


@contextmanager
def workers(place: Path, count: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`haoma serve` with so many workers on the store of a place; where it is, and the process."""
    command = [*HAOMA, "--store-dir", str(place / "store"), "--api-metrics", "serve", "--port", "0"]
    with subprocess.Popen([*command, "--workers", str(count)], stderr=subprocess.PIPE) as served:
        assert served.stderr
        url = served.stderr.readline().decode().split("/v1")[0].rpartition(" ")[2]
        until = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
                break
            except httpx.HTTPError:
                assert time.monotonic() < until
                time.sleep(0.1)
        try:
            yield url, served
        finally:
            served.terminate()


def test_workers_serve_one_store_tell_figures_of_all_and_end_together(tmp_path: Path) -> None:
    with client_in(tmp_path) as client:
        token, key = client.tokens["agent"], client.services.keys.metrics()
    with workers(tmp_path, 2) as (url, served):
        bearer = {"Authorization": f"Bearer {token}"}
        for at in range(40):  # a connection each, so that both are asked
            headers = {**bearer, "Idempotency-Key": f"case-{at}"}
            told = httpx.post(f"{url}/v1/cases", json={"number": NUMBER}, headers=headers, trust_env=False)
            assert told.status_code == 201, told.text
        figures = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {key}"}, trust_env=False).text
        assert 'haoma_requests_total{method="POST",route="/v1/cases",status="201"} 40.0' in figures
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 128 + signal.SIGTERM


def test_where_the_server_is_down_every_route_is_503_until_it_is_back(
    tmp_path: Path, postgres: str, postgres_server: object
) -> None:
    with client_in(tmp_path, database=postgres, api_rate_per_min=1_000_000) as client:
        client.number_case(NUMBER)
        postgres_server.stop()
        try:
            for method, path, body in ASKS:
                told = client.ask(method, path, body, by="agent")
                assert (told.status_code, told.json()["code"]) == (503, "unavailable"), path
            assert client.get("/readyz").json()["database"] == "down"
            assert client.get("/healthz").status_code == 200
        finally:
            postgres_server.start()
        assert client.get("/v1/cases", by="agent").status_code == 200
        assert client.get("/readyz").status_code == 200


def test_two_hosts_on_one_database_do_a_change_once(tmp_path: Path, postgres: str) -> None:
    with client_in(tmp_path, database=postgres, api_rate_per_min=1_000_000) as one, served_of(one) as first:
        with Services(one.services.settings) as services:
            two = Client(services, Edge(api(services), Log(one.log)), one.log, one.runner)
            with served_of(two) as second:
                headers = {"Authorization": f"Bearer {one.tokens['agent']}", "Idempotency-Key": "once"}
                told = [
                    httpx.post(f"{host}/v1/cases", json={"number": NUMBER}, headers=headers, trust_env=False)
                    for host in (first, second, first)
                ]
        assert [answer.status_code for answer in told] == [201] * 3
        assert len({answer.content for answer in told}) == 1
