"""Cases, what they keep, requests and exports of a team on a PostgreSQL server: approved, run, held and deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from contracts import access, consent, vault
from haoma.access import Approval, Approvals, Asker, Cases, Gate, Role, export_effect, tables
from haoma.access.held import hold
from haoma.access.keeping import EXPIRING
from haoma.app.exporting import exportables
from haoma.consent import Consent
from haoma.consent.office import actor_of
from haoma.errors import Conflict
from haoma.locate.kept import CasePlaces, extending_effect, places_to_extend
from haoma.locate.kept.tables import case_places
from haoma.vault.location_tokens import LocationTokens
from haoma.vault.retention import Retention

PLACE = b'{"adcode":"310000"}'
HOUR = timedelta(hours=1)


def test_a_case_keeps_a_place_for_as_long_as_was_approved_and_closing_it_destroys_it(
    postgres: str, tmp_path: Path
) -> None:
    with consent.open_world(postgres, tmp_path / "keys") as world:
        office, at = world.consent.office, world.clock[0]
        places = CasePlaces(world.vault, office.gate)
        world.consent = Consent(replace(office, places=places))
        world.ready()
        cases = Cases(office.gate, places)
        case = cases.open(world.agent, str(world.subject()), at)
        world.give()
        actor, tokens = actor_of(world.agent), LocationTokens(world.vault)
        token = world.store.write(
            lambda tx: tokens.issue(tx, world.subject(), "customer-care", actor, PLACE, at + HOUR, actor=actor)
        )
        places.keep(world.agent, case.id, token)
        approvals = Approvals(office.gate, {"extend-retention": extending_effect(world.vault)}, world.vault.keys.ends)
        with world.store.read() as tx:
            payload = {"case": case.id, "reason": "police-case", "places": [*places_to_extend(tx, case.id, at)]}
        asked = approvals.request(world.people["dpo"], "extend-retention", payload, at)
        for login, role in (("approver", Role.APPROVER), ("second", Role.DPO)):
            approvals.approve(world.people[login], asked.id, role, asked.digest, at)
        approvals.run(world.people["dpo"], asked.id, at)
        (row,) = world.rows(case_places)
        assert (row.until - row.kept_at, row.approval_id) == (timedelta(days=730), asked.id)
        assert [one.value for one in places.shown(world.agent, case.id)] == [PLACE]
        with pytest.raises(Conflict):
            world.store.write(lambda tx: tx.execute(case_places.update().values(approval_id=None)).rowcount)
        cases.close(world.agent, case.id, at)
        assert world.rows(case_places) == []


def test_what_retention_deletes_of_cases_and_requests_is_not_missed_and_what_a_hand_does_is(
    postgres: str, tmp_path: Path
) -> None:
    with vault.open_world(postgres, tmp_path / "keys") as world:
        people, gate = opened(world)
        for _ in range(3):
            Cases(gate).open(people["an"], f"acme.a1.{'ab' * 16}", world.clock[0])
        approved(Approvals(gate, {}, world.vault.keys.ends), people, "bulk-export", {}, world)
        world.pass_(days=1200)
        mine = [one for one in EXPIRING if one.rule in {"access.case", "access.approval"}]
        ran = Retention(world.vault, mine).run(after_pause=True)
        assert (ran.rows["access.case"], ran.rows["access.approval"], world.rows(tables.votes)) == (3, 1, [])
        with world.vault.store.read() as tx:
            found = hold(tx, world.vault.commitments, world.clock[0])
        assert (found.cases, found.approvals) == (0, 0)


def test_rows_are_exported_as_approved(postgres: str, tmp_path: Path) -> None:
    with vault.open_world(postgres, tmp_path / "keys") as world:
        people, gate = opened(world)
        effect = export_effect(world.vault, exportables(), tmp_path / "exports")
        approvals = Approvals(gate, {"bulk-export": effect}, world.vault.keys.ends)
        since, until = ((world.clock[0] + by).isoformat() for by in (-HOUR, HOUR))
        payload = {"what": "decisions", "from": since, "to": until, "columns": ["at", "action", "asker"], "rows": 100}
        world.pass_(hours=2)
        more = {"purpose": "audit-2026", "recipient": "acme-auditor"}
        done = approvals.run(
            people["ri"], approved(approvals, people, "bulk-export", payload | more, world).id, world.clock[0]
        )
        assert isinstance(done.shown, dict)
        lines = (tmp_path / "exports" / str(done.shown["file"])).read_text(encoding="utf-8").splitlines()
        assert len(lines) == done.shown["rows"] > 3
        assert {json.loads(line)["at"] for line in lines} == {"2026-11-22"}


def opened(world: vault.World) -> tuple[dict[str, Asker], Gate]:
    """Staff of a tenant, on the vault's store and log."""
    staff = access.world_on(world.vault.store)
    world.vault.log.types = {**world.vault.log.types, **staff.ledger.types}
    staff.gate = Gate(world.vault.store, staff.ledger, world.vault.commitments)
    staff.people = type(staff.people)(staff.gate)
    system, security = staff.admins()
    roles = {"an": Role.AGENT, "pru": Role.APPROVER, "dora": Role.DPO, "ri": Role.RISK_ANALYST}
    return {login: staff.staff(system, security, login, role) for login, role in roles.items()}, staff.gate


def approved(
    approvals: Approvals, people: dict[str, Asker], action: str, payload: dict[str, object], world: vault.World
) -> Approval:
    asked = approvals.request(people["ri"], action, payload, world.clock[0])
    for login, role in (("pru", Role.APPROVER), ("dora", Role.DPO)):
        approvals.approve(people[login], asked.id, role, asked.digest, world.clock[0])
    return asked
