"""The replies in ../shared are from real authorities: Sigstore's, IdenTrust's, and a local one of Sigstore's make."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client._rust import parse_timestamp_request

from haoma.errors import BadInput, Tampered
from haoma.ledger.stamp import Stamp, request, verify

DATA = b"hello"


class Chain(NamedTuple):
    roots: list[bytes]
    others: list[bytes]


def chain(folder: Path) -> Chain:
    raw = (folder / "ts_chain.pem").read_bytes()
    pem = b"-----BEGIN" in raw
    parts = x509.load_pem_x509_certificates(raw) if pem else [x509.load_der_x509_certificate(raw)]
    roots = [one.public_bytes(Encoding.DER) for one in parts if one.subject == one.issuer]
    return Chain(roots, [one.public_bytes(Encoding.PEM) for one in parts if one.subject != one.issuer])


@pytest.fixture(scope="session")
def fixtures(shared: Path) -> Path:
    return shared / "ledger" / "rfc3161" / "test" / "fixtures"


@pytest.mark.parametrize(
    "name",
    [
        "test_tsa/response.tsr",
        "sigstage/response-sha256.tsr",
        "sigstage/response-sha384.tsr",
        "sigstage/response-sha512.tsr",
        "sigstage/response-no-embedded-cert.tsr",
        "identrust/issue-104.tsr",
    ],
)
def test_a_stamp_of_a_real_authority_holds_for_its_data_and_no_other(fixtures: Path, name: str) -> None:
    reply, trust = (fixtures / name).read_bytes(), chain((fixtures / name).parent)
    stamp = verify(reply, DATA, trust.roots, certificates=trust.others)
    assert stamp.time.tzinfo is not None
    assert datetime(2024, 10, 1, tzinfo=UTC) < stamp.time < datetime(2025, 7, 1, tzinfo=UTC)
    with pytest.raises(Tampered):
        verify(reply, b"hello\n", trust.roots, certificates=trust.others)


def test_a_stamp_tells_when_by_whom_and_under_which_policy(fixtures: Path) -> None:
    trust = chain(fixtures / "sigstage")
    stamp = verify((fixtures / "sigstage/response-sha256.tsr").read_bytes(), DATA, trust.roots)
    assert stamp == Stamp(
        time=datetime(2025, 5, 9, 11, 58, 55, tzinfo=UTC),
        serial=0x784B4C5E57AAA63B570F15CBA4DF95251668AE9E,
        policy="1.3.6.1.4.1.57264.2",
        tsa_name="CN=sigstore-tsa,O=sigstore.dev",
        accuracy_us=1_000_000,
    )


@pytest.mark.parametrize(
    "name",
    [
        "sigstage/response-invalid-signature.tsr",
        "test_tsa/response-injected-certs.tsr",
        "test_tsa/other_response.tsr",  # of an authority with the same name and another key
    ],
)
def test_a_stamp_that_was_changed_or_is_of_another_authority_is_tampered(fixtures: Path, name: str) -> None:
    trust = chain((fixtures / name).parent)
    with pytest.raises(Tampered):
        verify((fixtures / name).read_bytes(), DATA, trust.roots, certificates=trust.others)


def test_a_stamp_outlives_its_certificate_unless_that_must_be_valid_now(fixtures: Path) -> None:
    folder = fixtures / "sigstore.mock"
    reply, data, trust = (
        (folder / "response-expired.tsr").read_bytes(),
        (folder / "payload").read_bytes(),
        chain(folder),
    )
    stamp = verify(reply, data, trust.roots, certificates=trust.others)
    assert stamp.time == datetime(2023, 2, 1, tzinfo=UTC)
    assert verify(reply, data, trust.roots, certificates=trust.others, at=datetime(2023, 12, 31, tzinfo=UTC)) == stamp
    with pytest.raises(Tampered, match="not valid on 2026-01-01"):
        verify(reply, data, trust.roots, certificates=trust.others, at=datetime(2026, 1, 1, tzinfo=UTC))


def test_the_nonce_must_be_the_one_that_was_asked_with(fixtures: Path) -> None:
    reply, trust = (fixtures / "test_tsa/response.tsr").read_bytes(), chain(fixtures / "test_tsa")
    asked = parse_timestamp_request((fixtures / "test_tsa/request.der").read_bytes()).nonce
    assert asked
    verify(reply, DATA, trust.roots, certificates=trust.others, nonce=asked)
    with pytest.raises(Tampered, match="Nonce"):
        verify(reply, DATA, trust.roots, certificates=trust.others, nonce=asked + 1)


def test_a_root_that_does_not_vouch_for_the_signer_is_not_enough(fixtures: Path) -> None:
    reply, trust = (fixtures / "test_tsa/response.tsr").read_bytes(), chain(fixtures / "test_tsa")
    strange = chain(fixtures / "sigstage").roots
    with pytest.raises(Tampered):
        verify(reply, DATA, strange, certificates=trust.others)
    with pytest.raises(Tampered):
        verify(reply, DATA, trust.roots)  # the intermediate certificate is missing


def test_what_vouches_for_itself_is_never_trusted_by_the_way(fixtures: Path) -> None:
    reply, trust = (fixtures / "test_tsa/response.tsr").read_bytes(), chain(fixtures / "test_tsa")
    with pytest.raises(BadInput, match="is a root"):
        verify(reply, DATA, chain(fixtures / "sigstage").roots, certificates=[*trust.others, *trust.roots])
    with pytest.raises(BadInput, match="vouches for itself"):
        verify(reply, DATA, trust.others)
    with pytest.raises(BadInput, match="vouches for itself"):
        verify(reply, DATA, [])


def test_a_signer_that_nobody_has_the_certificate_of_is_asked_for(fixtures: Path) -> None:
    folder = fixtures / "sigstage"
    with pytest.raises(BadInput, match="not there"):
        verify((folder / "response-no-embedded-cert.tsr").read_bytes(), DATA, chain(folder).roots)


def test_a_certificate_that_only_looks_like_the_signers_is_tampered(fixtures: Path) -> None:
    # OpenSSL finds the true one among the certificates given beside the reply, and would let the false one pass.
    reply, trust = (fixtures / "sigstage/response-sha256.tsr").read_bytes(), chain(fixtures / "sigstage")
    at = reply.rindex(b"sigstore-tsa", 0, reply.rindex(b"sigstore-tsa-selfsigned"))
    places = [place for place in range(len(reply)) if reply.startswith(b"sigstore-tsa", place)]
    assert at in places
    seen = set()
    for place in places:
        false = reply[:place] + b"sigstore-TSA" + reply[place + 12 :]
        with pytest.raises((Tampered, BadInput)) as failure:
            verify(false, DATA, trust.roots, certificates=trust.others)
        seen.add(str(failure.value))
    assert "more than one certificate claims to be the signer's" in seen


@pytest.mark.parametrize("name", ["test_tsa/response.tsr", "identrust/issue-104.tsr"])
def test_a_reply_with_any_bytes_changed_says_the_same_or_is_refused(fixtures: Path, name: str) -> None:
    reply, trust = (fixtures / name).read_bytes(), chain((fixtures / name).parent)
    stamp = verify(reply, DATA, trust.roots, certificates=trust.others)
    dice = random.Random(3161)
    outcomes = set()
    for _ in range(400):
        changed = bytearray(reply)
        for _ in range(dice.choice((1, 1, 3))):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        try:
            outcomes.add(verify(bytes(changed), DATA, trust.roots, certificates=trust.others))
        except (Tampered, BadInput) as error:
            outcomes.add(type(error))
    assert outcomes <= {stamp, Tampered, BadInput}
    assert {Tampered, BadInput} <= outcomes


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"", "no reply"),
        (b"<html>", "no reply"),
        (bytes.fromhex("30053003020102"), "rejected"),
        (bytes.fromhex("30053003020103"), "waiting"),
        (bytes.fromhex("30053003020100"), "no reply"),  # granted, and nothing with it
        (bytes.fromhex("30053003020163"), "says 99"),
    ],
)
def test_a_reply_without_a_stamp_is_bad_input(fixtures: Path, reply: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        verify(reply, DATA, chain(fixtures / "sigstage").roots)


def test_a_text_that_is_no_certificate_is_bad_input() -> None:
    for text in (b"", b"root", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(BadInput, match="no certificate"):
            verify(b"", DATA, [text])


@pytest.mark.parametrize("nonce", [1, 0x7F, 0x80, 0xFF, 0x0102, 2**63, 2**64 - 1])
def test_a_request_is_what_others_read(nonce: int) -> None:
    read = parse_timestamp_request(request(DATA, nonce))
    assert (read.version, read.nonce, read.policy, read.cert_req) == (1, nonce, None, True)
    assert read.message_imprint.hash_algorithm.dotted_string == "2.16.840.1.101.3.4.2.1"
    assert read.message_imprint.message.hex().startswith("2cf24dba5fb0a30e")
    assert read.as_bytes() == request(DATA, nonce)


@pytest.mark.parametrize("nonce", [0, -1, 2**64])
def test_a_nonce_out_of_range_is_refused(nonce: int) -> None:
    with pytest.raises(BadInput, match="nonce"):
        request(DATA, nonce)
