"""One-time codes that show that somebody holds a number: made, worded for a message, and read out of a reply.

Rules held here:
- Six random digits, good for five minutes and five tries; kept as a keyed commitment, which a copy of the database does
  not tell, and compared in constant time.
- No message holds a number, and none can be taken for advertising: it says who asks, what for, and how to say no.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import timedelta
from enum import StrEnum

from haoma.consent.notice import Notice
from haoma.consent.purposes import purpose_named

__all__ = ["ATTEMPTS", "CODE_LIFE", "Answer", "code_text", "message", "new_code", "read_reply", "ward_message"]

CODE_LIFE = timedelta(minutes=5)
ATTEMPTS = 5
_CODE = re.compile(r"(?<![0-9])[0-9]{6}(?![0-9])")
_YES = re.compile(r"(?:同意|确认|y|yes|ok)?", re.IGNORECASE)
_NO = re.compile(r"不同意|拒绝|否|n|no|td|退订", re.IGNORECASE)
_STOP = re.compile(r"撤回|撤销|取消授权|withdraw|stop", re.IGNORECASE)


class Answer(StrEnum):
    """What a reply means."""

    YES = "yes"
    NO = "no"
    WITHDRAW = "withdraw"
    UNCLEAR = "unclear"


def new_code() -> str:
    """Six digits, out of the operating system's randomness."""
    return f"{secrets.randbelow(10**6):06d}"


def code_text(request_id: str, code: str) -> bytes:
    """The bytes that are committed to: a code is good for one request."""
    return f"{request_id} {code}".encode()


def message(notice: Notice, code: str, language: str, channel: str, *, guardian: bool) -> str:
    """The text of the short message.

    >>> from haoma.consent.notice import make_notice
    >>> notice = make_notice("delivery", "acme", "Acme", "privacy@acme.example", ["carrier"], "city", 7)
    >>> message(notice, "123456", "en", "web", guardian=False)
    'Acme asks to check where what you ordered is to be delivered. Code to agree: 123456 (5 min). To refuse, do...'
    """
    minutes = CODE_LIFE // timedelta(minutes=1)
    purpose = purpose_named(notice.purpose)
    if language == "zh":
        asked = f"{notice.name}请求获取{'您的被监护人' if guardian else '您'}的位置，目的：{purpose.zh}。"
        how = "同意请回复：同意 " if channel == "sms" else "同意请提供验证码 "
        return f"{asked}{how}{code}（{minutes}分钟内有效）。不同意无需操作，不影响服务。"
    whom = " of the child in your care" if guardian else ""
    how = "To agree, reply: YES" if channel == "sms" else "Code to agree:"
    return f"{notice.name} asks{whom} {purpose.en}. {how} {code} ({minutes} min). To refuse, do nothing."


def ward_message(notice: Notice, tenant: str, origin: str, language: str) -> str:
    """What somebody under 14 is told, or whoever holds their number, when another number is asked as their guardian's.

    >>> from haoma.consent.notice import make_notice
    >>> notice = make_notice("delivery", "acme", "Acme", "privacy@acme.example", ["carrier"], "city", 7)
    >>> ward_message(notice, "acme", "", "en")[-75:]
    'Not so, or you object? Reply WITHDRAW at any time, or: privacy@acme.example'
    """
    purpose = purpose_named(notice.purpose)
    where = f"{origin}/self/my/{tenant}" if origin else notice.contact
    if language == "zh":
        asked = f"{notice.name}正向另一个号码（称是您的监护人）请求同意获取您的位置，目的：{purpose.zh}。"
        return f"{asked}不属实或不同意，请随时回复：撤回，或通过 {where}"
    asked = f"{notice.name} asks another number, said to be your guardian's, {purpose.en}."
    return f"{asked} Not so, or you object? Reply WITHDRAW at any time, or: {where}"


def read_reply(text: str) -> tuple[Answer, str]:
    """What a reply means, and the code in it; a yes without its code is unclear.

    >>> read_reply("同意 123456"), read_reply("Ｎ"), read_reply("撤回")
    ((<Answer.YES: 'yes'>, '123456'), (<Answer.NO: 'no'>, ''), (<Answer.WITHDRAW: 'withdraw'>, ''))
    """
    plain = unicodedata.normalize("NFKC", text[:200]).strip()
    found = _CODE.findall(plain)
    words = re.sub(r"[\s,.;:!，。；：！]+", "", _CODE.sub("", plain))
    if _STOP.fullmatch(words):
        return Answer.WITHDRAW, ""
    if _NO.fullmatch(words):
        return Answer.NO, ""
    if len(found) == 1 and _YES.fullmatch(words):
        return Answer.YES, found[0]
    return Answer.UNCLEAR, ""
