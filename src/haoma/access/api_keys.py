"""Keys of machines: bearer tokens, shared secrets and public keys to sign requests with, each scoped and expiring.

Rules held here:
- A key acts in one role of its owner's, for the actions it was made for, and never longer than 400 days. It is dead
  when it is revoked, when it expires, and when its owner is suspended or loses the role.
- A secret is shown once. A bearer token is stored as a digest; a shared secret is sealed, for verifying needs it again.
- No machine has an administrator's or an approver's role.
"""

from __future__ import annotations

import json
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.entries import tell
from haoma.access.fields import ACTIONS
from haoma.access.gate import Gate, Thing
from haoma.access.model import MACHINE_ROLES, Asker, Role, holds_number
from haoma.access.rows import HELD, PERSON, PERSON_KINDS, asker_of, one_person, person_of, recognised
from haoma.access.secret import Sealing, digest_of, new_token
from haoma.errors import BadInput, Conflict, NotFound, Refused
from haoma.storage import Time, json_in, quick
from haoma.storage.faults import explaining

__all__ = [
    "KEY_PURPOSE",
    "KINDS",
    "LONGEST_LIFE",
    "ApiKey",
    "ApiKeys",
    "draft_key",
    "live_key",
    "machine_of",
    "one_key",
]

KINDS = ("bearer", "hmac-sha256", "ed25519")
LONGEST_LIFE = timedelta(days=400)
SHARED_BYTES = 32
KEY_PURPOSE = "access/key/"
MOST_KNOWN = 1024
_NAME = re.compile(r"[a-z][a-z0-9 ._-]{0,99}", re.ASCII)
_keys = tables.keys.c
_COLUMNS = ("key_id", "owner_id", "name", "kind", "role", "scopes", "created_at", "expires_at", "revoked_at")
_KINDS = (str, str, str, str, str, str, int, int, int)
_KEYS = f"SELECT {', '.join(_COLUMNS)} FROM access_keys"  # noqa: S608 - names of ours alone
_NAMED = f"{_KEYS} WHERE key_id = ?"
_SHOWN = f"""SELECT {", ".join(f"k.{name}" for name in _COLUMNS)}, {PERSON}
 FROM access_keys k JOIN access_people p ON p.person_id = k.owner_id {HELD} WHERE k.digest = ?"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without what is secret of it."""

    id: str
    owner: str
    name: str
    kind: str
    role: Role
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class ApiKeys:
    """The keys of one store."""

    def __init__(self, gate: Gate, sealing: Sealing) -> None:
        self._gate = gate
        self._sealing = sealing

    def make(
        self, asker: Asker, draft: ApiKey, now: datetime, *, public_key: bytes | None = None
    ) -> tuple[ApiKey, str | None]:
        """Make a key as drafted (see `draft`); returns it and its secret, which is shown this once.

        An ed25519 key brings the 32 bytes of its public key, and has no secret here.
        """
        _check(draft, public_key, now)
        row, secret = self._row(draft, public_key)
        with self._gate.store.read() as tx:
            thing = Thing("key", one_person(tx, draft.owner).tenant)

        def work(tx: sa.Connection) -> tuple[ApiKey, str | None]:
            if draft.role not in asker_of(tx, draft.owner, frozenset()).roles:
                raise Conflict(
                    f"the owner of the key does not hold the role {draft.role}", hint="grant it to them first"
                )
            tx.execute(sa.insert(tables.keys).values(**row))
            told = {"key": draft.id, "owner": draft.owner, "by": asker.id}
            tell(tx, self._gate.log, "access.key", now, **told, change="made")
            return draft, secret

        return self._gate.change(asker, "make-key", thing, now, work)

    def revoke(self, asker: Asker, key_id: str, now: datetime) -> None:
        """End a key at once."""
        with self._gate.store.read() as tx:
            key = one_key(tx, key_id)
            thing = Thing("key", one_person(tx, key.owner).tenant)

        def work(tx: sa.Connection) -> None:
            alive = sa.and_(_keys.key_id == key_id, _keys.revoked_at.is_(None))
            if not tx.execute(sa.update(tables.keys).where(alive).values(revoked_at=now)).rowcount:
                raise Conflict("this key was revoked already")
            told = {"key": key_id, "owner": key.owner, "by": asker.id}
            tell(tx, self._gate.log, "access.key", now, **told, change="revoked")

        self._gate.change(asker, "revoke-key", thing, now, work)

    def all(self, asker: Asker, now: datetime) -> list[ApiKey]:
        """The keys of the asker's tenant, the oldest first."""
        self._gate.ask(asker, "see", Thing("key", asker.tenant, "scopes"), now).require()
        owners = tables.keys.join(tables.people, tables.people.c.person_id == _keys.owner_id)
        theirs = tables.people.c.tenant_id == asker.tenant
        query = (
            sa.select(*(_keys[name] for name in _COLUMNS)).select_from(owners).where(theirs).order_by(_keys.created_at)
        )
        with self._gate.store.read() as tx:
            return [_key(tuple(row)) for row in tx.execute(query).all()]

    def asker(self, token: str, now: datetime) -> Asker:
        """The machine that shows a bearer token; raises Refused where that is dead or none."""
        store = self._gate.store
        with explaining(store.name):
            rows = store.rows(_SHOWN, digest_of(token), kinds=(*_KINDS, *PERSON_KINDS))
            if not rows:
                raise _dead()
            key, machine = _shown(tuple(rows))
            _live(key, now)
        return machine

    def _row(self, draft: ApiKey, public_key: bytes | None) -> tuple[dict[str, object], str | None]:
        row: dict[str, object] = {
            "key_id": draft.id,
            "owner_id": draft.owner,
            "name": draft.name,
            "kind": draft.kind,
            "role": str(draft.role),
            "scopes": json.dumps(draft.scopes),
            "created_at": draft.created_at,
            "expires_at": draft.expires_at,
        }
        if draft.kind == "ed25519":
            return row | {"public_key": public_key}, None
        if draft.kind == "bearer":
            token = new_token("key")
            return row | {"digest": digest_of(token)}, token
        shared = secrets.token_bytes(SHARED_BYTES)
        return row | {"sealed": self._sealing.seal(shared, KEY_PURPOSE + draft.id)}, shared.hex()


def draft_key(
    owner: str, name: str, kind: str, role: Role, scopes: Sequence[str], now: datetime, *, days: int = 90
) -> ApiKey:
    """A key to be made, good for so many days."""
    names = tuple(sorted(set(scopes)))
    return ApiKey(str(uuid.uuid4()), owner, name, kind, role, names, now, now + timedelta(days=days), None)


def one_key(tx: sa.Connection, key_id: str) -> ApiKey:
    """The key with this id; NotFound where there is none."""
    found = _found(tx, _NAMED, key_id)
    if found is None:
        raise NotFound("there is no such key", hint="haoma access keys list shows them")
    return found


def live_key(tx: sa.Connection, key_id: str, now: datetime) -> ApiKey:
    """The key with this id, where it is good now; raises Refused in the same words for every other one."""
    return _live(_found(tx, _NAMED, key_id), now)


def machine_of(tx: sa.Connection, key: ApiKey, method: str) -> Asker:
    """The machine that a key stands for; without a role where its owner has lost that."""
    return _machine(key, asker_of(tx, key.owner, frozenset()), method)


def _machine(key: ApiKey, owner: Asker, method: str) -> Asker:
    return Asker(key.id, key.owner, owner.tenant, owner.roles & {key.role}, frozenset({method}), frozenset(key.scopes))


@lru_cache(maxsize=MOST_KNOWN)
def _shown(rows: tuple[tuple[Any, ...], ...]) -> tuple[ApiKey, Asker]:
    """The key in the cells of `_SHOWN`, and the machine that it is; raises Refused where its owner is not active.

    They are read anew for each request; cells that were taken apart once are not taken apart again.
    """
    own = len(_KINDS)
    key = _read(rows[0][:own])
    return key, _machine(key, recognised(person_of([row[own:] for row in rows]), frozenset()), "key")


def _found(tx: sa.Connection, sql: str, by: str | bytes) -> ApiKey | None:
    rows = quick(tx, sql, by, kinds=_KINDS)
    return _read(rows[0]) if rows else None


def _read(row: tuple[Any, ...]) -> ApiKey:
    """The key in the cells of `_COLUMNS`, as the driver has them."""
    *told, created_at, expires_at, revoked_at = row
    ended = None if revoked_at is None else Time.read(revoked_at)
    return _key((*told, Time.read(created_at), Time.read(expires_at), ended))


def _live(key: ApiKey | None, now: datetime) -> ApiKey:
    if key is None or key.revoked_at is not None or not key.created_at <= now < key.expires_at:
        raise _dead()
    return key


def _dead() -> Refused:
    return Refused("this key is not known, or good no more", hint="a security administrator makes keys")


def _key(row: tuple[Any, ...]) -> ApiKey:
    """The key in the cells of `_COLUMNS`, with times that were read."""
    id_, owner, name, kind, role, scopes, created_at, expires_at, revoked_at = row
    names = tuple(json_in(scopes, list))
    return ApiKey(id_, owner, name, kind, Role(role), names, created_at, expires_at, revoked_at)


def _check(draft: ApiKey, public_key: bytes | None, now: datetime) -> None:
    if draft.kind not in KINDS or (draft.kind == "ed25519") != (public_key is not None and len(public_key) == 32):
        raise BadInput("this is no kind of key", hint=f"{', '.join(KINDS)}; ed25519 with a public key of 32 bytes")
    if not _NAME.fullmatch(draft.name) or holds_number(draft.name):
        raise BadInput("this is no name of a key", hint="1 to 100 of a-z, 0-9, space, ., _ and -; no phone number")
    if draft.role not in MACHINE_ROLES:
        raise BadInput(f"no machine is {draft.role}", hint=f"roles of machines: {', '.join(sorted(MACHINE_ROLES))}")
    if not draft.scopes or not set(draft.scopes) <= ACTIONS.keys():
        raise BadInput("a key is made for actions that there are", hint=f"actions: {', '.join(ACTIONS)}")
    if not now < draft.expires_at <= now + LONGEST_LIFE:
        raise BadInput("a key lives for 1 to 400 days", hint="make a new one before it ends")
