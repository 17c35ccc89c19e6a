from __future__ import annotations

import pytest

from contracts.consent import World
from haoma.consent.receipt import verify_receipt
from haoma.consent.withdrawal import verify_deletion
from haoma.errors import Refused


def reason_of(world: World, **more: object) -> str:
    with pytest.raises(Refused) as refused:
        world.require(**more)
    return refused.value.reason


def test_who_consented_by_code_can_be_located_until_they_withdraw(world: World) -> None:
    assert reason_of(world) == "no-grant"
    given = world.give()
    assert verify_receipt(given.receipt, world.keys)["record_id"] == f"urn:uuid:{given.grant_id}"
    grant = world.require()
    assert (grant.grant_id, grant.purpose, grant.basis) == (given.grant_id, "customer-care", "consent")
    done = world.consent.withdrawals.by_receipt(given.receipt)
    assert reason_of(world) == "withdrawn"
    (proof,) = done.proofs
    assert verify_deletion(proof, world.keys)["record_id"] == f"urn:uuid:{given.grant_id}"
