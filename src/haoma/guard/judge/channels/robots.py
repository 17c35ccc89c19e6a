"""News in a group of DingTalk, WeCom or Feishu, by a robot of that group.

Rules held here:
- DingTalk and Feishu are signed as they ask for, each in its own way; WeCom's address is its secret.
- They answer 200 also where they take nothing: what counts is the code in the answer.
- An address is in no error.
- A text is no markup: what Feishu would read as a call for everybody (`<at user_id="all">`) stands there as it is.

References: https://open.dingtalk.com/document/robots/customize-robot-security-settings,
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot,
https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from haoma.errors import Unavailable
from haoma.guard.judge.channels.file import Spec
from haoma.guard.judge.channels.words import body
from haoma.wire.line import Deadline, Line

__all__ = ["Robot", "asked"]

ANSWER_S = 15.0
CODES = ("errcode", "code", "StatusCode")


class Robot:
    """Posts through the robot of one channel; fills `Channel`. `clock` is monotonic, in seconds."""

    def __init__(
        self, spec: Spec, tls: ssl.SSLContext, clock: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._spec = spec
        self._tls = tls
        self._clock = clock
        self._now = now

    def send(self, message_id: str, news: Mapping[str, str], at: datetime) -> None:
        """See `Channel.send`."""
        url, told = asked(self._spec, f"{body(news)}\n消息编号：{message_id}", self._now())
        with Line(Deadline(self._clock, ANSWER_S, "the robot"), self._tls, self._now) as line:
            answer = line.post(url, told, {})
        codes = [answer.body[name] for name in CODES if name in answer.body]
        if answer.status != 200 or not codes or any(code != 0 or isinstance(code, bool) for code in codes):
            code = codes[0] if codes and isinstance(codes[0], int) else "none"
            raise Unavailable(f"the robot does not take it (HTTP {answer.status}, code {code})")


def asked(spec: Spec, text: str, at: datetime) -> tuple[str, dict[str, object]]:
    """The address and the body of one message, signed as of a moment.

    >>> from datetime import UTC
    >>> from haoma.guard.judge.model import Severity
    >>> spec = Spec("r", "feishu", Severity.LOW, url="https://r.example/hook", secret="s")
    >>> asked(spec, "x", datetime(2026, 11, 22, tzinfo=UTC))[1]["sign"]
    '4w2YLP1GtSiANCvVBc9KW2UaHctCktiT/4SyRwZ4EEY='
    """
    text = text.replace("<", "＜")
    plain: dict[str, object] = {"msgtype": "text", "text": {"content": text}}
    if spec.kind == "feishu":
        return spec.url, {**_feishu(spec.secret, at), "msg_type": "text", "content": {"text": text}}
    if spec.kind == "dingtalk" and spec.secret:
        joined = "&" if "?" in spec.url else "?"
        return f"{spec.url}{joined}{urlencode(_dingtalk(spec.secret, at))}", plain
    return spec.url, plain


def _dingtalk(secret: str, at: datetime) -> dict[str, str]:
    time_ms = str(int(at.timestamp() * 1_000))
    mac = hmac.digest(secret.encode(), f"{time_ms}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": time_ms, "sign": b64encode(mac).decode()}


def _feishu(secret: str, at: datetime) -> dict[str, object]:
    """The key of Feishu's HMAC is what others sign, and it signs nothing."""
    if not secret:
        return {}
    time_s = str(int(at.timestamp()))
    mac = hmac.digest(f"{time_s}\n{secret}".encode(), b"", hashlib.sha256)
    return {"timestamp": time_s, "sign": b64encode(mac).decode()}
