"""Tiles with the nodes above their hashes, so that a proof has 15 to hash where it had 255.

A tile that is full already has none, and never gets any: what stands above it is hashed when somebody asks.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023_above"
down_revision = "0022_improve"


def upgrade() -> None:
    """Make room; nothing is written."""
    op.add_column("ledger_tiles", sa.Column("above", sa.LargeBinary))
