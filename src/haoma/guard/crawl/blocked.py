"""When a host says no: an answer that asks for a person, whatever its status says.

Rules held here:
- 401 and 403 are a no, 429 is a no for now; each stops the host until a person has done something about it.
- A page that asks whether somebody is human is a captcha, also with 200. A form that sends a code by SMS is none.
"""

from __future__ import annotations

import re

from haoma.guard.crawl.model import TaskKind
from haoma.guard.crawl.web import Got, header

__all__ = ["said_no"]

LOOKED_AT = 20_000  # bytes: a captcha's page is short, or says so at its top
_STATUS = {401: TaskKind.FORBIDDEN, 403: TaskKind.FORBIDDEN, 429: TaskKind.TOO_MANY}
_TITLE = re.compile(rb"<title[^>]*>([^<]{0,200})", re.IGNORECASE)
_WORDS = (
    *("安全验证", "人机验证", "访问验证", "滑动验证", "请完成验证", "访问受限"),
    *("just a moment", "attention required", "are you a robot", "are you human", "verify you are human"),
)
_SIGNS = re.compile(
    rb"cf-challenge|cf_chl_|geetest_|g-recaptcha|h-captcha|/punish\?|captcha\.(?:js|html)", re.IGNORECASE
)
_AWAY = re.compile(r"//[^/]*captcha|/(?:captcha|punish|antispider|antibot|sec-?verify)\b", re.IGNORECASE)


def said_no(got: Got) -> TaskKind | None:
    """Why a person is needed; None where it is a page."""
    if got.status in _STATUS:
        return _STATUS[got.status]
    place = header(got.headers, "location") or got.url
    if _AWAY.search(place):
        return TaskKind.CAPTCHA
    head = got.body[:LOOKED_AT]
    title = _TITLE.search(head)
    said = _text(title[1]).lower() if title else ""
    if any(word in said for word in _WORDS) or (
        len(got.body) < LOOKED_AT and got.status == 503 and _SIGNS.search(head)
    ):
        return TaskKind.CAPTCHA
    return None


def _text(title: bytes) -> str:
    try:
        return title.decode()
    except UnicodeDecodeError:
        return title.decode("gb18030", "replace")
