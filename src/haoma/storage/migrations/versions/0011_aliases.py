"""What says that one subject token took the place of another is vouched for by the key store.

Links from before are of nobody's hand that could be shown, and go: a number finds its tokens under every key version
that is there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Time

revision = "0011_aliases"
down_revision = "0010_kept"


def upgrade() -> None:
    """Make the table anew."""
    op.drop_table("vault_aliases")
    op.create_table(
        "vault_aliases",
        sa.Column("old", sa.String(64), primary_key=True),
        sa.Column("new", sa.String(64), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("commitment", sa.String(100), nullable=False),
    )
    op.create_index("ix_vault_aliases_new", "vault_aliases", ["new"])
