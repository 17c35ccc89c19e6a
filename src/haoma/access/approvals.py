"""Four eyes: what was requested is approved by others, mostly two in two roles, and exactly that is run, once.

    requested ──approve ──► approved ──run──► running ──► done
        │ refuse, withdraw        │ withdraw
        ▼                         ▼                            each of them expires where it is not run in time
    refused, withdrawn        withdrawn

Rules held here:
- Nothing is run that is not what was approved, byte for byte (`approval`), by whom the log says it was (`told`).
- Approvers are as many people in as many roles as `needs` asks for, two or one, and none is the requester, whatever
  they are administrators of. They count while they are active and hold that role: also when it is run.
- It is run once. Where the effect is in this database, it is one transaction with the change to `done`. An effect
  outside comes first, under a lock that dies with its process; it can be repeated, and a run that was killed between
  is `running` until the next takes it up: with what it had found when it began, and whoever was suspended meanwhile.
  That takes no longer than ends are known; what `lapses` (`needs`) can be taken up until it expires, as long as its
  approvers count, and by who began it alone: it may have had its effect. The log is told who takes it up, each time.
- What an effect shows is shown to who requested it alone, if they still may ask for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.approval import Approval, Effect, approval_row, one_approval
from haoma.access.entries import tell
from haoma.access.gate import Gate, Thing
from haoma.access.model import Asker, Role
from haoma.access.needs import NEEDS
from haoma.access.rows import ACTIVE, one_person, sound_roles
from haoma.access.told import Ends, begun_by, require_told
from haoma.errors import BadInput, Conflict, Refused, Tampered, Unavailable
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json
from haoma.vault.ends import ENDS_KEPT

__all__ = ["Approvals"]

WAIT_S = 10.0
_approvals = tables.approvals.c
_LAPSING = [action for action, need in NEEDS.items() if need.lapses]
_STANDS = {
    "requested": ("waits for approvals", "others approve it: haoma access approve yes"),
    "approved": ("is approved", "who requested it runs it: haoma access approve run"),
    "running": ("is running", "who requested it brings it to its end: haoma access approve run"),
}


class Approvals:
    """The requests of one store. `effects` are the actions that can be run here; `ends` keeps what is over."""

    def __init__(self, gate: Gate, effects: Mapping[str, Effect], ends: Ends) -> None:
        self._gate = gate
        self._store = gate.store
        self._effects = effects
        self._ends = ends

    def request(self, asker: Asker, action: str, payload: Json, now: datetime) -> Approval:
        """Ask for an action with this payload, which holds tokens and no numbers of customers."""
        need = NEEDS.get(action)
        if need is None:
            raise BadInput("this action needs no approval", hint=f"actions that do: {', '.join(NEEDS)}")
        row = approval_row(asker, action, payload, now, need.good_for)

        def work(tx: sa.Connection) -> Approval:
            if not asker.roles & need.request:
                raise Refused(f"{action} is requested by {', '.join(sorted(need.request))}", hint=need.reason)
            tx.execute(sa.insert(tables.approvals).values(**row))
            found = one_approval(tx, str(row["approval_id"]))
            self._check(tx, found)
            entry_id = self._tell(tx, found, asker, "requested", now)
            tx.execute(sa.update(tables.approvals).where(_approvals.approval_id == found.id).values(entry_id=entry_id))
            return replace(found, entry_id=entry_id)

        return self._gate.change(asker, action, _thing(action, asker.tenant, payload), now, work)

    def approve(self, asker: Asker, approval_id: str, role: Role, digest: str, now: datetime) -> Approval:
        """Approve what has this digest, in one of the asker's roles.

        Raises Refused for one's own request, a role that is not theirs or does not approve this; Conflict where the
        request is over, the person or the role has approved it already, or the digest is another one.
        """

        def work(tx: sa.Connection) -> Approval:
            found = self._locked(tx, approval_id, now, {"requested"}, lambda one: _may_vote(asker, one, role))
            if not secrets.compare_digest(digest.encode("utf-8", "replace"), found.digest.encode()):
                raise Conflict("the request has another digest", hint="look at it again: approve what you have read")
            if any(vote.person == asker.person or vote.role is role for vote in found.votes):
                hint = "it takes another person, in another role"
                raise Conflict("this person or this role has approved it already", hint=hint)
            entry_id = self._tell(tx, found, asker, "approved", now, role=str(role))
            row = {"approval_id": found.id, "person_id": asker.person, "role": str(role), "digest": digest, "at": now}
            tx.execute(sa.insert(tables.votes).values(**row, entry_id=entry_id))
            enough = len(found.votes) + 1 >= NEEDS[found.action].approvers
            return self._set(tx, found, "approved" if enough else "requested")

        return self._gate.change(asker, "approve", Thing("approval", asker.tenant), now, work)

    def refuse(self, asker: Asker, approval_id: str, role: Role, now: datetime) -> Approval:
        """Refuse a request that waits: it is over."""

        def work(tx: sa.Connection) -> Approval:
            found = self._locked(tx, approval_id, now, {"requested"}, lambda one: _may_vote(asker, one, role))
            return self._to(tx, found, asker, "refused", now)

        return self._ended(self._gate.change(asker, "approve", Thing("approval", asker.tenant), now, work))

    def withdraw(self, asker: Asker, approval_id: str, now: datetime) -> Approval:
        """Take back a request of one's own that was not run."""

        def work(tx: sa.Connection) -> Approval:
            found = self._locked(
                tx, approval_id, now, {"requested", "approved"}, lambda one: _may_take_back(asker, one)
            )
            return self._to(tx, found, asker, "withdrawn", now)

        return self._ended(self._store.write(work))

    def run(self, asker: Asker, approval_id: str, now: datetime) -> Approval:
        """Run what was approved, once; returns it as `done`, with what it shows.

        Raises Conflict where it is not approved, over or done; Refused where an approver counts no more; Tampered where
        it is not what was approved; Unavailable where another process runs one.
        """
        with self._store.leader("access-approvals", wait_s=WAIT_S) as leads:
            if not leads:
                raise Unavailable("another process runs an approved request", hint="try again")
            thing = Thing("approval", asker.tenant)
            asked, begun = self._found(asker, approval_id, now)
            found = self._gate.change(
                asker, "run-approved", thing, now, lambda tx: self._begin(tx, asker, asked, begun, now)
            )
            effect = self._effects[found.action]
            if effect.outside is None:
                return self._ended(found)
            effect.outside(found)
            return self._ended(self._store.write(lambda tx: self._end(tx, asker, approval_id, now)))

    def one(self, asker: Asker, approval_id: str, now: datetime) -> Approval:
        """One request with its payload, for who is to approve it or has requested it."""
        with self._store.read() as tx:
            found = one_approval(tx, approval_id)
        if found.requester != asker.person:
            self._gate.ask(asker, "see", Thing("approval", found.tenant, "payload"), now).require()
        return found

    def waiting(self, asker: Asker, now: datetime) -> list[Approval]:
        """The requests of the asker's tenant that are not over, the oldest first."""
        self._gate.ask(asker, "see", Thing("approval", asker.tenant, "state"), now).require()
        waits = sa.and_(_approvals.state.in_(("requested", "approved")), _approvals.expires_at > now)
        # What has begun is shown until it is ended, however late, unless it lapses.
        lasts = sa.or_(_approvals.action.not_in(_LAPSING), _approvals.expires_at > now)
        begun = sa.and_(_approvals.state == "running", lasts)
        theirs = sa.and_(_approvals.tenant_id == asker.tenant, sa.or_(waits, begun))
        query = sa.select(_approvals.approval_id).where(theirs).order_by(_approvals.requested_at)
        with self._store.read() as tx:
            return [one_approval(tx, approval_id) for approval_id in tx.scalars(query).all()]

    def _found(self, asker: Asker, approval_id: str, now: datetime) -> tuple[Approval, Json]:
        """The request as the log has it, and what there is before a run begins: none of this transaction's."""
        with self._store.read() as tx:
            asked = one_approval(tx, approval_id)
        _of_tenant(asker, asked)
        if asked.state in {"approved", "running"}:
            require_told(self._store, self._ends, asked)
        lapsing = asked.state == "running" and NEEDS[asked.action].lapses
        if lapsing and asker.person in _theirs(asked) and begun_by(self._store, asked) != asker.id:
            message = "what one of them has begun is not begun anew by another"
            raise Refused(message, hint="who began it runs it again; or request it anew")
        effect = self._effects.get(asked.action)
        if effect is None:
            return asked, None
        if effect.shows:
            self._gate.ask(asker, asked.action, _thing(asked.action, asked.tenant, asked.payload), now).require()
        return asked, effect.found(asked) if effect.found and asked.state == "approved" else None

    def _begin(self, tx: sa.Connection, asker: Asker, asked: Approval, begun: Json, now: datetime) -> Approval:
        """Check all of it once more, and end it in this transaction where nothing is to do outside."""
        # Nobody runs it now: the lock is ours. One that is `running` was left by a process that died.
        found = self._locked(tx, asked.id, now, {"approved", "running"}, lambda one: _of_tenant(asker, one))
        if found != asked:
            raise Conflict("the request was changed meanwhile", hint="look at it again")
        if asker.person not in _theirs(found):
            raise Refused("a request is run by who requested or approved it", hint="ask one of them")
        effect = self._effects.get(found.action)
        if effect is None:
            raise Unavailable(
                f"{found.action} cannot be run here", hint="nothing was done; it can be run until it expires"
            )
        if effect.shows and asker.person != found.requester:
            raise Refused("what this shows is for who requested it", hint="they run it")
        self._still_approved(tx, found)
        self._check(tx, found)
        if effect.outside is None:
            shown = effect.inside(tx, found, now)
            return replace(self._to(tx, found, asker, "done", now), shown=shown)
        if found.state == "approved":
            return self._to(tx, found, asker, "running", now, begun=begun)
        self._tell(tx, found, asker, "running", now)
        return found

    def _end(self, tx: sa.Connection, asker: Asker, approval_id: str, now: datetime) -> Approval:
        found = one_approval(tx, approval_id, lock=True)
        if found.state != "running":
            raise Conflict(f"the request is {found.state}", hint="it was run once")
        shown = self._effects[found.action].inside(tx, found, now)
        return replace(self._to(tx, found, asker, "done", now), shown=shown)

    def _check(self, tx: sa.Connection, found: Approval) -> None:
        effect = self._effects.get(found.action)
        if effect is not None and effect.check is not None:
            effect.check(tx, found)

    def _locked(
        self, tx: sa.Connection, approval_id: str, now: datetime, states: set[str], may: Callable[[Approval], None]
    ) -> Approval:
        """A request in one of these states, for whom `may` lets: nobody else learns how it stands."""
        found = one_approval(tx, approval_id, lock=True)
        may(found)
        if found.state not in states:
            said, hint = _STANDS.get(found.state, (f"is {found.state}", "request it anew"))
            raise Conflict(f"the request {said}", hint=hint)
        if now >= found.expires_at and not _is_owed(found):
            raise Conflict("the request has expired", hint="request it anew")
        # Whether it has ended is not known any more: an older backup of the data may say `running` again.
        if now >= found.requested_at + ENDS_KEPT:
            raise Conflict("the request is too old to be brought to its end", hint="request it anew")
        return found

    def _still_approved(self, tx: sa.Connection, found: Approval) -> None:
        need = NEEDS[found.action]
        for vote in () if _is_owed(found) else found.votes:
            person = one_person(tx, vote.person)
            if person.state != ACTIVE or vote.role not in sound_roles(person) or vote.role not in need.approve:
                raise Refused("an approver is not active, or lost the role they approved in", hint="request it anew")
        people, roles = {vote.person for vote in found.votes}, {vote.role for vote in found.votes}
        if len(people - {found.requester}) < need.approvers or len(roles) < need.approvers:
            message = "a request counts as approved without as many people in as many roles as it takes"
            raise Tampered(message, hint="audit the log")

    def _to(
        self, tx: sa.Connection, found: Approval, asker: Asker, state: str, now: datetime, *, begun: Json = None
    ) -> Approval:
        """Bring a request to another state, and tell the log."""
        entry_id = self._tell(tx, found, asker, state, now)
        if state != "running":
            return self._set(tx, found, state, ended_at=now)
        kept = {} if begun is None else {"begun": canonical(begun).decode()}
        return self._set(tx, found, state, begun_entry_id=entry_id, **kept)

    def _set(self, tx: sa.Connection, found: Approval, state: str, **values: object) -> Approval:
        same = sa.and_(_approvals.approval_id == found.id, _approvals.state == found.state)
        changed = sa.update(tables.approvals).where(same)
        if not tx.execute(changed.values(state=state, version=_approvals.version + 1, **values)).rowcount:
            raise Conflict("the request was changed meanwhile", hint="look at it again")
        return one_approval(tx, found.id)

    def _ended(self, found: Approval) -> Approval:
        """Note, where no hand in the database reaches, that this is over."""
        self._ends.note(found.id, found.state)
        return found

    def _tell(self, tx: sa.Connection, found: Approval, asker: Asker, to: str, now: datetime, **more: str) -> int:
        body = {"approval": found.id, "by": asker.id, "action": found.action, "digest": found.digest, "to": to}
        return tell(tx, self._gate.log, "access.approval", now, **body, **more)


def _may_vote(asker: Asker, found: Approval, role: Role) -> None:
    need = NEEDS[found.action]
    if asker.person == found.requester:
        raise Refused("nobody approves or refuses what they requested", hint="others do; withdraw takes it back")
    if asker.tenant != found.tenant or role not in asker.roles or role not in need.approve:
        names = ", ".join(sorted(need.approve))
        raise Refused(f"{found.action} is approved by {names}, in a role that one holds", hint=need.reason)


def _is_owed(found: Approval) -> bool:
    """Whether it is half done, and so brought to its end however late: approved it was when it began."""
    return found.state == "running" and not NEEDS[found.action].lapses


def _theirs(found: Approval) -> set[str]:
    """Who may run a request: who requested or approved it."""
    return {found.requester, *(vote.person for vote in found.votes)}


def _may_take_back(asker: Asker, found: Approval) -> None:
    if found.requester != asker.person:
        raise Refused("only who requested it takes it back", hint="an approver refuses it")


def _of_tenant(asker: Asker, found: Approval) -> None:
    if asker.tenant != found.tenant:
        raise Refused("a request is run by who requested or approved it", hint="ask one of them")


def _thing(action: str, tenant: str, payload: Json) -> Thing:
    """What a request is about, as the policy decides on it."""
    subject = payload.get("subject") if isinstance(payload, dict) else None
    return Thing(NEEDS[action].object, tenant, subject=subject if isinstance(subject, str) else None)
