"""More counts than a service takes: what is acknowledged is there, what is not is told when to come again."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np

from contracts.api import client_in, served_of
from haoma.watch.counts import every_series, read
from haoma.watch.model import minute_of

CLIENTS, BATCHES, ROWS = 16, 3, 2_000
NOW = datetime.now(UTC).replace(second=0, microsecond=0)


def test_a_flood_is_bounded_and_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with (
        client_in(tmp_path, api_rate_per_min=1_000_000, watch_rows_per_min=60 * ROWS) as client,
        served_of(client) as url,
    ):
        said = {"Authorization": f"Bearer {client.tokens['hotline-editor']}"}

        def send(number: int) -> tuple[int, int, int]:
            rows = [
                {"hotline": f"desk-{number}-{row}", "timestamp": NOW.isoformat(), "inquiries": number, "errors": 0}
                for row in range(ROWS)
            ]
            key = {**said, "Idempotency-Key": str(uuid.uuid4())}
            told = httpx.post(f"{url}/v1/watch/counts", json={"counts": rows}, headers=key, timeout=60, trust_env=False)
            return number, told.status_code, int(told.headers.get("Retry-After", 0))

        with ThreadPoolExecutor(CLIENTS) as pool:
            told = list(pool.map(send, range(1, CLIENTS * BATCHES + 1)))
        statuses = Counter(status for _, status, _ in told)
        assert statuses.keys() == {200, 429}, statuses
        assert all(wait_s >= 1 for _, status, wait_s in told if status == 429)
        with client.services.store.read() as tx:
            ids = [one.id for one in every_series(tx)]
            seen = read(tx, ids, minute_of(NOW), minute_of(NOW) + 1)[:, 0, 0]
        taken = {number: ROWS for number, status, _ in told if status == 200}
        values, counts = np.unique(seen, return_counts=True)
        assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == taken
