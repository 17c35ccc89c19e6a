"""A request that takes four eyes, as it is kept: its bytes, who approved them, and what running it does.

Rules held here:
- A request is RFC 8785 canonical JSON of its id, action, tenant, payload and a salt; its SHA-256 is what approvers
  approve and what is recomputed whenever it is read. Bytes that are not those are Tampered.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.model import Asker, Role
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json
from haoma.storage import json_in

__all__ = ["Approval", "Effect", "Vote", "approval_row", "one_approval"]

LONGEST_PAYLOAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Vote:
    """One approval of a request, by whom and in which role; `entry_id` is the entry of the log that says so."""

    person: str
    role: Role
    at: datetime
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as it stands; `digest` is what approvers name when they approve it.

    `entry_id` and `begun_entry_id` are the entries of the log that say that it was requested, and that its run began.
    """

    id: str
    tenant: str
    action: str
    payload: Json
    digest: str
    requester: str
    requested_at: datetime
    expires_at: datetime
    state: str
    votes: tuple[Vote, ...]
    begun: Json = None
    entry_id: int | None = None
    begun_entry_id: int | None = None
    shown: Json = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Effect:
    """What running an action does. `inside` changes this database; `outside`, before it, all else, repeatably.

    What `inside` returns is `Approval.shown` of the one run that did it; where it `shows` what only the requester may
    see, they alone run it. `check` refuses a payload, when it is requested and when it is run; `found` tells what
    there is when a run begins, a count, which is kept as `Approval.begun` for `outside` and `inside`.
    """

    inside: Callable[[sa.Connection, Approval, datetime], Json]
    outside: Callable[[Approval], None] | None = None
    check: Callable[[sa.Connection, Approval], None] | None = None
    found: Callable[[Approval], Json] | None = None
    shows: bool = False


def approval_row(asker: Asker, action: str, payload: Json, now: datetime, good_for: timedelta) -> Mapping[str, object]:
    """A new request as its row, under an id of its own; raises BadInput where the payload is too long."""
    approval_id = str(uuid.uuid4())
    salted = {"action": action, "approval": approval_id, "payload": payload, "tenant": asker.tenant}
    text = canonical(salted | {"salt": secrets.token_hex(16)})
    if len(text) > LONGEST_PAYLOAD:
        raise BadInput(f"the payload is longer than {LONGEST_PAYLOAD:,} bytes", hint="name a file by its digest")
    return {
        "approval_id": approval_id,
        "tenant_id": asker.tenant,
        "action": action,
        "payload": text,
        "digest": hashlib.sha256(text).hexdigest(),
        "requester": asker.person,
        "requested_at": now,
        "expires_at": now + good_for,
        "state": "requested",
        "version": 0,
    }


def one_approval(tx: sa.Connection, approval_id: str, *, lock: bool = False) -> Approval:
    """A request with its votes; raises Tampered where its bytes are not those of its digest."""
    query = sa.select(tables.approvals).where(tables.approvals.c.approval_id == approval_id)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound("there is no such request", hint="haoma access approve list shows what waits")
    text = bytes(row.payload)
    cast = sa.select(tables.votes).where(tables.votes.c.approval_id == approval_id).order_by(tables.votes.c.at)
    votes = tx.execute(cast).all()
    told = json.loads(text) if hashlib.sha256(text).hexdigest() == row.digest else {}
    same = told.get("approval") == row.approval_id and (told.get("action"), told.get("tenant")) == (
        row.action,
        row.tenant_id,
    )
    if not same or any(vote.digest != row.digest for vote in votes):
        raise Tampered("a request is not what was requested", hint="nothing of it is run; audit the log")
    return Approval(
        id=row.approval_id,
        tenant=row.tenant_id,
        action=row.action,
        payload=told["payload"],
        digest=row.digest,
        requester=row.requester,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        state=row.state,
        votes=tuple(Vote(vote.person_id, Role(vote.role), vote.at, vote.entry_id) for vote in votes),
        begun=json_in(row.begun, int) if row.begun else None,
        entry_id=row.entry_id,
        begun_entry_id=row.begun_entry_id,
    )
