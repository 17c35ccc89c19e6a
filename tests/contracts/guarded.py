"""What approved requests about the vault leave on every database when the process is killed between any two steps.

A test class derives from `GuardedKillContract` and gives the fixtures `url` and `keys_url`: databases that are empty.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts import access
from contracts.access_store import asker_named
from contracts.entries import all_entries
from contracts.killing import assert_all_or_nothing
from contracts.vault import number
from haoma.access import ENTRY_TYPES as ACCESS_TYPES
from haoma.access import Approval, Approvals, Gate, GuardedVault, Role, export_effect, tables, vault_effects
from haoma.access.exports import MOST_ROWS
from haoma.app.exporting import exportables
from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.service import Ledger
from haoma.lineage.check import LedgerProofs
from haoma.storage import Store, open_store
from haoma.vault import ENTRY_TYPES, KeyStore, LocalFiles, SubjectToken, Vault, open_keys, suite_named
from haoma.vault import tables as vault_tables
from haoma.vault.key_store import CUSTODY_NAME
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

PLACE, KEYS_URL = "HAOMA_TEST_PLACE", "HAOMA_TEST_KEYS_URL"
CARE, REQUESTS, LONG_AGO = "customer-care", 320, "2020-01-01T00:00:00+08:00"


def now() -> datetime:
    return datetime.now(UTC)


def vault_of(store: Store) -> Vault:
    """A vault whose keys lie where the environment says; they stay open as long as the process is."""
    return vault_on(store, open_keys(os.environ[KEYS_URL]))


def vault_on(store: Store, key_store: Store) -> Vault:
    suite = suite_named("aes-sha2")
    keys = KeyStore(key_store, LocalFiles(Path(os.environ[PLACE]), suite), suite, now)
    return GuardedVault(store, keys, Ledger(store, [*LEDGER_TYPES, *ENTRY_TYPES, *ACCESS_TYPES], now), now)


def approvals_of(vault: Vault) -> Approvals:
    gate = Gate(vault.store, vault.log, vault.commitments)
    exported = export_effect(vault, exportables(), exports())
    effects = {**vault_effects(vault, Rotation(vault, SUBJECT_COLUMNS)), "bulk-export": exported}
    return Approvals(gate, effects, vault.keys.ends)


def exports() -> Path:
    return Path(os.environ[PLACE]).with_name("exports")


def token_of(vault: Vault, n: int) -> SubjectToken:
    return vault.pseudonym("acme", number(f"1380013{n:04}"))


def approved(url: str, action: str) -> None:
    """Requests that were approved by two others, all of one action; number n is about the customer n."""
    with open_store(url) as store, open_keys(os.environ[KEYS_URL]) as keys:
        world, vault = access.world_on(store), vault_on(store, keys)
        person, token = world.people.add_first("root", "Root", "acme", world.now())
        system = world.enrolled(person, token)
        security = world.staff(system, system, "safe", Role.SECURITY_ADMIN)
        pru, dora = (
            world.staff(system, security, login, role) for login, role in (("pru", Role.APPROVER), ("dora", Role.DPO))
        )
        analyst = world.staff(system, security, "ri", Role.RISK_ANALYST)
        approvals = approvals_of(vault)
        until = now() + timedelta(days=1)
        for n in range(REQUESTS):
            subject = token_of(vault, n)
            store.write(lambda tx, n=n, s=subject: vault.seal(tx, s, CARE, number(f"1380013{n:04}"), until))
            rotated = {"what": "custody", "scope": CUSTODY_NAME}
            payload = rotated if action == "rotate-key" else {"subject": str(subject), "reason": f"r{n}"}
            if action == "bulk-export":
                payload = {"what": "decisions", "from": LONG_AGO, "to": now().isoformat(), "columns": ["action"]}
                payload |= {"purpose": f"n{n}", "recipient": "auditor", "rows": MOST_ROWS}
            asked = approvals.request(analyst if action == "bulk-export" else system, action, payload, now())
            approvals.approve(pru, asked.id, Role.APPROVER, asked.digest, now())
            approvals.approve(dora, asked.id, Role.DPO, asked.digest, now())


def nth(store: Store, n: int) -> str:
    known = tables.approvals.c
    with store.read() as tx:
        return tx.scalars(sa.select(known.approval_id).order_by(known.requested_at).offset(n).limit(1)).one()


def export_the_nth(store: Store, n: int) -> None:
    world, approvals = access.world_on(store), approvals_of(vault_of(store))
    approvals.run(asker_named(world, "pru"), nth(store, n), now())


def run_the_nth(store: Store, n: int) -> None:
    world, approvals = access.world_on(store), approvals_of(vault_of(store))
    approvals.run(asker_named(world, "root"), nth(store, n), now())


def ended(store: Store, n: int, acknowledged: bool) -> Approval:
    return ended_by(store, n, acknowledged, "root")


def ended_by(store: Store, n: int, acknowledged: bool, login: str) -> Approval:
    """The request as it was left, and as it is once whatever had begun was run again."""
    approvals, asker = approvals_of(vault_of(store)), asker_named(access.world_on(store), login)
    left = approvals.one(asker, nth(store, n), now())
    assert left.state in {"approved", "running", "done"}
    assert left.state == "done" or not acknowledged
    return approvals.run(asker, left.id, now()) if left.state == "running" else left


def check_shredded(store: Store, n: int, acknowledged: bool) -> None:
    """Until it begins the number opens; when it has ended key and row are gone, recorded once with what there was."""
    vault = vault_of(store)
    subject, request = token_of(vault, n), ended(store, n, acknowledged)
    with store.read() as tx:
        rows = tx.scalar(sa.select(sa.func.count()).where(vault_tables.sealed.c.subject == str(subject)))
        told = sa.select(vault_tables.audit.c.entry_id).where(
            vault_tables.audit.c.action == "vault.shred", vault_tables.audit.c.subject == str(subject)
        )
        recorded = tx.scalars(told).all()
    bodies = [LedgerProofs(store).found(entry_id).entry.body for entry_id in recorded]
    left = 0 if request.state == "done" else 1
    assert (rows, len(vault.keys_of(subject)), len(recorded)) == (left, left, 1 - left)
    assert [(body["keys"], body["numbers"]) for body in bodies] == [(1, 1)] * (1 - left)


def check_exported(store: Store, n: int, acknowledged: bool) -> None:
    """Each request that has ended has one whole file, which one entry tells; before that there is no entry."""
    request = ended_by(store, n, acknowledged, "pru")
    exported = [entry.body for entry in all_entries(store) if entry.type == "access.exported"]
    told = [body for body in exported if body["approval"] == request.id]
    assert len(told) == (request.state == "done")
    for body in told:
        data = (exports() / f"{request.id}.jsonl").read_bytes()
        assert (hashlib.sha256(data).hexdigest(), data.count(b"\n")) == (body["file"], body["rows"])


def check_rotated(store: Store, n: int, acknowledged: bool) -> None:
    """Each request that has begun makes one version, and each version is told once."""
    ended(store, n, acknowledged)
    versions = vault_of(store).keys.custody.versions(CUSTODY_NAME)
    with store.read() as tx:
        done = tx.scalar(sa.select(sa.func.count()).where(tables.approvals.c.state == "done"))
    told = [entry.body["version"] for entry in all_entries(store) if entry.type == "vault.rotated"]
    assert told == [version for version in versions if version > 1] == list(range(2, done + 2))


class GuardedKillContract:
    """What was approved is run to its end, once, and what is recorded is true wherever the process was killed."""

    @pytest.fixture(autouse=True)
    def _places(self, keys_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(PLACE, str(tmp_path / "custody"))
        monkeypatch.setenv(KEYS_URL, keys_url)

    def test_keys_are_destroyed_as_approved_and_recorded_once(self, url: str) -> None:
        approved(url, "destroy-key")
        assert assert_all_or_nothing(url, run_the_nth, check_shredded) > 20

    def test_rows_are_exported_as_approved_into_one_whole_file_and_told_once(self, url: str) -> None:
        approved(url, "bulk-export")
        assert assert_all_or_nothing(url, export_the_nth, check_exported) > 10

    def test_a_key_is_rotated_as_approved_and_once(self, url: str) -> None:
        approved(url, "rotate-key")
        assert assert_all_or_nothing(url, run_the_nth, check_rotated) > 20
