from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from contracts import access
from contracts.vault import World, open_world
from haoma.access import Approvals, Cases, Gate, Role
from haoma.access.held import Held, hold
from haoma.access.keeping import EXPIRING
from haoma.errors import Tampered
from haoma.vault.retention import Retention

SUBJECT = f"acme.a1.{'ab' * 16}"
ADDED = """INSERT INTO access_cases SELECT '0', tenant_id, agent_id, subject, opened_at, closes_at, NULL
 FROM access_cases LIMIT 1"""


@dataclass
class Kept:
    """A store with two cases, one of them closed, and two requests, one of them refused after an approval."""

    world: World
    path: Path
    at: datetime

    def hold(self, **later: float) -> Held:
        with self.world.vault.store.read() as tx:
            return hold(tx, self.world.vault.commitments, self.at + timedelta(**later))

    def by_hand(self, statements: str) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            database.executescript(statements)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    path = tmp_path / "haoma.db"
    with open_world(f"sqlite:///{path}", tmp_path / "keys") as world:
        staff = access.world_on(world.vault.store)
        gate = Gate(world.vault.store, staff.ledger, world.vault.commitments)
        staff.gate, staff.people = gate, type(staff.people)(gate)
        system, security = staff.admins()
        roles = {"an": Role.AGENT, "pru": Role.APPROVER, "dora": Role.DPO}
        an, pru, dora = (staff.staff(system, security, login, role) for login, role in roles.items())
        cases = [Cases(gate).open(an, SUBJECT, staff.now()) for _ in range(2)]
        Cases(gate).close(an, cases[0].id, staff.now())
        approvals = Approvals(gate, {}, world.vault.keys.ends)
        asked = [approvals.request(security, "change-policy", {"policy": ""}, staff.now()) for _ in range(2)]
        approvals.approve(pru, asked[0].id, Role.APPROVER, asked[0].digest, staff.now())
        approvals.refuse(dora, asked[0].id, Role.DPO, staff.now())
        staff.ledger.integrate()
        yield Kept(world, path, staff.now())


def test_cases_and_requests_hold(kept: Kept) -> None:
    found = kept.hold()
    assert (found.cases, found.approvals) == (2, 2)


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        ("DELETE FROM access_cases WHERE closed_at IS NULL", r"gone before its time \(access.case\)"),
        ("UPDATE access_cases SET closes_at = closes_at + 1", "the case of entry [0-9]+ is not what was"),
        ("UPDATE access_cases SET closed_at = NULL", "the case of entry [0-9]+ is not what was"),
        ("UPDATE access_cases SET closed_at = opened_at WHERE closed_at IS NULL", "the end of a case is in no entry"),
        ("UPDATE access_cases SET agent_id = 'x'", "the case of entry [0-9]+ is not what was"),
        (ADDED, "a case is in no entry"),
        ("DELETE FROM access_votes; DELETE FROM access_approvals", r"gone before its time \(access.approval\)"),
        ("DELETE FROM access_votes", "not what was recorded: approved"),
        ("UPDATE access_votes SET role = 'dpo'", "not what was recorded: approved"),
        ("UPDATE access_approvals SET state = 'approved' WHERE state = 'refused'", "not what was recorded: refused"),
        ("UPDATE access_approvals SET state = 'done' WHERE state = 'requested'", "the end of a request is in no entry"),
        ("UPDATE access_approvals SET requester = (SELECT max(person_id) FROM access_votes)", "recorded: requested"),
        ("UPDATE access_approvals SET payload = x'7b7d'", "not what was recorded: requested"),
    ],
)
def test_what_a_hand_did_to_a_case_or_a_request_is_named(kept: Kept, by_hand: str, told: str) -> None:
    kept.by_hand(f"PRAGMA foreign_keys = OFF; {by_hand}")
    with pytest.raises(Tampered, match=told):
        kept.hold()


def test_what_retention_deleted_is_not_missed(kept: Kept) -> None:
    kept.world.clock[0] = kept.at + timedelta(days=1200)
    kept.by_hand("DROP TRIGGER access_decisions_kept")
    assert Retention(kept.world.vault, EXPIRING).run(after_pause=True).rows["access.approval"] == 2
    assert kept.hold(days=1200) == Held(0, 0, 0)


def test_one_more_that_is_gone_than_retention_deleted_was_deleted_by_hand(kept: Kept) -> None:
    kept.by_hand("DROP TRIGGER access_decisions_kept; DELETE FROM access_cases WHERE closed_at IS NULL")
    kept.world.clock[0] = kept.at + timedelta(days=1200)
    Retention(kept.world.vault, EXPIRING).run(after_pause=True)
    with pytest.raises(Tampered, match=r"2 rows of access\.case are gone, and retention deleted 1"):
        kept.hold(days=1200)
