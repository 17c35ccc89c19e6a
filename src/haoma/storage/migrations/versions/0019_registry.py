"""The registry of hotlines: organisations, hotlines, which numbers are taken, and every change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from haoma.storage.columns import Id, Time

revision = "0019_registry"
down_revision = "0018_doors"

UUID, NAME, URI_LENGTH, WORD, COMMITMENT = 36, 200, 128, 16, 100

# As the registry's grammar had it then: a migration stays what it was.
URI = (
    "(substr(uri, 1, 5) = 'tel:+' AND substr(uri, 6, 1) <> '0'"
    " AND length(substr(uri, 6)) - length(ltrim(substr(uri, 6), '0123456789')) BETWEEN 7 AND 15"
    " AND (ltrim(substr(uri, 6), '0123456789') = ''"
    " OR (substr(ltrim(substr(uri, 6), '0123456789'), 1, 5) = ';ext='"
    " AND length(ltrim(substr(uri, 6), '0123456789')) BETWEEN 6 AND 12"
    " AND ltrim(substr(ltrim(substr(uri, 6), '0123456789'), 6), '0123456789') = '')))"
    " OR (substr(uri, 1, 4) = 'tel:'"
    " AND substr(uri, length(rtrim(uri, '0123456789')) - 15, 16) = ';phone-context=+'"
    " AND substr(uri, length(rtrim(uri, '0123456789')) + 1, 2) = '86'"
    " AND length(uri) - length(rtrim(uri, '0123456789')) BETWEEN 2 AND 5"
    " AND length(substr(uri, 5, length(rtrim(uri, '0123456789')) - 20))"
    " - length(ltrim(substr(uri, 5, length(rtrim(uri, '0123456789')) - 20), '0123456789')) BETWEEN 3 AND 12"
    " AND (ltrim(substr(uri, 5, length(rtrim(uri, '0123456789')) - 20), '0123456789') = ''"
    " OR (substr(ltrim(substr(uri, 5, length(rtrim(uri, '0123456789')) - 20), '0123456789'), 1, 5) = ';ext='"
    " AND length(ltrim(substr(uri, 5, length(rtrim(uri, '0123456789')) - 20), '0123456789')) BETWEEN 6 AND 12"
    " AND ltrim(substr(ltrim(substr(uri, 5, length(rtrim(uri, '0123456789')) - 20), '0123456789'), 6),"
    " '0123456789') = '')))"
)
MOBILE = (
    "mobile OR NOT (substr(uri, 1, 8) = 'tel:+861'"
    " AND length(substr(uri, 6)) - length(ltrim(substr(uri, 6), '0123456789')) >= 13)"
)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "registry_organisations",
        sa.Column("organisation_id", sa.String(UUID), primary_key=True),
        sa.Column("tenant_id", sa.String(UUID), sa.ForeignKey("access_tenants.tenant_id"), nullable=False),
        sa.Column("name", sa.String(NAME), nullable=False),
        sa.Column("aliases", sa.Text, nullable=False),
        sa.Column("domains", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("fact_id", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("tenant_id", "name"),
    )
    op.create_table(
        "registry_claims",
        sa.Column("uri", sa.String(URI_LENGTH), primary_key=True),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.UniqueConstraint("uri", "shared"),
    )
    op.create_table(
        "registry_hotlines",
        sa.Column("hotline_id", sa.String(UUID), primary_key=True),
        sa.Column(
            "organisation_id", sa.String(UUID), sa.ForeignKey("registry_organisations.organisation_id"), nullable=False
        ),
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
        sa.CheckConstraint("live_uri IS NULL OR live_uri = uri", name="live_is_its_own"),
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="times_in_order"),
        sa.ForeignKeyConstraint(
            ["live_uri", "shared"], ["registry_claims.uri", "registry_claims.shared"], name="fk_registry_hotlines_claim"
        ),
    )
    op.create_index("ix_registry_hotlines_organisation", "registry_hotlines", ["organisation_id"])
    op.create_index("ix_registry_hotlines_uri", "registry_hotlines", ["uri"])
    alone = sa.text("NOT shared")
    op.create_index(
        "uq_registry_hotlines_live",
        "registry_hotlines",
        ["live_uri"],
        unique=True,
        sqlite_where=alone,
        postgresql_where=alone,
    )
    op.create_table(
        "registry_changes",
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
        sqlite_autoincrement=True,
    )
    op.create_index("ix_registry_changes_approval", "registry_changes", ["approval_id"])
