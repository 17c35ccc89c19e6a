"""Facts by the key that seals them: a key that a fact needs is not swept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_sealed_facts"
down_revision = "0006_consent"


def upgrade() -> None:
    """Make the index."""
    sealed = sa.text("sealed_key IS NOT NULL")
    op.create_index(
        "ix_lineage_facts_key", "lineage_facts", ["sealed_key"], sqlite_where=sealed, postgresql_where=sealed
    )
