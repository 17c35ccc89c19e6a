"""A CRM in a database, SQLite or PostgreSQL, asked by a map of its tables and columns.

Rules held here:
- One SELECT in a transaction that the database lets change nothing, within the time that the map says.
- An id is bound and never part of the text; names come from the map alone, and are quoted.
- Of e-mail and app the database says whether they are there: what they are never leaves it.
- Whatever goes wrong is Unavailable, and neither SQL nor values are in the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, Unavailable
from haoma.locate.cases.model import By, Contact, Reference, contact_of, garbage
from haoma.storage.foreign import FAULTS, foreign_engine

__all__ = ["Customers", "Orders", "SqlCrm"]

_ABSENT = ("", "0", "f", "false", "no", "n")
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)


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
        self._engine = foreign_engine(url, timeout_s)
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
        except FAULTS as error:
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
