"""The tables of the log: queue, tiles, bundles, runs, head, checkpoints, attestations, what was witnessed."""

from __future__ import annotations

from hashlib import sha256

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0002_ledger"
down_revision = "0001_store"


def upgrade() -> None:
    """Make them, and a head over no entries."""
    op.create_table(
        "ledger_queue",
        sa.Column("entry_id", Id, primary_key=True, autoincrement=True),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ledger_tiles",
        sa.Column("level", sa.SmallInteger, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_bundles",
        sa.Column("number", Id, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_runs",
        sa.Column("first_id", Id, primary_key=True, autoincrement=False),
        sa.Column("first_index", sa.BigInteger, nullable=False, unique=True),
        sa.Column("length", sa.BigInteger, nullable=False),
    )
    head = op.create_table(
        "ledger_head",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("integrated_at", Time, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute(sa.insert(head).values(id=1, size=0, root=sha256(b"").digest(), integrated_at=Time.read(0)))
    op.create_table(
        "ledger_checkpoints",
        sa.Column("checkpoint_id", Id, primary_key=True, autoincrement=True),
        sa.Column("size", sa.BigInteger, nullable=False, index=True),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("signed_at", Time, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "ledger_attestations",
        sa.Column("checkpoint_id", Id, sa.ForeignKey("ledger_checkpoints.checkpoint_id"), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", Time, nullable=False),
        sa.Column("done_at", Time, nullable=True),
        sa.Column("trouble", sa.String(255), nullable=True),
        sa.Column("evidence", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "ledger_witnessed",
        sa.Column("origin", sa.String(255), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
    )
