"""A document of headings, sentences, lists and tables, as Markdown and as HTML.

Rules held here:
- Every text is escaped for what it is written in: a name is never markup.
- The HTML stands alone: no script, no font and no picture is fetched.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Block", "Heading", "Listing", "Table", "Text", "as_html", "as_markdown"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A list, numbered or not."""

    items: Sequence[str]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has as many cells as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


Block: TypeAlias = Heading | Text | Listing | Table

_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")
_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;padding:.3rem .6rem;text-align:left}"
    "th{background:#f2f2f2}@media print{body{margin:0}}"
)


def as_markdown(blocks: Sequence[Block]) -> str:
    r"""The document in Markdown (GitHub's tables).

    >>> print(as_markdown([Heading(2, "Risk"), Table(["a"], [["1|2"]])]), end="")
    ## Risk
    <BLANKLINE>
    | a |
    |---|
    | 1\|2 |
    """
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {_plain(text)}"
        case Text(text):
            return _plain(text)
        case Listing(items, numbered):
            return "\n".join(f"{f'{place}.' if numbered else '-'} {_plain(one)}" for place, one in enumerate(items, 1))
        case Table(columns, rows):
            lines = [columns, *rows]
            cells = [f"| {' | '.join(map(_plain, line))} |" for line in lines]
            return "\n".join([cells[0], "|" + "---|" * len(columns), *cells[1:]])


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def as_html(blocks: Sequence[Block], language: str = "zh-CN") -> str:
    """The document as a page of its own."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "")
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    body = "\n".join(map(_html, blocks))
    return f'<!doctype html>\n<html lang="{language}"><head>{head}</head><body>\n{body}\n</body></html>\n'


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"<h{level}>{html.escape(text)}</h{level}>"
        case Text(text):
            return f"<p>{html.escape(text)}</p>"
        case Listing(items, numbered):
            kind = "ol" if numbered else "ul"
            return f"<{kind}>{''.join(f'<li>{html.escape(one)}</li>' for one in items)}</{kind}>"
        case Table(columns, rows):
            head = "".join(f"<th>{html.escape(one)}</th>" for one in columns)
            lines = ("".join(f"<td>{html.escape(one)}</td>" for one in row) for row in rows)
            return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
