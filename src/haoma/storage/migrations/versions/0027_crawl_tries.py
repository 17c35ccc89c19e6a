"""How often a page was tried that is not checked yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027_crawl_tries"
down_revision = "0026_alerts"


def upgrade() -> None:
    """Count from nothing; SQLite makes the table anew for that."""
    op.add_column("crawl_snapshots", sa.Column("tries", sa.Integer, nullable=True))
    rows = sa.table("crawl_snapshots", sa.column("tries"))
    op.execute(sa.update(rows).values(tries=0))
    with op.batch_alter_table("crawl_snapshots") as batch:
        batch.alter_column("tries", existing_type=sa.Integer, nullable=False)
