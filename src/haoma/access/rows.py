"""Reading people and their roles inside a transaction.

Rules held here:
- Only who is active can ask for anything; roles count from the moment they are granted to the moment they are revoked.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.model import Asker, Role, conflicting
from haoma.errors import BadInput, NotFound, Refused
from haoma.storage import Time, quick

__all__ = [
    "ACTIVE",
    "HELD",
    "PERSON",
    "PERSON_KINDS",
    "Person",
    "asker_of",
    "one_person",
    "person_by_login",
    "person_named",
    "person_of",
    "recognised",
    "roles_of",
    "sound_roles",
    "tenant_id_of",
]

ACTIVE = "active"
_people = tables.people.c
PERSON = "p.person_id, p.tenant_id, p.login, p.name, p.state, p.created_at, r.role"
PERSON_KINDS = (str, str, str, str, str, int, str)
HELD = "LEFT JOIN access_roles r ON r.person_id = p.person_id AND r.revoked_at IS NULL"
_WITH_ROLES = f"SELECT {PERSON} FROM access_people p {HELD} WHERE p.person_id = ?"  # noqa: S608 - names of ours alone


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff. `state` is invited, active, suspended or gone."""

    id: str
    tenant: str
    login: str
    name: str
    state: str
    created_at: datetime
    roles: tuple[Role, ...]


def roles_of(tx: sa.Connection, person_id: str) -> frozenset[Role]:
    """The roles that a person holds now."""
    held = tables.roles.c
    query = sa.select(held.role).where(held.person_id == person_id, held.revoked_at.is_(None))
    return frozenset(Role(role) for role in tx.scalars(query))


def one_person(tx: sa.Connection, person_id: str) -> Person:
    """The person with this id; NotFound where there is none, BadInput where it is no id."""
    try:
        uuid.UUID(person_id)
    except ValueError:
        raise BadInput("this is no person's id", hint="haoma access people list shows them") from None
    rows = quick(tx, _WITH_ROLES, person_id, kinds=PERSON_KINDS)
    if not rows:
        raise NotFound("there is no such person", hint="haoma access people list shows who is there")
    return person_of(rows)


def person_of(rows: Sequence[tuple[Any, ...]]) -> Person:
    """The person in the cells of `PERSON`, of which there is a row for each role."""
    id_, tenant, login, name, state, created_at, _ = rows[0]
    roles = tuple(sorted({Role(role) for *_, role in rows if role is not None}))
    return Person(id_, tenant, login, name, state, Time.read(created_at), roles)


def person_by_login(tx: sa.Connection, login: str) -> Person | None:
    """The person who signs in so; None where nobody does."""
    found = tx.scalar(sa.select(_people.person_id).where(_people.login == login))
    return None if found is None else one_person(tx, found)


def person_named(tx: sa.Connection, name: str) -> Person:
    """The person with this login, or this id; NotFound where there is none."""
    return person_by_login(tx, name) or one_person(tx, name)


def tenant_id_of(tx: sa.Connection, name: str) -> str:
    """The id of the tenant that subject tokens call so; empty where nobody here is of it."""
    known = tables.tenants.c
    return str(tx.scalar(sa.select(known.tenant_id).where(known.name == name)) or "")


def asker_of(tx: sa.Connection, person_id: str, methods: frozenset[str]) -> Asker:
    """A person who was recognised, with the roles that count now; raises Refused where they are not active."""
    return recognised(one_person(tx, person_id), methods)


def recognised(person: Person, methods: frozenset[str]) -> Asker:
    """A person who was recognised so; raises Refused where they are not active."""
    if person.state != ACTIVE:
        raise Refused("this person is not active here", hint="a system administrator knows more")
    return Asker(person.id, person.id, person.tenant, sound_roles(person), methods)


def sound_roles(person: Person) -> frozenset[Role]:
    """The roles that count: none where two of those held exclude one another, which only a hand could bring about."""
    return frozenset() if conflicting(person.roles) else frozenset(person.roles)
