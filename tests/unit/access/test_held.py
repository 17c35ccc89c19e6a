from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from contracts import access
from contracts.vault import World, number, open_world
from haoma.access import Gate, Thing
from haoma.access.held import Held, hold
from haoma.access.keeping import EXPIRING
from haoma.errors import Conflict, Tampered
from haoma.vault.retention import Retention

DROPPED = """DROP TRIGGER access_decisions_kept; DROP TRIGGER access_decisions_unchanged;
 DROP TRIGGER audit_kept; DROP TRIGGER audit_unchanged;"""
SWAPPED = (
    """UPDATE access_decisions SET entry_id = (SELECT min(entry_id) + max(entry_id) FROM access_decisions) - entry_id"""
)
COPIED = """INSERT INTO access_decisions (at, asker, tenant_id, action, object, subject, allowed, policies, version,
 commitment, entry_id, kept_until) SELECT at, asker, tenant_id, action, object, subject, allowed, policies, version,
 commitment, entry_id, kept_until FROM access_decisions LIMIT 1"""


@dataclass
class Kept:
    """A store with two decisions and some audit rows."""

    world: World
    keys: object
    path: Path

    def hold(self, **later: float) -> Held:
        with self.world.vault.store.read() as tx:
            return hold(tx, self.world.vault.commitments, access.NOW + timedelta(hours=1, **later))

    def by_hand(self, statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(statements)


@pytest.fixture(params=[True, False], ids=["in-tree", "waiting"])
def kept(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Kept]:
    path = tmp_path / "haoma.db"
    with open_world(f"sqlite:///{path}", tmp_path / "keys") as world:
        staff = access.world_on(world.vault.store)
        gate = Gate(world.vault.store, staff.ledger, world.vault.commitments)
        staff.gate, staff.people = gate, type(staff.people)(gate)
        system = staff.first()
        for field in ("roles", "login"):
            gate.ask(system, "see", Thing("person", system.tenant, field), staff.now())
        world.sealed(number())
        if request.param:
            staff.ledger.integrate()
        yield Kept(world, world.vault.commitments, path)


def test_what_was_recorded_holds(kept: Kept) -> None:
    found = kept.hold()
    assert (found.decisions, found.untold) == (2, 0)
    assert found.audit_rows


@pytest.mark.parametrize("table", ["access_decisions", "audit"])
def test_no_row_is_replaced_past_the_triggers(kept: Kept, table: str) -> None:
    statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608 - one of two names
    with pytest.raises(sqlite3.IntegrityError, match="never replaced"):
        kept.by_hand(statement)
    with pytest.raises(Conflict):
        kept.world.vault.store.write(lambda tx: tx.exec_driver_sql(statement) and None)
    assert kept.hold().decisions == 2


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        ("UPDATE access_decisions SET allowed = NOT allowed WHERE decision_id = 2", "decision 2 is not what was"),
        ("UPDATE access_decisions SET kept_until = kept_until - 1", "decision 1 is not what was"),
        ("UPDATE access_decisions SET policies = '[]', asker = asker || 'x'", "decision 1 is not what was"),
        ("DELETE FROM access_decisions WHERE decision_id = 2", "the decision of entry [0-9]+ is gone"),
        (SWAPPED, "decision 2 is not what was"),
        (COPIED, "decision 3 is in no entry of its own"),
        (COPIED.replace("entry_id, kept_until FROM", "9999, kept_until FROM"), "decision 3 is in no entry of the log"),
        ("UPDATE access_decisions SET at = at - 1 WHERE decision_id = 1", "decision 1 is not what was"),
        ("UPDATE access_decisions SET commitment = 'x'", "decision 1 is not what was"),
        ("UPDATE audit SET reason = 'because', actor = 'agent:7'", "audit row 1 is not what was"),
        ("UPDATE audit SET subject = 'nobody'", "audit row 1 cannot be"),
        ("DELETE FROM audit", "the audit row of entry [0-9]+ is gone"),
    ],
)
def test_what_a_hand_did_to_a_row_is_named(kept: Kept, by_hand: str, told: str) -> None:
    kept.by_hand(f"PRAGMA ignore_check_constraints = ON; {DROPPED} {by_hand}")
    with pytest.raises(Tampered, match=told):
        kept.hold()


def test_decisions_that_retention_deleted_are_not_missed_and_those_that_a_hand_did_are(kept: Kept) -> None:
    for statements in (DROPPED, "DELETE FROM audit"):
        kept.by_hand(statements)
    kept.world.clock[0] = access.NOW + timedelta(days=401)
    Retention(kept.world.vault, EXPIRING).run(after_pause=True)
    assert kept.hold(days=401) == Held(0, 0, 0)


def test_more_decisions_that_are_gone_than_retention_deleted_were_deleted_by_hand(kept: Kept) -> None:
    for statements in (DROPPED, "DELETE FROM access_decisions; DELETE FROM audit"):
        kept.by_hand(statements)
    with pytest.raises(Tampered, match=r"2 rows of access\.decision are gone, and retention deleted 0"):
        kept.hold(days=400)


def test_a_row_whose_key_went_before_its_time_was_tampered_with(kept: Kept) -> None:
    kept.world.vault.commitments.destroy("decisions202611")
    with pytest.raises(Tampered, match="decision 1 is not"):
        kept.hold()
    assert kept.hold(days=400).untold == 2
