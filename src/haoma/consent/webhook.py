"""Requests to recipients as Standard Webhooks signs them (https://www.standardwebhooks.com, version 1, `v1a`).

Rules held here:
- The signature is Ed25519 over id, time and body: recipients need a public key, and share no secret with us.
- A recipient takes a request within five minutes of its time, and each id once.
- Whoever cannot be reached is told again, ever more rarely, for three days; then a person has to see to it.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from haoma.errors import BadInput, Tampered
from haoma.vault.custody import Custody

__all__ = ["KEY", "RETRIES_S", "public_key", "signed_headers", "verify_webhook"]

KEY = "consent-hooks"
RETRIES_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
TOLERANCE = timedelta(minutes=5)
_PUBLIC = "whpk_"


def public_key(custody: Custody) -> str:
    """The public key that recipients verify with, made when it is first asked for."""
    if not custody.public_keys(KEY):
        custody.sign(KEY, b"")
    keys = custody.public_keys(KEY)
    return _PUBLIC + b64encode(keys[max(keys)]).decode()


def signed_headers(custody: Custody, delivery_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt; the id is the same in each."""
    name, time_s = f"msg_{delivery_id}", str(int(at.timestamp()))
    signature = custody.sign(KEY, _signed(name, time_s, body))
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": time_s,
        "webhook-signature": f"v1a,{b64encode(signature).decode()}",
    }


def verify_webhook(headers: Mapping[str, str], body: bytes, key: str, now: datetime) -> str:
    """The id of a request that this key signed, for whoever receives it.

    Raises Tampered where the key did not sign it or its time is not now, BadInput where headers or key are malformed.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        name, time_s = given["webhook-id"], given["webhook-timestamp"]
        signatures = [
            b64decode(one[4:], validate=True) for one in given["webhook-signature"].split() if one[:4] == "v1a,"
        ]
        public = Ed25519PublicKey.from_public_bytes(b64decode(key.removeprefix(_PUBLIC), validate=True))
        well_formed = re.fullmatch(r"[0-9]{1,12}", time_s) is not None
    except (KeyError, ValueError):
        well_formed = False
    if not well_formed:
        message = "this is no request of Standard Webhooks, or the key is none"
        raise BadInput(message, hint="webhook-id, webhook-timestamp, webhook-signature; whpk_…")
    late = abs(int(now.timestamp()) - int(time_s)) > TOLERANCE.total_seconds()
    if late or not any(_verifies(public, one, _signed(name, time_s, body)) for one in signatures):
        message = "this request was not signed by that key, or not now"
        raise Tampered(message, hint="drop it")
    return name


def _signed(name: str, time_s: str, body: bytes) -> bytes:
    return f"{name}.{time_s}.".encode() + body


def _verifies(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
