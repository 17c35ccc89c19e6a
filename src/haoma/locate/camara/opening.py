"""From settings to a carrier that can be asked.

Rules held here:
- All four settings or none: half a carrier is an error that is told at once, and before anything is sent.
- Both URLs are HTTPS; plain HTTP is taken for this machine alone, to try things out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from haoma.errors import BadInput
from haoma.locate.camara.ciba import Tokens
from haoma.locate.camara.client_key import ClientKey
from haoma.locate.camara.issuer import Issuer
from haoma.locate.camara.service import Camara
from haoma.numbers import Number
from haoma.vault.model import SubjectToken
from haoma.wire.breaker import Breaker
from haoma.wire.line import is_plain_url

__all__ = ["open_camara"]


def open_camara(
    url: str,
    issuer: str,
    client_id: str,
    key_file: Path | None,
    known_as: Callable[[str, Number], Sequence[SubjectToken]],
) -> Camara:
    """The carrier that the settings camara_* name; `known_as` is the vault's.

    Raises BadInput where they name none, Refused where others can read the key.
    """
    if not client_id or key_file is None or not is_plain_url(url) or not is_plain_url(issuer):
        hint = "camara_url and camara_issuer are https://…, camara_client_id and camara_key_file are set beside them"
        raise BadInput("the settings camara_* name no carrier", hint=hint)
    clock = time.monotonic
    server = Issuer(issuer, client_id, ClientKey.read(key_file), Breaker("sign-in server", clock), clock, _now)
    return Camara(url, Tokens(server, clock, _now, time.sleep), known_as, httpx.create_ssl_context(), clock, _now)


def _now() -> datetime:
    return datetime.now(UTC)
