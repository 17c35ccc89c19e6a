"""Text in, numbers out: one cell at a time.

Rules held here:
- Nothing raises for a text, whatever it holds; a cell without a number has a reason.
- What a record of the grammar means in words, its URI and its form for people are decided here and in `columns`, which
  a law holds to the same answers.
"""

from __future__ import annotations

from functools import cache

from haoma.errors import BadInput
from haoma.numbers import world
from haoma.numbers.grammar import layout, plan
from haoma.numbers.grammar.decode import code_point
from haoma.numbers.grammar.reading import read
from haoma.numbers.model import IssuedIn, Kind, Number
from haoma.numbers.tables import PLACE_UNKNOWN, REASONS, TOO_LONG_CELL, pack, tables

__all__ = ["parse", "parse_cell"]

LONGEST_CELL = 16_384
KINDS = tuple(Kind)


def parse(text: str, region: str = "CN") -> Number:
    """The first number in a cell; one of kind `invalid`, with its reason, where there is none.

    `region` (ISO 3166-1 alpha-2) says whose national numbers are meant: CN is haoma's own grammar, any other
    libphonenumber's.

    >>> parse("0571-88888888转8001").uri
    'tel:+8657188888888;ext=8001'
    >>> parse("138001380001").reason
    'too many digits'

    Raises BadInput where `text` is no string or `region` is no region that libphonenumber knows.
    """
    numbers, reason = read_cell(as_text(text), region)
    return numbers[0] if numbers else Number(Kind.INVALID, reason=reason)


def parse_cell(text: str) -> list[Number]:
    """All the numbers in a cell, in order; an empty list where there is none.

    >>> [number.national for number in parse_cell("010-65051166、65051156")]
    ['(010) 6505 1166', '(010) 6505 1156']

    Raises BadInput where `text` is no string.
    """
    return read_cell(as_text(text))[0]


def as_text(given: object) -> str:
    """What was given, if it is text; raises BadInput if not."""
    if isinstance(given, str):
        return given
    message = f"a number is read from text, not from {type(given).__name__}"
    raise BadInput(message, hint="numbers kept as integers have lost their leading zeros")


def read_cell(text: str, region: str = "CN") -> tuple[list[Number], str | None]:
    """The numbers in a cell, and why there is none; of another region than CN, one number at most.

    Raises BadInput for a region that libphonenumber does not know.
    """
    if region != "CN":
        found, chinese = world.parse_national(text, region)
        if found is not None or not chinese:
            return ([found], None) if found else ([], REASONS[layout.FOREIGN])
    if clean := clean_mobile(text):
        return [clean], None
    got, reason = records(text.encode("utf-8", "surrogatepass"), 0)
    return [number_of(record) for record in got], reason


def clean_mobile(text: str) -> Number | None:
    """The number of a cell of eleven digits, perhaps as 138 0013 8000 or 138-0013-8000, in an allocated mobile block.

    The grammar could say nothing else.
    """
    if len(text) == 13 and text[3] == text[8] and text[3] in " -":
        text = text[:3] + text[4:8] + text[9:]
    if len(text) != 11 or text[0] != "1" or text[1] < "3" or not (text.isascii() and text.isdigit()):
        return None
    row = pack().segment_row(text)
    kind = KINDS[pack().row_kind[row]]
    return _described(kind, row, f"tel:+86{text}", national_of(kind, text, 0, None), None) if row else None


def records(data: bytes, mode: int) -> tuple[list[list[int]], str | None]:
    """The grammar's records of a text's UTF-8, positions as byte offsets, and why there is none."""
    if len(data) > LONGEST_CELL:
        return [], TOO_LONG_CELL
    s = scratch(len(data))
    out = [0] * (layout.FIELDS * (len(data) // 3 + 1))
    count = read(tables(), s, data, 0, len(data), mode, out)
    found = [out[at : at + layout.FIELDS] for at in range(0, count * layout.FIELDS, layout.FIELDS)]
    for record in found:
        record[layout.START] = s[layout.POS][record[layout.START]]
        last = s[layout.POS][record[layout.END] - 1]
        record[layout.END] = last + (1 if data[last] < 0x80 else code_point(data, last, len(data))[1])
    reason = None if count else REASONS[s[layout.STATE][layout.S_REASON] or layout.NO_DIGITS]
    return found, reason


def scratch(size: int) -> layout.Scratch:
    """Working memory for a text of `size` bytes."""
    room = max(2 * size + 2, layout.ROOM)
    return [[0] * room for _ in range(layout.ROWS)]


def number_of(record: list[int]) -> Number:
    """The Number that a record describes."""
    kind, number, area = KINDS[record[layout.KIND]], str(record[layout.NUMBER]), record[layout.AREA]
    length = record[layout.EXT_LEN]
    extension = f"{record[layout.EXT]:0{length}}" if length else None
    if kind is Kind.INTERNATIONAL:
        return world.parse_global(number, extension) or Number(Kind.INVALID, reason=REASONS[layout.FOREIGN])
    uri = uri_of(kind, number, area, extension)
    return _described(kind, record[layout.ROW], uri, national_of(kind, number, area, extension), extension)


def _described(kind: Kind, row: int, uri: str, national: str, extension: str | None) -> Number:
    return Number(kind, uri, national, extension, *_said(row)) if row else Number(kind, uri, national, extension)


@cache
def _said(row: int) -> tuple[str | None, IssuedIn | None, int | None, tuple[str, ...], str | None]:
    """What a row of the packed table says, in the order of Number's fields from `issued_by` on."""
    said = pack().row(row)
    lacks_place = said.issued_by and not said.issued_in and KINDS.index(said.kind) <= plan.SATELLITE
    return said.issued_by, said.issued_in, said.confidence_ppm, said.sources, PLACE_UNKNOWN if lacks_place else None


def uri_of(kind: Kind, number: str, area: int, extension: str | None) -> str:
    """RFC 3966: global where E.164 exists, else local with phone-context; `ext` comes first (section 3)."""
    ext = f";ext={extension}" if extension else ""
    if KINDS.index(kind) <= plan.LANDLINE:
        return f"tel:+86{number}{ext}"
    return f"tel:{number}{ext};phone-context=+86{area or ''}"


def national_of(kind: Kind, number: str, area: int, extension: str | None) -> str:
    """The number as people in China write it: 138 0013 8000, (010) 1234 5678, 400-810-9090, 0571-12345."""
    ext = f" 转 {extension}" if extension else ""
    match kind:
        case Kind.LANDLINE:
            local = number.removeprefix(str(area))
            return f"(0{area}) {local[:-4]} {local[-4:]}{ext}"
        case Kind.TOLL_FREE | Kind.SHARED_COST:
            return f"{number[:3]}-{number[3:6]}-{number[6:]}{ext}"
        case Kind.MOBILE | Kind.MVNO | Kind.IOT | Kind.SATELLITE:
            return f"{number[:3]} {number[3:7]} {number[7:]}{ext}"
        case _:
            return f"0{area}-{number}{ext}" if area else f"{number}{ext}"
