"""What the log and the key store say of a request for approval, before it is run.

Rules held here:
- Who requested it, who approved it in which role, and that its run has begun is what entries of the log say, proved to
  be in the tree or waiting; rows that a hand wrote say nothing. It is good no longer than its action allows.
- What was run, refused or withdrawn is noted in the key store, and never runs again, whatever its row has come to say:
  a hand in the database, or an older backup of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from haoma.access.approval import Approval
from haoma.access.needs import NEEDS
from haoma.errors import NotFound, Tampered
from haoma.ledger.entry import Entry
from haoma.lineage.check import LedgerProofs
from haoma.storage import Store

__all__ = ["Ends", "begun_by", "require_told"]


class Ends(Protocol):
    """What has ended for good, kept where nobody who writes to the database of the data can change it."""

    def note(self, ended_id: str, why: str, /) -> None:
        """Keep that this has ended."""

    def why(self, ended_id: str, /) -> str:
        """Why this has ended; empty where it has not."""


def require_told(store: Store, ends: Ends, found: Approval) -> None:
    """Raise Tampered where a request that counts as approved, or as begun, is not what was requested and approved.

    Reads an entry for the request and for each approval.
    """
    if ended := ends.why(found.id):
        raise _tampered(f"this request counts as {found.state}, and it is {ended} already")
    if found.expires_at > found.requested_at + NEEDS[found.action].good_for:
        raise _tampered("a request is good for longer than its action allows")
    proofs = LedgerProofs(store)
    _require(proofs, found, found.entry_id, found.requester, found.requested_at, "requested")
    for vote in found.votes:
        _require(proofs, found, vote.entry_id, vote.person, vote.at, "approved", role=str(vote.role))
    if found.state == "running":
        _require(proofs, found, found.begun_entry_id, None, None, "running")


def begun_by(store: Store, found: Approval) -> str:
    """Who began the run of a request that counts as running, as the log says; empty where it says nothing."""
    entry = _entry(LedgerProofs(store), found.begun_entry_id)
    return "" if entry is None else str(entry.body["by"])


def _require(
    proofs: LedgerProofs,
    found: Approval,
    entry_id: int | None,
    by: str | None,
    at: datetime | None,
    to: str,
    **more: str,
) -> None:
    entry = _entry(proofs, entry_id)
    said = {"approval": found.id, "action": found.action, "digest": found.digest, "to": to, **more}
    same = entry is not None and entry.type == "access.approval"
    if entry is None or not same or {**entry.body, "by": ""} != {**said, "by": ""}:
        raise _tampered(f"no entry of the log says that this was {to} as its row has it")
    if by is not None and (entry.body["by"], entry.at) != (by, at):
        raise _tampered(f"another one {to} this, or at another time, than its row has it")


def _entry(proofs: LedgerProofs, entry_id: int | None) -> Entry | None:
    try:
        return None if entry_id is None else proofs.found(entry_id).entry
    except NotFound:
        return None


def _tampered(message: str) -> Tampered:
    return Tampered(message, hint="nothing of it is run; keep this database as it is, and audit the log")
