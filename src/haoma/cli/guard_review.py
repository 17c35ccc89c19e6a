"""`haoma guard review`: the review of a month, Plan-Do-Check-Act, with the figures behind it.

Rules held here:
- It is of the tenant of who is signed in (HAOMA_SESSION), and tells counts, names of measures, and no number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from haoma.cli.acting import acting, now
from haoma.cli.options import current_settings

if TYPE_CHECKING:
    from haoma.guard.improve.document import Block

__all__ = ["document_options", "review", "write_document"]

_Command = TypeVar("_Command", bound=Callable[..., object])


def document_options(command: _Command) -> _Command:
    """Give a command the options `--format` and `--language` of documents."""
    shape = click.option("--format", "shape", type=click.Choice(["markdown", "html"]), default="markdown",
                         show_default=True, help="How the document is written.")  # fmt: skip
    language = click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True,
                            help="In which language.")  # fmt: skip
    return shape(language(command))


def write_document(blocks: Sequence[Block], shape: str, language: str) -> None:
    """Write a document to stdout."""
    from haoma.guard.improve import as_html, as_markdown

    text = as_html(blocks, "en" if language == "en" else "zh-CN") if shape == "html" else as_markdown(blocks)
    click.echo(text.encode("utf-8", "replace"), nl=False)


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="Which month, in Shanghai's time.")
@document_options
def review(month: str, shape: str, language: str) -> None:
    """Print what a month's incidents, trials and visits say, and what follows from them."""
    from haoma.app import Services
    from haoma.guard.improve import Language, Month, report

    which = Month.read(month)
    with Services(current_settings(), create=False) as services:
        found = services.improvement.review(acting(services), which, now())
    write_document(report(found, Language(language)), shape, language)
