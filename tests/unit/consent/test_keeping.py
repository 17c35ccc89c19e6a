from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.consent import OTHER, World
from haoma.consent import tables
from haoma.consent.keeping import EXPIRING
from haoma.vault.retention import Retention

KEPT = {"grants": 1100, "erasures": 1100, "deliveries": 1100, "refusals": 90, "requests": 1}


def there(world: World) -> dict[str, int]:
    with world.store.read() as tx:
        return {
            name: int(tx.scalar(sa.select(sa.func.count()).select_from(getattr(tables, name))) or 0) for name in KEPT
        }


@pytest.mark.parametrize("days", sorted(set(KEPT.values())))
def test_rows_of_consent_go_on_their_day_and_not_before(world: World, days: int) -> None:
    world.consent.withdrawals.by_receipt(world.give().receipt)
    world.consent.answers.no(world.ask(OTHER).request_id)
    world.consent.run()
    retention = Retention(world.vault, EXPIRING)
    before = there(world)
    assert min(before.values()) == 1
    world.pass_(days=days, seconds=-1)
    retention.run(after_pause=True)
    assert there(world) == {name: count if KEPT[name] >= days else 0 for name, count in before.items()}
    world.pass_(seconds=1)
    retention.run(after_pause=True)
    assert there(world) == {name: count if KEPT[name] > days else 0 for name, count in before.items()}


def test_a_consent_that_stands_is_kept_however_old_it_is(world: World) -> None:
    world.give()
    world.pass_(days=5_000)
    Retention(world.vault, EXPIRING).run(after_pause=True)
    assert there(world)["grants"] == 1


def test_every_column_of_tokens_is_known_to_rotation_and_every_end_to_retention() -> None:
    from haoma.consent.keeping import SUBJECT_COLUMNS

    mine = [table for name in tables.__all__ for table in [getattr(tables, name)]]
    tokens = {column for table in mine for column in table.c if column.name in {"subject", "guardian"}}
    assert {one.column for one in SUBJECT_COLUMNS} == tokens
    ends = {table.name for table in mine if "kept_until" in table.c}
    assert {one.table.name for one in EXPIRING} == ends
