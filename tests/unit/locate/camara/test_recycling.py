"""Consent asks a carrier whether a number has changed hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.carrier import BEGIN, RECYCLING, SIM_SWAP, Carrier, Desk, Reply
from contracts.consent import NOW, NUMBER, TENANT, open_world
from haoma.consent import Consent, Source
from haoma.errors import BadInput, Refused, Unavailable
from haoma.locate.camara import Camara, CarrierRecycling, CarrierTokens, SimSwap
from haoma.locate.camara.recycling import day_before
from haoma.numbers import Number, parse


def test_the_day_before_is_asked_for_in_chinas_time_and_nothing_is_kept(carrier: Carrier, camara: Camara) -> None:
    carrier.says(RECYCLING, {"phoneNumberRecycled": False}, {"phoneNumberRecycled": True})
    recycling = CarrierRecycling(lambda: camara)
    since = datetime(2026, 11, 1, 17, tzinfo=UTC)  # the second of November in China
    assert [recycling.recycled(parse(NUMBER), since) for _ in range(2)] == [False, True]
    assert [one.json for one in carrier.asked(RECYCLING)] == [{"specifiedDate": "2026-11-01"}] * 2
    scope = "openid dpv:IdentityVerification number-recycling:check"
    assert [one.form["scope"] for one in carrier.asked(BEGIN)] == [scope] * 2


def test_a_day_to_come_is_not_asked_for(carrier: Carrier, camara: Camara) -> None:
    carrier.says(RECYCLING, {"phoneNumberRecycled": False})
    assert not CarrierRecycling(lambda: camara).recycled(parse(NUMBER), NOW + timedelta(days=400))
    assert carrier.asked(RECYCLING)[0].json == {"specifiedDate": "2026-11-21"}


def test_a_moment_without_a_zone_is_no_moment() -> None:
    with pytest.raises(BadInput):
        day_before(datetime(2026, 11, 22))  # noqa: DTZ001 - that is what is wrong with it


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"status": 404, "code": "IDENTIFIER_NOT_FOUND"}, 404),
        Reply({"status": 422, "code": "SERVICE_NOT_APPLICABLE"}, 422),
        Reply({"phoneNumberRecycled": "false"}),
        Reply({}, 500),
    ],
    ids=["not found", "not served", "garbage", "down"],
)
def test_a_carrier_that_cannot_tell_is_unavailable(carrier: Carrier, camara: Camara, reply: Reply) -> None:
    carrier.says(RECYCLING, reply)
    with pytest.raises(Unavailable):
        CarrierRecycling(lambda: camara).recycled(parse(NUMBER), NOW)


def test_a_number_that_no_carrier_has_is_not_asked_about(carrier: Carrier, camara: Camara) -> None:
    with pytest.raises(BadInput):
        CarrierRecycling(lambda: camara).recycled(parse("95588"), NOW)
    assert carrier.heard == []


def test_a_consent_ends_when_the_carrier_says_that_the_number_has_another_holder(
    tmp_path: Path, carrier: Carrier, camara: Camara, desk: Desk
) -> None:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.consent = Consent(replace(world.consent.office, recycling=CarrierRecycling(lambda: camara)))
        world.ready()
        world.open_case()
        world.give()
        desk.clock[0] = world.pass_(days=1)
        carrier.says(RECYCLING, Reply({}, 503), Reply({"phoneNumberRecycled": True}))
        with pytest.raises(Unavailable):
            world.consent.arrived(TENANT, parse(NUMBER))
        world.require()
        assert world.consent.arrived(TENANT, parse(NUMBER)) == 1
        with pytest.raises(Refused) as error:
            world.require()
        assert error.value.reason == "recycled"


def test_a_withdrawal_drops_what_the_client_holds_and_needs_no_client(
    carrier: Carrier, camara: Camara, desk: Desk
) -> None:
    carrier.says(SIM_SWAP, {"latestSimChange": None})
    assert camara.sim_swap(desk.require(), lambda: parse(NUMBER)) == SimSwap(None)
    assert CarrierTokens(lambda: None).forget(desk.subject(), "customer-care") == 0
    assert CarrierTokens(lambda: camara).forget(desk.subject(), "customer-care") == 0
    assert camara.forget(desk.subject(), "customer-care") == 0
    camara.sim_swap(desk.require(), lambda: parse(NUMBER))
    assert len(carrier.asked(BEGIN)) == 2


def test_risk_asks_under_its_grant_from_the_day_before_the_permission(
    carrier: Carrier, camara: Camara, desk: Desk, reveal: Callable[[], Number]
) -> None:
    carrier.says(RECYCLING, {"phoneNumberRecycled": True})
    grant = desk.require()
    assert camara.changed_hands(grant, reveal, day_before(grant.since)) is True
    assert [one.json for one in carrier.asked(RECYCLING)] == [{"specifiedDate": "2026-11-21"}]
    assert carrier.asked(BEGIN)[0].form["scope"] == "openid dpv:CustomerCare number-recycling:check"
    with pytest.raises(Refused):
        camara.changed_hands(desk.require(source=Source.BROWSER), reveal, "2026-11-21")
    assert len(carrier.asked(RECYCLING)) == 1
