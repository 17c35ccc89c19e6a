"""A real Prometheus writes counts into a real service."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np

from contracts.api import Client, client_in, served_of
from haoma.access import Role
from haoma.watch.counts import every_series, read

RULES = """
groups:
- name: counts
  interval: 1s
  rules:
  - {record: haoma_inquiries, expr: 'label_replace(vector(11.8), "hotline", "desk-east", "", "")'}
  - {record: haoma_errors, expr: 'label_replace(vector(2), "hotline", "desk-east", "", "")'}
  - {record: haoma_count, expr: 'label_replace(vector(3), "hotline", "desk-east", "", "")', labels: {count: rival-desk}}
  - {record: something_else, expr: vector(7)}
"""
CONFIG = """
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
remote_write:
- url: %s/v1/watch/prometheus
  authorization: {credentials: %s}
  queue_config: {batch_send_deadline: 1s, retry_on_http_429: true}
"""
WAIT_S = 60


def written(client: Client) -> list[float]:
    """What is there of the newest minutes of the one hotline: the last of each count."""
    minute = int(time.time()) // 60
    with client.services.store.read() as tx:
        there = every_series(tx)
        found = read(tx, [one.id for one in there], minute - 3, minute + 2, 3)
    rows = found.reshape(-1, 3)
    return [float(value) for value in rows[~np.isnan(rows).any(axis=1)][-1:].reshape(-1)]


def test_prometheus_writes_counts_and_nothing_else_is_taken(tmp_path: Path) -> None:
    script = Path(__file__).with_name("prometheus.sh")
    program = subprocess.run(["sh", script], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    with client_in(tmp_path / "service", api_rate_per_min=1_000_000) as client, served_of(client) as url:
        client.machine("prometheus", "hotline-editor", Role.HOTLINE_EDITOR, "record-counts")
        (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
        (tmp_path / "config.yml").write_text(CONFIG % (url, client.tokens["prometheus"]), encoding="utf-8")
        command = [program, "--config.file=config.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0"]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
            try:
                until = time.monotonic() + WAIT_S
                while not written(client):
                    assert time.monotonic() < until, (tmp_path / "log").read_text(encoding="utf-8")
                    time.sleep(0.2)
            finally:
                process.terminate()
                process.wait(timeout=30)
        assert written(client) == [12, 2, 3]
        with client.services.store.read() as tx:
            assert [one.name for one in every_series(tx)] == ["desk-east"]
