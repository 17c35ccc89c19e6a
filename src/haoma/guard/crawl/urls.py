"""Addresses of pages: one spelling for each, and those that are never asked for.

Rules held here:
- Two spellings that a server cannot tell apart are one address: case of scheme and host, the usual port, the fragment,
  and steps up and down in the path, so that robots.txt speaks of what is asked for (RFC 3986 §5.2.4, RFC 9309 §2.2.2).
- An address with a name or password in it, or of another scheme than http and https, is none; nor is one at a port
  where something else than the web answers (Fetch §2.9, "port blocking").
- An address that holds what may be a person's own number is neither fetched nor kept.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from haoma.errors import BadInput

__all__ = ["MOBILE", "checked", "holds_mobile", "host_of", "key_of", "normal", "origin_of"]

LONGEST = 2_048
PORTS = {"http": 80, "https": 443}
BAD_PORTS = frozenset(
    {
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104),
        *(109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526),
        *(530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659),
        *(4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    }
)
# A mobile number of China as pages print it. Bytes that are no digits in UTF-8 and GBK are none here.
MOBILE = re.compile(r"(?<![0-9])(?:(?:\+|00)?86[- .]?)?1[3-9][0-9](?:[- .]?[0-9]){8}(?![0-9])")
_SAFE = "!$&'()*+,;=:@/?%~-._[]"


def normal(url: str) -> str | None:
    """The one spelling of an address; None where it is none that may be asked for.

    >>> normal("HTTP://WWW.Example.COM:80/a b#top")
    'http://www.example.com/a%20b'
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        name = parts.hostname or ""
        host = name if name.isascii() else name.encode("idna").decode()
    except (ValueError, UnicodeError):
        return None
    scheme = parts.scheme.lower()
    if scheme not in PORTS or not host or parts.username is not None or parts.password is not None or port in BAD_PORTS:
        return None
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    place = host if port in {None, PORTS[scheme]} else f"{host}:{port}"
    made = urlunsplit((scheme, place, quote(_flat(parts.path), _SAFE) or "/", quote(parts.query, _SAFE), ""))
    return made if len(made) <= LONGEST and made.isascii() and made.isprintable() and host else None


def _flat(path: str) -> str:
    """The path without steps: what is left of /a/../b is /b, as a server or a browser reads it."""
    steps = [(one, one.lower().replace("%2e", ".")) for one in path.split("/")[1:]]
    kept: list[str] = []
    for one, step in steps:
        if step == "..":
            del kept[-1:]
        elif step != ".":
            kept.append(one)
    if steps and steps[-1][1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def checked(url: str) -> str:
    """The one spelling of an address that a person gave; raises BadInput for one that is not asked for."""
    made = normal(url)
    if made is None:
        message = f"this is no address of a page (at most {LONGEST:,} characters)"
        raise BadInput(message, hint="http:// or https://, a host, and no name or password in it")
    if holds_mobile(made):
        raise BadInput("the address holds what may be a person's own number", hint="leave it out of the address")
    return made


def holds_mobile(text: str) -> bool:
    """Whether a text, or what its percent signs stand for, holds what may be a person's own number.

    >>> holds_mobile("/call?to=138%200013%208000"), holds_mobile("/call?to=95588")
    (True, False)
    """
    return bool(MOBILE.search(text) or ("%" in text and MOBILE.search(unicodedata.normalize("NFKC", unquote(text)))))


def host_of(url: str) -> str:
    """Host and port of an address in its one spelling: what is claimed, paced and stopped as one.

    >>> host_of("https://example.com/a"), host_of("http://example.com:8080/a")
    ('example.com', 'example.com:8080')
    """
    return urlsplit(url).netloc


def origin_of(url: str) -> str:
    """Scheme, host and port of an address: what a robots.txt speaks for (RFC 9309 §2.3)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def key_of(url: str) -> str:
    """The digest that an address is known by among those of a visit."""
    return hashlib.sha256(url.encode()).hexdigest()
