"""What is said on stderr: it never stands in the way of what was done.

Rules held here:
- Where stderr takes nothing (a full disk, a reader that went away), what would be said is dropped, and the command goes
  on: a proof that comes behind a note is written.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

__all__ = ["tell"]


def tell(text: str) -> None:
    """Write a line to stderr, or drop it."""
    try:
        # A name typed in another encoding arrives as lone surrogates, which a strict stderr cannot write.
        click.echo(text.encode("utf-8", "replace"), err=True)
    except OSError:
        # What is held back would be tried again at exit, and change the exit code.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
