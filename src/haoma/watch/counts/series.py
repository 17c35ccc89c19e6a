"""What hotlines and further counts are called, and the numbers that stand for them.

Rules held here:
- A name belongs to a tenant: two tenants that use the same one have two hotlines, and neither learns of the other's.
- A hotline is called by the UID of one of the tenant's own in the registry, or by a free name. What holds seven digits
  one after another, in figures or in Chinese numerals, could be a phone number and is no free name; a UID that is not
  the tenant's own is none either.
- A number that was given out stands for its hotline for ever.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from haoma.access.model import holds_number
from haoma.access.tables import tenants
from haoma.errors import BadInput, NotFound
from haoma.guard.registry.tables import hotlines as registered
from haoma.guard.registry.tables import organisations
from haoma.storage import quick
from haoma.watch.counts import tables
from haoma.watch.counts.model import COUNTS, LONGEST_NAME, MOST_HOTLINES, MOST_SIGNALS

__all__ = ["Series", "every_series", "free_name", "is_uid", "series_of", "signals_of", "tenant_named"]

_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NUMERALS = str.maketrans("〇零○一二三四五六七八九幺壹贰貳叁參肆伍陆陸柒捌玖", "0001234567891122334566789")
_AT_ONCE = 256
_H, _S = tables.hotlines.c, tables.signals.c
_KNOWN = "SELECT name, series_id FROM watch_hotlines WHERE tenant_id = ? AND name IN ({marks})"
_ADD = "INSERT INTO watch_hotlines (tenant_id, name) VALUES (?, ?) ON CONFLICT (tenant_id, name) DO NOTHING"


class Series(NamedTuple):
    """A hotline that is counted: its number here, whose it is, and what it is called."""

    id: int
    tenant: str
    name: str


def is_uid(name: str) -> bool:
    """Whether a name has the form of a UID of the registry."""
    return _UID.fullmatch(name) is not None


def free_name(name: str) -> bool:
    """Whether this may be what a hotline or a further count is called, where it is no UID.

    >>> free_name("desk-east"), free_name("天猫 95588"), free_name("138 0013 8000"), free_name("")
    (True, True, False, False)
    >>> free_name("一号台"), free_name("一三八 零零一三 八零零零")
    (True, False)
    """
    bounded = 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()
    return bounded and unicodedata.is_normalized("NFC", name) and not holds_number(name.translate(_NUMERALS))


def series_of(tx: sa.Connection, tenant: str, names: Sequence[str]) -> dict[str, int]:
    """The numbers of a tenant's hotlines by name; new ones get one, and those that cannot be have none.

    Where there are as many as there may be, new ones have none either.
    """
    found = _known(tx, tenant, names)
    new = [name for name in names if name not in found]
    if not new:
        return found
    own = _own(tx, tenant, [name for name in new if is_uid(name)])
    good = [name for name in new if name in own or (not is_uid(name) and free_name(name))]
    if good:
        room = MOST_HOTLINES - int(quick(tx, "SELECT count(*) FROM watch_hotlines WHERE tenant_id = ?", tenant)[0][0])
        for name in good[: max(0, room)]:
            quick(tx, _ADD, tenant, name)
        found |= _known(tx, tenant, good)
    return found


def signals_of(tx: sa.Connection, tenant: str, names: Sequence[str], *, add: bool = True) -> dict[str, int]:
    """The place of each count among a tenant's signals; a further one that is new comes behind the others.

    Raises BadInput for a name that is none, and where there are more than eight.
    """
    rows = tx.execute(sa.select(_S.name, _S.signal).where(_S.tenant_id == tenant)).all()
    found = {name: place for place, name in enumerate(COUNTS)} | {row.name: row.signal for row in rows}
    for name in names if add else ():
        if name in found:
            continue
        if not free_name(name) or is_uid(name):
            message = f"a count has a name of 1 to {LONGEST_NAME} characters, and no phone number in it"
            raise BadInput(message, hint="inquiries, errors, or a word for what else is counted")
        if len(found) == MOST_SIGNALS:
            raise BadInput(f"more than {MOST_SIGNALS} counts of a hotline", hint="send those that tell something")
        found[name] = len(found)
        tx.execute(sa.insert(tables.signals).values(tenant_id=tenant, signal=found[name], name=name))
    return found


def every_series(tx: sa.Connection, tenant: str | None = None) -> list[Series]:
    """Every hotline that is counted, in the order of their numbers; of one tenant, by its id, or of all."""
    query = sa.select(_H.series_id, _H.tenant_id, _H.name).order_by(_H.series_id)
    rows = tx.execute(query if tenant is None else query.where(_H.tenant_id == tenant)).all()
    return [Series(*row) for row in rows]


def tenant_named(tx: sa.Connection, name: str | None) -> str:
    """The id of the tenant of this name, or of the only one where none is named; NotFound where there is none such."""
    query = sa.select(tenants.c.tenant_id)
    found = [str(one) for one in tx.scalars(query if name is None else query.where(tenants.c.name == name))]
    if name is None and len(found) > 1:
        raise BadInput("there are several tenants", hint="--tenant NAME says whose hotlines these are")
    if not found:
        hint = "haoma access people add --first makes the first person, and their tenant"
        raise NotFound("there is no tenant" if name is None else "there is no such tenant", hint=hint)
    return found[0]


def _known(tx: sa.Connection, tenant: str, names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in _parts(names):
        # Always as many marks: one statement that the database has prepared already.
        filled = [*part, *[part[-1]] * (_AT_ONCE - len(part))]
        sql = _KNOWN.format(marks=", ".join("?" * _AT_ONCE))
        found |= {str(name): int(id_) for name, id_ in quick(tx, sql, tenant, *filled, kinds=(str, int))}
    return found


def _own(tx: sa.Connection, tenant: str, uids: Sequence[str]) -> frozenset[str]:
    """Those of these UIDs that are hotlines of the tenant's organisations."""
    joined = registered.join(organisations, organisations.c.organisation_id == registered.c.organisation_id)
    query = sa.select(registered.c.hotline_id).select_from(joined).where(organisations.c.tenant_id == tenant)
    return frozenset(
        str(uid) for part in _parts(uids) for uid in tx.scalars(query.where(registered.c.hotline_id.in_(part)))
    )


def _parts(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE))
