"""What is said on stderr, and what is heard: texts in UTF-8.

Rules held here:
- What is typed is UTF-8, or is refused before anything is done with it.
- Where stderr takes nothing (a full disk, a reader that went away), what would be said is dropped, and the command goes
  on: a proof that comes behind a note is written.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from haoma.errors import BadInput

__all__ = ["tell", "utf8"]


def tell(text: str) -> None:
    """Write a line to stderr, or drop it."""
    try:
        # A name typed in another encoding arrives as lone surrogates, which a strict stderr cannot write.
        click.echo(text.encode("utf-8", "replace"), err=True)
    except OSError:
        # What is held back would be tried again at exit, and change the exit code.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def utf8(text: str, what: str) -> str:
    """The text, if it came as UTF-8; raises BadInput for the other bytes that Python lets in as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        message = f"the {what} is not UTF-8"
        raise BadInput(
            message, hint="where it is typed, and what is typed, is in UTF-8: look at LANG and LC_ALL"
        ) from None
    return text
