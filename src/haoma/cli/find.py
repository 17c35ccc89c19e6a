"""`haoma number find`: the numbers in running text, and where they stand.

Rules held here:
- Places are counted in characters: `start` and `end` from the text's beginning; lines, and `column` in its line, from
  1.
- Text is read some lines at a time, so that memory does not grow with it.
- The exit code is grep's: 0 where a number was found, 1 where none was.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from haoma.cli.describe import described
from haoma.cli.output import Format, Row, format_option, note, write

__all__ = ["find"]

BLOCK = 1 << 20
LONGEST = 1 << 24
SHOWN = ("line", "column", "text", "kind", "national", "uri")
FLAT = ("start", "end", *SHOWN, "extension", "valid", "issued_by", "issued_in.province", "issued_in.city", "confidence")


@click.command()
@click.argument("source", metavar="FILE", default="-")
@click.option(
    "--region", default="CN", show_default=True, metavar="CODE", help="Whose national forms are read; none for only +."
)
@click.option("--encoding", metavar="NAME", help="Encoding of the text; found out otherwise.")
@format_option
@click.pass_context
def find(ctx: click.Context, source: str, region: str, encoding: str | None, fmt: Format) -> None:
    """Find the numbers in the text FILE, or in stdin, and tell where they stand."""
    any_found = False

    def rows() -> Iterator[Row]:
        nonlocal any_found
        for row in _mentions(source, region, encoding):
            any_found = True
            yield row

    write(rows(), fmt, columns=SHOWN if fmt is Format.TABLE else FLAT)
    ctx.exit(0 if any_found else 1)


def _mentions(source: str, region: str, encoding: str | None) -> Iterator[Row]:
    from haoma.numbers.text import find as mentions_in

    base, line = 0, 1
    for text in _blocks(source, encoding):
        at = 0
        for mention in mentions_in(text, None if region.lower() == "none" else region.upper()):
            line += text.count("\n", at, mention.start)
            at = mention.start
            yield {
                "line": line,
                "column": at - text.rfind("\n", 0, at),
                "start": base + mention.start,
                "end": base + mention.end,
                "text": text[mention.start : mention.end],
                **described(mention.number),
            }
        line += text.count("\n", at)
        base += len(text)


def _blocks(source: str, encoding: str | None) -> Iterator[str]:
    """The text in pieces that end with a line, unless a line is longer than 16 MiB."""
    from haoma.numbers.files.text import ANOTHER, UTF_8, open_text

    with open_text(source, encoding, {UTF_8}) as text:
        held, told = b"", False

        def decoded(piece: bytes) -> str:
            nonlocal told
            try:
                return piece.decode(UTF_8)
            except UnicodeDecodeError:
                if not told:
                    note(f"{text.name}: {text.wrong('it holds ')}, shown as �; {ANOTHER}")
                told = True
                return piece.decode(UTF_8, "replace")

        while some := text.read(BLOCK):
            head, feed, tail = some.rpartition(b"\n")
            if feed or len(held) > LONGEST:
                yield decoded(held + head + feed)
                held = b""
            held += tail
        yield decoded(held)
