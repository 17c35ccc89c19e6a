"""A CRM in a database, SQLite or PostgreSQL, asked by a map of its tables and columns.

Rules held here:
- One SELECT in a transaction that the database lets change nothing, within the time that the map says.
- An id is bound and never part of the text; names come from the map alone, and are quoted.
- Of e-mail and app the database says whether they are there: what they are never leaves it.
- Whatever goes wrong is Unavailable, and neither SQL nor values are in the message.
"""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from haoma.errors import BadInput, Unavailable
from haoma.locate.cases.model import By, Contact, Reference, contact_of, garbage

__all__ = ["Customers", "Orders", "SqlCrm"]

_ABSENT = ("", "0", "f", "false", "no", "n")
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
_STEPS = 1_000  # of SQLite's machine between two looks at the clock


@dataclass(frozen=True, slots=True)
class Customers:
    """The table of customers: its columns by what they are. `whole_ids` says that ids are whole numbers there."""

    table: str
    id: str
    number: str
    schema: str | None = None
    updated_at: str | None = None
    verified_at: str | None = None
    email: str | None = None
    in_app: str | None = None
    whole_ids: bool = False


@dataclass(frozen=True, slots=True)
class Orders:
    """The table of orders; `customer` is the column with the customer's id."""

    table: str
    id: str
    customer: str
    schema: str | None = None
    whole_ids: bool = False


class SqlCrm:
    """Asks one database; fills `Crm`."""

    def __init__(self, url: sa.URL, customers: Customers, orders: Orders | None, timeout_s: float) -> None:
        self._engine = _engine(url, timeout_s)
        self._customers = customers
        self._orders = orders

    def find(self, reference: Reference) -> Contact | None:
        """See `Crm.find`."""
        wanted = self._wanted(reference)
        if wanted is None:
            return None
        try:
            with self._engine.begin() as tx:
                rows = tx.execute(wanted).mappings().all()
        except (sa.exc.SQLAlchemyError, sqlite3.Error, OSError, ValueError, OverflowError) as error:
            message = f"the CRM's database does not answer, or not as the map says ({type(error).__name__})"
            raise Unavailable(message, hint="nobody is found meanwhile; see the map (crm_map)") from None
        if len(rows) > 1:
            raise garbage()
        return contact_of({str(name): value for name, value in rows[0].items()}, datetime.now(UTC)) if rows else None

    def _wanted(self, reference: Reference) -> sa.Select[Any] | None:
        """The question for a reference; None where no row can have such an id."""
        named = self._customers if reference.by is By.CUSTOMER else self._orders
        if named is None:
            raise BadInput("the map of the CRM names no orders", hint="find the customer by their own id")
        people = _table(self._customers)
        if isinstance(named, Orders):
            orders = _table(named)
            joined = orders.join(people, _column(orders, named.customer) == _column(people, self._customers.id))
            query, key = sa.select(*self._shown(people)).select_from(joined), _column(orders, named.id)
        else:
            query, key = sa.select(*self._shown(people)), _column(people, named.id)
        if not named.whole_ids:
            return query.where(key == reference.id).limit(2)
        return query.where(key == int(reference.id)).limit(2) if _WHOLE.fullmatch(reference.id) else None

    def _shown(self, people: sa.TableClause) -> list[sa.ColumnElement[Any]]:
        names = self._customers
        plain = {"number": names.number, "customer": names.id}
        plain |= {name: said for name in ("updated_at", "verified_at") if (said := getattr(names, name))}
        there = {name: said for name in ("email", "in_app") if (said := getattr(names, name))}
        shown: list[sa.ColumnElement[Any]] = [_column(people, said).label(name) for name, said in plain.items()]
        return [*shown, *(_is_there(_column(people, said)).label(name) for name, said in there.items())]


def _table(named: Customers | Orders) -> sa.TableClause:
    schema = None if named.schema is None else sa.quoted_name(named.schema, quote=True)
    names = [getattr(named, one) for one in named.__slots__ if one not in {"table", "schema", "whole_ids"}]
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(sa.quoted_name(name, quote=True)) for name in dict.fromkeys(names) if name
    ]
    return sa.table(sa.quoted_name(named.table, quote=True), *columns, schema=schema)


def _column(table: sa.TableClause, name: str) -> sa.ColumnClause[Any]:
    return table.c[name]


def _is_there(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return sa.and_(column.is_not(None), sa.func.lower(sa.cast(column, sa.Text)).not_in(_ABSENT))


def _engine(url: sa.URL, timeout_s: float) -> sa.Engine:
    # A connection for each question: agents ask now and then, and what a CRM forgets to close is not ours to keep.
    options: dict[str, Any] = {"poolclass": sa.NullPool, "hide_parameters": True}
    if url.drivername == "sqlite":
        return sa.create_engine("sqlite://", creator=_reader(Path(url.database or ""), timeout_s), **options)
    try:
        wait_ms = round(timeout_s * 1000)
        only_reads = f"-c default_transaction_read_only=on -c statement_timeout={wait_ms} -c lock_timeout={wait_ms}"
        asked = {"connect_timeout": max(2, math.ceil(timeout_s)), "options": only_reads, "application_name": "haoma"}
        return sa.create_engine(url.set(drivername="postgresql+psycopg"), connect_args=asked, **options)
    except ImportError:
        message = "PostgreSQL needs the package psycopg, which is not installed"
        raise Unavailable(message, hint="pip install 'haoma[postgres]'") from None


def _reader(path: Path, timeout_s: float) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        place = f"file:{quote(str(path.absolute()))}?mode=ro"
        file = sqlite3.connect(place, uri=True, timeout=timeout_s, check_same_thread=False)
        with suppress(sqlite3.Error):  # a file that is no database says so when it is asked
            file.execute("PRAGMA query_only = ON")
        end = time.monotonic() + timeout_s
        file.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        return file

    return connect
