from __future__ import annotations

import io
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from haoma.access import Role
from haoma.access.totp import code_at
from haoma.app import Services
from haoma.cli.acting import now
from haoma.cli.main import run
from haoma.settings import load

NUMBER = "13800138000"
PASSWORD = "correct horse battery"
ASKED = ("--tenant", "acme", "--purpose", "customer-care", "--recipient", "acme-desk")


class Ended(NamedTuple):
    """What came of a command line."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Desk:
    """An agent and a data-protection officer at one machine."""

    folder: Path
    sessions: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> Ended:
        given = io.StringIO("".join(f"{line}\n" for line in typed))
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setenv("XDG_DATA_HOME", str(self.folder))
            patch.setenv("HAOMA_SESSION", self.sessions.get(by, ""))
            patch.setattr(sys, "stdin", given)
            code = run(args)
        texts = [(stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err)]
        return Ended(code, *texts)

    def ok(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> Ended:
        ended = self.run(*args, by=by, typed=typed)
        assert ended.returncode == 0, ended.stderr
        return ended

    @property
    def code(self) -> str:
        text = (self.folder / "haoma" / "messages").read_text(encoding="utf-8").splitlines()[-1]
        return re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", text)[-1]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """People who signed in, a notice and an assessment; the tests of this file follow one customer."""
    import base64
    from urllib.parse import parse_qs, urlsplit

    folder = tmp_path_factory.mktemp("desk")
    desk = Desk(folder)
    with Services(load({}, {"XDG_DATA_HOME": str(folder), "HOME": str(folder)}, folder)) as services:
        people = services.people

        def come_in(login: str, token: str) -> None:
            told = services.sign_in.enrol(token, PASSWORD, now()).otpauth
            secret = parse_qs(urlsplit(told).query)["secret"][0]
            code = code_at(base64.b32decode(secret + "=" * (-len(secret) % 8)), int(now().timestamp()) // 30)
            desk.sessions[login] = services.sign_in.sign_in(login, PASSWORD, code, now())

        _, token = people.add_first("root", "Root", "acme", now())
        come_in("root", token)
        system = services.sign_in.asker(desk.sessions["root"], now())
        safe, token = people.add(system, "safe", "Safe", now())
        people.grant(system, safe.id, Role.SECURITY_ADMIN, now())
        come_in("safe", token)
        security = services.sign_in.asker(desk.sessions["safe"], now())
        for login, role in (("an", Role.AGENT), ("dai", Role.DPO)):
            person, token = people.add(system, login, login.title(), now())
            people.grant(security, person.id, role, now())
            come_in(login, token)
    (folder / "pia.pdf").write_bytes(b"assessed")
    desk.ok("consent", "notice", "assess", "pia.pdf", *ASKED[:4], "--until", "2028-01-31", by="dai")
    items = ("--name", "安客", "--contact", "privacy@acme.example", "--source", "carrier", "--granularity", "city")
    desk.ok("consent", "notice", "publish", *ASKED, *items, "--days", "30", by="dai")
    token = desk.ok("consent", "show", NUMBER, "--tenant", "acme", "--token-only", by="an").stdout.strip()
    desk.ok("access", "case", "open", token, by="an")
    return desk


def ask(desk: Desk, *more: str) -> str:
    answer = desk.ok("consent", "request", NUMBER, *ASKED, *more, by="an").stdout
    return str(json.loads(answer)["request"])


def test_a_customer_consents_withdraws_with_their_receipt_says_no_and_is_not_asked_again(desk: Desk) -> None:
    request = ask(desk, "--channel", "agent", "--call", "call-1")
    desk.ok("consent", "grant", request, "-o", "receipt.jws", by="an", typed=(desk.code,))
    desk.ok("consent", "receipt", "keys", "-o", "keys.json")
    said = json.loads(desk.ok("consent", "receipt", "verify", "receipt.jws", "--keys", "keys.json").stdout)
    shown = json.loads(desk.ok("consent", "show", NUMBER, "--tenant", "acme", by="an").stdout)
    assert said[0]["record_id"] == f"urn:uuid:{shown['consent']}"
    assert (shown["state"], shown["purpose"]) == ("given", "customer-care")
    again = desk.ok("consent", "receipt", "show", shown["consent"], by="an").stdout
    assert again == (desk.folder / "receipt.jws").read_text(encoding="utf-8")
    desk.ok("consent", "withdraw", "--receipt", "receipt.jws", "-o", "proof.jws")
    proof = json.loads(desk.ok("consent", "receipt", "verify", "proof.jws", "--keys", "keys.json").stdout)
    assert proof[0]["event_state"] == "dpv:ConsentWithdrawn"
    assert json.loads(desk.ok("consent", "show", NUMBER, "--tenant", "acme", by="dai").stdout)["state"] == "withdrawn"
    # A changed receipt is told apart.
    text = (desk.folder / "receipt.jws").read_text(encoding="utf-8").split(".")
    (desk.folder / "changed.jws").write_text(".".join([text[0], text[1], text[2][::-1].strip()]), encoding="utf-8")
    ended = desk.run("consent", "receipt", "verify", "changed.jws", "--keys", "keys.json")
    assert ended.returncode in {2, 5}
    (desk.folder / "none.json").write_text("{", encoding="utf-8")
    assert desk.run("consent", "receipt", "verify", "receipt.jws", "--keys", "none.json").returncode == 2
    # A no shows what may be offered, and nobody asks again.
    said = json.loads(desk.ok("consent", "refuse", ask(desk), by="an").stdout)
    assert "网点" in said["offer_zh"]
    ended = desk.run("consent", "request", NUMBER, *ASKED, by="an")
    assert (ended.returncode, "has said no" in ended.stderr) == (3, True)


@pytest.mark.parametrize(
    ("args", "by", "code"),
    [
        (("request", NUMBER, *ASKED, "--purpose", "delivery"), "an", 3),
        (("request", NUMBER, "--tenant", "acme", "--purpose", "marketing", "--recipient", "acme-desk"), "an", 3),
        (("request", NUMBER, *ASKED), "", 3),
        (("request", NUMBER, *ASKED), "dai", 3),
        (("show", NUMBER, "--tenant", "acme"), "root", 3),
        (("withdraw",), "an", 2),
        (("withdraw", "00000000-0000-4000-8000-000000000000"), "an", 1),
        (("receipt", "show", "00000000-0000-4000-8000-000000000000"), "an", 1),
        (("refuse", "00000000-0000-4000-8000-000000000000"), "an", 1),
    ],
)
def test_what_may_not_be_is_refused_without_the_number(desk: Desk, args: tuple[str, ...], by: str, code: int) -> None:
    ended = desk.run("consent", *args, by=by)
    assert ended.returncode == code, ended.stderr
    assert NUMBER not in ended.stdout + ended.stderr


def test_the_rest_is_listed_and_done(desk: Desk) -> None:
    (notice,) = desk.ok("consent", "notice", "list", "--tenant", "acme", "--language", "en").stdout.splitlines()
    assert json.loads(notice)["text"].startswith("May 安客 know where you are?")
    ran = json.loads(desk.ok("consent", "run").stdout)
    assert ran == {"ended": 0, "erased": 0, "told": {"done": 0, "again": 0, "failed": 0}, "unheard": 0}
