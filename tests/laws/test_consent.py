"""No sequence of what people do reaches data without a live consent, and what was taken back stays so."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.consent import NOW, NUMBER, OTHER, TENANT, World, world_on
from contracts.made import made
from haoma.consent import tables
from haoma.consent.erasing import verify_deletion
from haoma.consent.keeping import SUBJECT_COLUMNS
from haoma.consent.receipt import verify_receipt
from haoma.consent.requests import Asked
from haoma.consent.service import CHECKED_WITHIN
from haoma.errors import NotFound, Refused
from haoma.numbers import parse
from haoma.storage import open_store
from haoma.vault import open_keys
from haoma.vault.rotation import Rotation

NUMBERS = st.sampled_from([NUMBER, OTHER])
DESKS = st.sampled_from(["acme-desk", "other-desk"])


class Model:
    """What a reader of the law would keep on paper: who said yes to whom, until when, and what ended it."""

    def __init__(self) -> None:
        self.until: dict[tuple[str, str], datetime] = {}
        self.checked: dict[tuple[str, str], datetime] = {}
        self.refused: dict[tuple[str, str], datetime] = {}
        self.ended: set[str] = set()

    def live(self, number: str, desk: str, at: datetime) -> bool:
        key = (number, desk)
        return key in self.until and at < self.until[key] and at < self.checked[key] + CHECKED_WITHIN


class ConsentMachine(RuleBasedStateMachine):
    """Request, grant, use, withdraw, expire, rotate, shred, recycle, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        keys = Path(self.folder.name) / "keys"
        self.store = open_store(made(f"sqlite:///{self.folder.name}/haoma.db"))
        self.key_store = open_keys(f"sqlite:///{keys}/vault.db")
        self.world: World = world_on(self.store, self.key_store, keys)
        self.model = Model()
        self.asked: list[tuple[Asked, str, str, str, int]] = []
        self.receipts: dict[str, tuple[str, str, str]] = {}
        self.holder = dict.fromkeys((NUMBER, OTHER), NOW)

    def teardown(self) -> None:
        self.key_store.close()
        self.store.close()
        self.folder.cleanup()

    @property
    def at(self) -> datetime:
        return max(self.world.consent.office.now(), self.world.clock[0])

    @initialize()
    def ready(self) -> None:
        for desk in ("acme-desk", "other-desk"):
            self.world.ready(recipient=desk, days=60)
        for number in (NUMBER, OTHER):
            self.world.open_case(number)
            self.ask(number, "acme-desk", 30, "agent")

    @rule(number=NUMBERS, desk=DESKS, days=st.integers(1, 60), by=st.sampled_from(["agent", None]))
    def ask(self, number: str, desk: str, days: int, by: str | None) -> None:
        try:
            asked = self.world.ask(number, by, recipient=desk, days=days)
        except Refused as error:
            assert error.reason in {"too-often", "refused-before"}  # noqa: PT017
            return
        until = self.model.refused.get((number, desk))
        assert by is None or until is None or until <= self.at
        self.asked.append((asked, self.world.sent.code, number, desk, days))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), right=st.sampled_from([True, True, False]))
    def answer(self, data: st.DataObject, right: bool) -> None:
        asked, code, number, desk, days = data.draw(st.sampled_from(self.asked))
        try:
            given = self.world.consent.answers.yes(asked.request_id, code if right else f"x{code}")
        except Refused:
            return
        assert right
        assert self.at < asked.expires_at
        self.model.until[number, desk] = self.at + timedelta(days=days)
        self.model.checked[number, desk] = self.at
        self.receipts[given.grant_id] = (given.receipt, number, desk)
        self.use(number, desk)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def refuse(self, data: st.DataObject) -> None:
        asked, _, number, desk, _ = data.draw(st.sampled_from(self.asked))
        try:
            self.model.refused[number, desk] = self.world.consent.answers.no(asked.request_id).until
        except Refused:
            return

    @rule(number=NUMBERS, desk=DESKS)
    def use(self, number: str, desk: str) -> None:
        try:
            grant = self.world.require(number, recipient=desk)
        except Refused:
            assert not self.model.live(number, desk, self.at)
            return
        assert self.model.live(number, desk, self.at)
        assert grant.ends_at == self.model.until[number, desk]
        assert grant.grant_id not in self.model.ended

    @rule(number=NUMBERS, purpose=st.sampled_from(["delivery", "fraud-prevention", "marketing", "emergency"]))
    def misuse(self, number: str, purpose: str) -> None:
        self.refused_(lambda: self.world.require(number, purpose=purpose))

    @rule(number=NUMBERS, by=st.sampled_from(["colleague", "dpo", "admin"]))
    def misuse_by_others(self, number: str, by: str) -> None:
        self.refused_(lambda: self.world.require(number, by=by))

    @precondition(lambda self: self.receipts)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        receipt, number, desk = self.receipts[data.draw(st.sampled_from(sorted(self.receipts)))]
        self.world.consent.withdrawals.by_receipt(receipt)
        self.end(number, desk)

    @rule(number=NUMBERS)
    def withdraw_all(self, number: str) -> None:
        self.world.consent.replies.read(TENANT, parse(number), "撤回")
        self.end(number, "acme-desk")
        self.end(number, "other-desk")

    @rule(number=NUMBERS)
    def change_hands(self, number: str) -> None:
        self.world.pass_(seconds=1)
        self.world.sent.recycled_at[str(parse(number).uri)] = self.at
        self.world.pass_(seconds=1)

    @rule(number=NUMBERS)
    def arrive(self, number: str) -> None:
        self.world.consent.arrived(TENANT, parse(number))
        changed = self.world.sent.recycled_at.get(str(parse(number).uri))
        for desk in ("acme-desk", "other-desk"):
            if changed and (number, desk) in self.model.checked and changed > self.model.checked[number, desk]:
                self.end(number, desk)
            elif (number, desk) in self.model.checked:
                self.model.checked[number, desk] = self.at

    @rule(by=st.sampled_from([timedelta(minutes=1), timedelta(hours=9), timedelta(days=12), timedelta(days=-3)]))
    def pass_time(self, by: timedelta) -> None:
        self.world.clock[0] += by

    @rule()
    def run(self) -> None:
        self.world.consent.run()

    @rule()
    def rotate(self) -> None:
        Rotation(self.world.vault, SUBJECT_COLUMNS).rotate_tenant(TENANT)
        for number in (NUMBER, OTHER):
            self.world.open_case(number)  # an agent's case is about the token that a number has when it begins

    @rule(number=NUMBERS)
    def shred(self, number: str) -> None:
        self.world.vault.shred(self.world.subject(number), actor="system:test", reason="shredded")

    def end(self, number: str, desk: str) -> None:
        self.model.until.pop((number, desk), None)
        self.model.checked.pop((number, desk), None)
        self.use(number, desk)

    def refused_(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except Refused:
            return
        message = "a grant without a consent"
        raise AssertionError(message)

    @invariant()
    def what_has_ended_stays_ended(self) -> None:
        states = {row.grant_id: row.state for row in self.world.rows(tables.grants)}
        assert all(states[grant_id] != "given" for grant_id in self.model.ended)
        self.model.ended |= {grant_id for grant_id, state in states.items() if state != "given"}

    @invariant()
    def receipts_and_proofs_verify_offline(self) -> None:
        keys = json.loads(json.dumps(self.world.keys))
        states = {row.grant_id: row.state for row in self.world.rows(tables.grants)}
        for grant_id, (receipt, _, _) in self.receipts.items():
            assert verify_receipt(receipt, keys)["record_id"] == f"urn:uuid:{grant_id}"
            try:
                proof = self.world.consent.erasures.proof(grant_id)
            except NotFound:
                continue
            assert verify_deletion(proof, keys)["record_id"] == f"urn:uuid:{grant_id}"
            assert states[grant_id] != "given"


ConsentMachine.TestCase.settings = settings(
    max_examples=20, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestConsentMachine = ConsentMachine.TestCase
