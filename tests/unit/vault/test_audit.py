from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.vault import NOW, World, number
from haoma.errors import BadInput, Conflict, Refused
from haoma.ledger.commitment import Commitment
from haoma.vault import Event, recording, tables
from haoma.vault.audit import audit_content


def event(world: World, **changes: object) -> Event:
    given = {
        "tenant": "acme",
        "actor": "agent:1",
        "action": "test",
        "decision": "allowed",
        "reason": "because",
        "at": NOW,
    }
    return Event(**given | changes)  # type: ignore[arg-type]


def test_a_row_its_entry_and_its_commitment_belong_together(world: World) -> None:
    token = world.vault.pseudonym("acme", number())
    one = event(world, subject=token, purpose="customer-care")
    made = world.vault.store.write(lambda tx: world.vault.audit.record(tx, one))
    row, entry = world.rows(tables.audit)[0], world.entries()[0]
    assert (row.entry_id, row.commitment) == (made.entry_id, made.commitment)
    assert entry.body == {"action": "test", "audit": made.commitment, "decision": "allowed"}
    assert world.vault.commitments.opens(Commitment.parse(made.commitment), audit_content(one))


def test_no_token_is_in_the_log(world: World) -> None:
    token = world.sealed(number())
    world.vault.shred(token, actor="agent:1", reason="withdrawn")
    assert str(token) not in repr(world.entries())


def test_records_of_sharing_are_kept_for_three_years(world: World) -> None:
    world.vault.store.write(lambda tx: world.vault.audit.record(tx, event(world, keeps="sharing")))
    assert (world.rows(tables.audit)[0].kept_until - NOW).days >= 3 * 366


@pytest.mark.parametrize(
    "wrong",
    [
        {"actor": "13800138000"},
        {"actor": "agent:13800138000"},
        {"actor": "张三"},
        {"reason": "he said so"},
        {"action": ""},
        {"purpose": "13800138000"},
        {"keeps": "nothing"},
    ],
)
def test_what_is_no_code_is_refused_and_nothing_is_written(world: World, wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        world.vault.store.write(lambda tx: world.vault.audit.record(tx, event(world, **wrong)))
    assert (world.rows(tables.audit), world.entries()) == ([], [])


def test_a_refusal_is_recorded_although_its_transaction_is_not(world: World) -> None:
    def work(tx: sa.Connection) -> None:
        world.vault.audit.record(tx, event(world))
        raise Refused("no")

    with pytest.raises(Refused):
        recording(world.vault.store, world.vault.audit, lambda: event(world, decision="refused"), work)
    assert [row.decision for row in world.rows(tables.audit)] == ["refused"]


def test_an_audit_row_is_kept_for_400_days_whatever_it_says_itself(world: World) -> None:
    world.vault.store.write(lambda tx: world.vault.audit.record(tx, event(world)))
    row = world.rows(tables.audit)[0]._asdict() | {"audit_id": 2, "kept_until": NOW}
    with pytest.raises(Conflict):
        world.vault.store.write(lambda tx: tx.execute(sa.insert(tables.audit).values(**row)))
