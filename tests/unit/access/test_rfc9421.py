from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from haoma.access import rfc9421
from haoma.access.rfc9421 import Request, key_id_of, sign_request, verify_request
from haoma.errors import Refused

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECRET = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()
KEYS = {"hmac-sha256": SECRET, "ed25519": PUBLIC}
NONCE = "n" * 22
PLAIN = Request(
    "POST",
    "https://haoma.example/v1/locate?x=1",
    [("Content-Type", "application/json"), ("Date", "Sun, 22 Nov 2026 08:00:00 GMT")],
    b'{"subject":"st1.k1.x"}',
)


def signed(kind: str = "ed25519", request: Request = PLAIN, nonce: str = NONCE) -> Request:
    return sign_request(request, "k", kind, SECRET, nonce, NOW)


@pytest.mark.parametrize("of", ["hmac", "ed25519"])
def test_the_examples_of_the_standard_verify(shared: Path, of: str) -> None:
    """RFC 9421 appendix B.2.5 and B.2.6, which have no nonce, tag or digest and so are less than is asked for here."""
    vectors = json.loads((shared / "ledger" / "rfc9421.json").read_text(encoding="utf-8"))
    asked, example = vectors["request"], vectors[of]
    kind = "hmac-sha256" if of == "hmac" else "ed25519"
    if of == "hmac":
        key = base64.b64decode(example["key_b64"])
    else:
        key = load_pem_public_key(example["pem_public"].encode()).public_bytes_raw()
    headers = [*asked["headers"].items(), ("Signature-Input", example["signature_input"])]
    request = Request(
        asked["method"], asked["url"], [*headers, ("Signature", example["signature"])], asked["body"].encode()
    )
    verifier = rfc9421._AtTime(kind, key, datetime.fromtimestamp(1618884473, UTC))
    assert len(verifier.verify(rfc9421._Message(request))) == 1
    assert key_id_of(request) == f"test-{'shared-secret' if of == 'hmac' else 'key-ed25519'}"
    with pytest.raises(Refused):
        verify_request(request, kind, key, datetime.fromtimestamp(1618884473, UTC))
    if of == "ed25519":
        own = load_pem_private_key(example["pem_private"].encode(), None).private_bytes_raw()
        lines = [line for line in asked["headers"].items() if line[0] != "Content-Digest"]
        message = rfc9421._Message(Request(asked["method"], asked["url"], lines))
        covered = ("date", "@method", "@path", "@authority", "content-type", "content-length")
        signer = rfc9421.HTTPMessageSigner(
            signature_algorithm=rfc9421.algorithms.ED25519,
            key_resolver=rfc9421._Key(Ed25519PrivateKey.from_private_bytes(own)),
        )
        at = datetime.fromtimestamp(1618884473, UTC)
        signer.sign(
            message,
            key_id="test-key-ed25519",
            created=at,
            label="sig-b26",
            include_alg=False,
            covered_component_ids=covered,
        )
        assert message.headers["Signature"] == example["signature"]


@pytest.mark.parametrize("kind", KEYS)
def test_a_signed_request_verifies_with_what_it_says(kind: str) -> None:
    found = verify_request(signed(kind), kind, KEYS[kind], NOW)
    assert found == ("k", NONCE, NOW)


def test_a_request_without_a_body_verifies() -> None:
    request = sign_request(Request("GET", "https://haoma.example/v1/x", []), "k", "ed25519", SECRET, NONCE, NOW)
    assert verify_request(request, "ed25519", PUBLIC, NOW).nonce == NONCE


def test_the_digest_is_that_of_rfc_9530() -> None:
    (digest,) = [value for name, value in signed().headers if name == "Content-Digest"]
    assert digest == f"sha-256=:{base64.b64encode(hashlib.sha256(PLAIN.body).digest()).decode()}:"


@pytest.mark.parametrize("age_s", [-31, 301])
def test_a_request_of_another_time_is_refused(age_s: int) -> None:
    with pytest.raises(Refused):
        verify_request(signed(), "ed25519", PUBLIC, NOW + timedelta(seconds=age_s))


@pytest.mark.parametrize("age_s", [-30, 0, 300])
def test_a_request_within_the_window_is_not(age_s: int) -> None:
    assert verify_request(signed(), "ed25519", PUBLIC, NOW + timedelta(seconds=age_s))


def test_a_key_of_one_kind_does_not_verify_the_other() -> None:
    with pytest.raises(Refused):
        verify_request(signed("hmac-sha256"), "ed25519", PUBLIC, NOW)
    with pytest.raises(Refused):
        verify_request(signed("ed25519"), "hmac-sha256", PUBLIC, NOW)


@pytest.mark.parametrize("name", ["Content-Digest", "Signature", "Signature-Input"])
def test_a_request_that_lost_a_header_is_refused(name: str) -> None:
    request = signed()
    without = Request(request.method, request.url, [line for line in request.headers if line[0] != name], request.body)
    with pytest.raises(Refused):
        verify_request(without, "ed25519", PUBLIC, NOW)


@pytest.mark.parametrize("name", ["Date", "Content-Type"])
def test_a_header_that_came_in_on_the_way_is_refused(name: str) -> None:
    request = signed(request=Request("POST", PLAIN.url, [], PLAIN.body))
    more = Request(request.method, request.url, [*request.headers, (name, "text/plain")], request.body)
    with pytest.raises(Refused):
        verify_request(more, "ed25519", PUBLIC, NOW)


@pytest.mark.parametrize("nonce", ["", "short", "x" * 129])
def test_a_nonce_is_neither_short_nor_endless(nonce: str) -> None:
    with pytest.raises(Refused):
        verify_request(signed(nonce=nonce), "ed25519", PUBLIC, NOW)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["haoma=1"],
        ["haoma=()"],
        ["((("],
        ["é=()"],
        ['a=("@method");keyid="k"', 'b=("@method");keyid="k"'],
    ],
)
def test_what_is_no_signature_names_nobody(lines: list[str]) -> None:
    request = Request("GET", PLAIN.url, [("Signature-Input", line) for line in lines])
    with pytest.raises(Refused, match="not let in"):
        key_id_of(request)


def test_a_signature_without_a_key_id_that_is_text_names_nobody() -> None:
    request = Request("GET", PLAIN.url, [("Signature-Input", 'a=("@method");keyid=7')])
    assert key_id_of(request) == ""
