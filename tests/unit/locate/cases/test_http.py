from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest

from contracts.carrier import Carrier, Reply, open_carrier
from contracts.cases import ORDER, customer, order
from haoma.errors import Unavailable
from haoma.locate.cases.http import HttpCrm

PATH = "/find"
TOKEN = "token-of-acme"
SAID = {"customer": "C-1", "number": "138 0013 8201", "updated_at": "2026-03-02T10:15:00+08:00", "email": True}
TLS = httpx.create_ssl_context()


@pytest.fixture
def service() -> Iterator[Carrier]:
    with open_carrier() as service:
        yield service


def crm(service: Carrier, timeout_s: float = 5) -> HttpCrm:
    return HttpCrm(f"{service.url}{PATH}", TOKEN, TLS, timeout_s)


def test_an_id_goes_in_a_body_and_the_number_comes_in_one(service: Carrier) -> None:
    service.says(PATH, {**SAID, "more": "than was asked"})
    found = crm(service).find(order())
    assert found is not None
    assert (found.number, found.email, found.in_app) == ("138 0013 8201", True, False)
    (heard,) = service.heard
    assert heard.json == {"by": "order", "id": ORDER}
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert heard.path == PATH


def test_whom_the_crm_does_not_know_is_nobody(service: Carrier) -> None:
    service.says(PATH, Reply({"error": "unknown"}, 404), Reply(b"<html>", 404, {"content-type": "text/html"}))
    assert crm(service).find(customer()) is None
    assert crm(service).find(customer()) is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"garbage"),
        Reply(b""),
        Reply(b"[1]"),
        Reply(b'{"number": NaN}'),
        Reply(b'{"number": "1", "number": "138 0013 8201", "customer": "C"}'),
        Reply(json.dumps(SAID).encode(), 200, {"content-type": "text/plain"}),
        Reply(gzip.compress(json.dumps(SAID).encode()), 200, {"content-encoding": "gzip"}),
        Reply({**SAID, "pad": "x" * 70_000}),
        Reply({**SAID, "email": "jia@customers.example"}),
        Reply({**SAID, "email": 1}),
        Reply({**SAID, "number": {"e164": "+8613800138201"}}),
        Reply({**SAID, "updated_at": "2126-01-01T00:00:00Z"}),
        Reply({}, 200),
        Reply(SAID, 206),
        Reply({}, 302, {"location": "http://127.0.0.1:1/"}),
        Reply({}, 401),
        Reply({}, 429, {"retry-after": "1"}),
        Reply({}, 500),
    ],
)
def test_whatever_else_comes_is_unavailable_and_tells_nothing(service: Carrier, reply: Reply) -> None:
    service.says(PATH, reply)
    with pytest.raises(Unavailable) as raised:
        crm(service).find(order())
    told = f"{raised.value} {raised.value.hint}"
    assert not any(secret in told for secret in (ORDER, "138", TOKEN, "customers.example", service.url))


def test_a_crm_that_says_a_byte_at_a_time_is_not_waited_for() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def drip() -> None:
            with closing(server.accept()[0]) as peer, suppress(OSError):
                peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
                for _ in range(100):
                    peer.sendall(b" ")
                    time.sleep(0.02)

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Unavailable):
            HttpCrm(f"http://127.0.0.1:{server.getsockname()[1]}{PATH}", TOKEN, TLS, 0.2).find(order())
        assert time.monotonic() - began < 2
        thread.join()


def test_a_crm_that_fails_again_and_again_is_left_alone(service: Carrier) -> None:
    service.says(PATH, Reply({}, 500))
    asked = crm(service)
    for _ in range(7):
        with pytest.raises(Unavailable):
            asked.find(order())
    assert len(service.heard) == 5


def test_a_customer_who_makes_no_sense_is_no_fault_of_the_line(service: Carrier) -> None:
    service.says(PATH, {**SAID, "number": 1.5})
    asked = crm(service)
    for _ in range(7):
        with pytest.raises(Unavailable):
            asked.find(order())
    service.says(PATH, SAID)
    assert asked.find(order()) is not None
