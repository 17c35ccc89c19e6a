"""The message with which a number is shown to be its customer's.

Rules held here:
- It holds no number, no order and no name; it says who is told the code, that it costs nothing to say no, and how long
  the code is good. It can be taken for no advertising.
"""

from __future__ import annotations

from datetime import timedelta

from haoma.consent.code import CODE_LIFE
from haoma.consent.notice import LANGUAGES
from haoma.errors import BadInput

__all__ = ["message"]


def message(company: str, code: str, language: str) -> str:
    """The text of the short message; `company` is the tenant's name.

    >>> message("acme", "123456", "en")
    'acme checks that this number is still yours. If you are talking to us now, tell us the code 123456 (5 min). ...'
    """
    minutes = CODE_LIFE // timedelta(minutes=1)
    if language not in LANGUAGES:
        raise BadInput("a customer is written to in zh or en", hint="--language zh")
    if language == "zh":
        said = f"{company}正在核对这个号码是否仍由您使用。如您正在与我们联系，请告诉客服验证码{code}"
        return f"{said}（{minutes}分钟内有效）。不愿提供不影响服务；如非本人联系，请勿告诉任何人。"
    said = f"{company} checks that this number is still yours. If you are talking to us now, tell us the code {code}"
    return f"{said} ({minutes} min). You are served without it too. If it is not you who asked, tell it to nobody."
