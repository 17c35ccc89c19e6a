"""A file in, a file out: readers, engine and writer, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from haoma.numbers.files.model import Options, Summary

__all__ = ["enrich_file"]


def enrich_file(
    source: Path | str,
    target: Path | str,
    column: str | int | None = None,
    options: Options | None = None,
    *,
    progress: Callable[[int], object] | None = None,
) -> Summary:
    """Write the rows of `source` to `target` with what is known of the numbers in `column`."""
    raise NotImplementedError
