"""The registry on PostgreSQL, and under kills; the table of a content management system on a server."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.databases import OnFiles, OnServer
from contracts.registry import RegistryContract, RegistryKillContract
from haoma.errors import Unavailable
from haoma.guard.registry.imports import rows_of

MAP = """
url = "{url}"
schema = "Site"
table = "numbers; --"
timeout_s = 1
[columns]
key = "id"
number = "tel"
valid_from = "since"
shared = "common"
"""
TABLES = """
CREATE SCHEMA "Site";
CREATE TABLE "Site"."numbers; --" (id bigint PRIMARY KEY, tel text, since timestamp, common boolean);
INSERT INTO "Site"."numbers; --" VALUES (7, '057188888888', '2026-03-02 10:15:00', true), (8, NULL, NULL, NULL);
"""


class TestOnPostgres(OnServer, RegistryContract, RegistryKillContract):
    pass


class TestSqliteKilled(OnFiles, RegistryKillContract):
    pass


def test_the_table_of_a_cms_on_a_server_is_read_and_not_waited_for(postgres: str, tmp_path: Path) -> None:
    engine = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as tx:
        for statement in TABLES.strip().split(";\n"):
            tx.exec_driver_sql(statement)
    chart = tmp_path / "map.toml"
    chart.write_text(MAP.format(url=postgres), encoding="utf-8")
    chart.chmod(0o600)
    rows, named = rows_of(None, chart)
    first, second = named.renamed(rows)
    said = {"key": "7", "number": "057188888888", "valid_from": "2026-03-02T10:15:00+08:00", "shared": "true"}
    assert (first.texts, second.texts) == (said, {"key": "8"})
    with engine.begin() as tx:
        tx.exec_driver_sql('ALTER TABLE "Site"."numbers; --" RENAME TO real')
        slow = 'CREATE VIEW "Site"."numbers; --" AS SELECT real.* FROM "Site".real, pg_sleep(30)'
        tx.exec_driver_sql(slow)
    with pytest.raises(Unavailable, match="does not answer"):
        rows_of(None, chart)
