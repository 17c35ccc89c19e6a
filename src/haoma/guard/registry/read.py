"""What the registry says now, and said at any time: organisations, hotlines, and whose a number is or was.

Rules held here:
- Asking changes nothing, and answers in one order: organisations by name, hotlines by organisation and number.
- A row that no change of haoma's can have left behind is Tampered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from haoma.errors import BadInput, NotFound, Tampered
from haoma.guard.model import Names, Purpose
from haoma.guard.registry import tables
from haoma.guard.registry.model import Hotline, Organisation
from haoma.ledger.written import as_written
from haoma.storage import json_in

__all__ = ["every_hotline", "hotlines", "hotlines_where", "known", "one_hotline", "one_organisation", "organisations"]

_O, _H = tables.organisations.c, tables.hotlines.c
_HOTLINES = (
    sa.select(tables.hotlines)
    .join(tables.organisations, _O.organisation_id == _H.organisation_id)
    .order_by(_O.name, _H.uri, _H.valid_from, _H.hotline_id)
)


def organisations(tx: sa.Connection) -> list[Organisation]:
    """Every organisation of the registry, whoever's it is."""
    rows = tx.execute(sa.select(tables.organisations).order_by(_O.name, _O.organisation_id)).all()
    return [_organisation(row) for row in rows]


def hotlines(tx: sa.Connection, at: datetime | None = None, organisation: str | None = None) -> list[Hotline]:
    """The hotlines that are valid at a moment, or now; of one organisation, by its UID, or of all."""
    return [one for one in every_hotline(tx, organisation) if one.valid_at(at or datetime.now(UTC))]


def every_hotline(tx: sa.Connection, organisation: str | None = None) -> list[Hotline]:
    """Every hotline that there is or was, retired and coming ones too."""
    query = _HOTLINES if organisation is None else _HOTLINES.where(_H.organisation_id == organisation)
    return _hotlines(tx.execute(query).all())


def known(tx: sa.Connection, uri: str) -> list[Hotline]:
    """Every hotline that has, had or is to have this number (RFC 3966), whoever's it is."""
    return hotlines_where(tx, _H.uri == uri)


def hotlines_where(tx: sa.Connection, which: sa.ColumnElement[bool]) -> list[Hotline]:
    """The hotlines whose rows are such."""
    return _hotlines(tx.execute(_HOTLINES.where(which)).all())


def one_hotline(tx: sa.Connection, uid: str) -> Hotline:
    """The hotline with this UID; NotFound where there is none."""
    found = hotlines_where(tx, _H.hotline_id == uid)
    if not found:
        raise NotFound("there is no such hotline", hint="haoma hotline list shows them")
    return found[0]


def one_organisation(among: Sequence[Organisation], name: str) -> Organisation:
    """The organisation of this name, alias or UID; NotFound where there is none, BadInput where there are several."""
    by_name = [one for one in among if name in (one.uid, one.names.name)]
    found = by_name or [one for one in among if name in one.names.aliases]
    if not found:
        raise NotFound("there is no such organisation", hint="haoma hotline organisation list shows them")
    if len(found) > 1:
        raise BadInput(f"{len(found)} organisations are called so", hint="name one by its UID")
    return found[0]


def _organisation(row: sa.Row[Any]) -> Organisation:
    with as_written("an organisation of the registry"):
        names = Names(row.name, _texts(row.aliases), _texts(row.domains))
        return Organisation(row.organisation_id, names, row.tenant_id, row.version)


def _hotlines(rows: Sequence[sa.Row[Any]]) -> list[Hotline]:
    return [_hotline(row) for row in rows]


def _hotline(row: sa.Row[Any]) -> Hotline:
    with as_written("a hotline of the registry"):
        purposes = _texts(row.purposes)
        if not set(purposes) <= set(Purpose):
            raise Tampered("a hotline has a purpose that there is none of", hint="haoma hotline audit names the row")
        return Hotline(
            uid=row.hotline_id,
            organisation=row.organisation_id,
            uri=row.uri,
            purposes=frozenset(Purpose(one) for one in purposes),
            channels=_texts(row.channels),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            owner=row.owner,
            shared=row.shared,
            mobile=row.mobile,
            version=row.version,
            fact=row.number_fact,
        )


def _texts(cell: str) -> tuple[str, ...]:
    return tuple(str(one) for one in json_in(cell, list))
