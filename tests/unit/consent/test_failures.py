"""Nothing is allowed because something is broken, and nothing tells a number while it is."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.consent import NUMBER, OTHER, TENANT, World, open_world
from haoma.access import tables as access
from haoma.consent import tables
from haoma.consent.grant import Grant
from haoma.consent.requests import Channel
from haoma.consent.shown import receipt_of
from haoma.errors import HaomaError, Tampered, Unavailable
from haoma.numbers import parse
from haoma.storage import back_up

DIGITS = ("13800138000", "13800138001", "138-0013-8000", "86138", "0013800")


def fails(call: Callable[[], object]) -> HaomaError:
    with pytest.raises(HaomaError) as error:
        call()
    return error.value


def test_without_the_database_there_is_no_grant(world: World, tmp_path: Path) -> None:
    world.give()
    world.require()
    with sqlite3.connect(tmp_path / "haoma.db", isolation_level=None) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray((tmp_path / "haoma.db").read_bytes())
    damaged[4096:] = bytes(len(damaged) - 4096)
    (tmp_path / "haoma.db").write_bytes(damaged)
    assert isinstance(fails(world.require), Unavailable)


def test_where_the_decision_cannot_be_recorded_there_is_no_grant(world: World) -> None:
    world.give()
    for table in ("audit", "ledger_queue"):
        trigger = f"CREATE TRIGGER stop BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END"
        world.store.write(lambda tx, trigger=trigger: tx.execute(sa.text(trigger)).rowcount)
        fails(world.require)
        world.store.write(lambda tx: tx.execute(sa.text("DROP TRIGGER stop")).rowcount)
    assert world.require()


def test_without_the_policy_there_is_no_grant(world: World) -> None:
    world.give()
    world.require()
    row = {"version": 1, "text": "permit (principal, action, resource);", "digest": "0" * 64}
    more = {"since": world.clock[0], "approval_id": "00000000-0000-4000-8000-00000000000a"}
    world.store.write(lambda tx: tx.execute(sa.insert(access.policies).values(**row, **more)).rowcount)
    assert isinstance(fails(world.require), Unavailable)
    assert isinstance(fails(lambda: world.ask(by="agent")), Unavailable)


def test_without_the_key_store_there_is_no_grant(tmp_path: Path) -> None:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.ready()
        world.open_case()
        world.give()
        world.require()
        subject = world.subject()
        for file in (tmp_path / "keys" / "custody").glob("haoma-keys-*.key"):
            file.unlink()
        world.vault.keys._kept.clear()
        with pytest.raises(HaomaError):
            world.consent.require(
                world.agent, subject, purpose="customer-care", recipient="acme-desk", source="carrier"
            )


def test_without_custody_nobody_is_said_to_have_consented(world: World, tmp_path: Path) -> None:
    asked = world.ask()
    world.give()
    for file in (tmp_path / "keys" / "custody").glob("consent.sign-*.key"):
        file.chmod(0o644)
    assert isinstance(fails(lambda: world.consent.answers.yes(asked.request_id, world.sent.code)), HaomaError)
    assert len(world.rows(tables.grants)) == 1


@pytest.mark.parametrize("end", ["withdraw", "expire", "see"])
def test_a_damaged_subject_of_a_consent_is_told_as_such(world: World, end: str) -> None:
    given = world.give()
    damaged = sa.update(tables.grants).values(subject="nobody")
    world.store.write(lambda tx: tx.execute(damaged).rowcount)
    consent, office = world.consent, world.consent.office
    world.pass_(days=0 if end != "expire" else 31)
    ways = {
        "withdraw": lambda: consent.withdrawals.by_agent(world.agent, given.grant_id),
        "expire": consent.withdrawals.end_over,
        "see": lambda: receipt_of(office, world.agent, given.grant_id),
    }
    assert isinstance(fails(ways[end]), Tampered)


def test_a_destroyed_key_of_codes_lets_no_code_pass(world: World) -> None:
    asked = world.ask()
    world.vault.commitments.destroy("consentcode")
    assert fails(lambda: world.consent.answers.yes(asked.request_id, world.sent.code)).reason == "code-wrong"


def test_a_carrier_that_does_not_answer_is_not_taken_for_the_same_holder(world: World) -> None:
    world.publish(days=90)
    world.give(days=90)
    world.pass_(days=30)
    world.sent.down.add("carrier")
    assert isinstance(fails(lambda: world.consent.arrived(TENANT, parse(NUMBER))), Unavailable)
    assert fails(world.require).reason == "holder-unchecked"


def test_who_is_suspended_or_has_closed_the_case_is_refused_from_then_on(world: World) -> None:
    world.give()
    world.require()
    world.store.write(lambda tx: tx.execute(sa.update(access.cases).values(closed_at=world.clock[0])).rowcount)
    assert fails(world.require).reason == "policy"
    world.open_case()
    world.require()
    suspended = sa.update(access.people).where(access.people.c.login == "agent").values(state="suspended")
    world.store.write(lambda tx: tx.execute(suspended).rowcount)
    assert fails(world.require).reason == "policy"


def life(world: World) -> list[Any]:
    """Everything that can happen to one number, well or not; what was said about it."""
    said: list[Any] = []
    given = world.give(channel=Channel.SMS)
    said += [given, world.require(), world.ask(by="agent")]
    said.append(fails(lambda: world.consent.answers.yes(said[-1].request_id, "x")))
    said.append(fails(lambda: world.require(OTHER)))
    said.append(fails(lambda: world.ask(purposes="marketing")))
    said.append(fails(lambda: world.ask(channel=Channel.IVR, call_id=NUMBER)))
    world.store.write(lambda tx: world.vault.seal(tx, world.subject(), "customer-care", parse(NUMBER), given.until))
    world.sent.down |= {"sms", "recipient", "places"}
    world.pass_(hours=1)
    said.append(fails(world.ask))
    said.append(world.consent.withdrawals.by_receipt(given.receipt))
    said.append(fails(world.consent.run))
    world.sent.down.clear()
    said += [world.consent.run(), world.consent.erasures.proof(given.grant_id)]
    return said


def test_no_number_is_in_any_log_line_message_entry_row_dump_or_backup(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = life(world)
    texts = [repr(one) + str(one) + str(getattr(one, "hint", "")) for one in said]
    texts += [repr(entry) for entry in world.entries()]
    texts += [text for _, text in world.sent.messages] + [repr(request) for request in world.sent.requests]
    texts += [repr(world.sent.alarms), caplog.text, *capfd.readouterr()]
    with sqlite3.connect(tmp_path / "haoma.db") as database:
        texts += list(database.iterdump())
    back_up(world.store, tmp_path / "backup.tar", at=world.clock[0])
    texts.append((tmp_path / "backup.tar").read_bytes().decode("latin-1"))
    texts += [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("haoma.db*")]
    found = [text[:200] for text in texts for digits in DIGITS[:3] if digits in text]
    assert len(texts) > 100
    assert found == []


def test_a_grant_tells_no_number_when_it_is_printed(world: World) -> None:
    world.give()
    grant = world.require()
    assert isinstance(grant, Grant)
    assert not any(digits in repr(grant) for digits in DIGITS[:3])
