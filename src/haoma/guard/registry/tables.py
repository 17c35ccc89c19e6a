"""Where the registry lies: organisations, hotlines, which numbers are taken, and every change.

`registry_organisations` and `registry_hotlines` hold what is so now; texts of many are JSON. `registry_claims` has a
row for each number that somebody has now, and whether those who have it share it; a hotline has its number by
`live_uri`, which is its own number or nothing. So the database itself refuses a second owner: a claim is one row for a
number, all who have it say the same of sharing, and only one has it who does not share. `registry_changes` is every
change with what it left behind, who asked for it, who approved it and why.

The grammar of numbers is held by the database too: `URI`, in words that SQLite and PostgreSQL both know.
"""

from __future__ import annotations

import sqlalchemy as sa

from haoma.access.tables import tenants
from haoma.guard.registry.grammar import CLAIM, MOBILE, TIMES, URI
from haoma.storage import Id, Time, metadata

__all__ = ["changes", "claims", "hotlines", "organisations"]

UUID, NAME, URI_LENGTH, WORD, COMMITMENT = 36, 200, 128, 16, 100

organisations = sa.Table(
    "registry_organisations",
    metadata,
    sa.Column("organisation_id", sa.String(UUID), primary_key=True),
    sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey(tenants.c.tenant_id), nullable=False),
    sa.Column("name", sa.String(NAME), nullable=False),
    sa.Column("aliases", sa.Text, nullable=False),
    sa.Column("domains", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("fact_id", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("tenant_id", "name"),
)
claims = sa.Table(
    "registry_claims",
    metadata,
    sa.Column("uri", sa.String(URI_LENGTH), primary_key=True),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.UniqueConstraint("uri", "shared"),
)
hotlines = sa.Table(
    "registry_hotlines",
    metadata,
    sa.Column("hotline_id", sa.String(UUID), primary_key=True),
    sa.Column("organisation_id", sa.String(UUID), sa.ForeignKey(organisations.c.organisation_id), nullable=False),
    sa.Column("uri", sa.String(URI_LENGTH), nullable=False),
    sa.Column("live_uri", sa.String(URI_LENGTH), nullable=True),
    sa.Column("purposes", sa.Text, nullable=False),
    sa.Column("channels", sa.Text, nullable=False),
    sa.Column("owner", sa.String(NAME), nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("mobile", sa.Boolean, nullable=False),
    sa.Column("valid_from", Time, nullable=False),
    sa.Column("valid_until", Time, nullable=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("number_fact", sa.BigInteger, nullable=False),
    sa.Column("fact_id", sa.BigInteger, nullable=False),
    sa.CheckConstraint(URI, name="uri"),
    sa.CheckConstraint(MOBILE, name="mobile_on_purpose"),
    sa.CheckConstraint(CLAIM, name="live_is_its_own"),
    sa.CheckConstraint(TIMES, name="times_in_order"),
    sa.ForeignKeyConstraint(["live_uri", "shared"], [claims.c.uri, claims.c.shared], name="fk_registry_hotlines_claim"),
    sa.Index("ix_registry_hotlines_organisation", "organisation_id"),
    sa.Index("ix_registry_hotlines_uri", "uri"),
)
sa.Index(
    "uq_registry_hotlines_live",
    hotlines.c.live_uri,
    unique=True,
    sqlite_where=sa.not_(hotlines.c.shared),
    postgresql_where=sa.not_(hotlines.c.shared),
)
changes = sa.Table(
    "registry_changes",
    metadata,
    sa.Column("change_id", Id, primary_key=True, autoincrement=True),
    sa.Column("object_id", sa.String(UUID), nullable=False),
    sa.Column("kind", sa.String(WORD), nullable=False),
    sa.Column("change", sa.String(WORD), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("requested_by", sa.String(UUID), nullable=False),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("approval_id", sa.String(UUID), nullable=False),
    sa.Column("at", Time, nullable=False),
    sa.Column("fact_id", sa.BigInteger, nullable=False),
    sa.Column("commitment", sa.String(COMMITMENT), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("object_id", "version"),
    sa.Index("ix_registry_changes_approval", "approval_id"),
    sqlite_autoincrement=True,
)
