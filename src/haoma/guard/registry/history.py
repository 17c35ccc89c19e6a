"""How the registry came to be what it is: every change, and whether that, the log and the present agree.

Rules held here:
- The changes of a thing count up from 1 and each says all of what it left behind: the last one is what is there now.
- Each change is what its Entry in the log commits to, and each Entry has its change. Whoever puts in, takes away or
  edits a row by hand is told as Tampered, by the first that differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.access import tables as access
from haoma.errors import NotFound, Tampered
from haoma.guard.registry import tables
from haoma.guard.registry.applying import change_content
from haoma.guard.registry.entries import CHANGED
from haoma.guard.registry.read import every_hotline, organisations
from haoma.guard.registry.states import hotline_state, organisation_state
from haoma.ledger.commitment import Commitment, Commitments
from haoma.ledger.forms import Json
from haoma.ledger.scan import scan
from haoma.ledger.written import as_written
from haoma.storage import json_in

__all__ = ["Audited", "Past", "audit_registry", "history"]

_P = tables.changes.c
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Past:
    """One change: what it left behind, who asked for it and who approved it (by login), why, and its Entry's id."""

    version: int
    change: str
    at: datetime
    state: dict[str, Json]
    reason: str
    requested_by: str
    approved_by: tuple[str, ...]
    approval: str
    fact: int
    entry: int


@dataclass(frozen=True, slots=True)
class Audited:
    """How many organisations, hotlines and changes were held to the log."""

    organisations: int
    hotlines: int
    changes: int


def history(tx: sa.Connection, uid: str, tenant: str) -> list[Past]:
    """Every change of a thing, the first one first; NotFound where there is none of this tenant."""
    rows = tx.execute(sa.select(tables.changes).where(_P.object_id == uid).order_by(_P.version)).all()
    if not rows or _tenant_of(tx, uid) != tenant:
        raise NotFound("there is nothing of this UID", hint="haoma hotline list shows what there is")
    with as_written("a change of the registry"):
        people = {str(one) for row in rows for one in (row.requested_by, *json_in(row.approved_by, list))}
        names = _logins(tx, people)
        return [_past(row, names) for row in rows]


def audit_registry(tx: sa.Connection, commitments: Commitments) -> Audited:
    """Hold changes to the log, the log to the changes, and what is there now to the changes.

    Reads the whole log. Raises Tampered with the first that differs.
    """
    told = dict(_told(tx))
    last: dict[str, tuple[int, str]] = {}
    count = 0
    query = sa.select(tables.changes).order_by(_P.change_id)
    with tx.execute(query, execution_options={"yield_per": AT_ONCE}) as rows:
        for row in rows:
            with as_written(f"change {row.change_id} of the registry"):
                if told.pop(row.entry_id, None) != _body(row) or not _stands(row, commitments):
                    raise _differs(f"change {row.change_id} of the registry is not what was recorded")
                if row.version != last.get(row.object_id, (0, ""))[0] + 1:
                    raise _differs(f"a change of {row.object_id} is gone")
            last[row.object_id] = row.version, row.state
            count += 1
    if told:
        raise _differs(f"the change that entry {min(told)} tells of is gone")
    companies, hotlines = organisations(tx), every_hotline(tx)
    present = {one.uid: (one.version, organisation_state(one)) for one in companies}
    present |= {one.uid: (one.version, hotline_state(one)) for one in hotlines}
    for uid in sorted(present.keys() | last.keys()):
        version, state = last.get(uid, (0, "{}"))
        if present.get(uid) != (version, json_in(state, dict)):
            raise _differs(f"{uid} in the registry is not what its last change left behind")
    return Audited(len(companies), len(hotlines), count)


def _told(tx: sa.Connection) -> Iterator[tuple[int, dict[str, Json]]]:
    for one in scan(tx, lambda data: b'"type":"registry.changed"' in data):
        if one.entry.type == CHANGED:
            yield one.entry_id, dict(one.entry.body)


def _body(row: sa.Row[Any]) -> dict[str, Json]:
    """What the Entry of a change says, as the change has it."""
    said: dict[str, Json] = {"object": row.object_id, "kind": row.kind, "change": row.change, "version": row.version}
    return said | {"approval": row.approval_id, "by": row.requested_by, "row": row.commitment}


def _stands(row: sa.Row[Any], commitments: Commitments) -> bool:
    return commitments.opens(Commitment.parse(row.commitment), change_content(dict(row._mapping)))  # noqa: SLF001


def _past(row: sa.Row[Any], names: dict[str, str]) -> Past:
    approved = tuple(names.get(str(one), str(one)) for one in json_in(row.approved_by, list))
    return Past(
        version=row.version,
        change=row.change,
        at=row.at,
        state=json_in(row.state, dict),
        reason=row.reason,
        requested_by=names.get(row.requested_by, row.requested_by),
        approved_by=approved,
        approval=row.approval_id,
        fact=row.fact_id,
        entry=row.entry_id,
    )


def _tenant_of(tx: sa.Connection, uid: str) -> str | None:
    companies, hotlines = tables.organisations.c, tables.hotlines.c
    own = tx.scalar(sa.select(companies.tenant_id).where(companies.organisation_id == uid))
    joined = tables.hotlines.join(tables.organisations, companies.organisation_id == hotlines.organisation_id)
    query = sa.select(companies.tenant_id).select_from(joined).where(hotlines.hotline_id == uid)
    found = own or tx.scalar(query)
    return None if found is None else str(found)


def _logins(tx: sa.Connection, people: set[str]) -> dict[str, str]:
    known = access.people.c
    query = sa.select(known.person_id, known.login).where(known.person_id.in_(sorted(people)))
    return {str(person): str(login) for person, login in tx.execute(query)}


def _differs(message: str) -> Tampered:
    return Tampered(message, hint="keep this database as it is; haoma ledger audit tells whether the log still stands")
