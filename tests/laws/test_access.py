"""Laws of access: what no sequence of steps, and no change on the way, brings about."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.access import open_world
from haoma.access import Approvals, Effect, Role, exclusion, tables
from haoma.access.needs import NEEDS
from haoma.access.rfc9421 import Request, sign_request, verify_request
from haoma.access.rows import roles_of
from haoma.errors import HaomaError, Refused

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
OWN = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(OWN).public_key().public_bytes_raw()
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
ROLES = st.sampled_from(list(Role))


class InAWorld(RuleBasedStateMachine):
    """A store of its own, with both administrators and four people."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="haoma-laws-")
        self.world = open_world(f"sqlite:///{Path(self.folder.name) / 'haoma.db'}")
        self.system, self.security = self.world.admins()
        self.people = [self.world.staff(self.system, self.security, f"an{n}") for n in range(4)]

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.store.close()
            self.folder.cleanup()

    def everybody(self) -> list[str]:
        return [one.id for one in (self.system, self.security, *self.people)]

    def fresh(self, number: int) -> object:
        from haoma.access.rows import asker_of

        person = self.everybody()[number]
        return self.world.ask(lambda tx: asker_of(tx, person, frozenset({"passkey"})))


class Roles(InAWorld):
    """Whoever grants and revokes what, nobody holds two roles that exclude one another."""

    @rule(by=st.integers(0, 5), to=st.integers(0, 5), role=ROLES)
    def grant(self, by: int, to: int, role: Role) -> None:
        try:
            self.world.people.grant(self.fresh(by), self.everybody()[to], role, self.world.now())
        except HaomaError:
            return
        assert by != to

    @rule(by=st.integers(0, 5), to=st.integers(0, 5), role=ROLES)
    def revoke(self, by: int, to: int, role: Role) -> None:
        try:
            self.world.people.revoke(self.fresh(by), self.everybody()[to], role, self.world.now())
        except HaomaError:
            return
        assert by != to

    @invariant()
    def nobody_holds_two_that_exclude_one_another(self) -> None:
        if hasattr(self, "world"):
            with self.world.store.read() as tx:
                for person in self.everybody():
                    held = roles_of(tx, person)
                    assert all(exclusion(held - {role}, role) is None for role in held)


class Requested(InAWorld):
    """Whatever is asked, approved, refused, withdrawn, run and forgotten: all that is done took its people, once."""

    @initialize()
    def begin(self) -> None:
        super().begin()
        for person, role in zip(
            self.people, (Role.HOTLINE_EDITOR, Role.APPROVER, Role.APPROVER, Role.DPO), strict=True
        ):
            self.world.people.grant(self.security, person.id, role, self.world.now())
        self.asked: list[object] = []
        self.done: list[str] = []
        self.ran_by: dict[str, str] = {}
        effect = Effect(lambda _tx, approval, _now: self.done.append(approval.id))
        self.approvals = Approvals(self.world.gate, dict.fromkeys(NEEDS, effect), self.world.ends)

    @rule(by=st.integers(0, 5), action=st.sampled_from(list(NEEDS)))
    def request(self, by: int, action: str) -> None:
        self.attempt(lambda now: self.asked.append(self.approvals.request(self.fresh(by), action, {"x": 1}, now)))

    @rule(by=st.integers(0, 5), role=ROLES, which=st.integers(0, 3))
    def approve(self, by: int, role: Role, which: int) -> None:
        for asked in self.chosen(which):
            self.attempt(lambda now, one=asked: self.approvals.approve(self.fresh(by), one.id, role, one.digest, now))

    @rule(
        pair=st.sampled_from([(0, "rotate-key"), (1, "change-policy"), (2, "change-hotline"), (5, "extend-retention")])
    )
    def request_well(self, pair: tuple[int, str]) -> None:
        self.request(*pair)

    @rule(which=st.integers(0, 3))
    def approve_well(self, which: int) -> None:
        """Else a run is rare."""
        self.approve(3, Role.APPROVER, which)
        self.approve(5, Role.DPO, which)

    @rule(by=st.integers(0, 5), which=st.integers(0, 3), how=st.sampled_from(["refuse", "withdraw"]))
    def end(self, by: int, which: int, how: str) -> None:
        role = (Role.APPROVER,) if how == "refuse" else ()
        for asked in self.chosen(which):
            self.attempt(lambda now, one=asked: getattr(self.approvals, how)(self.fresh(by), one.id, *role, now))

    @rule(by=st.integers(0, 5), which=st.integers(0, 3))
    def run(self, by: int, which: int) -> None:
        for asked in self.chosen(which):
            before = len(self.done)
            self.attempt(lambda now, one=asked: self.approvals.run(self.fresh(by), one.id, now))
            if len(self.done) > before:
                self.ran_by[asked.id] = self.everybody()[by]

    @rule(pair=st.sampled_from([(0, "rotate-key"), (1, "change-policy"), (2, "change-hotline")]))
    def all_well(self, pair: tuple[int, str]) -> None:
        before = len(self.done)
        self.request(*pair)
        last = len(self.asked) - 1
        self.approve_well(last)
        self.run_well(last)
        assert len(self.done) == before + 1

    @rule(which=st.integers(0, 3))
    def run_well(self, which: int) -> None:
        for asked in self.chosen(which):
            self.run(self.everybody().index(asked.requester), which)

    @rule(hours=st.sampled_from([1, 5, 30]))
    def wait(self, hours: int) -> None:
        self.world.now(hours=hours)

    def chosen(self, which: int) -> list[object]:
        return [self.asked[which % len(self.asked)]] if self.asked else []

    def attempt(self, step: object) -> None:
        try:
            step(self.world.now())
        except HaomaError:
            return

    @invariant()
    def what_was_done_was_approved_by_as_many_others_in_as_many_roles_once(self) -> None:
        if not hasattr(self, "approvals"):
            return
        assert len(set(self.done)) == len(self.done)
        with self.world.store.read() as tx:
            rows = tx.execute(sa.select(tables.approvals)).all()
            votes = tx.execute(sa.select(tables.votes)).all()
        assert {row.approval_id for row in rows if row.state == "done"} == set(self.done)
        for row in rows:
            cast = [vote for vote in votes if vote.approval_id == row.approval_id]
            assert row.requester not in {vote.person_id for vote in cast}
            if row.state in {"approved", "done"}:
                people, roles = {vote.person_id for vote in cast}, {vote.role for vote in cast}
                assert len(people) == len(roles) == NEEDS[row.action].approvers
            if row.state == "done":
                assert row.ended_at < row.expires_at
                assert self.ran_by[row.approval_id] in {row.requester, *(vote.person_id for vote in cast)}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestRoles(Roles.TestCase):
    settings = settings(max_examples=12, stateful_step_count=30)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestRequested(Requested.TestCase):
    settings = settings(max_examples=12, stateful_step_count=30)


def requests() -> st.SearchStrategy[Request]:
    headers = st.lists(
        st.tuples(st.sampled_from(["Content-Type", "Date", "X-Other"]), WORDS), unique_by=lambda line: line[0]
    )
    url = st.builds("https://{}.example/{}?{}={}".format, WORDS, WORDS, WORDS, WORDS)
    return st.builds(Request, st.sampled_from(["GET", "POST", "PUT", "DELETE"]), url, headers, st.binary(max_size=40))


@given(requests(), st.sampled_from(["hmac-sha256", "ed25519"]))
def test_a_signed_request_verifies(asked: Request, kind: str) -> None:
    key = OWN if kind == "hmac-sha256" else PUBLIC
    assert verify_request(sign_request(asked, "k", kind, OWN, "n" * 20, NOW), kind, key, NOW).key_id == "k"


def changed(request: Request, draw: st.DrawFn) -> Request:
    what = draw(st.sampled_from(["method", "url", "body", "header", "signature", "created", "nonce", "keyid"]))
    lines = dict(request.headers)
    if what == "method":
        return replace(request, method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"])))
    if what == "url":
        at = draw(st.integers(8, len(request.url) - 1))
        return replace(request, url=request.url[:at] + draw(WORDS) + request.url[at + 1 :])
    if what == "body":
        return replace(request, body=draw(st.binary(max_size=40)))
    if what == "header":
        name = draw(st.sampled_from(["Content-Type", "Date", "Content-Digest"]))
        return replace(request, headers=list((lines | {name: draw(WORDS)}).items()))
    if what == "signature":
        at = draw(st.integers(8, len(lines["Signature"]) - 6))
        old = lines["Signature"]
        return replace(
            request, headers=list((lines | {"Signature": old[:at] + draw(WORDS)[0] + old[at + 1 :]}).items())
        )
    old = lines["Signature-Input"]
    new = {
        "created": old.replace(
            f"created={int(NOW.timestamp())}", f"created={int(NOW.timestamp()) + draw(st.integers(-300, 30))}"
        ),
        "nonce": old.replace("n" * 20, draw(st.text("mn", min_size=16, max_size=24))),
        "keyid": old.replace('keyid="k"', f'keyid="{draw(WORDS)}"'),
    }[what]
    return replace(request, headers=list((lines | {"Signature-Input": new}).items()))


@given(requests(), st.sampled_from(["hmac-sha256", "ed25519"]), st.data())
def test_no_request_verifies_after_a_change(asked: Request, kind: str, data: st.DataObject) -> None:
    key = OWN if kind == "hmac-sha256" else PUBLIC
    good = sign_request(asked, "k", kind, OWN, "n" * 20, NOW)
    other = data.draw(st.composite(lambda draw: changed(good, draw))())
    if (other.method, other.url, dict(other.headers), other.body) == (
        good.method,
        good.url,
        dict(good.headers),
        good.body,
    ):
        return
    with pytest.raises(Refused):
        verify_request(other, kind, key, NOW)


@given(st.integers(-10_000, 10_000))
def test_a_request_is_good_within_its_window_alone(off_s: int) -> None:
    good = sign_request(Request("GET", "https://a.example/", []), "k", "ed25519", OWN, "n" * 20, NOW)
    at = NOW + timedelta(seconds=off_s)
    if -30 <= off_s <= 300:
        assert verify_request(good, "ed25519", PUBLIC, at)
    else:
        with pytest.raises(Refused):
            verify_request(good, "ed25519", PUBLIC, at)
