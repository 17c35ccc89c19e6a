"""A CRM to try things out with: a SQLite file of made-up customers, and the map that says where everything is in it.

Rules held here:
- Numbers are hotlines' test ranges without subscribers; names, addresses and orders are nobody's.
- What a CRM holds that haoma has no business with stands in it too, so that it can be seen not to be asked for.
- Nothing that is there already is written over.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from haoma.errors import Conflict, Unavailable
from haoma.ledger.key_file import write_private
from haoma.vault.model import check_tenant

__all__ = ["ORDERS", "PEOPLE", "make_example"]

PEOPLE: tuple[tuple[str, str, str, str, str | None, str | None], ...] = (
    ("C-1001", "客户甲", "138 0013 8201", "2026-03-02 10:15:00", "jia@customers.example", "app-1001"),
    ("C-1002", "客户乙", "+86 138-0013-8202", "2024-11-30 18:40:00", "yi@customers.example", None),
    ("C-1003", "客户丙", "0138 0013 8203", "2025-06-18 09:00:00", None, None),
    ("C-1004", "客户丁", "没有留号码", "2022-01-05 12:00:00", "ding@customers.example", "app-1004"),
    ("C-1005", "客户戊", "010-62770334", "2026-08-01 08:30:00", None, "app-1005"),
)
"""Id, name, number, when it came in, e-mail, user of the app."""
ORDERS: tuple[tuple[str, str, str], ...] = (
    ("A-2026-0001", "C-1001", "一箱苹果"),
    ("A-2026-0002", "C-1001", "一把伞"),
    ("A-2026-0003", "C-1002", "一盏台灯"),
    ("A-2026-0004", "C-1003", "一双鞋"),
    ("A-2026-0005", "C-1004", "一本书"),
)
"""Number, customer, what was bought."""
_MAKE = """
CREATE TABLE customers
 (customer_id TEXT PRIMARY KEY, name TEXT, phone TEXT, phone_since TEXT, email TEXT, app_user TEXT);
CREATE TABLE orders (order_no TEXT PRIMARY KEY, customer_id TEXT REFERENCES customers, goods TEXT);
"""
_MAP = """# Where the customers of a tenant are: docs/guide/cases.md
[{tenant}]
url = "sqlite:///{file}"

[{tenant}.customers]
table = "customers"
id = "customer_id"
number = "phone"
updated_at = "phone_since"
email = "email"
in_app = "app_user"

[{tenant}.orders]
table = "orders"
id = "order_no"
customer = "customer_id"
"""


def make_example(file: Path, tenant: str) -> Path:
    """Make the CRM, and the map beside it, whose path is returned; raises Conflict where either is there already."""
    check_tenant(tenant)
    chart = file.with_suffix(".toml")
    if file.exists() or chart.exists():
        raise Conflict(f"{file} or {chart.name} is there already", hint="name another file")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.close(descriptor)
        with closing(sqlite3.connect(file)) as made, made:
            made.executescript(_MAKE)
            made.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)", PEOPLE)
            made.executemany("INSERT INTO orders VALUES (?, ?, ?)", ORDERS)
        write_private(chart, _MAP.format(tenant=tenant, file=file.name).encode())
    except (OSError, sqlite3.Error) as error:
        message = f"{file} cannot be written ({type(error).__name__})"
        raise Unavailable(message, hint="a directory that is there, and yours to write to") from None
    return chart
