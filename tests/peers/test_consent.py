"""What we sign verifies with a JOSE library that shares no code with us, and what it signs verifies here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from joserfc import jws as jose
from joserfc.errors import BadSignatureError
from joserfc.jwk import OKPKey

from contracts.consent import open_world
from haoma.consent.receipt import RECEIPT, verify_receipt


def test_a_receipt_and_a_proof_verify_with_another_library(tmp_path: Path) -> None:
    with open_world(f"sqlite:///{tmp_path}/haoma.db", tmp_path / "keys") as world:
        world.ready()
        given = world.give()
        proof = world.consent.withdrawals.by_receipt(given.receipt).proofs[0]
        (public,) = json.loads(json.dumps(world.keys))["keys"]
    key = OKPKey.import_key(public)
    for text in (given.receipt, proof):
        found = jose.deserialize_compact(text, key, algorithms=["Ed25519"])
        assert json.loads(found.payload)["record_id"] == f"urn:uuid:{given.grant_id}"
        assert found.protected["kid"] == public["kid"] == key.thumbprint()
        with pytest.raises(BadSignatureError):
            jose.deserialize_compact(text[:-8] + "AAAAAAA" + text[-1], key, algorithms=["Ed25519"])


def test_a_receipt_that_another_library_signs_verifies_here() -> None:
    key = OKPKey.generate_key("Ed25519")
    header = {"alg": "Ed25519", "kid": key.thumbprint(), "typ": RECEIPT}
    said = {"@type": "dpv:ConsentReceipt", "receipt_id": "urn:uuid:1"}
    text = jose.serialize_compact(header, json.dumps(said).encode(), key, algorithms=["Ed25519"])
    keys = {"keys": [key.as_dict(private=False) | {"kid": key.thumbprint()}]}
    assert verify_receipt(text, keys) == said
