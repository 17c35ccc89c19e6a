"""The queue in bundles: a row holds entries whose ids follow one another, the first of which is the row's own.

What waits stays, each entry a bundle of its own: its two bytes of length are put before it (C2SP tlog-tiles).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_queue"
down_revision = "0015_case_places"

ROWS_AT_ONCE = 256


def upgrade() -> None:
    """Rename the column, add the other, and write the lengths."""
    op.alter_column("ledger_queue", "entry", new_column_name="entries")
    op.add_column("ledger_queue", sa.Column("length", sa.Integer, nullable=False, server_default="1"))
    key, entry = sa.column("entry_id", sa.BigInteger), sa.column("entries", sa.LargeBinary)
    queue, tx, last = sa.table("ledger_queue", key, entry), op.get_bind(), 0
    waiting = sa.select(key, sa.cast(entry, sa.LargeBinary)).select_from(queue).order_by(key).limit(ROWS_AT_ONCE)
    write = sa.update(queue).where(key == sa.bindparam("id")).values(entries=sa.bindparam("bundle"))
    while rows := tx.execute(waiting.where(key > last)).all():
        last = rows[-1][0]
        tx.execute(write, [{"id": entry_id, "bundle": _bundle(data)} for entry_id, data in rows])


def _bundle(entry: bytes) -> bytes:
    # Longer than two bytes can tell was none ever: it stays there, and is found to be no bundle.
    return (len(entry) & 0xFFFF).to_bytes(2) + entry
