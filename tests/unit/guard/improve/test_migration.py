from __future__ import annotations

import uuid
from pathlib import Path

import sqlalchemy as sa

from haoma.guard.improve import Month, sample_of, trials_before
from haoma.storage import open_store, schema

TENANTS = [str(uuid.UUID(int=n)) for n in (1, 2)]
PEOPLE = [str(uuid.UUID(int=n)) for n in (3, 4)]
AT = 1_790_000_000_000_000
NOVEMBER = Month.read("2026-11")


def earlier(tx: sa.Connection) -> None:
    """What a haoma that knew no tenants here has written: one person's sample, another one's trial."""
    for tenant, person, name in zip(TENANTS, PEOPLE, ("acme", "beta"), strict=True):
        tx.execute(sa.text("INSERT INTO access_tenants VALUES (:t, :n, 0)"), {"t": tenant, "n": name})
        row = {"p": person, "t": tenant, "n": name}
        tx.execute(sa.text("INSERT INTO access_people VALUES (:p, :t, :n, :n, 'active', 0, 1)"), row)
    trial = "INSERT INTO improve_trials VALUES ('t-1', 'x', 'share', 'pages', 'lower', 9, :at, :end, :at, :by, 1)"
    tx.execute(sa.text(trial), {"at": AT, "end": AT + 1, "by": PEOPLE[1]})
    sample = "INSERT INTO improve_samples VALUES ('s-1', '2026-11', 's', 9, 'd', :at, :by, 2)"
    tx.execute(sa.text(sample), {"at": AT, "by": PEOPLE[0]})
    tx.execute(sa.text("INSERT INTO improve_visits VALUES ('s-1', 1, 'h-1', 'map', NULL, NULL, NULL, NULL)"))


def test_what_was_recorded_before_is_of_the_tenant_of_who_recorded_it(tmp_path: Path) -> None:
    path = tmp_path / "haoma.db"
    path.touch()
    engine = sa.create_engine(url := f"sqlite:///{path}")
    with engine.begin() as tx:
        schema.migrate(tx, schema.revisions()[:23])
        earlier(tx)
    engine.dispose()
    with open_store(url) as store, store.read() as tx:
        assert [[one.id for one in trials_before(tx, NOVEMBER.ends_at, tenant)] for tenant in TENANTS] == [[], ["t-1"]]
        assert sample_of(tx, NOVEMBER, TENANTS[0]).visits[0].hotline == "h-1"
