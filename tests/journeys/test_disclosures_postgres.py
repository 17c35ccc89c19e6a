"""What is told of places is counted on a PostgreSQL server as it is in a file."""

from __future__ import annotations

from contracts.disclosures import Step, count_by_query_layer, played
from contracts.made import made
from haoma.locate.disclosures import count
from haoma.storage import open_store

STEPS = [Step(0, "agent:1", "x", 30), Step(25, "agent:1", "x", 25), Step(49, "agent:1", "y", 60), Step(49, "b", "x", 3)]


def test_a_server_counts_and_sounds_as_the_query_layer_does(postgres: str) -> None:
    with open_store(made(postgres)) as store:
        plain = store.write(lambda tx: played(tx, count_by_query_layer, "acme", STEPS))
        assert plain[0]
        assert store.write(lambda tx: played(tx, count, "bank", STEPS)) == plain
