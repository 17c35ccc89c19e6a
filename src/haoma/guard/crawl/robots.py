"""What a robots.txt allows: rules read out of an answer, which fail closed.

Rules held here (RFC 9309):
- An answer of 2xx is read, up to 500 KiB of it (§2.5). One of 4xx means that there are no rules (§2.3.1.3), but 401,
  403 and 429 keep this crawler out: whoever says so of the rules says so of the pages.
- An answer of 5xx, none at all, one that redirects more than five times (§2.3.1.2), or one that is no text keeps it
  out (§2.3.1.4).
- Rules of a group that names `haoma` win over those for everyone.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from haoma.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AGENT", "CLOSED", "MOST_REDIRECTS", "OPEN", "Rules", "rules_of"]

AGENT = "haoma"
LARGEST = 500 * 1024
MOST_REDIRECTS = 5
LONGEST_DELAY_S = 60.0
_MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class _Parsed(Protocol):
    def can_fetch(self, url: str, user_agent: str) -> bool: ...

    def crawl_delay(self, user_agent: str) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin says; `parsed` is None where it says nothing, and `open_` then decides."""

    open_: bool
    parsed: _Parsed | None = None

    def allows(self, url: str) -> bool:
        """Whether this address may be fetched."""
        return self.open_ and (self.parsed is None or self.parsed.can_fetch(url, AGENT))

    @property
    def delay_s(self) -> float:
        """How long its host wants to be left alone between two requests, a minute at the most."""
        wanted = self.parsed.crawl_delay(AGENT) if self.parsed else None
        return min(max(wanted or 0.0, 0.0), LONGEST_DELAY_S)


OPEN, CLOSED = Rules(open_=True), Rules(open_=False)


def rules_of(status: int, body: bytes) -> Rules:
    """The rules in an answer to a request for /robots.txt; a status of 0 stands for no answer.

    >>> rules_of(503, b"").allows("https://example.com/"), rules_of(404, b"").allows("https://example.com/")
    (False, True)
    """
    if 400 <= status < 500 and status not in {401, 403, 429}:
        return OPEN
    if not 200 <= status < 300:
        return CLOSED
    text = _text(body)
    return CLOSED if text is None else Rules(open_=True, parsed=_parse(text))


def _text(body: bytes) -> str | None:
    """The lines within the bound; None where the bytes are no text."""
    part = body if len(body) <= LARGEST else body[: body.rfind(b"\n", 0, LARGEST) + 1]
    name = next((name for mark, name in _MARKS.items() if body.startswith(mark)), "utf-8")
    if name == "utf-16":
        part = body[: LARGEST // 2 * 2]
    text = part.decode(name, "replace")
    return None if "\0" in text else text


def _parse(text: str) -> _Parsed:
    try:
        from protego import Protego
    except ImportError:
        raise Unavailable("robots.txt is read by Protego", hint="pip install 'haoma[crawl]'") from None
    parsed: _Parsed = Protego.parse(text)
    return parsed
