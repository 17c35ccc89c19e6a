"""Bulk export and longer keeping on the command line: asked for, approved by two others, and run once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from contracts.desk import Desk
from haoma.access.rows import person_by_login
from haoma.app import Services
from haoma.consent import tables as consent
from haoma.numbers import parse
from haoma.settings import load
from haoma.vault.model import actor_name

NUMBER = "13800138000"
PLACE = b'{"adcode":"310000","level":"province","name":"Shanghai"}'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("exports"))
    desk.open("acme")
    for login, role in (("pru", "approver"), ("dora", "dpo"), ("an", "agent")):
        desk.add(login, role)
    return desk


@pytest.fixture
def services(desk: Desk) -> Iterator[Services]:
    with Services(load({"store_dir": desk.folder / "haoma"}, env={})) as services:
        yield services


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def token(services: Services) -> str:
    """A location token of the agent's about a customer who has consented, as an answer gives it."""
    at, vault = datetime.now(UTC), services.vault
    subject = vault.pseudonym("acme", parse(NUMBER))
    with services.store.read() as tx:
        agent = person_by_login(tx, "an")
    assert agent
    given = dict.fromkeys(("recipient", "sources", "granularity", "channel", "holder", "receipt", "commitment"), "x")
    grant = {"grant_id": "g", "subject": str(subject), "purpose": "customer-care", "basis": "consent", "version": 1}
    times = {"since": at, "until": at + timedelta(days=1), "checked_at": at, "state": "given", "entry_id": 1}
    actor, until = actor_name("person", agent.id), at + timedelta(hours=1)

    def work(tx: sa.Connection) -> str:
        tx.execute(sa.insert(consent.grants).values(**given, **grant, **times))
        return vault.locations.issue(tx, subject, "customer-care", actor, PLACE, until, actor=actor)

    return services.store.write(work)


def test_a_case_keeps_a_place_and_two_others_let_it_stay(desk: Desk, services: Services) -> None:
    subject = services.vault.pseudonym("acme", parse(NUMBER))
    (case,) = rows(desk.ok("case", "open", str(subject), by="an"))
    (kept,) = rows(desk.ok("case", "keep", str(case["case"]), by="an", typed=(token(services),)))
    (shown,) = rows(desk.ok("case", "places", str(case["case"]), by="an"))
    assert (shown["place"], shown["value"], shown["extended"]) == (kept["place"], json.loads(PLACE), False)
    assert desk.haoma("case", "places", str(case["case"]), by="dora").returncode == 3
    extend = ("vault", "retention", "extend", str(case["case"]), "--reason")
    assert desk.haoma(*extend, "police-case", by="an").returncode == 3
    assert desk.haoma(*extend, "because", "x", by="dora").returncode == 2
    (asked,) = rows(desk.ok(*extend, "police-case", by="dora"))
    assert desk.run("approve", "run", asked["approval"], by="dora").returncode == 1
    desk.approve(asked, pru="approver", safe="security-admin")
    (done,) = desk.told("approve", "run", asked["approval"], by="dora")
    assert (done["state"], done["places"]) == ("done", 1)
    assert desk.run("approve", "run", asked["approval"], by="dora").returncode == 1
    (shown,) = rows(desk.ok("case", "places", str(case["case"]), by="an"))
    assert shown["extended"]
    desk.ok("case", "close", str(case["case"]), by="an")
    assert desk.haoma("case", "places", str(case["case"]), by="an").returncode == 1


def test_rows_are_exported_as_approved_into_a_private_file_and_once(desk: Desk) -> None:
    asked = ("access", "export", "decisions", "--from", "2020-01-01", "--rows", "1000", "--purpose", "audit-2026")
    until = datetime.now(UTC).isoformat()
    assert desk.haoma(*asked, "--to", until, "--recipient", "acme-auditor", by="an").returncode == 3
    assert desk.haoma(*asked, "--to", "2999-01-01", "--recipient", "acme-auditor", by="dora").returncode == 2
    (request,) = rows(desk.ok(*asked, "--to", until, "--recipient", "acme-auditor", by="dora"))
    desk.approve(request, pru="approver", safe="security-admin")
    (done,) = desk.told("approve", "run", request["approval"], by="dora")
    path = desk.folder / "haoma" / "exports" / str(done["file"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == done["sha256"]
    assert len(rows(path.read_text(encoding="utf-8"))) == done["rows"] > 5
    assert path.stat().st_mode & 0o077 == 0
    assert NUMBER not in path.read_text(encoding="utf-8")
    assert desk.run("approve", "run", request["approval"], by="dora").returncode == 1
    (told,) = desk.told("audit")
    assert told["approvals"] >= 1


@pytest.mark.parametrize("what", ["numbers", "audit"])
def test_what_is_not_there_to_export_is_told(desk: Desk, what: str) -> None:
    column = ("--column", "entry_id") if what == "audit" else ()
    asked = ("--from", "2020-01-01", "--to", "2020-02-01", "--rows", "5", "--purpose", "x", "--recipient", "y")
    ended = desk.haoma("access", "export", what, *column, *asked, by="dora")
    assert (ended.returncode, "audit" in ended.stderr or "columns" in ended.stderr) == (2, True)
