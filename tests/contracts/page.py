"""Customers at their own page: a browser without cookies and scripts, and the phone that messages come to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape

import httpx
import sqlalchemy as sa

from contracts.api import Client
from haoma.consent import Question
from haoma.consent.tables import messages
from haoma.numbers import parse

ORIGIN = "http://localhost:8620"
OURS = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
RECIPIENT = "acme-desk"


@dataclass
class Customer:
    """Somebody with a number, a browser and a phone."""

    client: Client
    number: str
    shown: list[httpx.Response] = field(default_factory=list)

    @property
    def message(self) -> str:
        """The newest message to this number."""
        lines = (self.client.services.settings.store_dir / "messages").read_text(encoding="utf-8").splitlines()
        return next(line for line in reversed(lines) if line.startswith(str(parse(self.number))))

    @property
    def messages(self) -> int:
        path = self.client.services.settings.store_dir / "messages"
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    @property
    def code(self) -> str:
        return re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", self.message)[-1]

    @property
    def link(self) -> str:
        """The path of the link in the newest message."""
        return re.findall(rf"{re.escape(self.client.services.settings.self_url)}(\S+)", self.message)[-1]

    def asked(self, recipient: str = RECIPIENT, **more: object) -> str:
        """Somebody asks this customer; the path of the link."""
        question = Question("acme", parse(self.number), "customer-care", recipient, **more)
        self.client.services.consent.requests.ask(None, question)
        return self.link

    def get(self, path: str) -> httpx.Response:
        return self._kept(self.client.ask("GET", path))

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        said = {"Content-Type": "application/x-www-form-urlencoded", **OURS, **headers}
        content = str(httpx.QueryParams(fields)).encode()
        return self._kept(self.client.ask("POST", path, content=content, key=None, headers=said))

    def press(self, page: httpx.Response, action: str, /, **typed: str) -> httpx.Response:
        """Press the button of the form on a page that posts there; `consent` picks one of several."""
        found = next(
            (where, known)
            for where, known in forms(page.text)
            if where.partition("?")[0] == action and typed.get("consent", known.get("consent")) == known.get("consent")
        )
        return self.post(found[0], {**found[1], **typed})

    def say_yes(self, recipient: str = RECIPIENT, **more: object) -> httpx.Response:
        """A yes to a question, by link and code; the page that comes of it."""
        path = self.asked(recipient, **more)
        return self.press(self.get(path), path.partition("?")[0], answer="yes", code=self.code)

    def come_in(self, tenant: str = "acme", language: str = "zh") -> httpx.Response:
        """Show by a code that the number is theirs; the page inside."""
        path = f"/self/my/{tenant}"
        sent = self.press(self.get(f"{path}?lang={language}"), path, number=self.number)
        return self.press(sent, "/self/enter", code=self.code)

    def wait(self, **by: float) -> None:
        """Let every message to this number be so much older."""
        services, c = self.client.services, messages.c
        subject = str(services.consent.office.subject("acme", parse(self.number)))

        def work(tx: sa.Connection) -> None:
            for row in tx.execute(sa.select(messages).where(c.subject == subject)).all():
                older = sa.update(messages).where(c.message_id == row.message_id)
                tx.execute(older.values(at=row.at - timedelta(**by)))

        services.store.write(work)

    def rows(self, table: sa.Table) -> list[sa.Row[tuple[object, ...]]]:
        with self.client.services.store.read() as tx:
            return list(tx.execute(sa.select(table)))

    def _kept(self, told: httpx.Response) -> httpx.Response:
        self.shown.append(told)
        return told


def forms(page: str) -> list[tuple[str, dict[str, str]]]:
    """Where each form of a page posts, and what it knows already."""
    found = []
    for opened, inside in re.findall(r"<form ([^>]*)>(.*?)</form>", page, re.DOTALL):
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', inside)
        action = re.findall(r'action="([^"]*)"', opened)[0]
        found.append((unescape(action), {name: unescape(value) for name, value in fields}))
    return found
