from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.access import World
from haoma.access import NEEDS, Approval, Approvals, Asker, Effect, Role, tables
from haoma.access.policy import Circumstances, Policy, Question, shipped_text
from haoma.errors import BadInput, Conflict, NotFound, Refused, Tampered, Unavailable
from haoma.ledger.canonical import canonical
from haoma.storage.tables import store_info
from haoma.vault.ends import ENDS_KEPT

PAYLOAD = {"hotline": "95588", "to": "95599"}


@dataclass
class Desk:
    """An editor who requests, people who approve, and what was done."""

    world: World
    approvals: Approvals
    people: Mapping[str, Asker]

    def request(self, action: str = "bulk-export", by: str = "ed") -> Approval:
        return self.approvals.request(self.people[by], action, PAYLOAD, self.world.now())

    def approve(self, asked: Approval, who: str, role: Role, digest: str = "") -> Approval:
        return self.approvals.approve(self.people[who], asked.id, role, digest or asked.digest, self.world.now())

    def approved(self) -> Approval:
        asked = self.request()
        self.approve(asked, "pru", Role.APPROVER)
        return self.approve(asked, "dora", Role.DPO)

    def backup_approved(self) -> Approval:
        asked = self.request("back-up", "root")
        self.approve(asked, "pru", Role.APPROVER)
        return self.approve(asked, "dora", Role.DPO)

    def run(self, asked: Approval, who: str = "ed") -> Approval:
        return self.approvals.run(self.people[who], asked.id, self.world.now())

    def done(self) -> list[str]:
        return self.world.ask(lambda tx: list(tx.scalars(sa.select(store_info.c.value)).all()))


def do(tx: sa.Connection, approval: Approval, _now: datetime) -> None:
    tx.execute(sa.insert(store_info).values(name=f"did {approval.id}", value=json.dumps(approval.payload)))


@pytest.fixture
def desk(world: World) -> Desk:
    system, security = world.admins()
    of = {"ed": Role.RISK_ANALYST, "pru": Role.APPROVER, "per": Role.APPROVER, "dora": Role.DPO, "an": Role.AGENT}
    people = {login: world.staff(system, security, login, role) for login, role in of.items()}
    approvals = Approvals(world.gate, {"bulk-export": Effect(do)}, world.ends)
    return Desk(world, approvals, people | {"root": system, "safe": security})


def test_two_others_in_two_roles_approve_and_exactly_that_is_run(desk: Desk) -> None:
    asked = desk.approved()
    assert (asked.state, [vote.role for vote in asked.votes]) == ("approved", [Role.APPROVER, Role.DPO])
    assert desk.done() == []
    assert desk.run(asked).state == "done"
    assert [json.loads(text) for text in desk.done()] == [PAYLOAD]


def test_the_digest_is_over_the_canonical_request_with_a_salt(desk: Desk) -> None:
    asked = desk.request()
    text = desk.world.ask(lambda tx: bytes(tx.scalar(sa.select(tables.approvals.c.payload))))
    assert hashlib.sha256(text).hexdigest() == asked.digest
    assert canonical(json.loads(text)) == text
    assert set(json.loads(text)) == {"action", "approval", "payload", "salt", "tenant"}
    assert desk.request().digest != asked.digest


def test_one_approval_is_not_enough(desk: Desk) -> None:
    asked = desk.request()
    desk.approve(asked, "pru", Role.APPROVER)
    with pytest.raises(Conflict, match="waits for approvals") as told:
        desk.run(asked)
    assert told.value.hint == "others approve it: haoma access approve yes"


def test_nobody_approves_what_they_requested(desk: Desk) -> None:
    asked = desk.request("extend-retention", by="dora")
    with pytest.raises(Refused, match="nobody approves"):
        desk.approve(asked, "dora", Role.DPO)
    with pytest.raises(Refused, match="nobody approves"):
        desk.approvals.refuse(desk.people["dora"], asked.id, Role.DPO, desk.world.now())


def test_an_administrator_does_not_approve_their_own_either(desk: Desk) -> None:
    asked = desk.request("change-policy", by="safe")
    with pytest.raises(Refused, match="nobody approves"):
        desk.approve(asked, "safe", Role.SECURITY_ADMIN)


def test_one_role_approves_once_and_so_does_one_person(desk: Desk) -> None:
    asked = desk.request()
    desk.approve(asked, "pru", Role.APPROVER)
    for who in ("per", "pru"):
        with pytest.raises(Conflict, match="approved it already"):
            desk.approve(asked, who, Role.APPROVER)


def test_a_person_of_two_roles_approves_once(desk: Desk) -> None:
    system, security = desk.people["root"], desk.people["safe"]
    both = desk.world.staff(system, security, "both", Role.DPO, Role.APPROVER)
    asked = desk.request()
    desk.approvals.approve(both, asked.id, Role.DPO, asked.digest, desk.world.now())
    with pytest.raises(Conflict, match="approved it already"):
        desk.approvals.approve(both, asked.id, Role.APPROVER, asked.digest, desk.world.now())


@pytest.mark.parametrize(("who", "role"), [("an", Role.APPROVER), ("root", Role.SYSTEM_ADMIN), ("pru", Role.DPO)])
def test_who_may_not_approve_this_does_not(desk: Desk, who: str, role: Role) -> None:
    with pytest.raises(Refused):
        desk.approve(desk.request(), who, role)


def test_who_may_not_ask_for_it_does_not(desk: Desk) -> None:
    for who, action in (
        ("an", "change-hotline"),
        ("root", "change-policy"),
        ("ed", "destroy-key"),
        ("pru", "bulk-export"),
    ):
        with pytest.raises(Refused):
            desk.request(action, by=who)
    with pytest.raises(BadInput):
        desk.request("see")


def test_what_is_approved_is_what_was_read(desk: Desk) -> None:
    asked = desk.request()
    for digest in ("0" * 64, "", "\ud800"):
        with pytest.raises(Conflict, match="another digest"):
            desk.approvals.approve(desk.people["pru"], asked.id, Role.APPROVER, digest, desk.world.now())


def test_it_is_run_once(desk: Desk) -> None:
    asked = desk.approved()
    desk.run(asked)
    with pytest.raises(Conflict, match="is done"):
        desk.run(asked)
    assert len(desk.done()) == 1


def test_it_is_run_by_who_requested_or_approved_it(desk: Desk) -> None:
    asked = desk.approved()
    for who in ("root", "safe", "per", "an"):
        with pytest.raises(Refused, match="requested or approved"):
            desk.run(asked, who)
    assert desk.run(asked, "dora").state == "done"


def test_a_request_expires_before_and_after_it_is_approved(desk: Desk) -> None:
    asked, approved = desk.request(), desk.approved()
    desk.world.now(hours=72)
    with pytest.raises(Conflict, match="expired"):
        desk.approve(asked, "pru", Role.APPROVER)
    with pytest.raises(Conflict, match="expired"):
        desk.run(approved)
    assert desk.approvals.waiting(desk.people["pru"], desk.world.now()) == []


def test_an_approver_refuses_and_it_is_over(desk: Desk) -> None:
    asked = desk.request()
    assert desk.approvals.refuse(desk.people["dora"], asked.id, Role.DPO, desk.world.now()).state == "refused"
    with pytest.raises(Conflict, match="is refused"):
        desk.approve(asked, "pru", Role.APPROVER)


def test_who_requested_it_takes_it_back_and_nobody_else(desk: Desk) -> None:
    asked = desk.approved()
    with pytest.raises(Refused):
        desk.approvals.withdraw(desk.people["pru"], asked.id, desk.world.now())
    assert desk.approvals.withdraw(desk.people["ed"], asked.id, desk.world.now()).state == "withdrawn"
    with pytest.raises(Conflict, match="is withdrawn"):
        desk.run(asked)


def test_an_approver_who_lost_the_role_or_was_suspended_counts_no_more(desk: Desk) -> None:
    safe = desk.people["safe"]
    asked = desk.approved()
    desk.world.people.revoke(safe, desk.people["dora"].id, Role.DPO, desk.world.now())
    with pytest.raises(Refused, match="lost the role"):
        desk.run(asked)
    desk.world.people.grant(safe, desk.people["dora"].id, Role.DPO, desk.world.now())
    desk.world.people.suspend(safe, desk.people["pru"].id, desk.world.now())
    with pytest.raises(Refused, match="not active"):
        desk.run(asked)
    assert desk.done() == []


def test_an_approver_who_got_a_role_that_excludes_theirs_by_a_hand_counts_no_more(desk: Desk) -> None:
    asked = desk.approved()
    row = {"person_id": desk.people["pru"].id, "role": "agent", "granted_by": "x", "granted_at": desk.world.now()}
    desk.world.store.write(lambda tx: tx.execute(sa.insert(tables.roles).values(row)) and None)
    with pytest.raises(Refused, match="lost the role"):
        desk.run(asked)
    assert desk.done() == []


def test_a_request_that_was_changed_in_the_database_is_not_run(desk: Desk) -> None:
    asked = desk.approved()
    other = canonical(
        {"action": "bulk-export", "approval": asked.id, "payload": {}, "salt": "", "tenant": asked.tenant}
    )
    for change in (
        {"payload": other},
        {"payload": other, "digest": hashlib.sha256(other).hexdigest()},
        {"action": "destroy-key"},
    ):
        desk.world.store.write(lambda tx, change=change: tx.execute(sa.update(tables.approvals).values(**change)))
        with pytest.raises(Tampered):
            desk.run(asked)
    assert desk.done() == []


def test_a_state_that_was_forged_is_not_run(desk: Desk) -> None:
    asked = desk.request()
    desk.world.store.write(lambda tx: tx.execute(sa.update(tables.approvals).values(state="approved")))
    with pytest.raises(Tampered, match="as many people in as many roles"):
        desk.run(asked)
    assert desk.done() == []


def by_hand(desk: Desk, *statements: sa.Executable) -> None:
    def work(tx: sa.Connection) -> None:
        for statement in statements:
            tx.execute(statement)

    desk.world.store.write(work)


def forged(desk: Desk, asked: Approval, **roles: Role) -> list[sa.Executable]:
    """Votes that nobody cast."""
    row = {"approval_id": asked.id, "digest": asked.digest, "at": desk.world.now()}
    votes = [{**row, "person_id": desk.people[who].id, "role": str(role)} for who, role in roles.items()]
    approved = sa.update(tables.approvals).where(tables.approvals.c.approval_id == asked.id).values(state="approved")
    return [*(sa.insert(tables.votes).values(vote) for vote in votes), approved]


@pytest.mark.parametrize("integrated", [True, False])
def test_what_was_approved_runs_wherever_its_entries_lie(desk: Desk, integrated: bool) -> None:
    asked = desk.approved()
    if integrated:
        desk.world.ledger.integrate()
    assert desk.run(asked).state == "done"


def test_votes_that_nobody_cast_run_nothing(desk: Desk) -> None:
    asked = desk.request()
    by_hand(desk, *forged(desk, asked, pru=Role.APPROVER, dora=Role.DPO))
    with pytest.raises(Tampered, match="no entry of the log"):
        desk.run(asked)
    assert desk.done() == []


@pytest.mark.parametrize("other", ["of another request", "of another person", "in another role", "the request's own"])
def test_a_vote_is_what_its_own_entry_says(desk: Desk, other: str) -> None:
    asked, before = desk.request(), desk.approved()
    if other == "of another person":
        desk.approve(asked, "per", Role.APPROVER)
        by_hand(desk, sa.update(tables.votes).where(tables.votes.c.approval_id == asked.id).values(
            person_id=desk.people["pru"].id))  # fmt: skip
        desk.approve(asked, "dora", Role.DPO)
    elif other == "in another role":
        both = desk.world.staff(desk.people["root"], desk.people["safe"], "both", Role.DPO, Role.APPROVER)
        desk.approvals.approve(both, asked.id, Role.DPO, asked.digest, desk.world.now())
        by_hand(desk, sa.update(tables.votes).where(tables.votes.c.approval_id == asked.id).values(role="approver"))
        desk.approve(asked, "dora", Role.DPO)
    else:
        by_hand(desk, *forged(desk, asked, pru=Role.APPROVER, dora=Role.DPO))
        entry_id = before.votes[0].entry_id if other == "of another request" else asked.entry_id
        by_hand(desk, sa.update(tables.votes).where(tables.votes.c.approval_id == asked.id).values(entry_id=entry_id))
    with pytest.raises(Tampered):
        desk.run(asked)
    assert desk.done() == []


@pytest.mark.parametrize("ended", ["done", "withdrawn"])
def test_what_was_run_or_withdrawn_does_not_run_again_whatever_its_row_says(desk: Desk, ended: str) -> None:
    asked = desk.approved()
    if ended == "done":
        desk.run(asked)
    else:
        desk.approvals.withdraw(desk.people["ed"], asked.id, desk.world.now())
    before = desk.done()
    for state in ("approved", "running"):
        by_hand(desk, sa.update(tables.approvals).values(state=state, ended_at=None))
        with pytest.raises(Tampered, match=f"it is {ended} already"):
            desk.run(asked)
    assert desk.done() == before


def test_a_request_is_its_requesters_and_good_for_as_long_as_it_was_made(desk: Desk) -> None:
    asked = desk.approved()
    for change in (
        {"requester": desk.people["an"].id},
        {"expires_at": asked.expires_at + timedelta(seconds=1)},
        {"requested_at": asked.requested_at + timedelta(days=9), "expires_at": asked.expires_at + timedelta(days=9)},
        {"entry_id": None},
        {"state": "running"},
    ):
        by_hand(desk, sa.update(tables.approvals).values(change))
        with pytest.raises(Tampered):
            desk.run(asked)
        was = {name: getattr(asked, name) for name in change}
        by_hand(desk, sa.update(tables.approvals).values(was))
    assert desk.done() == []
    assert desk.run(asked).state == "done"


def test_what_cannot_be_run_here_stays_approved(desk: Desk) -> None:
    asked = desk.approved()
    with pytest.raises(Unavailable, match="cannot be run here"):
        Approvals(desk.world.gate, {}, desk.world.ends).run(desk.people["ed"], asked.id, desk.world.now())
    assert desk.run(asked).state == "done"


def test_an_effect_that_fails_leaves_the_request_approved(desk: Desk) -> None:
    asked = desk.approved()
    desk.world.store.write(lambda tx: tx.execute(sa.insert(store_info).values(name=f"did {asked.id}", value="{}")))
    with pytest.raises(Conflict):
        desk.run(asked)
    desk.world.store.write(lambda tx: tx.execute(sa.delete(store_info).where(store_info.c.name == f"did {asked.id}")))
    assert desk.run(asked).state == "done"


def test_a_run_that_died_between_outside_and_inside_is_taken_up_and_ended(desk: Desk) -> None:
    destroyed = list[str]()

    def outside(approval: Approval) -> None:
        destroyed.append(approval.id)
        if len(destroyed) == 1:
            raise Unavailable("the key store is down")

    approvals = Approvals(desk.world.gate, {"bulk-export": Effect(do, outside)}, desk.world.ends)
    asked = desk.approved()
    with pytest.raises(Unavailable):
        approvals.run(desk.people["ed"], asked.id, desk.world.now())
    assert desk.approvals.one(desk.people["ed"], asked.id, desk.world.now()).state == "running"
    with pytest.raises(Conflict, match="is running"):
        desk.approvals.withdraw(desk.people["ed"], asked.id, desk.world.now())
    desk.world.now(hours=100)  # what has begun is ended, however late
    assert approvals.run(desk.people["ed"], asked.id, desk.world.now()).state == "done"
    assert destroyed == [asked.id, asked.id]
    assert len(desk.done()) == 1
    with pytest.raises(Conflict, match="is done"):
        approvals.run(desk.people["ed"], asked.id, desk.world.now())


def test_a_backup_that_failed_is_run_again_by_approvers_who_count_and_only_in_its_time(desk: Desk) -> None:
    def outside(_approval: Approval) -> None:
        raise Unavailable("the disk is full")

    approvals = Approvals(desk.world.gate, {"back-up": Effect(do, outside)}, desk.world.ends)
    good = Approvals(desk.world.gate, {"back-up": Effect(do, lambda _approval: None)}, desk.world.ends)
    first, second, third = (desk.backup_approved() for _ in range(3))
    for asked in (first, second, third):
        with pytest.raises(Unavailable, match="disk is full"):
            approvals.run(desk.people["root"], asked.id, desk.world.now())
    assert good.run(desk.people["root"], first.id, desk.world.now()).state == "done"
    desk.world.people.suspend(desk.people["safe"], desk.people["pru"].person, desk.world.now())
    with pytest.raises(Refused, match="not active"):
        good.run(desk.people["root"], second.id, desk.world.now())
    desk.world.now(hours=24)
    with pytest.raises(Conflict, match="expired"):
        good.run(desk.people["root"], third.id, desk.world.now())
    assert good.waiting(desk.people["dora"], desk.world.now()) == []


def test_a_backup_that_died_is_run_again_by_who_began_it_alone_and_the_log_tells_of_each_time(desk: Desk) -> None:
    tried = list[str]()

    def outside(approval: Approval) -> None:
        tried.append(approval.id)
        raise Unavailable("the disk is full")

    approvals = Approvals(desk.world.gate, {"back-up": Effect(do, outside)}, desk.world.ends)
    asked = desk.backup_approved()
    for who in ("pru", "pru"):
        with pytest.raises(Unavailable, match="disk is full"):
            approvals.run(desk.people[who], asked.id, desk.world.now())
    for who in ("root", "dora"):
        with pytest.raises(Refused, match="not begun anew by another"):
            approvals.run(desk.people[who], asked.id, desk.world.now())
    with pytest.raises(Refused, match="by who requested or approved it"):
        approvals.run(desk.people["per"], asked.id, desk.world.now())
    begun = [entry.body["by"] for entry in desk.world.entries("access.approval") if entry.body["to"] == "running"]
    assert (begun, len(tried)) == ([desk.people["pru"].id] * 2, 2)


def test_a_payload_is_read_by_who_has_to_do_with_it(desk: Desk) -> None:
    asked = desk.request()
    for who in ("ed", "pru", "dora", "safe"):
        assert desk.approvals.one(desk.people[who], asked.id, desk.world.now()).payload == PAYLOAD
    with pytest.raises(Refused):
        desk.approvals.one(desk.people["an"], asked.id, desk.world.now())
    with pytest.raises(NotFound):
        desk.approvals.one(desk.people["ed"], "x", desk.world.now())
    assert [one.id for one in desk.approvals.waiting(desk.people["pru"], desk.world.now())] == [asked.id]


def test_the_log_tells_every_step_and_no_payload(desk: Desk) -> None:
    desk.run(desk.approved())
    told = desk.world.entries("access.approval")
    assert [entry.body.get("role") for entry in told] == [None, "approver", "dpo", None]
    assert [entry.body["to"] for entry in told] == ["requested", "approved", "approved", "done"]
    assert "95588" not in str(desk.world.entries())


@pytest.mark.parametrize("action", NEEDS)
def test_the_table_and_the_shipped_policy_agree_on_who_asks_and_who_approves(action: str) -> None:
    policy, need = Policy(shipped_text(), 0), NEEDS[action]
    well = Circumstances(strong=True, in_case=True, same_tenant=True, scoped=True, own=False)
    may = {r for r in Role if policy.decide(Question(False, frozenset({r}), action, need.object, "", well)).allowed}
    assert may == need.request
    approve = {
        r for r in Role if policy.decide(Question(False, frozenset({r}), "approve", "approval", "", well)).allowed
    }
    assert need.approve <= approve
    assert len(need.approve) >= 2 >= need.approvers >= 1
    assert timedelta() < need.good_for <= timedelta(days=3)


def test_what_has_begun_is_ended_and_shown_until_then_though_an_approver_was_suspended(desk: Desk) -> None:
    calls = list[str]()

    def outside(approval: Approval) -> None:
        calls.append(str(approval.begun))
        if len(calls) == 1:
            raise Unavailable("the key store is down")

    effect = Effect(do, outside, found=lambda _approval: len(calls) + 7)
    approvals = Approvals(desk.world.gate, {"bulk-export": effect}, desk.world.ends)
    asked = desk.approved()
    with pytest.raises(Unavailable):
        approvals.run(desk.people["ed"], asked.id, desk.world.now())
    desk.world.people.suspend(desk.people["safe"], desk.people["pru"].id, desk.world.now())
    later = desk.world.now(hours=100)
    assert [one.id for one in approvals.waiting(desk.people["dora"], later)] == [asked.id]
    assert approvals.run(desk.people["ed"], asked.id, later).state == "done"
    assert calls == ["7", "7"]


def test_a_payload_that_cannot_be_run_is_refused_when_it_is_requested(desk: Desk) -> None:
    def check(_tx: sa.Connection, approval: Approval) -> None:
        if approval.payload != {}:
            raise BadInput("nothing is to be said")

    approvals = Approvals(desk.world.gate, {"bulk-export": Effect(do, check=check)}, desk.world.ends)
    with pytest.raises(BadInput):
        approvals.request(desk.people["ed"], "bulk-export", PAYLOAD, desk.world.now())
    assert approvals.request(desk.people["ed"], "bulk-export", {}, desk.world.now()).state == "requested"


def test_what_is_shown_is_for_the_one_who_requested_it_and_is_not_kept(desk: Desk) -> None:
    effect = Effect(lambda _tx, _approval, _now: {"number": "95588"}, shows=True)
    approvals = Approvals(desk.world.gate, {"bulk-export": effect}, desk.world.ends)
    asked = desk.approved()
    with pytest.raises(Refused):
        approvals.run(desk.people["pru"], asked.id, desk.world.now())
    done = approvals.run(desk.people["ed"], asked.id, desk.world.now())
    assert done.shown == {"number": "95588"}
    assert "shown" not in repr(done)
    assert approvals.one(desk.people["ed"], asked.id, desk.world.now()).shown is None


def test_a_run_that_began_longer_ago_than_ends_are_known_is_ended_no_more(desk: Desk) -> None:
    def outside(_approval: Approval) -> None:
        raise Unavailable("the key store is down")

    approvals = Approvals(desk.world.gate, {"bulk-export": Effect(do, outside)}, desk.world.ends)
    asked = desk.approved()
    with pytest.raises(Unavailable):
        approvals.run(desk.people["ed"], asked.id, desk.world.now())
    desk.world.clock[0] = asked.requested_at + ENDS_KEPT
    with pytest.raises(Conflict, match="too old"):
        approvals.run(desk.people["ed"], asked.id, desk.world.clock[0])
    assert desk.done() == []
