"""Where the keys lie: a database of their own, which no backup of the data holds.

`vault_keys` has a row for each key: what it is for (`kind`, `scope`, `version`), its suite, and its 32 bytes wrapped by
custody's key of version `wrapped_by`. The scope of a sealing key is `<owner>/<purpose>`, its owner a subject token. A
destroyed commitment key keeps its row without bytes, so that its name is not used again; any other leaves no row. From
`retired_at` on nothing new is sealed under a key, which is destroyed soon after.

`vault_ends` has a row for each permission that has ended for good, and for each request that was run, refused or
withdrawn: its id, why, and when that was noted; retention takes it away (`vault.end`). A table that a key store does
not have yet is made when it is opened.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.storage import Time

__all__ = ["ends", "keys", "keys_metadata"]

keys_metadata = sa.MetaData()

keys = sa.Table(
    "vault_keys",
    keys_metadata,
    sa.Column("key_id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("suite", sa.String(16), nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=True),
    sa.Column("wrapped_by", sa.Integer, nullable=True),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("retired_at", Time, nullable=True),
    sa.Column("destroyed_at", Time, nullable=True),
    sa.UniqueConstraint("kind", "scope", "version", name="uq_vault_keys"),
    sa.Index("ix_vault_keys_wrapped_by", "wrapped_by"),
    sa.Index("ix_vault_keys_owner", "owner"),
)
ends = sa.Table(
    "vault_ends",
    keys_metadata,
    sa.Column("ended_id", sa.String(36), primary_key=True),
    sa.Column("why", sa.String(16), nullable=False),
    sa.Column("noted_at", Time, nullable=False),
)
