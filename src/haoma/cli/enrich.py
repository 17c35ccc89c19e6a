"""`haoma number enrich`: a file in, the same file with what is known of each number out."""

from __future__ import annotations

import click

__all__ = ["enrich"]


@click.command()
def enrich() -> None:
    """Add to each row of a file what is known of its number."""
