"""Trials and samples are a tenant's own: that of who laid them down or drew them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025_improve_tenants"
down_revision = "0024_watch"

UUID = 36


def upgrade() -> None:
    """Say whose each one is; SQLite makes the tables anew for that."""
    _own("improve_trials", "recorded_by")
    _own("improve_samples", "drawn_by")


def _own(table: str, by: str) -> None:
    op.add_column(table, sa.Column("tenant_id", sa.String(UUID), nullable=True))
    rows = sa.table(table, sa.column(by), sa.column("tenant_id"))
    people = sa.table("access_people", sa.column("person_id"), sa.column("tenant_id"))
    whose = sa.select(people.c.tenant_id).where(people.c.person_id == rows.c[by]).scalar_subquery()
    op.execute(sa.update(rows).values(tenant_id=whose))
    with op.batch_alter_table(table) as batch:
        batch.alter_column("tenant_id", existing_type=sa.String(UUID), nullable=False)
        batch.create_foreign_key(
            op.f(f"fk_{table}_tenant_id_access_tenants"), "access_tenants", ["tenant_id"], ["tenant_id"]
        )
        if table == "improve_samples":
            batch.drop_constraint(op.f("uq_improve_samples_month"), type_="unique")
            batch.create_unique_constraint(op.f("uq_improve_samples_tenant_id_month"), ["tenant_id", "month"])
