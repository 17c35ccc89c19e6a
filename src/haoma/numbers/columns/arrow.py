"""A whole column of cells at once, as Arrow.

Rules held here:
- One row out for one cell in: its first number, and how many there are. The same answers as `parse`, which a law
  proves.
- Nulls stay null in every column. A cell without a number is `invalid`, with its reason.
- Columns with few values are dictionary-encoded; `confidence` is between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from haoma.errors import BadInput
from haoma.numbers import service
from haoma.numbers.columns.driver import ASK, Out
from haoma.numbers.columns.jit import kernel, table_address
from haoma.numbers.columns.mobiles import MEMORY, SPARE
from haoma.numbers.grammar.layout import FIELDS, KIND, ROW
from haoma.numbers.model import Kind, hide
from haoma.numbers.service import LONGEST_CELL
from haoma.numbers.tables import REASONS, pack

__all__ = ["COLUMNS", "enrich"]

COLUMNS = (
    "uri",
    "kind",
    "issued_by",
    "province",
    "city",
    "adcode",
    "area_code",
    "confidence",
    "valid",
    "count",
    "reason",
)
SLICE = 1 << 23
MOST_BYTES = (1 << 31) - 1
LONGEST_URI = 72
URI_ROOM = 48  # bytes that a URI may have beyond its cell's: tel:, ;phone-context=+86571, ;ext=
Item = TypeVar("Item", bound=np.generic)
Bitmap: TypeAlias = NDArray[np.uint8]
Bitmaps: TypeAlias = dict[bytes, Bitmap | None]


def enrich(array: pa.Array | pa.ChunkedArray, columns: Sequence[str] | None = None) -> pa.Table:
    """What each cell's first number is: a table of `columns` (all of `COLUMNS` where none are named), a row a cell.

    `array` holds text; whole numbers are read as their digits. `uri` is text, `confidence` float64, `valid` boolean,
    `count` uint16, all others are dictionaries of text. About 35 million everyday cells a second and core.

    >>> enrich(pa.array(["13800138000", None, "95588"]), ["uri", "kind"]).to_pydict()["kind"]
    ['mobile', None, 'national_service']

    Raises BadInput for a column that is not in `COLUMNS`, or an array that holds no text.
    """
    names = _names(columns)
    if not isinstance(array, pa.Array | pa.ChunkedArray):
        message = f"a column is a pyarrow Array or ChunkedArray, not a {type(array).__name__}"
        raise BadInput(message, hint="pyarrow.array(…) makes one")
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    texts = [_as_text(chunk) for chunk in chunks] or [pa.array([], pa.string())]
    return pa.concat_tables([_enrich(piece, names) for chunk in texts for piece in _pieces(chunk)])


def _names(columns: Sequence[str] | None) -> tuple[str, ...]:
    names = COLUMNS if columns is None else (columns,) if isinstance(columns, str) else tuple(columns)
    if not names or len(set(names)) < len(names) or not set(names) <= set(COLUMNS):
        strange = [str(name) for name in names if name not in COLUMNS]
        message = f"there is no column {hide(repr(strange[0]))}" if strange else "each column once, and at least one"
        raise BadInput(message, hint=f"columns: {', '.join(COLUMNS)}")
    return names


def _pieces(array: pa.Array) -> Iterator[pa.Array]:
    """Cut an array into pieces of up to SLICE cells and two gigabytes of text."""
    for at in range(0, max(1, len(array)), SLICE):
        piece = array.slice(at, SLICE)
        if len(piece) > 1 and pa.types.is_large_string(piece.type) and _span(piece) >= MOST_BYTES:
            half = len(piece) // 2
            yield from _pieces(piece.slice(0, half))
            yield from _pieces(piece.slice(half))
        else:
            yield piece


def _span(array: pa.Array) -> int:
    offsets = np.frombuffer(array.buffers()[1], np.int64)
    return int(offsets[array.offset + len(array)] - offsets[array.offset])


def _as_text(array: pa.Array) -> pa.Array:
    """The cells as Arrow strings with 32- or 64-bit offsets."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return array
    if pa.types.is_dictionary(kind):
        return _as_text(array.dictionary_decode())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return array.view(pa.large_string() if pa.types.is_large_binary(kind) else pa.string())
    if pa.types.is_floating(kind):
        return _as_whole_numbers(array)
    if pa.types.is_integer(kind) or pa.types.is_null(kind) or str(kind) in {"string_view", "binary_view"}:
        return array.cast(pa.string())
    message = f"phone numbers are text, and this column is {kind}"
    raise BadInput(message, hint="cast it to string first")


def _enrich(array: pa.Array, names: tuple[str, ...]) -> pa.Table:
    out = _run(array, names)
    asked = np.flatnonzero(out.kind == ASK)
    uris = [_ask(out, int(at), array[int(at)].as_buffer().to_pybytes()) for at in asked]
    known = _view(array.is_valid().buffers()[1], np.uint8) if array.null_count else None
    bitmaps: Bitmaps = {}
    made = {name: _column(name, out, known, bitmaps) for name in names}
    if len(asked) and "uri" in made:
        mask = np.zeros(len(array), bool)
        mask[asked] = True
        made["uri"] = pc.replace_with_mask(made["uri"], pa.array(mask), pa.array(uris, pa.string()))
    return pa.Table.from_arrays(list(made.values()), names=list(made))


def _ask(out: Out, at: int, cell: bytes) -> str | None:
    """Have the interpreter's driver read a cell, fill its place in `out`, and return its URI."""
    found, reason = service.records(cell, 0)
    number = service.number_of(found[0]) if found else None
    out.kind[at], out.row[at] = (found[0][KIND], found[0][ROW]) if found else (0, 0)
    if len(out.count):
        out.count[at] = min(len(found), 65535)
    if len(out.reason):
        out.reason[at] = REASONS.index(number.reason if number else reason)
    return number.uri if number else None


def _run(array: pa.Array, names: tuple[str, ...]) -> Out:
    """Run the compiled driver over one array."""
    n, start = len(array), array.offset
    valid, _, text = array.buffers()
    offsets, first = _offsets(array)
    data = _view(text, np.uint8)[first:]
    bits = _view(valid if array.null_count else None, np.uint8)
    room = min(int(offsets[-1]) + URI_ROOM * n, LONGEST_URI * n) + 8
    uri = _memory(room if "uri" in names else 0, np.uint8)
    out = Out(
        _memory(n, np.uint8), _memory(n, np.uint16), _memory(n if "reason" in names else 0, np.uint16),
        _memory(n if "count" in names else 0, np.uint16), uri, _memory(n + 1 if len(uri) else 0, np.int32),
        np.zeros(2 * SPARE, np.uint8),
    )  # fmt: skip
    record = np.zeros(FIELDS, np.int64)
    memory = np.empty((MEMORY, 2 * LONGEST_CELL + 2), np.int64)
    kernel().column(table_address(), memory, data, offsets, bits, start, record, out, LONGEST_CELL, 0)
    return out


def _offsets(array: pa.Array) -> tuple[NDArray[np.int32], int]:
    """(where each cell begins and the last ends, from the first cell's text on; where that lies in the text)."""
    if not len(array):
        return _view(bytes(4), np.int32), 0
    wide = pa.types.is_large_string(array.type)
    ends = slice(array.offset, array.offset + len(array) + 1)
    if not wide:
        return _view(array.buffers()[1], np.int32)[ends], 0
    offsets = _view(array.buffers()[1], np.int64)[ends]
    moved = np.minimum(offsets - offsets[0], MOST_BYTES).astype(np.int32)
    moved.flags.writeable = False
    return moved, int(offsets[0])


def _view(buffer: pa.Buffer | None, kind: type[Item]) -> NDArray[Item]:
    """A buffer as numbers, never to be written: arrays of one type, so that one compilation serves all."""
    view = np.frombuffer(buffer if buffer is not None else b"", kind)
    view.flags.writeable = False
    return view


def _column(name: str, out: Out, known: Bitmap | None, bitmaps: Bitmaps) -> pa.Array:
    """One column; `known` has a bit for each cell, 0 where it is null."""
    match name:
        case "uri":
            text = [pa.py_buffer(out.uri_ends), pa.py_buffer(out.uri[: out.uri_ends[-1]])]
            return pa.Array.from_buffers(pa.string(), len(out.kind), [pa.py_buffer(_are_valid(out, known)), *text])
        case "kind":
            return pa.DictionaryArray.from_arrays(
                _plain(out.kind.view(np.int8), known), _lookup(name).texts, safe=False
            )
        case "valid":
            buffers = [None if known is None else pa.py_buffer(known), pa.py_buffer(_are_valid(out, known))]
            return pa.Array.from_buffers(pa.bool_(), len(out.kind), buffers)
        case "count":
            return _plain(out.count, known)
        case "reason":
            return _looked_up(out.reason, _lookup(name), known, {})
        case _:
            return _looked_up(out.row, _lookup(name), known, bitmaps)


def _are_valid(out: Out, known: Bitmap | None) -> Bitmap:
    bits = np.packbits(out.kind != 0, bitorder="little")
    return bits if known is None else bits & known[: len(bits)]


def _plain(values: NDArray[np.generic], bitmap: Bitmap | None) -> pa.Array:
    """Numbers as an Arrow array, null where the bitmap has a 0."""
    buffers = [None if bitmap is None else pa.py_buffer(bitmap), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), buffers)


def _as_whole_numbers(array: pa.Array) -> pa.Array:
    """Floats as text: whole ones without `.0`, NaN as null."""
    whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), 1e15))
    digits = pc.if_else(whole, array, None).cast(pa.int64()).cast(pa.string())
    return pc.if_else(pc.is_nan(array), None, pc.if_else(whole, digits, array.cast(pa.string())))


@dataclass(frozen=True, slots=True)
class Lookup:
    """A column by row of the pack: its values, 1 where there is one, and the texts that the values number, if any."""

    values: NDArray[np.generic]
    there: NDArray[np.uint8]
    texts: pa.Array | None


def _looked_up(rows: NDArray[np.uint16], lookup: Lookup, known: Bitmap | None, bitmaps: Bitmaps) -> pa.Array:
    """A column by row; `bitmaps` keeps those made for these rows, for columns that are null together."""
    values = _memory(len(rows), lookup.values.dtype.type)
    kernel().gather(rows, lookup.values, values)
    alike = lookup.there.tobytes()
    if alike not in bitmaps:
        bitmap = _memory((len(rows) + 7) // 8, np.uint8)
        nulls = kernel().gather_bits(rows, lookup.there, bitmap)
        if known is not None:
            bitmap &= known[: len(bitmap)]
        bitmaps[alike] = bitmap if nulls or known is not None else None
    plain = _plain(values, bitmaps[alike])
    return plain if lookup.texts is None else pa.DictionaryArray.from_arrays(plain, lookup.texts, safe=False)


def _memory(size: int, kind: type[Item]) -> NDArray[Item]:
    """Room in Arrow's memory pool, which keeps what is given back: fresh pages cost more than filling them."""
    return np.frombuffer(pa.allocate_buffer(size * np.dtype(kind).itemsize), kind) if size else np.empty(0, kind)


@cache
def _lookup(name: str) -> Lookup:
    source = pack()
    if name == "kind":
        return Lookup(np.arange(len(Kind)), np.ones(len(Kind), np.uint8), _texts(list(map(str, Kind))))
    if name == "reason":
        places = np.arange(len(REASONS))
        return Lookup((places - 1).astype(np.int8), (places > 0).astype(np.uint8), _texts(REASONS[1:]))
    ids = np.asarray(getattr(source, f"row_{name}"))
    there = (ids != 0).astype(np.uint8)
    if name == "confidence":
        return Lookup(ids / 1_000_000, there, None)
    used = np.unique(ids[ids != 0])
    codes = np.searchsorted(used, ids).astype(np.int8 if len(used) < 128 else np.int16)
    return Lookup(codes * (ids != 0), there, _texts([source.strings[i] for i in used]))


def _texts(texts: Sequence[str | None]) -> pa.Array:
    """Texts as Arrow has them: `pa.array` imports pandas first, if it is there, which takes longer than all else."""
    octets = [(text or "").encode() for text in texts]
    ends = np.cumsum([0, *map(len, octets)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(octets), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(octets))])
