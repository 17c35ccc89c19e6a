from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from contracts.cases import CUSTOMER, ORDER, customer, order
from haoma.errors import BadInput, Unavailable
from haoma.locate.cases import Crms
from haoma.locate.cases.example import make_example
from haoma.locate.cases.sql import Customers, Orders, SqlCrm

PEOPLE = Customers("customers", "customer_id", "phone")
SALES = Orders("orders", "order_no", "customer_id")


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return make_example(tmp_path / "crm.db", "acme")


def crm(chart: Path, people: Customers = PEOPLE, sales: Orders | None = SALES, timeout_s: float = 5) -> SqlCrm:
    return SqlCrm(sa.make_url(f"sqlite:///{chart.with_suffix('.db')}"), people, sales, timeout_s)


def change(chart: Path, *statements: str) -> None:
    with closing(sqlite3.connect(chart.with_suffix(".db"))) as file, file:
        for statement in statements:
            file.execute(statement)


def test_a_customer_is_found_by_an_order_and_by_their_id(chart: Path) -> None:
    asked = Crms(chart)("acme")
    found = asked.find(order())
    assert found == asked.find(customer())
    assert found is not None
    assert (found.number, found.customer, found.email, found.in_app) == ("138 0013 8201", CUSTOMER, True, True)
    assert str(found.updated_at) == "2026-03-02 02:15:00+00:00"
    assert asked.find(customer("C-1003")).ways == ("call-back",)


INJECTED = (
    "' OR '1'='1", "A-2026-0001'; DROP TABLE orders; --", 'A" OR 1=1 --', "%", "A-2026-000_",
    "A-2026-0001 UNION SELECT 1",    "a-2026-0001", "0", "NULL", ":id", "{0}", "\\'",
)  # fmt: skip


@pytest.mark.parametrize("id_", INJECTED)
def test_an_id_is_never_part_of_the_question(chart: Path, id_: str) -> None:
    assert crm(chart).find(order(id_)) is None
    assert crm(chart).find(customer(id_)) is None
    assert crm(chart).find(order()) is not None


@pytest.mark.parametrize("name", ['customers"; DROP TABLE orders; --', "customers] --", "orders`", "%s", ":x"])
def test_a_name_of_the_map_is_quoted_whatever_it_is(chart: Path, name: str) -> None:
    quoted = name.replace('"', '""')
    change(chart, f'ALTER TABLE customers RENAME TO "{quoted}"', f'ALTER TABLE "{quoted}" RENAME phone TO "{quoted}"')
    found = crm(chart, Customers(name, "customer_id", name)).find(order())
    assert found is not None
    assert found.number == "138 0013 8201"


def test_a_column_that_is_not_there_is_no_text(chart: Path) -> None:
    for people in (Customers("customers", "customer_id", "telephone"), Customers("people", "customer_id", "phone")):
        with pytest.raises(Unavailable) as raised:
            crm(chart, people).find(customer())
        assert CUSTOMER not in f"{raised.value} {raised.value.hint}"


def test_two_customers_under_one_id_are_nobody(chart: Path) -> None:
    change(chart, "CREATE TABLE twice AS SELECT * FROM customers UNION ALL SELECT * FROM customers")
    with pytest.raises(Unavailable):
        crm(chart, Customers("twice", "customer_id", "phone")).find(customer())


def test_whole_ids_are_compared_as_such(chart: Path) -> None:
    change(
        chart,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, phone INTEGER)",
        "INSERT INTO people VALUES (7, 13800138207)",
    )
    people = Customers("people", "id", "phone", whole_ids=True)
    assert crm(chart, people).find(customer("7")).number == "13800138207"
    for nobody in ("7.0", "+7", "７", "7 OR 1=1", "9" * 40):
        assert crm(chart, people).find(customer(nobody)) is None


def test_what_is_there_is_told_and_not_what_it_is(chart: Path) -> None:
    people = Customers("customers", "customer_id", "phone", email="email", in_app="app_user")
    for said, there in (("x" * 1_000_000, True), ("", False), ("0", False), ("FALSE", False), ("jia@x.example", True)):
        with closing(sqlite3.connect(chart.with_suffix(".db"))) as file, file:
            file.execute("UPDATE customers SET email = ?", (said,))
        assert crm(chart, people).find(customer()).email is there
    change(chart, "UPDATE customers SET email = NULL")
    assert crm(chart, people).find(customer()).email is False


def test_a_crm_that_does_not_end_is_not_waited_for(chart: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    change(
        chart,
        "ALTER TABLE customers RENAME TO those",
        f"CREATE VIEW customers AS SELECT customer_id, ({endless}) AS phone FROM those",  # noqa: S608 - of ours
    )
    began = time.monotonic()
    with pytest.raises(Unavailable):
        crm(chart, timeout_s=0.05).find(customer())
    assert time.monotonic() - began < 5


def test_a_file_that_is_gone_or_none_is_unavailable_and_none_is_made(chart: Path, tmp_path: Path) -> None:
    chart.with_suffix(".db").unlink()
    with pytest.raises(Unavailable):
        crm(chart).find(customer())
    assert not chart.with_suffix(".db").exists()
    chart.with_suffix(".db").write_bytes(b"this is no database" * 100)
    with pytest.raises(Unavailable):
        crm(chart).find(customer())


def test_without_orders_nobody_is_found_by_one(chart: Path) -> None:
    with pytest.raises(BadInput):
        crm(chart, sales=None).find(order(ORDER))
