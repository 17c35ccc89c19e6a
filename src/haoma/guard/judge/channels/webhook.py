"""News to a program of one's own, signed as Standard Webhooks are (https://www.standardwebhooks.com).

Rules held here:
- `webhook-id` is the same in every attempt; the key is the one that recipients of consents verify with.
- Any 2xx is an answer, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from haoma.consent.ports import Transport
from haoma.consent.webhook import signed_headers
from haoma.errors import Unavailable
from haoma.guard.judge.channels.file import Spec
from haoma.ledger.canonical import canonical
from haoma.vault.custody import Custody

__all__ = ["Webhook"]


class Webhook:
    """Posts to one channel; fills `Channel`."""

    def __init__(self, spec: Spec, custody: Custody, transport: Transport) -> None:
        self._spec = spec
        self._custody = custody
        self._transport = transport

    def send(self, message_id: str, news: Mapping[str, str], at: datetime) -> None:
        """See `Channel.send`."""
        data = {name: value for name, value in news.items() if name != "event" and value}
        told = {"type": f"guard.{news.get('event', '')}", "timestamp": at.isoformat(), "data": data}
        body = canonical(told)
        status = self._transport.post(self._spec.url, signed_headers(self._custody, message_id, at, body), body)
        if not 200 <= status < 300:
            raise Unavailable(f"the channel answers {status}")
