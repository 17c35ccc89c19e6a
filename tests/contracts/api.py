"""What tests of the API stand on: a service on a store of its own, and people of every role in two tenants."""

from __future__ import annotations

import asyncio
import io
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
import uvicorn

from contracts.serving import settings_in
from haoma.access import Role, draft_key
from haoma.access import tables as access
from haoma.app import Services
from haoma.cli.serve_listeners import listening
from haoma.consent import make_notice
from haoma.numbers.tables import use
from haoma.web.api.app import api, watched
from haoma.web.api.edge import Edge
from haoma.web.api.watching import Log

NUMBER = "13800138000"
ROLES = (*Role,)
TENANTS = ("acme", "other")


@dataclass
class Client:
    """Asks an application as people and machines do, without a socket; `log` is what the service wrote."""

    services: Services
    app: Any
    log: io.StringIO
    runner: asyncio.Runner
    tokens: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        by: str | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        key: str | None = "",
    ) -> httpx.Response:
        """One request; a POST takes an Idempotency-Key of its own, unless `key` is None or one that is given."""
        said = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        if method == "POST" and key is not None:
            said["Idempotency-Key"] = key or str(uuid.uuid4())
        data = content if content is not None else None if body is None else json.dumps(body).encode()
        if data is not None:
            said["Content-Type"] = "application/json"

        async def one() -> httpx.Response:
            way = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=way, base_url="http://haoma.test") as http:
                return await http.request(method, path, content=data, headers={**said, **(headers or {})})

        return self.runner.run(one())

    def post(self, path: str, body: object = None, *, by: str | None = None, **more: Any) -> httpx.Response:
        return self.ask("POST", path, body, by=by, **more)

    def get(self, path: str, *, by: str | None = None, **more: Any) -> httpx.Response:
        return self.ask("GET", path, by=by, **more)

    def machine(self, name: str, owner: str, role: Role, *scopes: str) -> None:
        """A bearer key of a person's, under a name; a person of another tenant is `agent@other`."""
        _, at, tenant = owner.partition("@")
        safe = self.services.sign_in.asker(self.tokens[f"security-admin{at}{tenant}"], _now())
        draft = draft_key(self.people[owner], name.replace("@", "."), "bearer", role, scopes, _now())
        _, secret = self.services.api_keys.make(safe, draft, _now())
        self.tokens[name] = str(secret)

    @property
    def code(self) -> str:
        """The code in the newest message to a customer."""
        newest = (self.services.settings.store_dir / "messages").read_text(encoding="utf-8").splitlines()[-1]
        return re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", newest)[-1]

    def number_case(self, number: str = NUMBER, by: str = "agent") -> str:
        """A case of an agent's about the holder of a number; the subject token."""
        told = self.post("/v1/cases", {"number": number}, by=by)
        assert told.status_code == 201, told.text
        return str(told.json()["subject"])

    def consent(self, number: str = NUMBER, purpose: str = "customer-care", recipient: str = "acme-desk") -> str:
        """A customer's yes by code to what was published, in a case of the agent's; the id of the consent."""
        asked = {"number": number, "purpose": purpose, "recipient": recipient}
        request = self.post("/v1/consents/requests", asked, by="agent").json()["request"]
        said = self.post(f"/v1/consents/requests/{request}/answer", {"answer": "yes", "code": self.code}, by="agent")
        assert said.status_code == 200, said.text
        return str(said.json()["consent"])


@contextmanager
def client_in(place: Path, **changed: object) -> Iterator[Client]:
    """A service in this place, with people of every role in each tenant: `agent`, and `agent@other`."""
    with opened_in(place, {}, **changed) as client:
        for tenant in TENANTS:
            _people(client, tenant)
        yield client


@contextmanager
def opened_in(place: Path, tokens: Mapping[str, str], **changed: object) -> Iterator[Client]:
    """A service in this place, with what is there already."""
    settings = replace(settings_in(place, **changed), data_dir=_data_dir())
    use(settings)
    log = io.StringIO()
    with Services(settings) as services, asyncio.Runner() as runner:
        watch, figures = watched(services, Log(log, strangers_per_min=1_000_000))
        yield Client(services, Edge(api(services, figures), watch), log, runner, dict(tokens))


@contextmanager
def served_of(client: Client) -> Iterator[str]:
    """The service on a socket of a real uvicorn, without the work behind it."""
    listener = listening("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(client.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


SOURCES = ("carrier", "stated", "segment", "browser")


def publish(
    client: Client, purpose: str = "customer-care", recipient: str = "acme-desk", fine: str = "city", days: int = 30
) -> None:
    """A notice and an assessment of a purpose, for which customers of acme are asked."""
    services, now = client.services, _now()
    dpo = services.sign_in.asker(client.tokens["dpo"], now)
    notice = make_notice(purpose, recipient, "安客", "dpo@acme.example", list(SOURCES), fine, days)
    services.consent.notices.publish(dpo, "acme", notice)
    services.consent.notices.assess(dpo, "acme", purpose, "ab" * 32, now + timedelta(days=1000))


def _data_dir() -> Path:
    import os

    return Path(os.environ["HAOMA_DATA_DIR"])


def _people(client: Client, tenant: str) -> None:
    """Somebody of each role, signed in; how people come to their roles has tests of its own."""
    now, tenant_id = _now(), str(uuid.uuid4())
    names = {role: str(role) if tenant == TENANTS[0] else f"{role}@{tenant}" for role in ROLES}
    ids = {role: str(uuid.uuid4()) for role in ROLES}

    def work(tx: sa.Connection) -> dict[str, str]:
        tx.execute(sa.insert(access.tenants).values(tenant_id=tenant_id, name=tenant, created_at=now))
        for role in ROLES:
            row = {"login": names[role].replace("@", "."), "name": "X", "state": "active", "created_at": now}
            tx.execute(sa.insert(access.people).values(person_id=ids[role], tenant_id=tenant_id, **row, version=1))
            held = {"person_id": ids[role], "role": str(role), "granted_by": ids[role], "granted_at": now}
            tx.execute(sa.insert(access.roles).values(**held))
        open_session = client.services.sign_in.open_session
        return {
            names[role]: open_session(tx, ids[role], frozenset({"password", "totp"}), now - timedelta(seconds=1))
            for role in ROLES
        }

    client.tokens.update(client.services.store.write(work))
    client.people.update({names[role]: ids[role] for role in ROLES})


def _now() -> datetime:
    return datetime.now(UTC)


def lines(client: Client) -> list[dict[str, object]]:
    """What the service wrote."""
    with suppress(ValueError):
        return [json.loads(line) for line in client.log.getvalue().splitlines()]
    return []
