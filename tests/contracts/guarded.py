"""What approved requests about the vault leave on every database when the process is killed between any two steps.

A test class derives from `GuardedKillContract` and gives the fixtures `url` and `keys_url`: databases that are empty.
"""

from __future__ import annotations

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
from haoma.access import Approval, Approvals, Gate, GuardedVault, Role, tables, vault_effects
from haoma.ledger.events import ENTRY_TYPES as LEDGER_TYPES
from haoma.ledger.service import Ledger
from haoma.lineage.check import LedgerProofs
from haoma.storage import Store, open_store
from haoma.vault import ENTRY_TYPES, KeyStore, LocalFiles, SubjectToken, Vault, open_keys, suite_named
from haoma.vault import tables as vault_tables
from haoma.vault.key_store import CUSTODY_NAME
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

PLACE, KEYS_URL = "HAOMA_TEST_PLACE", "HAOMA_TEST_KEYS_URL"
CARE, REQUESTS = "customer-care", 320


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
    return Approvals(gate, vault_effects(vault, Rotation(vault, SUBJECT_COLUMNS)), vault.keys.ends)


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
        approvals = approvals_of(vault)
        until = now() + timedelta(days=1)
        for n in range(REQUESTS):
            subject = token_of(vault, n)
            store.write(lambda tx, n=n, s=subject: vault.seal(tx, s, CARE, number(f"1380013{n:04}"), until))
            rotated = {"what": "custody", "scope": CUSTODY_NAME}
            payload = rotated if action == "rotate-key" else {"subject": str(subject), "reason": f"r{n}"}
            asked = approvals.request(system, action, payload, now())
            approvals.approve(pru, asked.id, Role.APPROVER, asked.digest, now())
            approvals.approve(dora, asked.id, Role.DPO, asked.digest, now())


def nth(store: Store, n: int) -> str:
    known = tables.approvals.c
    with store.read() as tx:
        return tx.scalars(sa.select(known.approval_id).order_by(known.requested_at).offset(n).limit(1)).one()


def run_the_nth(store: Store, n: int) -> None:
    world, approvals = access.world_on(store), approvals_of(vault_of(store))
    approvals.run(asker_named(world, "root"), nth(store, n), now())


def ended(store: Store, n: int, acknowledged: bool) -> Approval:
    """The request as it was left, and as it is once whatever had begun was run again."""
    approvals, root = approvals_of(vault_of(store)), asker_named(access.world_on(store), "root")
    left = approvals.one(root, nth(store, n), now())
    assert left.state in {"approved", "running", "done"}
    assert left.state == "done" or not acknowledged
    return approvals.run(root, left.id, now()) if left.state == "running" else left


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

    def test_a_key_is_rotated_as_approved_and_once(self, url: str) -> None:
        approved(url, "rotate-key")
        assert assert_all_or_nothing(url, run_the_nth, check_rotated) > 20
