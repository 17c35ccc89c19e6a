"""Where the log lies in the database.

`ledger_queue` holds what is committed and not yet in the tree, a row for each bundle of entries whose ids follow one
another, under the first of them; `ledger_tiles` the hashes and `ledger_bundles` the entries, 256 a row as C2SP
tlog-tiles has them; `ledger_runs` which entry ids lie at which log index, a row for each run of consecutive ids;
`ledger_head` one row, the tree as it stands; `ledger_checkpoints` every checkpoint ever signed; `ledger_attestations`
what witnesses, time-stamp authorities and chains said of them. `ledger_witnessed` is what this instance, as a witness,
last cosigned of each log of others.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Id, Time, metadata

__all__ = ["attestations", "bundles", "checkpoints", "head", "queue", "runs", "tiles", "witnessed"]

queue = sa.Table(
    "ledger_queue",
    metadata,
    sa.Column("entry_id", Id, primary_key=True, autoincrement=True),
    sa.Column("entries", sa.LargeBinary, nullable=False),
    sa.Column("length", sa.Integer, nullable=False, server_default="1"),
    sqlite_autoincrement=True,
)
tiles = sa.Table(
    "ledger_tiles",
    metadata,
    sa.Column("level", sa.SmallInteger, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sa.Column("above", sa.LargeBinary),
)
bundles = sa.Table(
    "ledger_bundles",
    metadata,
    sa.Column("number", Id, primary_key=True, autoincrement=False),
    sa.Column("entries", sa.LargeBinary, nullable=False),
)
runs = sa.Table(
    "ledger_runs",
    metadata,
    sa.Column("first_id", Id, primary_key=True, autoincrement=False),
    sa.Column("first_index", sa.BigInteger, nullable=False, unique=True),
    sa.Column("length", sa.BigInteger, nullable=False),
)
head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column(
        "id", sa.SmallInteger, sa.CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False
    ),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("integrated_at", Time, nullable=False),
)
checkpoints = sa.Table(
    "ledger_checkpoints",
    metadata,
    sa.Column("checkpoint_id", Id, primary_key=True, autoincrement=True),
    sa.Column("size", sa.BigInteger, nullable=False, index=True),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("signed_at", Time, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)
attestations = sa.Table(
    "ledger_attestations",
    metadata,
    sa.Column("checkpoint_id", Id, sa.ForeignKey(checkpoints.c.checkpoint_id), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(255), primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Time, nullable=False),
    sa.Column("done_at", Time, nullable=True),
    sa.Column("trouble", sa.String(255), nullable=True),
    sa.Column("evidence", sa.LargeBinary, nullable=True),
)
witnessed = sa.Table(
    "ledger_witnessed",
    metadata,
    sa.Column("origin", sa.String(255), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("seen_at", Time, nullable=False),
)
