from __future__ import annotations

import pytest

from contracts.access import World
from haoma.access import ApiKeys, Role, draft_key
from haoma.access.rows import person_named
from haoma.errors import Tampered


@pytest.mark.parametrize(
    ("column", "value"),
    [("scopes", "{"), ("scopes", '{"a":1}'), ("scopes", b"\x00"), ("expires_at", "soon"), ("expires_at", 2**62)],
)
def test_a_damaged_cell_of_a_key_is_told_as_such(world: World, column: str, value: object) -> None:
    system, security = world.admins()
    agent, keys = world.staff(system, security, "an", Role.AGENT), ApiKeys(world.gate, world.sealing)
    draft = draft_key(agent.id, "desk", "bearer", Role.AGENT, ["see"], world.now(), days=30)
    _, secret = keys.make(security, draft, world.now())
    change = f"UPDATE access_keys SET {column} = ?"  # noqa: S608 - a name of the list above
    world.store.write(lambda tx: tx.exec_driver_sql(change, (value,)) and None)
    with pytest.raises(Tampered, match="not of the type that was written"):
        keys.asker(secret, world.now())


def test_a_damaged_time_of_a_person_is_told_as_such(world: World) -> None:
    world.first()
    world.store.write(lambda tx: tx.exec_driver_sql("UPDATE access_people SET created_at = 'then'") and None)
    with pytest.raises(Tampered, match="not of the type that was written"), world.store.read() as tx:
        person_named(tx, "root")
