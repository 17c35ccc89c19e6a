"""The second net below types that mask themselves: what looks personal or secret in a text is hidden.

Rules held here:
- Seven digits or more with what people write between them, a coordinate, a token, a key and a signed receipt are
  hidden, in any script's digits. Too much is hidden rather than too little.
"""

from __future__ import annotations

import re

__all__ = ["holds_number", "masked"]

_NUMBER = re.compile(r"\d(?:[ .()+_/-]{0,2}\d){6,}")
_DOUBTFUL = re.compile(r"\d[ .()+_/-]{0,2}\d|haoma_|loc\.|eyJ|bearer", re.IGNORECASE)  # in all that is hidden
_HIDDEN = (
    (re.compile(r"haoma_[a-z]+_[A-Za-z0-9_-]+"), "haoma_****"),
    (re.compile(r"\bloc\.[a-p]{8,}"), "loc.****"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}[A-Za-z0-9._-]*"), "eyJ****"),
    (re.compile(r"\bBearer\s+[^\s,]+", re.IGNORECASE), "Bearer ****"),
    (re.compile(r"[-+]?\d{1,3}\.\d{3,}"), "*.***"),
    (_NUMBER, "****"),
)


def masked(text: str) -> str:
    """A text that may be shown to whoever reads logs and errors.

    >>> masked("138 0013 8000 called from 31.2304, 121.4737")
    '**** called from *.***, *.***'
    """
    if _DOUBTFUL.search(text) is None:  # as most texts: one look instead of six
        return text
    for found, shown in _HIDDEN:
        text = found.sub(shown, text)
    return text


def holds_number(text: str) -> bool:
    """Whether a text holds what could be a phone number.

    >>> holds_number("a=138-0013-8000"), holds_number("size=1000")
    (True, False)
    """
    return _NUMBER.search(text) is not None
