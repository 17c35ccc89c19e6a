"""Finding customers on PostgreSQL: the store, and a CRM of its own there."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.cases import CasesContract
from contracts.databases import OnServer
from haoma.errors import Unavailable
from haoma.locate.cases import By, Crms, Reference

MAP = """
[acme]
url = "{url}"
timeout_s = 1
[acme.customers]
schema = "Kunden"
table = "people; --"
id = "id"
number = "phone"
updated_at = "since"
email = "mail"
in_app = "app"
whole_ids = true
[acme.orders]
schema = "Kunden"
table = "orders"
id = "no"
customer = "who"
"""
TABLES = """
CREATE SCHEMA "Kunden";
CREATE TABLE "Kunden"."people; --" (id bigint PRIMARY KEY, phone text, since timestamptz, mail text, app boolean);
CREATE TABLE "Kunden".orders (no varchar(40) PRIMARY KEY, who bigint);
INSERT INTO "Kunden"."people; --" VALUES (7, '138 0013 8207', '2026-03-02 10:15:00+08', '', false);
INSERT INTO "Kunden"."people; --" VALUES (8, NULL, NULL, 'x@customers.example', true);
INSERT INTO "Kunden".orders VALUES ('A-1', 7), ('A-2', 8);
"""


class TestOnPostgres(OnServer, CasesContract):
    pass


@pytest.fixture
def crms(postgres: str, tmp_path: Path) -> Crms:
    engine = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    with engine.begin() as tx:
        for statement in TABLES.strip().split(";\n"):
            tx.exec_driver_sql(statement)
    path = tmp_path / "crm.toml"
    path.write_text(MAP.format(url=postgres), encoding="utf-8")
    path.chmod(0o600)
    return Crms(path)


def test_a_crm_on_a_server_is_asked_by_whole_ids_and_texts(crms: Crms) -> None:
    crm = crms("acme")
    found = crm.find(Reference(By.ORDER, "A-1"))
    assert found == crm.find(Reference(By.CUSTOMER, "7"))
    assert found is not None
    assert (found.number, found.email, found.in_app, str(found.updated_at)) == (
        "138 0013 8207", False, False, "2026-03-02 02:15:00+00:00",
    )  # fmt: skip
    other = crm.find(Reference(By.ORDER, "A-2"))
    assert other is not None
    assert (other.number, other.email, other.in_app) == ("", True, True)
    for nobody in ("A-3", "' OR '1'='1", 'A-1\'; DROP TABLE "Kunden".orders; --'):
        assert crm.find(Reference(By.ORDER, nobody)) is None
    for nobody in ("9", "7 OR 1=1", "7.0", "9" * 30):
        assert crm.find(Reference(By.CUSTOMER, nobody)) is None


def test_a_crm_on_a_server_lets_nothing_be_changed_and_is_not_waited_for(postgres: str, crms: Crms) -> None:
    engine = sa.create_engine(sa.make_url(postgres).set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    crm = crms("acme")
    slow = 'ALTER TABLE "Kunden".orders RENAME TO real'
    writes = 'CREATE FUNCTION "Kunden".noted() RETURNS bigint LANGUAGE sql AS $$ {body} $$'
    view = 'CREATE VIEW "Kunden".orders AS SELECT no, "Kunden".noted() AS who FROM "Kunden".real'
    with engine.begin() as tx:
        tx.exec_driver_sql(slow)
        tx.exec_driver_sql(writes.format(body='DELETE FROM "Kunden".real; SELECT 7::bigint'))
        tx.exec_driver_sql(view)
    with pytest.raises(Unavailable):
        crm.find(Reference(By.ORDER, "A-1"))
    with engine.begin() as tx:
        assert tx.exec_driver_sql('SELECT count(*) FROM "Kunden".real').scalar() == 2
        tx.exec_driver_sql('CREATE OR REPLACE FUNCTION "Kunden".noted() RETURNS bigint LANGUAGE sql AS'
                           " $$ SELECT 7::bigint FROM pg_sleep(30) $$")  # fmt: skip
    with pytest.raises(Unavailable, match="does not answer"):
        crm.find(Reference(By.ORDER, "A-1"))
