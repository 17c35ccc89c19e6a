from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import KeySet

from haoma.errors import BadInput, Refused
from haoma.locate.camara import ClientKey

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ISSUER = "https://carrier.example"
KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "PS256": rsa.generate_private_key(65537, 2048),
}


def pem(key: object, encryption: KeySerializationEncryption | None = None) -> bytes:
    assert isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", KEYS)
def test_an_assertion_verifies_with_another_library_and_is_for_one_issuer_and_a_minute(algorithm: str) -> None:
    key = ClientKey(pem(KEYS[algorithm]))
    keys = KeySet.import_key_set({"keys": [dict(key.jwk)]})
    found = jwt.decode(key.assertion("acme", ISSUER, NOW), keys, algorithms=[algorithm])
    jti = found.claims.pop("jti")
    at = int(NOW.timestamp())
    assert found.claims == {"iss": "acme", "sub": "acme", "aud": ISSUER, "iat": at, "exp": at + 60}
    assert found.header == {"alg": algorithm, "kid": key.jwk["kid"], "typ": "JWT"}
    assert len(jti) == 32
    again = jwt.decode(key.assertion("acme", ISSUER, NOW), keys, algorithms=[algorithm])
    assert again.claims["jti"] != jti


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_public_half_is_public_and_named_by_its_thumbprint(algorithm: str) -> None:
    jwk = dict(ClientKey(pem(KEYS[algorithm])).jwk)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & jwk.keys()
    assert KeySet.import_key_set({"keys": [jwk]}).keys[0].thumbprint() == jwk["kid"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"secret",
        pem(KEYS["ES256"], BestAvailableEncryption(b"pass")),
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - that it is weak is why it is not taken
        KEYS["ES256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["empty", "text", "passphrase", "P-384", "RSA-1024", "public"],
)  # fmt: skip
def test_a_key_of_another_kind_is_bad_input_that_does_not_show_it(data: bytes) -> None:
    with pytest.raises(BadInput) as error:
        ClientKey(data)
    assert "secret" not in f"{error.value} {error.value.hint}"


def test_a_key_file_that_others_can_read_is_refused_and_a_missing_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "carrier.pem"
    with pytest.raises(BadInput, match=r"carrier\.pem"):
        ClientKey.read(path)
    path.write_bytes(pem(KEYS["ES256"]))
    path.chmod(0o644)
    with pytest.raises(Refused):
        ClientKey.read(path)
    path.chmod(0o600)
    assert json.dumps(dict(ClientKey.read(path).jwk))
