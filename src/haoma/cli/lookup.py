"""`haoma number lookup`: what is known of a number's segment, in words, and where from.

Rules held here:
- Every statement has its confidence and its sources with their dates.
- It says each time that a number's place of issue is not where its owner is.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from haoma.cli.describe import described
from haoma.cli.output import Format, Row, format_option, write
from haoma.numbers.model import IssuedIn, Number

__all__ = ["lookup"]

STALE = "where and by whom the number was issued; numbers move to other networks and people to other places"


@click.command()
@click.argument("numbers", nargs=-1, required=True, metavar="NUMBER...")
@format_option
@click.pass_context
def lookup(ctx: click.Context, numbers: tuple[str, ...], fmt: Format) -> None:
    """Tell who issued each NUMBER and where, how sure that is, and who says so."""
    from haoma.numbers.service import parse

    found = [(text, parse(text)) for text in numbers]
    if fmt is Format.TABLE:
        for text, number in found:
            write(_told(text, number), fmt, title=number.national or text)
    else:
        write((_row(text, number) for text, number in found), fmt)
    ctx.exit(0 if all(number.valid for _, number in found) else 1)


def _row(text: str, number: Number) -> Row:
    return {
        "input": text,
        **described(number),
        "sources": [{"name": name, **_source(name)} for name in number.sources],
        "reason": number.reason,
        "note": STALE if number.issued_by or number.issued_in else None,
    }


def _source(name: str) -> dict[str, str]:
    """Title, version and date of a source, as the table of segments has them."""
    from haoma.numbers.tables import pack

    found = next(source for source in pack().header["sources"] if source["name"] == name)
    return {"title": found["title"], "version": found["version"], "as_of": found["date"]}


def _told(text: str, number: Number) -> Iterator[Row]:
    said: dict[str, str | None] = {
        "input": text,
        "kind": str(number.kind).replace("_", " "),
        "identity": number.uri,
        "issued by": number.issued_by,
        "issued in": _place(number.issued_in) if number.issued_in else None,
        "confidence": f"{number.confidence:.1%}" if number.confidence else None,
        **{f"source {at}": _cited(name) for at, name in enumerate(number.sources, 1)},
        "reason" if not number.valid else "not known": number.reason,
        "note": STALE if number.issued_by or number.issued_in else None,
    }
    return ({"": name, "answer": answer} for name, answer in said.items() if answer)


def _place(place: IssuedIn) -> str:
    names = " ".join(dict.fromkeys(name for name in (place.province, place.city) if name))
    codes = {"adcode": place.adcode, "area code": place.area_code, "postcode": place.postcode}
    known = ", ".join(f"{name} {code}" for name, code in codes.items() if code)
    return f"{names} ({known})" if names and known else names or known


def _cited(name: str) -> str:
    source = _source(name)
    return f"{name}: {source['title']}, {source['version']}, as of {source['as_of'] or 'an unknown date'}"
