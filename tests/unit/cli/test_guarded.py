"""What takes four eyes on the command line: it is asked for, approved by two others, and run once."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import haoma
from contracts.desk import Desk
from haoma.app import Services
from haoma.errors import Refused
from haoma.numbers import parse
from haoma.settings import load
from haoma.vault import SubjectToken
from haoma.vault.rotation import Rotation

NUMBER = "13800138000"
OPENING = {"Opener", "reveal", "unseal", "open_bytes", "open_sealed", "open_number"}
DESTROYING = {"shred", "shred_rows", "destroy", "destroy_keys", "retire", "forget"}
ROTATING = {"Rotation", "rotate", "rotate_custody", "rotate_tenant", "rotate_commitments"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("guarded"))
    desk.open("acme")
    for login, role in (("pru", "approver"), ("dora", "dpo"), ("an", "agent"), ("ri", "risk-analyst")):
        desk.add(login, role)
    return desk


@pytest.fixture
def services(desk: Desk) -> Iterator[Services]:
    with Services(load({"store_dir": desk.folder / "haoma"}, env={})) as services:
        yield services


def sealed(services: Services, text: str = NUMBER, tenant: str = "acme") -> SubjectToken:
    vault, number = services.vault, parse(text)
    token = vault.pseudonym(tenant, number)
    until = datetime.now(UTC) + timedelta(hours=1)
    vault.store.write(lambda tx: vault.seal(tx, token, "customer-care", number, until))
    return token


def asked(desk: Desk, *args: str, by: str) -> dict[str, str]:
    ended = desk.haoma("vault", *args, by=by)
    assert ended.returncode == 0, ended.stderr
    assert "haoma access approve run" in ended.stderr
    return json.loads(ended.stdout)


def keys(desk: Desk) -> list[dict[str, object]]:
    return [json.loads(line) for line in desk.haoma("vault", "keys").stdout.splitlines()]


def test_a_rotation_is_run_as_approved_and_brings_everything_over(desk: Desk, services: Services) -> None:
    sealed(services)
    request = asked(desk, "rotate", by="root")
    assert desk.run("approve", "run", request["approval"], by="root").returncode == 1
    assert [row["version"] for row in keys(desk) if row["kind"] == "custody"] == [1]
    desk.approve(request, pru="approver", dora="dpo")
    (told,) = desk.told("approve", "run", request["approval"], by="root")
    assert (told["state"], told["version"]) == ("done", 2)
    assert desk.run("approve", "run", request["approval"], by="root").returncode == 1
    assert [row["version"] for row in keys(desk) if row["kind"] == "custody"] == [1, 2]
    assert services.key_store.wrapped_by_older() == 0


def test_the_keys_are_backed_up_as_approved_once_and_by_nobody_alone(desk: Desk, services: Services) -> None:
    sealed(services)
    words, backup = ("correct horse battery staple",), ("vault", "keys", "backup")
    assert desk.haoma(*backup, "alone", by="root", typed=words).returncode == 3
    ended = desk.haoma(*backup, "--request", by="root")
    request = json.loads(ended.stdout)
    approved = ("--approval", request["approval"])
    assert f"keys backup FILE --approval {request['approval']}" in ended.stderr
    assert desk.haoma(*backup, "early", *approved, by="root", typed=words).returncode == 1
    desk.approve(request, pru="approver", dora="dpo")
    assert desk.run("approve", "run", request["approval"], by="root").returncode == 3  # nobody types a passphrase there
    assert desk.haoma(*backup, "other", "--custody", *approved, by="root", typed=words).returncode == 1
    assert desk.haoma(*backup, "theirs", *approved, by="an", typed=words).returncode == 3
    (made,) = desk.rows(*backup, "keys", *approved, by="root", typed=words)
    assert made["what"] == "store"
    assert desk.haoma(*backup, "again", *approved, by="root", typed=words).returncode == 1
    assert [name for name in ("alone", "early", "other", "theirs", "again") if (desk.folder / name).exists()] == []
    assert hashlib.sha256((desk.folder / "keys").read_bytes()).hexdigest() == made["sha256"]


@pytest.mark.slow
def test_a_backup_that_could_not_be_written_is_written_by_the_next_run_of_who_began_it(
    desk: Desk, services: Services
) -> None:
    sealed(services)
    words, backup = ("correct horse battery staple",), ("vault", "keys", "backup")
    (request,) = desk.rows(*backup, "--custody", "--request", by="root")
    desk.approve(request, pru="approver", dora="dpo")
    approved = ("--custody", "--approval", str(request["approval"]))
    (desk.folder / "there").touch()
    assert desk.haoma(*backup, "there", *approved, by="root", typed=words).returncode == 1
    assert desk.haoma(*backup, "short", *approved, by="root", typed=("too short",)).returncode == 2
    (asked_for,) = desk.rows("access", "approve", "show", str(request["approval"]), by="root")
    assert asked_for["state"] == "approved"
    ended = desk.haoma(*backup, "nowhere/keys", *approved, by="root", typed=words)
    assert (ended.returncode, "the same command runs it again, until 20" in ended.stderr) == (4, True)
    (asked_for,) = desk.rows("access", "approve", "show", str(request["approval"]), by="root")
    assert asked_for["state"] == "running"
    assert desk.run("approve", "run", str(request["approval"]), by="root").returncode == 3
    assert desk.haoma(*backup, "custody", *approved, by="pru", typed=words).returncode == 3
    (made,) = desk.rows(*backup, "custody", *approved, by="root", typed=words)
    assert (made["what"], (desk.folder / "custody").exists()) == ("files", True)


def test_no_backup_is_left_that_the_log_could_not_be_told_of(desk: Desk, services: Services) -> None:
    sealed(services)
    words, backup = ("correct horse battery staple",), ("vault", "keys", "backup")
    (request,) = desk.rows(*backup, "--request", by="root")
    desk.approve(request, pru="approver", dora="dpo")
    approved = ("untold", "--approval", str(request["approval"]))
    full = "BEFORE UPDATE ON access_approvals WHEN NEW.state = 'done' BEGIN SELECT RAISE(ABORT, 'database full'); END"
    services.store.write(lambda tx: tx.execute(sa.text(f"CREATE TRIGGER full {full}")).rowcount)
    ended = desk.haoma(*backup, *approved, by="root", typed=words)
    services.store.write(lambda tx: tx.execute(sa.text("DROP TRIGGER full")).rowcount)
    assert (ended.returncode, (desk.folder / "untold").exists()) == (1, False)
    assert "the same command runs it again, until 20" in ended.stderr
    (desk.folder / "untold.part").touch()  # what a process leaves that is killed while it writes
    assert "remove it" in desk.haoma(*backup, *approved, by="root", typed=words).stderr
    (desk.folder / "untold.part").unlink()
    (made,) = desk.rows(*backup, *approved, by="root", typed=words)
    assert hashlib.sha256((desk.folder / "untold").read_bytes()).hexdigest() == made["sha256"]


@pytest.mark.parametrize("options", [[], ["--request", "keys"], ["--request", "--approval", "x"]])
def test_a_backup_is_asked_for_or_written(desk: Desk, options: list[str]) -> None:
    assert desk.haoma("vault", "keys", "backup", *options, by="root").returncode == 2


@pytest.mark.slow
def test_the_key_of_a_tenants_tokens_is_rotated_by_its_own_people(desk: Desk, services: Services) -> None:
    sealed(services)
    services.pseudonyms.token("bank", parse(NUMBER))
    assert "another tenant" in desk.haoma("vault", "rotate", "--tenant", "bank", by="root").stderr
    request = asked(desk, "rotate", "--tenant", "acme", by="root")
    desk.approve(request, pru="approver", dora="dpo")
    desk.told("approve", "run", request["approval"], by="pru")
    newest = next(row for row in keys(desk) if row.get("scope") == "acme" and row["newest"])
    done, _, of = str(newest["progress"]).partition(" of ")
    assert (newest["version"], done) == (2, of)


@pytest.mark.parametrize("scope", [("--tenant", "nobody"), ("--commitments", "nothing")])
def test_what_has_no_key_is_not_rotated(desk: Desk, scope: tuple[str, str]) -> None:
    assert desk.haoma("vault", "rotate", *scope, by="root").returncode in {1, 3}


def test_keys_are_destroyed_as_approved_and_for_good(desk: Desk, services: Services) -> None:
    token = sealed(services, "13800138007")
    request = asked(desk, "shred", str(token), "--reason", "customer-request", by="dora")
    assert services.vault.keys_of(token)
    desk.approve(request, pru="approver", safe="security-admin")
    (told,) = desk.told("approve", "run", request["approval"], by="dora")
    assert (told["keys"], told["numbers"]) == (1, 1)
    assert services.vault.keys_of(token) == []


def test_a_number_is_shown_once_and_to_who_asked_for_it(desk: Desk, services: Services) -> None:
    token = sealed(services, "13800138008")
    reveal = ("reveal", str(token), "--purpose", "customer-care", "--reason", "call-back")
    assert "limit-need-to-know" in desk.haoma("vault", *reveal, by="an").stderr
    (case,) = desk.rows("case", "open", str(token), by="an")
    request = asked(desk, *reveal, by="an")
    desk.approve(request, pru="approver", dora="dpo")
    assert desk.run("approve", "run", request["approval"], by="pru").returncode == 3
    desk.haoma("case", "close", case["case"], by="an")
    assert "limit-need-to-know" in desk.run("approve", "run", request["approval"], by="an").stderr
    desk.rows("case", "open", str(token), by="an")
    (told,) = desk.told("approve", "run", request["approval"], by="an")
    assert told["number"] == "tel:+8613800138008"
    again = desk.run("approve", "run", request["approval"], by="an")
    assert (again.returncode, again.stdout, "13800138008" in again.stderr) == (1, "", False)


def test_a_number_that_nothing_needs_any_more_is_not_shown(desk: Desk, services: Services) -> None:
    token = services.vault.pseudonym("acme", parse("13800138009"))
    request = asked(desk, "reveal", str(token), "--purpose", "customer-care", "--reason", "fraud", by="ri")
    desk.approve(request, pru="approver", dora="dpo")
    ended = desk.run("approve", "run", request["approval"], by="ri")
    assert (ended.returncode, ended.stdout) == (1, "")


@pytest.mark.parametrize("command", ["shred", "reveal"])
def test_another_tenants_customers_are_theirs(desk: Desk, services: Services, command: str) -> None:
    token = sealed(services, tenant="bank")
    purpose = ("--purpose", "customer-care")
    by = "dora" if command == "shred" else "ri"
    ended = desk.haoma("vault", command, str(token), *purpose, "--reason", "call-back", by=by)
    assert (ended.returncode, "another tenant" in ended.stderr) == (3, True)


@pytest.mark.parametrize(("command", "by"), [(("rotate",), "dora"), (("shred", "{}", "--reason", "x"), "pru")])
def test_who_may_not_ask_for_it_does_not(desk: Desk, services: Services, command: tuple[str, ...], by: str) -> None:
    token = str(sealed(services))
    assert desk.haoma("vault", *(part.format(token) for part in command), by=by).returncode == 3


def test_a_reason_is_a_code(desk: Desk, services: Services) -> None:
    token = str(sealed(services))
    assert desk.haoma("vault", "shred", token, "--reason", "she asked", by="dora").returncode == 2


def test_services_begin_nothing_of_the_kind_by_themselves(services: Services) -> None:
    token = sealed(services)
    with pytest.raises(Refused, match="approved request"):
        services.vault.shred(token, actor="agent:1", reason="withdrawn")
    assert not OPENING & {*dir(services.vault), *dir(services)}
    assert not isinstance(services.rotation, Rotation)
    assert services.vault.keys_of(token)


@pytest.mark.parametrize("edge", ["cli", "web"])
def test_no_edge_knows_a_verb_that_opens_destroys_or_rotates(edge: str) -> None:
    found = set[str]()
    for path in (Path(haoma.__file__).parent / edge).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.ImportFrom | ast.Import):
                found |= {one.name for one in node.names}
    assert found & (OPENING | DESTROYING | ROTATING) == set()
