from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contracts import access, vault
from contracts.vault import NUMBER, number
from haoma.access import Approval, Approvals, Asker, Exportable, Role, export_effect, open_export
from haoma.access.approval import Effect
from haoma.app.exporting import exportables
from haoma.errors import BadInput, Conflict, Refused, Unavailable
from haoma.vault import Event, tables
from haoma.vault.audit import event_of

HOUR = timedelta(hours=1)
COLUMNS = ["at", "action", "subject", "actor"]


@dataclass
class Desk:
    """A vault with audit rows, and the people who ask for them in bulk."""

    vault: vault.World
    access: access.World
    folder: Path
    people: dict[str, Asker]
    kinds: dict[str, Exportable] = field(default_factory=lambda: dict(exportables()))
    effect: Effect | None = None

    @property
    def approvals(self) -> Approvals:
        effect = self.effect or export_effect(self.vault.vault, self.kinds, self.folder)
        return Approvals(self.access.gate, {"bulk-export": effect}, self.vault.vault.keys.ends)

    def payload(self, **more: object) -> dict[str, object]:
        since, until = (vault.NOW - HOUR).isoformat(), (vault.NOW + HOUR).isoformat()
        said = {"what": "audit", "from": since, "to": until, "columns": COLUMNS, "rows": 10}
        return said | {"purpose": "audit-2026", "recipient": "acme-auditor"} | more

    def request(self, **more: object) -> Approval:
        return self.approvals.request(self.people["ri"], "bulk-export", self.payload(**more), self.access.now())

    def approved(self, **more: object) -> Approval:
        asked = self.request(**more)
        for login, role in (("pru", Role.APPROVER), ("dora", Role.DPO)):
            asked = self.approvals.approve(self.people[login], asked.id, role, asked.digest, self.access.now())
        return asked

    def run(self, asked: Approval) -> dict[str, object]:
        return self.approvals.run(self.people["ri"], asked.id, self.access.now()).shown

    def file(self, shown: dict[str, object]) -> bytes:
        return (self.folder / str(shown["file"])).read_bytes()

    def rows(self, shown: dict[str, object]) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.file(shown).splitlines()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with vault.open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        staff = access.world_on(world.vault.store)
        world.vault.log.types = {**world.vault.log.types, **staff.ledger.types}
        system, security = staff.admins()
        roles = {"pru": Role.APPROVER, "dora": Role.DPO, "ri": Role.RISK_ANALYST}
        people = {login: staff.staff(system, security, login, role) for login, role in roles.items()}
        for text in (NUMBER, "13800138001", NUMBER):
            tell(world, world.vault.pseudonym("acme", number(text)))
        tell(world, world.vault.pseudonym("bank", number()))
        staff.now(hours=2)
        yield Desk(world, staff, tmp_path / "exports", people)


def tell(world: vault.World, subject: object, action: str = "locate.region") -> None:
    event = Event(subject.tenant, "person:abc", action, "allowed", "answered", world.clock[0], subject)
    world.vault.store.write(lambda tx: world.vault.audit.record(tx, event) and None)


def test_rows_leave_as_approved_masked_and_told_as_a_record_of_sharing(desk: Desk) -> None:
    shown = desk.run(desk.approved())
    rows = desk.rows(shown)
    assert [sorted(row) for row in rows] == [sorted(COLUMNS)] * 3
    assert {row["at"] for row in rows} == {"2026-11-22"}
    assert [rows[0]["subject"] == row["subject"] for row in rows] == [True, False, True]
    assert shown["rows"] == 3
    (told,) = (entry.body for entry in desk.access.entries("access.exported"))
    assert (told["rows"], told["file"], told["recipient"]) == (3, shown["sha256"], "acme-auditor")
    (row,) = (row for row in desk.vault.rows(tables.audit) if row.action == "export.made")
    assert (row._mapping["class"], row.kept_until - row.at >= timedelta(days=1096)) == ("sharing", True)
    assert event_of(row).purpose == "audit-2026"


def test_no_token_number_or_actor_of_ours_is_in_the_file(desk: Desk) -> None:
    tell(desk.vault, desk.vault.vault.pseudonym("acme", number()), action="called-138-0013")
    text = desk.file(desk.run(desk.approved())).decode()
    for row in desk.vault.rows(tables.audit):
        assert str(row.subject) not in text
        assert row.actor not in text
    assert "0013" not in text
    assert NUMBER not in text


def test_two_exports_of_the_same_rows_cannot_be_joined(desk: Desk) -> None:
    one, other = (desk.rows(desk.run(desk.approved())) for _ in range(2))
    assert [row["action"] for row in one] == [row["action"] for row in other]
    for name in ("subject", "actor"):
        assert {row[name] for row in one} & {row[name] for row in other} == set()


def test_the_file_is_its_owners_alone_and_a_second_run_writes_none(desk: Desk) -> None:
    asked = desk.approved()
    path = desk.folder / str(desk.run(asked)["file"])
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(desk.folder.stat().st_mode)) == (0o600, 0o700)
    path.unlink()
    with pytest.raises(Conflict, match="is done"):
        desk.run(asked)
    assert list(desk.folder.iterdir()) == []


def test_with_the_recipients_key_times_are_exact_and_nobody_else_reads_it(desk: Desk) -> None:
    private = X25519PrivateKey.generate()
    shown = desk.run(desk.approved(key=private.public_key().public_bytes_raw().hex()))
    assert str(shown["file"]).endswith(".jsonl.hpke")
    assert b"locate" not in desk.file(shown)
    (first, *_) = open_export(desk.file(shown), private.private_bytes_raw()).splitlines()
    assert json.loads(first)["at"] == "2026-11-22T08:00:00Z"
    with pytest.raises(BadInput):
        open_export(desk.file(shown), X25519PrivateKey.generate().private_bytes_raw())


def test_more_rows_than_were_approved_are_refused_and_none_is_written(desk: Desk) -> None:
    asked = desk.approved(rows=2)
    with pytest.raises(Refused, match="3 rows, and 2 at the most"):
        desk.run(asked)
    assert not desk.folder.exists()
    assert desk.approvals.one(desk.people["ri"], asked.id, desk.access.now()).state == "approved"


def test_another_tenants_rows_do_not_leave(desk: Desk) -> None:
    for what, columns in (
        ("audit", ["action"]),
        ("decisions", ["action"]),
        ("facts", ["name"]),
        ("consents", ["state"]),
    ):
        shown = desk.run(desk.approved(what=what, columns=columns, rows=1000))
        assert shown["rows"] == {"audit": 3}.get(what, shown["rows"])
    assert len(desk.vault.rows(tables.audit)) > 4


def test_a_run_that_was_killed_is_ended_by_the_next_with_a_file_of_its_own(desk: Desk) -> None:
    effect, failed = export_effect(desk.vault.vault, desk.kinds, desk.folder), list[bytes]()

    def outside(approval: Approval) -> None:
        effect.outside(approval)
        if not failed:
            failed.append((desk.folder / f"{approval.id}.jsonl").read_bytes())
            raise Unavailable("the machine is gone")

    desk.effect = Effect(effect.inside, outside, effect.check, effect.found)
    asked = desk.approved()
    with pytest.raises(Unavailable):
        desk.run(asked)
    assert desk.access.entries("access.exported") == []
    shown = desk.run(asked)
    assert desk.file(shown) != failed[0]
    (told,) = desk.access.entries("access.exported")
    assert told.body["file"] == shown["sha256"]


NO_EXPORTS = (
    {"what": "numbers"},
    {"columns": []},
    {"columns": ["at", "at"]},
    {"columns": ["entry_id"]},
    {"columns": "at"},
    {"rows": 0},
    {"rows": 100_001},
    {"rows": True},
    {"purpose": "for the auditors"},
    {"recipient": NUMBER},
    {"from": "2026-11-22"},
    {"from": "2026-11-23T00:00:00+08:00", "to": "2026-11-22T00:00:00+08:00"},
    {"to": "2027-11-22T00:00:00+08:00"},
    {"key": "00"},
    {"more": "x"},
)


def test_what_is_no_export_is_not_requested(desk: Desk) -> None:
    for more in NO_EXPORTS:
        with pytest.raises(BadInput) as raised:
            desk.request(**more)
        assert NUMBER not in f"{raised.value} {raised.value.hint}", more


def test_nothing_that_is_the_same_in_two_exports_may_leave() -> None:
    for name, kind in exportables().items():
        for column in kind.columns.values():
            told = f"{name}.{column.name}"
            assert not column.primary_key, told
            assert not column.name.endswith(("_id", "key", "digest", "commitment", "receipt", "sealed")), told
        people = {"subject", "actor", "asker", "guardian"} & kind.columns.keys()
        assert people <= kind.renamed, name
        assert isinstance(kind.at, sa.Column)
