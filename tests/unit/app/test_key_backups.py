"""Backups of the keys that two others approved, where something fails on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.api import Client, client_in
from contracts.entries import all_entries
from haoma.access import BACK_UP, Approval, Asker, Role
from haoma.app.key_backups import STORE, By, back_up
from haoma.errors import HaomaError

WORDS = "five or six random words"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_in(tmp_path_factory.mktemp("backups"), api_rate_per_min=1_000_000) as client:
        yield client


def asker(house: Client, name: str) -> Asker:
    return house.services.sign_in.asker(house.tokens[name], datetime.now(UTC))


def approved(house: Client) -> Approval:
    approvals, now = house.services.approvals, datetime.now(UTC)
    asked = approvals.request(asker(house, "system-admin"), BACK_UP, {"what": STORE}, now)
    approvals.approve(asker(house, "security-admin"), asked.id, Role.SECURITY_ADMIN, asked.digest, now)
    return approvals.approve(asker(house, "dpo"), asked.id, Role.DPO, asked.digest, now)


def told(house: Client) -> int:
    return sum(entry.type == "vault.backed-up" for entry in all_entries(house.services.store))


def test_a_backup_that_the_log_tells_of_is_kept_though_its_end_could_not_be_noted(
    house: Client, tmp_path: Path
) -> None:
    asked, path, before = approved(house), tmp_path / "keys.bak", told(house)
    keys = house.services.key_store.store
    refuse = sa.DDL("CREATE TRIGGER full BEFORE INSERT ON vault_ends BEGIN SELECT RAISE(FAIL, 'full'); END")
    keys.write(lambda tx: tx.execute(refuse) and None)
    try:
        with pytest.raises(HaomaError) as failed:
            back_up(house.services, path, WORDS, custody=False, by=By(asker(house, "system-admin"), asked.id))
    finally:
        keys.write(lambda tx: tx.execute(sa.DDL("DROP TRIGGER full")) and None)
    assert (path.exists(), told(house)) == (True, before + 1)
    assert "whole and kept" in str(failed.value.hint)
