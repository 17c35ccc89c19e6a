"""People at one machine who use the command line, each with a session of their own."""

from __future__ import annotations

import base64
import io
import json
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest

from haoma.access.totp import code_at
from haoma.cli.main import run

PASSWORD = "correct horse battery"


class Ended(NamedTuple):
    """What came of a command line."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Desk:
    """People at one machine, each with a session of their own."""

    folder: Path
    sessions: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> Ended:
        """One command line of `haoma access`."""
        return self.haoma("access", *args, by=by, typed=typed)

    def haoma(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> Ended:
        """One command line, in this process, for there are many."""
        lines = "".join(f"{line}\n" for line in typed).encode("utf-8", "surrogateescape")
        given = io.TextIOWrapper(io.BytesIO(lines), encoding="utf-8")
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.setenv("XDG_DATA_HOME", str(self.folder))
            patch.setenv("HAOMA_SESSION", self.sessions.get(by, ""))
            patch.setattr(sys, "stdin", given)
            code = run([*args])
        texts = [(stream.flush(), stream.buffer.getvalue().decode())[1] for stream in (out, err)]
        return Ended(code, *texts)

    def ok(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> str:
        """What one command line that ends well says."""
        ended = self.haoma(*args, by=by, typed=typed)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def told(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> list[dict[str, object]]:
        """The rows that a command line of `haoma access` tells."""
        return [json.loads(line) for line in self.ok("access", *args, by=by, typed=typed).splitlines()]

    def rows(self, *args: str, by: str = "", typed: tuple[str, ...] = ()) -> list[dict[str, object]]:
        """The rows that any command line of `haoma` tells."""
        return [json.loads(line) for line in self.ok(*args, by=by, typed=typed).splitlines()]

    def come_in(self, login: str, token: str) -> None:
        (made,) = self.told("enrol", typed=(token, PASSWORD))
        text = parse_qs(urlsplit(made["otpauth"]).query)["secret"][0]
        code = code_at(base64.b32decode(text + "=" * (-len(text) % 8)), int(time.time()) // 30)
        self.sessions[login] = self.ok("access", "sign-in", "--login", login, typed=(PASSWORD, code)).strip()

    def add(self, login: str, *roles: str) -> None:
        (made,) = self.told("people", "add", "--login", login, "--name", login.title(), by="root")
        for role in roles:
            self.told("people", "grant", login, role, by="safe" if "safe" in self.sessions else "root")
        self.come_in(login, made["token"])

    def open(self, tenant: str) -> None:
        """The first person, root, and the security administrator, safe."""
        (first,) = self.told("people", "add", "--first", "--tenant", tenant, "--login", "root", "--name", "Root")
        self.come_in("root", first["token"])
        self.add("safe", "security-admin")

    def approve(self, asked: dict[str, object], **roles: str) -> None:
        """Approve a request, each in their role."""
        for login, role in roles.items():
            named = (asked["approval"], "--role", role, "--digest", asked["digest"])
            self.ok("access", "approve", "yes", *named, by=login)
