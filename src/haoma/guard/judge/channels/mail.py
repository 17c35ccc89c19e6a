"""News by e-mail (RFC 5321), through one's own server.

Rules held here:
- A message keeps its Message-ID however often it is tried: who gets it twice sees that it is one.
- The connection is TLS with a certificate that is checked, or goes to this machine.
- What the server says is in no error: it may repeat an address.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from haoma.errors import Unavailable
from haoma.guard.judge.channels.file import Spec
from haoma.guard.judge.channels.words import body, subject

__all__ = ["Mail"]

ANSWER_S = 15.0


class Mail:
    """Sends through the server of one channel; fills `Channel`."""

    def __init__(self, spec: Spec, tls: ssl.SSLContext) -> None:
        self._spec = spec
        self._tls = tls

    def send(self, message_id: str, news: Mapping[str, str], at: datetime) -> None:
        """See `Channel.send`."""
        message = self._message(message_id, news, at)
        try:
            with self._connected() as server:
                if self._spec.tls == "starttls":
                    server.starttls(context=self._tls)
                if self._spec.user:
                    server.login(self._spec.user, self._spec.secret)
                refused = server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"the mail server does not take it ({type(error).__name__})") from None
        if refused:
            raise Unavailable(f"the mail server does not take it for {len(refused)} of {len(self._spec.to)} addresses")

    def _connected(self) -> smtplib.SMTP:
        spec = self._spec
        if spec.tls == "tls":
            return smtplib.SMTP_SSL(spec.host, spec.port, timeout=ANSWER_S, context=self._tls)
        return smtplib.SMTP(spec.host, spec.port, timeout=ANSWER_S)

    def _message(self, message_id: str, news: Mapping[str, str], at: datetime) -> EmailMessage:
        message = EmailMessage()
        message["Message-ID"] = f"<{message_id}@{self._spec.sender.partition('@')[2]}>"
        message["Date"] = format_datetime(at)
        message["From"] = self._spec.sender
        message["To"] = ", ".join(self._spec.to)
        message["Subject"] = subject(news)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday note answers it
        message.set_content(body(news))
        return message
