from __future__ import annotations

from contracts.api import Client


def test_a_process_that_answers_says_so_to_everybody(api: Client) -> None:
    assert api.get("/healthz").json() == {"status": "up"}


def test_a_process_is_ready_where_it_reaches_database_policy_and_keys(api: Client) -> None:
    told = api.get("/readyz")
    assert told.status_code == 200
    assert told.json() == {"status": "up", "database": "up", "policy": "up", "keys": "up"}
