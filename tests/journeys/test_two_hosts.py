"""Two hosts on one PostgreSQL behind nginx, with the configuration that the guide shows, read out of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.api import Client, client_in, publish
from contracts.transit_server import TOKEN, transit_server
from haoma.access import Role, draft_key
from haoma.access.rfc9421 import Request, sign_request

HAOMA = [sys.executable, "-c", "from haoma.cli.main import main; main()"]
NAME, NUMBER = "haoma.example", "13800138711"
CARE = {"purpose": "customer-care", "recipient": "acme-desk"}
RATE, PRESSES = 100_000, 6


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answered(ask: Callable[[], httpx.Response], log: Path) -> None:
    """Wait until something answers, well."""
    until, status = time.monotonic() + 60, 0
    while status != 200:
        assert time.monotonic() < until, log.read_text()
        with suppress(httpx.HTTPError):
            status = ask().status_code
        time.sleep(0.05)


def settle(path: Path) -> None:
    """Wait until a file is there."""
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


@dataclass
class Host:
    """One `haoma serve` with a store_dir of its own; `end` kills it as a power cut does."""

    place: Path
    port: int
    env: dict[str, str]
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        command = [*HAOMA, "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with (self.place / "stderr").open("ab") as errors:
            self.process = subprocess.Popen(command, env=self.env, stderr=errors)
        answered(lambda: httpx.get(f"{self.url}/readyz", trust_env=False), self.place / "stderr")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(60)


@dataclass
class Pair:
    """Two hosts and nginx in front of them."""

    one: Host
    two: Host
    front: str
    people: Client
    trust: ssl.SSLContext

    def ask(self, method: str, url: str, body: object = None, **headers: str) -> httpx.Response:
        with httpx.Client(verify=self.trust, trust_env=False, timeout=60) as http:
            return http.request(method, url, json=body, headers=headers)

    def via(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Through nginx, on a connection of its own."""
        return self.ask(method, f"{self.front}{path}", body, Host=NAME, **headers)


def certificate(place: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.DNSName("localhost")])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (place / "haoma.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (place / "haoma.key").write_bytes(pem)


def configuration(root: Path, place: Path, ports: tuple[int, int], listen: int) -> str:
    """The block of the guide, with ports and places of here."""
    text = (root / "docs" / "guide" / "api.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```nginx\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    here = {
        "10.0.0.11:8620": f"127.0.0.1:{ports[0]}",
        "10.0.0.12:8620": f"127.0.0.1:{ports[1]}",
        "listen 443 ssl": f"listen 127.0.0.1:{listen} ssl",
        "/etc/nginx/haoma": f"{place}/haoma",
        "/var/log/nginx/haoma.log": f"{place}/access.log",
    }
    for shown, ours in here.items():
        assert block.count(shown), shown
        block = block.replace(shown, ours)
    own = "".join(
        f"{kind}_temp_path {place}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off; worker_processes 1; pid {place}/pid; error_log {place}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n{own}{block}\n}}\n"
    )


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as one:
        yield one


@pytest.fixture(scope="module")
def pair(
    root: Path, tmp_path_factory: pytest.TempPathFactory, postgres_server: object, patched: pytest.MonkeyPatch
) -> Iterator[Pair]:
    found = subprocess.run(
        ["sh", root / "tests" / "journeys" / "nginx.sh"], stdout=subprocess.PIPE, text=True, check=True
    )
    place = tmp_path_factory.mktemp("hosts")
    database, keys = postgres_server.new_database(), postgres_server.new_database()
    told = {"database": database, "vault_keys": keys, "api_rate_per_min": RATE, "api_origin": f"https://{NAME}"}
    told |= {"self_url": f"https://{NAME}", "self_rate_per_min": PRESSES}
    with ExitStack() as stack:
        custody = stack.enter_context(transit_server())
        patched.setenv("VAULT_TOKEN", TOKEN)
        told["vault_custody"] = f"transit+{custody}/transit"
        people = stack.enter_context(client_in(place / "one", **told))
        publish(people)
        env = {name: value for name, value in os.environ.items() if not name.startswith("HAOMA_")}
        env |= {f"HAOMA_{name.upper()}": str(value) for name, value in told.items()}
        env |= {"HAOMA_DATA_DIR": os.environ["HAOMA_DATA_DIR"], "HAOMA_LEDGER_CHECKPOINT_S": "1"}
        hosts = []
        for name in ("one", "two"):
            here = place / name
            if hosts:  # as the guide has it: the keys of the one that was started first
                settle(place / "one" / "store" / "keys" / "log.key")
                shutil.copytree(place / "one" / "store" / "keys", here / "store" / "keys")
            host = Host(here, free_port(), {**env, "HAOMA_STORE_DIR": str(here / "store")})
            host.start()
            hosts.append(host)
            stack.callback(lambda host=host: host.end(signal.SIGKILL))
        certificate(place)
        listen = free_port()
        (place / "nginx.conf").write_text(configuration(root, place, (hosts[0].port, hosts[1].port), listen))
        command = [found.stdout.strip(), "-p", place, "-c", place / "nginx.conf", "-e", place / "error.log"]
        nginx = stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        stack.callback(nginx.terminate)
        trust = ssl.create_default_context(cafile=str(place / "haoma.pem"))
        one = Pair(hosts[0], hosts[1], f"https://localhost:{listen}", people, trust)
        answered(lambda: one.via("GET", "/healthz"), place / "error.log")
        yield one


def bearer(pair: Pair, who: str = "agent") -> dict[str, str]:
    return {"Authorization": f"Bearer {pair.people.tokens[who]}"}


def test_a_change_that_is_sent_again_is_done_once_whichever_host_it_reaches(pair: Pair) -> None:
    said = {**bearer(pair), "Idempotency-Key": str(uuid.uuid4())}
    told = [pair.via("POST", "/v1/cases", {"number": NUMBER}, **said) for _ in range(6)]
    assert [one.status_code for one in told] == [201] * 6
    assert len({one.content for one in told}) == 1
    assert [one.headers.get("Idempotent-Replayed") for one in told] == [None, *["true"] * 5]
    other = pair.via("POST", "/v1/cases", {"number": "13800138712"}, **said)
    assert (other.status_code, other.json()["reason"]) == (422, "key-used")


def test_sessions_keys_and_cursors_are_good_on_both(pair: Pair) -> None:
    pair.people.machine("risk", "risk-analyst", Role.RISK_ANALYST, "score", "read-number")
    for host in (pair.one, pair.two):
        for who in ("agent", "risk"):
            asked = {"number": "0571-88888888"}
            assert pair.ask("POST", f"{host.url}/v1/numbers/lookup", asked, **bearer(pair, who)).status_code == 200
    for number in ("13800138713", "13800138714"):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        assert pair.via("POST", "/v1/cases", {"number": number}, **bearer(pair), **key).status_code == 201
    first = pair.ask("GET", f"{pair.one.url}/v1/cases?limit=1", **bearer(pair)).json()
    second = pair.ask("GET", f"{pair.two.url}/v1/cases?limit=1&cursor={first['next']}", **bearer(pair)).json()
    assert len(second["cases"]) == 1
    assert second["cases"] != first["cases"]


def test_a_signed_request_is_let_in_once_by_both_together(pair: Pair) -> None:
    services, now = pair.people.services, datetime.now(UTC)
    safe = services.sign_in.asker(pair.people.tokens["security-admin"], now)
    draft = draft_key(pair.people.people["agent"], "signer", "hmac-sha256", Role.AGENT, ["read-number"], now)
    key, secret = services.api_keys.make(safe, draft, now)
    body = b'{"text":"95588"}'
    plain = Request("POST", f"https://{NAME}/v1/numbers/parse", [("Content-Type", "application/json")], body)
    signed = sign_request(plain, key.id, "hmac-sha256", bytes.fromhex(str(secret)), str(uuid.uuid4()), now)
    with httpx.Client(verify=pair.trust, trust_env=False) as http:
        headers = {**dict(signed.headers), "Host": NAME}
        told = [http.post(f"{pair.front}/v1/numbers/parse", content=body, headers=headers) for _ in range(4)]
    assert sorted(one.status_code for one in told) == [200, 401, 401, 401]
    assert told[0].status_code == 200


def test_a_consent_that_is_withdrawn_on_one_host_is_over_on_the_other(pair: Pair) -> None:
    number = "13800138715"
    one, two = pair.one.url, pair.two.url

    def post(host: str, path: str, body: object) -> httpx.Response:
        return pair.ask("POST", f"{host}{path}", body, **bearer(pair), **{"Idempotency-Key": str(uuid.uuid4())})

    assert post(one, "/v1/cases", {"number": number}).status_code == 201
    asked = post(one, "/v1/consents/requests", {**CARE, "number": number}).json()["request"]
    told = (pair.one.place / "store" / "messages").read_text(encoding="utf-8").splitlines()[-1]
    code = re.findall(r"(?<![0-9])[0-9]{6}(?![0-9])", told)[-1]
    given = post(two, f"/v1/consents/requests/{asked}/answer", {"answer": "yes", "code": code})
    assert given.status_code == 200, given.text
    where = {**CARE, "number": number, "region": "华北"}
    assert post(one, "/v1/locations/verify", where).status_code == 200
    assert post(one, f"/v1/consents/{given.json()['consent']}/withdraw", None).status_code == 200
    refused = post(two, "/v1/locations/verify", where)
    assert (refused.status_code, refused.json()["reason"]) == (403, "withdrawn")


def test_nginx_logs_no_query_bounds_bodies_and_slows_down_who_floods(pair: Pair) -> None:
    assert pair.via("GET", "/v1/cases?cursor=abcd").status_code == 401
    place = pair.one.place.parent
    assert "cursor" not in (place / "access.log").read_text()
    long = pair.ask("POST", f"{pair.front}/v1/numbers/batch", {"texts": ["x" * (9 << 20)]}, Host=NAME)
    assert long.status_code == 413
    with httpx.Client(verify=pair.trust, trust_env=False) as http:
        told = set[int]()
        for _ in range(4_000):  # on a busy machine it takes a while to be too fast
            told.add(http.get(f"{pair.front}/healthz", headers={"Host": NAME}).status_code)
            if 429 in told:
                break
    assert told == {200, 429}
    time.sleep(3)  # the bucket of this address fills again


def test_an_address_that_a_client_makes_up_changes_nothing(pair: Pair) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "null"}

    def press(number: int) -> httpx.Response:
        return pair.via("POST", "/self/enter", **form, **{"X-Forwarded-For": f"198.51.100.{number}"})

    told = [press(number) for number in range(20)]
    slowed = [one for one in told if one.status_code == 429 and "content-security-policy" in one.headers]
    assert len(slowed) > 20 - 2 * PRESSES, [one.status_code for one in told]


def test_where_a_host_dies_the_other_goes_on_and_nothing_is_lost_or_done_twice(pair: Pair) -> None:
    keys = [str(uuid.uuid4()) for _ in range(12)]

    def send(key: str) -> httpx.Response:
        said = {**bearer(pair), "Idempotency-Key": key}
        return pair.via("POST", "/v1/cases", {"number": "13800138716"}, **said)

    before = [send(key) for key in keys[:4]]
    pair.one.end(signal.SIGKILL)
    told = [send(key) for key in keys]
    assert [one.status_code for one in told] == [201] * 12
    assert [one.json() for one in told[:4]] == [one.json() for one in before]
    size = checkpoint(pair)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    assert pair.via("POST", "/v1/cases", {"number": "13800138717"}, **bearer(pair), **key).status_code == 201
    until = time.monotonic() + 60
    while checkpoint(pair) <= size:  # the one that is left integrates and signs
        assert time.monotonic() < until
        time.sleep(0.2)
    pair.one.start()
    time.sleep(3)  # nginx leaves it out for two seconds, as it is told
    assert pair.ask("GET", f"{pair.one.url}/v1/cases", **bearer(pair)).status_code == 200


def test_a_host_that_is_told_to_stop_ends_what_it_began(pair: Pair) -> None:
    pair.two.end(signal.SIGTERM)
    assert pair.two.process.returncode in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert pair.via("GET", "/v1/cases", **bearer(pair)).status_code == 200
    pair.two.start()


def checkpoint(pair: Pair) -> int:
    return int(pair.via("GET", "/v1/ledger/checkpoint").text.splitlines()[1])


def test_what_is_kept_of_all_this_holds_no_number(pair: Pair, postgres_server: object) -> None:
    for database in (pair.people.services.settings.database, pair.people.services.settings.vault_keys):
        dumped = subprocess.run(
            [postgres_server.programs / "pg_dump", "--inserts", database], capture_output=True, check=True
        )
        assert b"vault" in dumped.stdout
        assert not re.findall(rb"1380013|0013 ?87", dumped.stdout)
    place = pair.one.place.parent
    for path in [*place.glob("*/stderr"), place / "access.log", place / "error.log"]:
        assert not re.findall(r"1380013|0013 ?87", path.read_text()), path
