"""An authenticator in software, as WebAuthn level 3 §6 describes one: ES256, no attestation, a counter."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey; `verifies` is whether it asks for a fingerprint or a PIN."""

    origin: str = "https://console.example"
    verifies: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def create(self, options: str) -> str:
        """What `navigator.credentials.create` gives, §7.1."""
        asked = json.loads(options)
        client = self.client_data("webauthn.create", asked["challenge"])
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self.data(asked["rp"]["id"], ATTESTED) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self.response({"clientDataJSON": b64(client), "attestationObject": b64(made)})

    def get(self, options: str) -> str:
        """What `navigator.credentials.get` gives, §7.2."""
        asked = json.loads(options)
        client = self.client_data("webauthn.get", asked["challenge"])
        self.count += 1
        data = self.data(asked["rpId"], 0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature)}
        return self.response(told)

    def client_data(self, type_: str, challenge: str) -> bytes:
        told = {"type": type_, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told, separators=(",", ":")).encode()

    def data(self, host: str, more: int) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def response(self, told: dict[str, str]) -> str:
        known = b64(self.credential_id)
        return json.dumps({"id": known, "rawId": known, "type": "public-key", "response": told})
