"""The store's own table."""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage.columns import metadata

__all__ = ["store_info"]

store_info = sa.Table(
    "store_info",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
