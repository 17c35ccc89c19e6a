"""The link in a message: it leads whoever got it to their question on the page, and proves nothing.

Rules held here:
- A link ends in 128 random bits, in letters; they are kept as a digest, in the row of the question, and end with it.
- Opening a link changes nothing, however often. It shows what is asked, and of whom not even a token.
- A question that was answered, is over, or never was has no text any more.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.code import ATTEMPTS
from haoma.consent.notices import Published, version_of
from haoma.consent.office import Office
from haoma.errors import BadInput, NotFound
from haoma.vault.model import SubjectToken, as_letters

__all__ = ["Linked", "check_origin", "digest_of", "linked", "new_handle", "with_link"]

HANDLE_BYTES = 16
_ORIGIN = re.compile(
    r"https://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|http://(?:127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?"
)


@dataclass(frozen=True, slots=True)
class Linked:
    """The question behind a link; `published` is None where it takes no answer any more."""

    tenant: str
    request: sa.Row[Any]
    published: Published | None


def check_origin(text: str) -> str:
    """The setting self_url, if it is an origin or empty.

    >>> check_origin("https://me.acme.example/")
    'https://me.acme.example'
    """
    origin = text.rstrip("/")
    if origin and _ORIGIN.fullmatch(origin) is None:
        raise BadInput(
            "self_url is no origin", hint="https://me.acme.example, without a path; http on this machine alone"
        )
    return origin


def new_handle() -> str:
    """What a link, a door or a session is called, out of the operating system's randomness."""
    return as_letters(secrets.token_bytes(HANDLE_BYTES))


def digest_of(handle: str) -> str:
    """What is kept of a handle: its SHA-256, in letters."""
    return as_letters(hashlib.sha256(handle.encode("utf-8", "replace")).digest())


def with_link(text: str, origin: str, handle: str, language: str) -> str:
    """A message with the link to its question at its end.

    >>> with_link("Code to agree: 123456.", "https://me.acme.example", "abcd", "en")
    'Code to agree: 123456. Read and answer: https://me.acme.example/self/q/abcd?lang=en'
    """
    if language == "zh":
        return f"{text}查看详情并答复：{origin}/self/q/{handle}"
    return f"{text} Read and answer: {origin}/self/q/{handle}?lang={language}"


def linked(office: Office, handle: str) -> Linked:
    """The question behind a link; raises NotFound where there never was one, or not for a day."""
    c, at = tables.requests.c, office.now()
    with office.store.read() as tx:
        row = tx.execute(sa.select(tables.requests).where(c.handle == digest_of(handle))).one_or_none()
        if row is None:
            raise NotFound("this link leads to no question", hint="the newest message has the link that counts")
        stands = row.state == "asked" and row.asked_at <= at < row.expires_at and row.attempts < ATTEMPTS
        return Linked(SubjectToken.of_row(row.subject).tenant, row, version_of(tx, row) if stands else None)
