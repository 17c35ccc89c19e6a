"""What an authority may do wrong, over httpx's own transport in place of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from rfc3161_client._rust import parse_timestamp_request

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.ledger.tsa import MAX_REPLY, QUERY, REPLY, TimeStampAuthority, new_nonce

URL = "https://tsa.example/path"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="session")
def folder(shared: Path) -> Path:
    return shared / "ledger" / "rfc3161" / "test" / "fixtures" / "sigstage"


@pytest.fixture(scope="session")
def root_pem(folder: Path) -> bytes:
    begin = b"-----BEGIN CERTIFICATE-----"
    return begin + (folder / "ts_chain.pem").read_bytes().split(begin)[-1]


def authority(answer: Answer, root: bytes, nonce: int = 1) -> TimeStampAuthority:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return TimeStampAuthority(URL, http, [root], nonce=lambda: nonce)


def saying(content: bytes, kind: str = REPLY, status: int = 200) -> Answer:
    return lambda _: httpx.Response(status, content=iter((content,)), headers={"Content-Type": kind})


def test_a_request_is_posted_as_the_standard_says(root_pem: bytes) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(503)

    with pytest.raises(Unavailable):
        authority(answer, root_pem, nonce=77).stamp(b"data")
    assert (seen[0].method, str(seen[0].url), seen[0].headers["content-type"]) == ("POST", URL, QUERY)
    assert parse_timestamp_request(seen[0].read()).nonce == 77


def test_a_reply_to_another_request_is_tampered(folder: Path, root_pem: bytes) -> None:
    old = saying((folder / "response-sha256.tsr").read_bytes(), kind=f"{REPLY}; charset=binary")
    with pytest.raises(Tampered, match="Nonce"):
        authority(old, root_pem).stamp(b"hello")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (saying(b"", status=503), "status 503"),
        (saying(b"", status=302), "status 302"),
        (saying(b"<html>", kind="text/html"), "text/html"),
        (saying(b"<html>"), "gave no stamp"),
        (saying(b""), "gave no stamp"),
        (saying(bytes.fromhex("30053003020102")), "rejected"),
        (saying(bytes(MAX_REPLY + 1)), "does not end"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_authority_that_gives_no_stamp_is_unavailable(root_pem: bytes, answer: Answer, says: str) -> None:
    with pytest.raises(Unavailable, match=says):
        authority(answer, root_pem).stamp(b"hello")


@pytest.mark.parametrize("failure", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_network_that_fails_is_unavailable_and_tells_no_address(
    root_pem: bytes, failure: type[httpx.TransportError]
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise failure(f"at {request.url}", request=request)

    with pytest.raises(Unavailable, match=failure.__name__) as raised:
        authority(answer, root_pem).stamp(b"hello")
    assert "example" not in str(raised.value)


def test_an_answer_is_read_no_further_than_its_bound(root_pem: bytes) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield bytes(1024)

    with pytest.raises(Unavailable, match="does not end"):
        authority(lambda _: httpx.Response(200, content=endless(), headers={"Content-Type": REPLY}), root_pem).stamp(
            b"a"
        )
    assert sent <= MAX_REPLY + 2048


@pytest.mark.parametrize("url", ["", "tsa.example", "ftp://tsa.example"])
def test_an_address_that_is_no_url_is_bad_input(url: str) -> None:
    with pytest.raises(BadInput, match="no URL"):
        TimeStampAuthority(url, httpx.Client(), [])


def test_nonces_do_not_repeat() -> None:
    drawn = {new_nonce() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(0 < nonce < 2**64 for nonce in drawn)
