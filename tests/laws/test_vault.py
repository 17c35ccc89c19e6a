"""Whatever is sealed, opened, shredded, rotated and deleted, in any order: the vault does as a simple model says."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.vault import NOW, Permitted, World, number, open_world
from haoma.errors import BadInput, NotFound, Refused, Tampered
from haoma.lineage.model import Sealed
from haoma.numbers import find, parse
from haoma.vault import SubjectToken, passphrase_file, tables
from haoma.vault.retention import EXPIRING, Retention
from haoma.vault.rotation import SUBJECT_COLUMNS, Rotation

NUMBERS = ("13800138000", "13800138001")
PURPOSES = ("customer-care", "fraud-prevention")
numbers, purposes = st.sampled_from(NUMBERS), st.sampled_from(PURPOSES)
minutes = st.integers(1, 90)


@given(
    tenant=st.from_regex(r"[a-z][a-z0-9-]{0,23}", fullmatch=True),
    letter=st.sampled_from("as"),
    version=st.integers(1, 9999),
    mac=st.binary(min_size=16, max_size=16),
)
def test_a_token_reads_back_and_is_never_a_number(tenant: str, letter: str, version: int, mac: bytes) -> None:
    token = SubjectToken(tenant, letter, version, mac)
    try:
        again = SubjectToken.parse(str(token))
    except BadInput:
        assert any(tenant[at : at + 3].isdigit() for at in range(len(tenant) - 2))
        return
    assert again == token
    assert find(f"{token} {token!r}") == []
    assert not parse(str(token)).valid


@given(
    lines=st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=12),
    part=st.integers(1, 50),
    at=st.integers(0),
    bit=st.integers(0, 7),
    cut=st.booleans(),
)
def test_a_file_that_a_passphrase_opens_reads_back_whole_and_nothing_of_it_can_be_changed_or_cut(
    lines: list[bytes], part: int, at: int, bit: int, cut: bool
) -> None:
    with tempfile.TemporaryDirectory(prefix="haoma-vault-law-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase_file, "PART", part)
        patch.setattr(passphrase_file, "_COST", {"lanes": 1, "memory_kib": 8, "passes": 1})
        file = Path(folder, "file")
        passphrase_file.write_lines(file, "correct horse battery", lines)
        assert list(passphrase_file.Unlocked(file, "correct horse battery").lines()) == lines
        data = bytearray(file.read_bytes())
        if cut:
            del data[at % len(data) :]
        else:
            data[at % len(data)] ^= 1 << bit
        file.write_bytes(data)
        with pytest.raises((BadInput, Refused, Tampered)):
            list(passphrase_file.Unlocked(file, "correct horse battery").lines())


class Machine(RuleBasedStateMachine):
    """The model: when each number and purpose ends, and what else was sealed under their key."""

    @initialize()
    def begin(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="haoma-vault-law-"))
        self.stack = ExitStack()
        self.world: World = self.stack.enter_context(
            open_world(f"sqlite:///{self.place}/haoma.db", self.place / "keys")
        )
        self.ends: dict[tuple[str, str], datetime] = {}
        self.gone: list[tuple[str, str, Sealed]] = []
        self.kept: list[tuple[str, str, Sealed]] = []

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()
            shutil.rmtree(self.place)

    @rule(text=numbers, purpose=purposes, after=minutes)
    def seal(self, text: str, purpose: str, after: int) -> None:
        until = self.world.clock[0] + timedelta(minutes=after)
        before = self.ends.get((text, purpose))
        token = self.world.sealed(number(text), purpose, until)
        self.ends[text, purpose] = max(until, before or until) if self.there(token, purpose) else until
        self.kept.append((text, purpose, self.world.vault.seal_bytes(token, purpose, "place", text.encode())))

    def there(self, token: SubjectToken, purpose: str) -> bool:
        rows = [row for row in self.world.rows(tables.sealed) if (row.subject, row.purpose) == (str(token), purpose)]
        return bool(rows)

    @rule(text=numbers, purpose=purposes)
    def shred(self, text: str, purpose: str) -> None:
        self.world.vault.shred(self.world.vault.pseudonym("acme", number(text)), purpose, actor="a", reason="withdrawn")
        self.ends.pop((text, purpose), None)
        mine = [one for one in self.kept if one[:2] == (text, purpose)]
        self.gone += mine
        self.kept = [one for one in self.kept if one not in mine]

    @rule(by=minutes)
    def wait(self, by: int) -> None:
        self.world.pass_(minutes=by)

    @rule()
    def delete_what_is_over(self) -> None:
        Retention(self.world.vault, EXPIRING[:1]).run()
        left = {(row.subject, row.purpose) for row in self.world.rows(tables.sealed)}
        assert all(row.until > self.world.clock[0] for row in self.world.rows(tables.sealed))
        assert len(left) == sum(end > self.world.clock[0] for end in self.ends.values())

    @rule(tenant=st.booleans())
    def rotate(self, tenant: bool) -> None:
        rotation = Rotation(self.world.vault, SUBJECT_COLUMNS)
        self.world.vault.pseudonym("acme", number())
        if tenant:
            rotation.rotate_tenant("acme")
        else:
            rotation.rotate_custody()
        rotation.go_on()

    @invariant()
    def what_is_live_opens_and_nothing_else(self) -> None:
        if not hasattr(self, "world"):
            return
        vault, opener, now = self.world.vault, self.world.opener, self.world.clock[0]
        for text in NUMBERS:
            token = vault.pseudonym("acme", number(text))
            for purpose in PURPOSES:
                permission = Permitted(token, purpose, now + timedelta(minutes=1))
                live = self.ends.get((text, purpose), NOW) > now
                try:
                    assert (opener.reveal(permission, actor="a") == number(text).uri) is live
                except NotFound:
                    assert not live
                with pytest.raises(Refused):
                    opener.reveal(Permitted(token, purpose, now), actor="a")

    @invariant()
    def what_was_shredded_never_opens_again(self) -> None:
        for text, purpose, sealed in getattr(self, "gone", []):
            token = self.world.vault.pseudonym("acme", number(text))
            with pytest.raises(NotFound):
                self.world.opener.open_bytes(
                    Permitted(token, purpose, self.world.clock[0] + timedelta(1)), "place", sealed
                )


TestVault = Machine.TestCase
TestVault.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
