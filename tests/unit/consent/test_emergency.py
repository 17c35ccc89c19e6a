from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from contracts.consent import NUMBER, TENANT, World
from haoma.consent import tables
from haoma.consent.grant import Grant
from haoma.consent.purposes import Granularity, Source
from haoma.errors import BadInput, NotFound, Refused
from haoma.numbers import parse


def disclose(
    world: World,
    by: str = "agent",
    reason: str = "life-at-risk",
    reference: str = "police-17",
    recipient: str = "police",
) -> Grant:
    return world.consent.emergencies.disclose(
        world.people[by],
        world.subject(),
        recipient=recipient,
        reason=reason,
        reference=reference,
        source=Source.CARRIER,
    )


def review(world: World, grant: Grant, by: str, *, justified: bool = True) -> str:
    return world.consent.emergencies.review(world.people[by], grant.grant_id, justified=justified)


def reason_of(call: Any) -> str:
    with pytest.raises(Refused) as error:
        call()
    return error.value.reason


def test_an_emergency_opens_one_subject_for_half_an_hour_and_wakes_somebody(world: World) -> None:
    grant = disclose(world)
    assert (grant.basis, grant.granularity) == ("emergency", Granularity.POINT)
    assert world.sent.alarms == [("emergency-disclosure", grant.grant_id)]
    world.pass_(minutes=29)
    assert world.require(purpose="emergency", recipient="police").grant_id == grant.grant_id
    assert reason_of(world.require) == "no-grant"
    world.pass_(minutes=1)
    assert reason_of(lambda: world.require(purpose="emergency", recipient="police")) == "expired"


@pytest.mark.parametrize("by", ["colleague", "analyst", "dpo", "admin"])
def test_an_emergency_lifts_no_policy(world: World, by: str) -> None:
    assert reason_of(lambda: disclose(world, by)) == "policy"
    assert world.rows(tables.grants) == []


def test_curiosity_is_no_emergency_and_a_reference_is_no_number(world: World) -> None:
    assert reason_of(lambda: disclose(world, reason="curiosity")) == "not-emergency"
    with pytest.raises(BadInput):
        disclose(world, reference="138-0013-8000")


@pytest.mark.parametrize("recipient", ["13700138108", "p-137-0013-8108", "The Police", ""])
def test_whom_an_emergency_is_told_to_is_a_word_and_no_number(world: World, recipient: str) -> None:
    with pytest.raises(BadInput, match="short word"):
        disclose(world, recipient=recipient)
    assert world.rows(tables.grants) == []


def test_an_alarm_that_nobody_hears_is_sounded_until_somebody_does(world: World) -> None:
    world.sent.down.add("alarms")
    grant = disclose(world)
    assert world.consent.run().unheard == 1
    world.sent.down.clear()
    assert world.consent.run().unheard == 0
    assert world.sent.alarms == [("emergency-disclosure", grant.grant_id)]


def test_two_others_look_at_every_disclosure(world: World) -> None:
    grant = disclose(world)
    assert [row.grant_id for row in world.consent.emergencies.due()] == [grant.grant_id]
    assert reason_of(lambda: review(world, grant, "agent")) == "policy"
    assert review(world, grant, "dpo") == "due"
    assert reason_of(lambda: review(world, grant, "dpo")) == "own-review"
    assert review(world, grant, "second") == "justified"
    assert reason_of(lambda: review(world, grant, "dpo")) == "over"
    assert world.consent.emergencies.due() == []
    assert [entry.body["verdict"] for entry in world.entries("consent.reviewed")] == ["justified"] * 2


def test_what_one_reviewer_finds_unjustified_ends_at_once(world: World) -> None:
    grant = disclose(world)
    review(world, grant, "dpo", justified=False)
    assert reason_of(lambda: world.require(purpose="emergency", recipient="police")) == "unjustified"
    assert world.sent.alarms[-1] == ("emergency-unjustified", grant.grant_id)
    assert review(world, grant, "second") == "unjustified"


def test_an_alarm_of_an_unjustified_disclosure_that_nobody_hears_is_sounded_until_somebody_does(world: World) -> None:
    grant = disclose(world)
    world.sent.down.add("alarms")
    assert review(world, grant, "dpo", justified=False) == "due"
    assert world.consent.run().unheard == 1
    world.sent.down.clear()
    assert [world.consent.run().unheard for _ in range(2)] == [0, 0]
    assert [kind for kind, _ in world.sent.alarms] == ["emergency-disclosure", "emergency-unjustified"]


def test_a_verdict_that_comes_while_another_alarm_is_sounded_has_its_own(world: World) -> None:
    world.sent.down.add("alarms")
    grant = disclose(world)
    sound = world.sent.sound

    def heard_late(kind: str, reference: str, at: datetime) -> None:
        if not world.rows(tables.reviews):
            review(world, grant, "dpo", justified=False)
            world.sent.down.clear()
        sound(kind, reference, at)

    world.sent.sound = heard_late  # type: ignore[method-assign]
    assert [world.consent.run().unheard for _ in range(2)] == [0, 0]
    kinds = [kind for kind, _ in world.sent.alarms]
    assert kinds == ["emergency-disclosure", "emergency-unjustified"]


def test_who_has_three_that_nobody_has_looked_at_discloses_no_more(world: World) -> None:
    grants = [disclose(world) for _ in range(3)]
    assert reason_of(lambda: disclose(world)) == "reviews-due"
    review(world, grants[0], "dpo")
    review(world, grants[0], "second")
    disclose(world)


def test_a_consent_is_no_disclosure_to_review(world: World) -> None:
    given = world.give()
    with pytest.raises(NotFound):
        world.consent.emergencies.review(world.people["dpo"], given.grant_id, justified=True)


def test_what_was_disclosed_without_consent_is_none_that_a_reply_or_an_agent_withdraws(world: World) -> None:
    disclosed, given = disclose(world), world.give()
    with pytest.raises(NotFound):
        world.consent.withdrawals.by_agent(world.agent, disclosed.grant_id)
    assert world.consent.withdrawals.by_number(TENANT, parse(NUMBER)).grant_ids == (given.grant_id,)
    assert world.require(purpose="emergency", recipient="police").grant_id == disclosed.grant_id
    assert [row.grant_id for row in world.consent.emergencies.due()] == [disclosed.grant_id]
