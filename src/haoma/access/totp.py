"""One-time codes by time (RFC 6238): six digits every 30 seconds, as authenticator apps show them.

Rules held here:
- A code is good for its step and the one before and behind it, and once: the step it was for is given back, to be kept.
- Pure: the time is an argument.
"""

from __future__ import annotations

import base64
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

__all__ = ["SECRET_BYTES", "code_at", "otpauth_uri", "step_of"]

SECRET_BYTES = 20
PERIOD_S = 30
DIGITS = 6
DRIFT = 1


def code_at(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of a step since 1970 (RFC 4226 §5.3).

    >>> code_at(b"12345678901234567890", 59 // 30, digits=8)  # RFC 6238 appendix B
    '94287082'
    """
    mac = hmac.digest(secret, step.to_bytes(8, "big"), algorithm)
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, code: str, now: datetime, *, after: int) -> int | None:
    """The step that a code is for, where it is one of now and later than `after`; None for a wrong or used one."""
    middle = int(now.timestamp()) // PERIOD_S
    given = code.strip().encode("utf-8", "replace")
    # All are compared, so that the time taken does not tell which one was right.
    right = [
        step
        for step in range(middle - DRIFT, middle + DRIFT + 1)
        if hmac.compare_digest(code_at(secret, step).encode(), given)
    ]
    return next((step for step in right if step > after), None)


def otpauth_uri(secret: bytes, login: str, issuer: str) -> str:
    """What an authenticator app reads, as text or as a QR code (Key URI Format of Google Authenticator)."""
    text = base64.b32encode(secret).decode().rstrip("=")
    asked = urlencode({"secret": text, "issuer": issuer, "period": PERIOD_S, "digits": DIGITS}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?{asked}"
