"""Short messages over an operator's HTTP interface, as a file describes it; fills consent's `SmsPort`.

Rules held here:
- The number is in the body of a POST: no URL, header, log or error holds it, nor the text with its code.
- HTTPS, one deadline for all attempts, an answer of a bounded size, no redirect followed: as a carrier is reached
  (`haoma.wire`). An operator that does not answer is left alone for a while (`wire.breaker`).
- A message has an id, the same in each attempt, so that an operator that knows it sends it once. Each attempt is signed
  as Standard Webhooks says, under the key `consent-hooks` of custody: who runs the gateway can verify who asks.
- It is taken where status and field say so. Whatever else comes is Unavailable, and the customer is asked anew; a file
  that cannot be read is too, and is read again for the next message.
"""

from __future__ import annotations

import json
import re
import ssl
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property

from haoma.consent.sms_file import SmsFile
from haoma.consent.webhook import signed_headers
from haoma.errors import BadInput, Refused, Unavailable
from haoma.ledger.forms import Json
from haoma.numbers import Number
from haoma.vault.custody import Custody
from haoma.wire.breaker import Breaker
from haoma.wire.line import Answer, Deadline, Line, asked

__all__ = ["SmsOperator"]

WHO = "the operator of short messages"
_PLACEHOLDER = re.compile(r"\{(?:number|text|id)\}")  # in one go: a text that holds one stays as it is


class SmsOperator:
    """One operator. `read` gives its file, when the first message is sent; `clock` is monotonic, in seconds."""

    def __init__(
        self,
        read: Callable[[], SmsFile],
        custody: Custody,
        tls: ssl.SSLContext,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._read = read
        self._custody = custody
        self._tls = tls
        self._clock = clock
        self._now = now
        self._breaker = Breaker("short messages", clock, WHO)

    @cached_property
    def _file(self) -> SmsFile:
        try:
            return self._read()  # a file that is wrong hinders no withdrawal
        except (BadInput, Refused) as error:  # whoever waits for a message has given nothing wrong
            raise Unavailable(str(error), hint=error.hint) from error

    def send(self, number: Number, text: str) -> None:
        """See `SmsPort.send`."""
        id_ = str(uuid.uuid4())
        values = {"{number}": _written(number, self._file.number), "{text}": text, "{id}": id_}
        body = {name: _filled(value, values) for name, value in self._file.body.items()}
        deadline = Deadline(self._clock, self._file.timeout_s, WHO)
        for left in reversed(range(self._file.attempts)):
            try:
                answer = self._attempt(id_, body, deadline)
            except Unavailable:
                if not left:
                    raise
                deadline.left_s()
                continue
            self._require_taken(answer)
            return

    def _attempt(self, id_: str, body: Mapping[str, Json], deadline: Deadline) -> Answer:
        data = json.dumps(body, allow_nan=False).encode()  # as `Line.post` writes it
        headers = {**self._file.headers, self._file.idempotency_header: id_}
        headers |= signed_headers(self._custody, id_, self._now(), data)
        headers.pop("content-type")
        with Line(deadline, self._tls, self._now) as line:
            return asked(self._breaker, lambda: line.post(self._file.url, body, headers), lambda answer: answer)

    def _require_taken(self, answer: Answer) -> None:
        file, found = self._file, object()
        if answer.status in file.status:
            found = _at(answer.body, file.where) if file.where else file.equals
        if type(found) is not type(file.equals) or found != file.equals:
            message = f"{WHO} did not take the message (status {answer.status})"
            raise Unavailable(message, hint="ask the customer anew; the operator's own log tells why")


def _written(number: Number, how: str) -> str:
    national = number.national and number.national.replace(" ", "")
    text = {"e164": number.e164, "national": national, "uri": number.uri}[how]
    if text is None:
        raise Unavailable(f"{WHO} takes no number of this kind", hint="the file that sms_file names says which")
    return text


def _filled(value: Json, values: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        return {name: _filled(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: values[found[0]], value)
    return value


def _at(body: Mapping[str, object], path: str) -> object:
    found: object = body
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
