"""A team asks where customers are on a PostgreSQL server: what is told is found and counted as it is in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.consent import TENANT, open_world
from contracts.disclosures import Step, count_by_query_layer, played
from contracts.made import made
from haoma.consent import Granularity, make_notice
from haoma.errors import Refused
from haoma.locate import Gathering, InRegion, Locate, Question, tables
from haoma.locate.areas import region_called
from haoma.locate.disclosures import LEAST_UNUSUAL, count
from haoma.locate.fusion import known_cities, shipped_priors
from haoma.locate.sources.segment import IssuedIn
from haoma.storage import open_store

STEPS = [Step(0, "agent:1", "x", 30), Step(25, "agent:1", "x", 25), Step(49, "agent:1", "y", 60), Step(49, "b", "x", 3)]


def test_a_server_counts_and_sounds_as_the_query_layer_does(postgres: str) -> None:
    with open_store(made(postgres)) as store:
        plain = store.write(lambda tx: played(tx, count_by_query_layer, "acme", STEPS))
        assert plain[0]
        assert store.write(lambda tx: played(tx, count, "bank", STEPS)) == plain


def test_where_a_number_was_issued_answers_until_the_consent_is_withdrawn(postgres: str, tmp_path: Path) -> None:
    with open_world(postgres, tmp_path / "keys") as world:
        world.assess()
        sees = make_notice("customer-care", "acme-desk", "安客", "privacy@acme.example", ["segment"], "city", 30)
        world.consent.notices.publish(world.people["dpo"], TENANT, sees)
        world.open_case()
        permission = world.give()
        locate = Locate(
            world.consent, Gathering(world.consent, [IssuedIn(world.vault)], known_cities(), shipped_priors())
        )
        question = Question(world.people["agent"], world.subject(), "customer-care", "acme-desk")
        for _ in range(LEAST_UNUSUAL):
            said = locate.verify(question, InRegion(region_called("华北")))
            assert "issued-only" in {reason.code for reason in said.reasons}
        assert locate.region(question, finest=Granularity.PROVINCE).silent == ()
        [counted] = world.rows(tables.counts)
        assert (counted.disclosed >= LEAST_UNUSUAL, counted.alarmed) == (True, True)
        [(kind, _)] = world.sent.alarms
        assert kind == "disclosures-unusual"
        world.consent.withdrawals.by_receipt(permission.receipt)
        with pytest.raises(Refused):
            locate.verify(question, InRegion(region_called("华北")))
