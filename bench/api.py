"""The API over HTTP: is this customer in that region?, through the whole gate, beside a bare FastAPI route.

Rules held here:
- A question is recognised, decided, held to a consent, and on the disk with its audit rows and entries of the log
  before it is answered: as many as were answered are there at the end, or the run ends.
- The peer is a FastAPI route that takes and gives JSON and does nothing else, on a uvicorn with the same parser.
- One worker and the generator have a core each; with two workers all three share what there is, and what two workers of
  the peer do beside one tells what there is to share.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import sqlalchemy as sa

from bench.figure import Figure, require
from bench.load import Loaded, load, post
from haoma.access import Asker, Role, draft_key
from haoma.access import tables as access
from haoma.app import Services
from haoma.consent import make_notice
from haoma.consent.requests import Question
from haoma.numbers import parse
from haoma.settings import Settings
from haoma.settings import load as settings_of

__all__ = ["api"]

AGENTS, CUSTOMERS, STARTS_S = 8, 96, 60
TENANT, PURPOSE, RECIPIENT = "acme", "customer-care", "acme-desk"
PATH = "/v1/locations/verify"
PEER = "a bare FastAPI route"
STRONG = frozenset({"password", "totp"})
DRAWS = 6
_BARE = """
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Asked(BaseModel):
    number: str
    purpose: str
    recipient: str
    region: str

app = FastAPI()

@app.post("/v1/locations/verify")
async def verify(asked: Asked) -> dict[str, str]:
    return {"verdict": "TRUE", "region": asked.region}
"""
# Workers of the peer are as haoma's own: each on a core of its own, with a listener of its own.
_SEVERAL = """
import os, signal, socket, sys

def own(port):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    return listener

kept = own(0)
port = kept.getsockname()[1]
others = []
for core in sorted(os.sched_getaffinity(0))[:{}]:
    others.append(os.fork())
    if not others[-1]:
        os.sched_setaffinity(0, [core])
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[own(port)])
        sys.exit()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print(f"http://127.0.0.1:{{port}}", file=sys.stderr, flush=True)
signal.sigwait([signal.SIGTERM])
for one in others:
    os.kill(one, signal.SIGTERM)
"""
_SERVES = "from haoma.cli.main import main; main()"
_ANSWERS = f"{_BARE}\nuvicorn.run(app, port=0, log_level='info', access_log=False)"


def api(seconds: float) -> Iterator[Figure]:
    """Questions a second for `seconds` each, and the slowest of a hundred; then with two workers."""
    with TemporaryDirectory(dir=Path.cwd()) as place:
        settings = _settings(Path(place))
        requests = _house(settings)
        peer, peer_cpu = _alone(_ANSWERS, [], requests, seconds)
        one, one_cpu = _alone(_SERVES, _arguments(settings, 1), requests, seconds)
        shared, two = (_beside(_SERVES, _arguments(settings, count), requests, seconds) for count in (1, 2))
        bare, bare_two = (_beside(f"{_BARE}\n{_SEVERAL.format(count)}", [], requests, seconds) for count in (1, 2))
        _require_recorded(settings, one.answers + shared.answers + two.answers)
    what = "is a customer in a region?, over HTTP, through the whole gate"
    yield Figure(f"{what}, one worker", "requests/s", one.rate, PEER, peer.rate)
    yield Figure("the same, by CPU time of the server alone", "requests/s", 1 / one_cpu, PEER, 1 / peer_cpu)
    yield Figure("the same, the slowest of a hundred", "ms", one.p99_ms, PEER, peer.p99_ms)
    yield Figure("the same, two workers on two cores with the generator", "requests/s", two.rate, "one", shared.rate)
    yield Figure("two workers of the peer on those cores", "requests/s", bare_two.rate, "one", bare.rate)
    yield Figure("the generator's share of a core beside the peer", "%", 100 * peer.own_cpu)


def _alone(program: str, arguments: Sequence[str], requests: Sequence[bytes], seconds: float) -> tuple[Loaded, float]:
    """What a server does that has a core for itself, where there are two; and its CPU seconds for each answer."""
    cores = sorted(os.sched_getaffinity(0))
    pinned = f"import os; os.sched_setaffinity(0, {{{cores[-1]}}})\n{program}"
    with _served(pinned, arguments) as (port, served):
        os.sched_setaffinity(0, cores[:1])
        try:
            warmed = load(port, requests, seconds / 5).answers
            before = _cpu_s(served)
            done = load(port, requests, seconds)
            spent = (_cpu_s(served) - before) / done.answers
            return replace(done, answers=warmed + done.answers), spent
        finally:
            os.sched_setaffinity(0, cores)


def _beside(program: str, arguments: Sequence[str], requests: Sequence[bytes], seconds: float) -> Loaded:
    """What a server does that shares all cores with the generator: the mean of `DRAWS` of who gets which connection."""
    with _served(program, arguments) as (port, _):
        done = [load(port, requests, seconds / DRAWS) for _ in range(DRAWS)]
    rate = sum(one.rate for one in done) / DRAWS
    return replace(done[0], rate=rate, answers=sum(one.answers for one in done))


def _cpu_s(served: subprocess.Popen[bytes]) -> float:
    """What a process has taken of the CPU (proc(5), utime and stime)."""
    fields = Path(f"/proc/{served.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _served(program: str, arguments: Sequence[str]) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The port of a server, and the process that it is."""
    command = [sys.executable, "-c", program, *arguments]
    # Into a file, for a service waits for who reads what it logs.
    with NamedTemporaryFile("w+", dir=Path.cwd()) as log, subprocess.Popen(command, stderr=log) as served:
        try:
            yield _port(Path(log.name), served), served
        finally:
            served.terminate()


def _port(log: Path, served: subprocess.Popen[bytes]) -> int:
    """Where a server listens, once it says so and answers."""
    until = time.monotonic() + STARTS_S
    while True:
        text = log.read_text(encoding="utf-8")
        require(served.poll() is None and time.monotonic() < until, f"a server does not listen: {text[-2000:]}")
        found = re.search(r"http://127\.0\.0\.1:(\d+)", text)
        with suppress(OSError):
            if found:
                socket.create_connection(("127.0.0.1", int(found[1]))).close()
                return int(found[1])
        time.sleep(0.05)


def _arguments(settings: Settings, workers: int) -> list[str]:
    named = ["--store-dir", str(settings.store_dir), "--api-rate-per-min", str(settings.api_rate_per_min)]
    return [*named, "serve", "--port", "0", "--workers", str(workers)]


def _settings(place: Path) -> Settings:
    found = settings_of({"store_dir": str(place / "store")}, env=dict(os.environ), cwd=place)
    return replace(found, api_rate_per_min=10**9)


def _house(settings: Settings) -> list[bytes]:
    """Customers who consented, in open cases of agents with a key each; the questions that those ask."""
    with Services(settings) as services:
        askers = _people(services)
        dpo = askers[Role.DPO][0]
        now = datetime.now(UTC)
        notice = make_notice(PURPOSE, RECIPIENT, "Acme", "dpo@acme.example", ["segment"], "city", 30)
        services.consent.notices.publish(dpo, TENANT, notice)
        services.consent.notices.assess(dpo, TENANT, PURPOSE, "ab" * 32, now + timedelta(days=1000))
        agents = askers[Role.AGENT]
        keys = [_key(services, askers[Role.SECURITY_ADMIN][0], one) for one in agents]
        return [_asks(services, agents[at % AGENTS], keys[at % AGENTS], at) for at in range(CUSTOMERS)]


def _people(services: Services) -> dict[Role, list[Asker]]:
    tenant, now = str(uuid.uuid4()), datetime.now(UTC)
    roles = [Role.DPO, Role.SECURITY_ADMIN, *[Role.AGENT] * AGENTS]
    ids = [str(uuid.uuid4()) for _ in roles]

    def work(tx: sa.Connection) -> None:
        tx.execute(sa.insert(access.tenants).values(tenant_id=tenant, name=TENANT, created_at=now))
        for one, role in zip(ids, roles, strict=True):
            person = {"tenant_id": tenant, "login": f"p{one}", "name": "P", "state": "active", "created_at": now}
            tx.execute(sa.insert(access.people).values(person_id=one, **person, version=1))
            held = {"role": str(role), "granted_by": one, "granted_at": now}
            tx.execute(sa.insert(access.roles).values(person_id=one, **held))

    services.store.write(work)
    found: dict[Role, list[Asker]] = {role: [] for role in roles}
    for one, role in zip(ids, roles, strict=True):
        found[role].append(Asker(one, one, tenant, frozenset({role}), STRONG))
    return found


def _key(services: Services, by: Asker, agent: Asker) -> str:
    now = datetime.now(UTC)
    draft = draft_key(agent.id, "bench", "bearer", Role.AGENT, ["locate"], now)
    return str(services.api_keys.make(by, draft, now)[1])


def _asks(services: Services, agent: Asker, key: str, at: int) -> bytes:
    """A customer who consents in a case of this agent's, and the question about them."""
    number, requests = parse(f"1380013{at:04d}"), services.consent.requests
    asked = requests.ask(None, Question(TENANT, number, PURPOSE, RECIPIENT))
    told = (services.settings.store_dir / "messages").read_text(encoding="utf-8").splitlines()[-1]
    code = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", told)[-1]
    services.consent.answers.yes(asked.request_id, code)
    services.cases.open(agent, str(asked.subject), datetime.now(UTC))
    body = {"number": number.national, "purpose": PURPOSE, "recipient": RECIPIENT, "region": "华北"}
    return post(PATH, json.dumps(body).encode(), {"Authorization": f"Bearer {key}"})


def _require_recorded(settings: Settings, answers: int) -> None:
    with Services(settings) as services, services.store.read() as tx:
        told = tx.scalar(sa.text("SELECT count(*) FROM audit WHERE action = 'locate.verify'"))
    require(told == answers, f"{told} rows of {answers} answers")
