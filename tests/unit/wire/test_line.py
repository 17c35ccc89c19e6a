"""What comes over the wire is bounded in time and size, and goes where it was sent."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from contracts.carrier import VERIFY, Carrier, Reply, Ticks
from haoma.errors import Unavailable
from haoma.wire.breaker import FAILURES, Breaker
from haoma.wire.line import LARGEST, Answer, Deadline, Line, asked, is_plain_url, wait_s

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def line(seconds: float = 5.0, tls: ssl.SSLContext | None = None) -> Line:
    return Line(Deadline(time.monotonic, seconds), tls or ssl.create_default_context(), lambda: NOW)


def post(url: str, seconds: float = 5.0) -> Answer:
    with line(seconds) as one:
        return one.post_json(url, "token", "abc", {"maxAge": 60})


@contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[str]:
    """A server that never comes to an end: a drop each 50 ms."""
    stop = threading.Event()

    def serve(server: socket.socket) -> None:
        one, _ = server.accept()
        with one:
            one.recv(65_536)
            one.sendall(first)
            while not stop.wait(0.05):
                try:
                    one.sendall(drop)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        stop.set()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nx: ", b"a"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["status", "headers", "body", "chunks", "informational"],
)
def test_a_carrier_that_sends_a_byte_now_and_then_is_given_up_when_the_time_is_over(first: bytes, drop: bytes) -> None:
    with dripping(first, drop) as url:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            post(url, 0.4)
        assert time.monotonic() - began < 5


def test_a_question_whose_time_is_over_is_not_sent(carrier: Carrier) -> None:
    ticks = Ticks()
    deadline = Deadline(ticks, 1.0)
    ticks.s += 1
    with Line(deadline, ssl.create_default_context(), lambda: NOW) as one, pytest.raises(Unavailable, match="in time"):
        one.get(carrier.url + VERIFY)
    assert carrier.heard == []


def test_an_answer_of_the_largest_size_is_read_and_one_byte_more_is_not(carrier: Carrier) -> None:
    carrier.says(VERIFY, Reply(b'{"a": 1}'.ljust(LARGEST)), Reply(b'{"a": 1}'.ljust(LARGEST + 1)))
    assert post(carrier.url + VERIFY).body == {"a": 1}
    with pytest.raises(Unavailable):
        post(carrier.url + VERIFY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(carrier: Carrier, status: int) -> None:
    carrier.says(VERIFY, Reply({}, status, {"location": f"{carrier.url}/elsewhere"}))
    assert post(carrier.url + VERIFY).status == status
    assert [one.path for one in carrier.heard] == [VERIFY]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b'{"a": 1}', headers={"content-type": "text/html"}),
        Reply(b'{"a": 1}', headers={"content-type": ""}),
        Reply(b'{"a": 1}', headers={"content-type": "application/json-seq"}),
        Reply(gzip.compress(b'{"a": 1}'), headers={"content-encoding": "gzip"}),
        Reply(b"<html>"),
        Reply(b""),
    ],
    ids=["html", "none", "other", "gzip", "no json", "empty"],
)
def test_what_is_not_plain_json_is_unavailable(carrier: Carrier, reply: Reply) -> None:
    carrier.says(VERIFY, reply)
    with pytest.raises(Unavailable):
        post(carrier.url + VERIFY)


def test_an_error_that_cannot_be_read_still_has_its_status(carrier: Carrier) -> None:
    carrier.says(VERIFY, Reply(b"<html>", 401, {"content-type": "text/html"}), Reply(b"{", 422))
    assert (post(carrier.url + VERIFY).status, post(carrier.url + VERIFY).body) == (401, {})


def test_nobody_there_is_unavailable_and_tells_no_url() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable) as error:
        post(f"http://127.0.0.1:{port}/secret")
    assert "secret" not in f"{error.value} {error.value.hint}"
    assert error.value.__suppress_context__


def test_proxies_of_the_environment_are_not_used(carrier: Carrier, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    carrier.says(VERIFY, {"a": 1})
    assert post(carrier.url + VERIFY).status == 200


def test_a_certificate_that_nobody_vouches_for_or_of_another_name_is_not_taken(tmp_path: Path) -> None:
    pem = tmp_path / "own.pem"
    pem.write_bytes(own_certificate("carrier.example"))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=str(pem))
    for tls in (ssl.create_default_context(), trusting):
        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=handshake, args=(server, serving))
            thread.start()
            with line(tls=tls) as one, pytest.raises(Unavailable):
                one.get(f"https://127.0.0.1:{server.getsockname()[1]}/")
            thread.join()


def handshake(server: socket.socket, tls: ssl.SSLContext) -> None:
    one, _ = server.accept()
    with one:
        try:
            tls.wrap_socket(one, server_side=True).close()
        except OSError:
            return


def own_certificate(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + made.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "text",
    [
        "https://api.carrier.example",
        "https://api.carrier.example:8443/camara/",
        "http://127.0.0.1:9091",
        "http://localhost:9091",
        "http://[::1]:9091",
    ],
)
def test_https_and_this_machine_are_plain_urls(text: str) -> None:
    assert is_plain_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        7,
        "api.carrier.example",
        "http://api.carrier.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1",
        "ftp://api.carrier.example",
        "https://",
        "https://name:word@api.carrier.example",
        "https://api.carrier.example?tel=1",
        "https://api.carrier.example#a",
        "https://api.carrier.example:0",
        "https://api.carrier.example:99999",
        "https://api.carrier.example\\@evil.example",
        "https://api.carrier.example\r\nx: y",
        "https://[::1",
        "https://運営商.example",
    ],
)
def test_whatever_else_is_none(text: object) -> None:
    assert not is_plain_url(text)


def test_an_end_point_of_a_carrier_elsewhere_is_not_on_this_machine() -> None:
    for text in ("http://127.0.0.1:9091/token", "https://localhost/token", "https://[::1]/token"):
        assert not is_plain_url(text, local=False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("30", 30.0),
        ("99999999999999999999", 600.0),
        ("Sun, 22 Nov 2026 08:01:00 GMT", 60.0),
        ("Sun, 22 Nov 2026 07:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2099 08:00:00 GMT", 600.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
    ],
)
def test_how_long_to_wait_is_read_within_bounds(text: str, seconds: float | None) -> None:
    assert wait_s(text, NOW) == seconds


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (Answer(429, {}, 7.0), 7),
        (Answer(429, {}), 30),
        (Answer(503, {}, 90.0), 90),
    ],
)
def test_a_carrier_that_says_when_is_not_asked_before(ticks: Ticks, reply: Answer, wait: float) -> None:
    breaker = Breaker("sim-swap", ticks)
    with pytest.raises(Unavailable):
        asked(breaker, lambda: reply, lambda answer: answer)
    ticks.s += wait - 0.5
    with pytest.raises(Unavailable, match="not asked"):
        asked(breaker, lambda: Answer(200, {}), lambda answer: answer)
    ticks.s += 0.5
    assert asked(breaker, lambda: Answer(200, {}), lambda answer: answer).status == 200


def test_a_carrier_that_is_out_of_order_is_left_alone_after_five_times(ticks: Ticks) -> None:
    breaker = Breaker("sim-swap", ticks)
    for _ in range(FAILURES):
        with pytest.raises(Unavailable, match="out of order"):
            asked(breaker, lambda: Answer(500, {}), lambda answer: answer)
    with pytest.raises(Unavailable, match="not asked"):
        asked(breaker, lambda: Answer(200, {}), lambda answer: answer)
