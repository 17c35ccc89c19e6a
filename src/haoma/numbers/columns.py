"""A whole column of cells at once, as Arrow.

Rules held here:
- One row out for one cell in: its first number, and how many there are. The same answers as `parse`, which a law proves.
- Nulls stay null in every column. A cell without a number is `invalid`, with its reason.
- Columns with few values are dictionary-encoded; `confidence` is between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from haoma.errors import BadInput
from haoma.numbers import compiled, grammar, service
from haoma.numbers.compiled import ASK, NOTHING, Out, scratch, table_address
from haoma.numbers.model import Kind, Number
from haoma.numbers.tables import PLACE_UNKNOWN, REASONS, pack

__all__ = ["COLUMNS", "enrich"]

COLUMNS = ("uri", "kind", "issued_by", "province", "city", "adcode", "area_code", "confidence", "valid", "count", "reason")
SLICE = 1 << 23
URI_ROOM = 48  # bytes that a URI may have beyond its cell's: tel:, ;phone-context=+86571, ;ext=
ALL_REASONS = (*REASONS, PLACE_UNKNOWN, service.TOO_LONG_CELL)
KINDS = tuple(Kind)


def enrich(array: pa.Array | pa.ChunkedArray, columns: Sequence[str] | None = None) -> pa.Table:
    """What each cell's first number is: a table of `columns` (all of `COLUMNS` where none are named), a row a cell.

    `array` holds text; whole numbers are read as their digits. `uri` is text, `confidence` float64, `valid` boolean, `count` uint16,
    all others are dictionaries of text. About 30 million cells a second and core, 10 ns each for clean mobiles.

    >>> enrich(pa.array(["13800138000", None, "95588"]), ["uri", "kind"]).to_pydict()["kind"]
    ['mobile', None, 'national_service']

    Raises BadInput for a column that is not in `COLUMNS`, or an array that holds no text.
    """
    names = tuple(COLUMNS if columns is None else columns)
    if unknown := [name for name in names if name not in COLUMNS]:
        message = f"there is no column {unknown[0]!r}"
        raise BadInput(message, hint=f"columns: {', '.join(COLUMNS)}")
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    texts = [_as_text(chunk) for chunk in chunks] or [pa.array([], pa.string())]
    parts = [_enrich(chunk.slice(at, SLICE), names) for chunk in texts for at in range(0, max(1, len(chunk)), SLICE)]
    return pa.concat_tables(parts)


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
        return array.cast(pa.int64(), safe=False).cast(pa.string())
    if pa.types.is_integer(kind) or pa.types.is_null(kind) or str(kind) == "string_view":
        return array.cast(pa.string())
    message = f"phone numbers are text, and this column is {kind}"
    raise BadInput(message, hint="cast it to string first")


def _enrich(array: pa.Array, names: tuple[str, ...]) -> pa.Table:
    n = len(array)
    out = _run(array, names)
    asked = np.flatnonzero(out.kind == ASK)
    found = [service.read_cell(_text_at(array, int(i))) for i in asked]
    for i, (numbers, reason) in zip(asked, found, strict=True):
        out.kind[i] = KINDS.index(numbers[0].kind) if numbers else 0
        _set(out.count, i, min(len(numbers), 65535))
        _set(out.reason, i, 0 if numbers else ALL_REASONS.index(reason))
    first = [numbers[0] if numbers else None for numbers, _ in found]
    nulls = array.is_null() if array.null_count else None
    made = {name: _column(name, out, n, asked, first) for name in names}
    if nulls is not None:
        made = {name: pc.if_else(nulls, pa.scalar(None, column.type), column) for name, column in made.items()}
    return pa.table(made)


def _set(array: NDArray[np.generic], at: int, item: int) -> None:
    if len(array):
        array[at] = item


def _text_at(array: pa.Array, at: int) -> str:
    raw: bytes = array[at].as_buffer().to_pybytes()
    return raw.decode("utf-8", "replace")


def _run(array: pa.Array, names: tuple[str, ...]) -> Out:
    """Run the compiled driver over one array."""
    n, start = len(array), array.offset
    valid, offsets_buffer, data_buffer = array.buffers()
    wide = pa.types.is_large_string(array.type)
    offsets = np.frombuffer(offsets_buffer, np.int64 if wide else np.int32)[start : start + n + 1] if n else np.zeros(1, np.int32)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None and data_buffer.size else NOTHING
    bits = np.frombuffer(valid, np.uint8) if valid is not None and array.null_count else NOTHING
    size = int(offsets[-1] - offsets[0])
    uri = np.empty(size + URI_ROOM * n + 8 if "uri" in names else 0, np.uint8)
    out = Out(
        np.empty(n, np.uint8), np.empty(n, np.uint16), np.empty(n if "reason" in names else 0, np.uint8),
        np.empty(n if "count" in names else 0, np.uint16), uri, np.zeros(n + 1 if len(uri) else 0, np.int32),
    )  # fmt: skip
    longest = min(int(np.diff(offsets).max(initial=0)), service.LONGEST_CELL)
    record = np.zeros(grammar.FIELDS, np.int64)
    compiled.kernel().column(table_address(), scratch(longest), data, offsets, bits, start, record, out, longest, 0)
    return out


def _column(name: str, out: Out, n: int, asked: NDArray[np.intp], first: list[Number | None]) -> pa.Array:
    match name:
        case "uri":
            return _uris(out, n, asked, first)
        case "kind":
            return pa.DictionaryArray.from_arrays(pa.array(out.kind.view(np.int8)), pa.array(list(map(str, KINDS))))
        case "valid":
            return pa.array(out.kind != 0)
        case "count":
            return pa.array(out.count)
        case "reason":
            reasons = np.where((out.reason == 0) & _lacks_place()[out.row], ALL_REASONS.index(PLACE_UNKNOWN), out.reason)
            return _looked_up(reasons.astype(np.uint16), np.arange(len(ALL_REASONS), dtype=np.int8), ALL_REASONS[1:])
        case "confidence":
            values = _confidences()[out.row]
            return pa.array(values, mask=np.isnan(values))
        case _:
            codes, texts = _texts(name)
            return _looked_up(out.row, codes, texts)


def _looked_up(rows: NDArray[np.uint16], codes: NDArray[np.int16 | np.int8], texts: Sequence[str | None]) -> pa.Array:
    """A dictionary column out of rows: `codes[row]` is one more than the place in `texts`, 0 for null."""
    n = len(rows)
    indices, bitmap = np.empty(n, codes.dtype), np.empty((n + 7) // 8, np.uint8)
    nulls = compiled.kernel().gather(rows, codes, indices, bitmap)
    buffers = [pa.py_buffer(bitmap) if nulls else None, pa.py_buffer(indices)]
    plain = pa.Array.from_buffers(pa.from_numpy_dtype(codes.dtype), n, buffers, null_count=nulls)
    return pa.DictionaryArray.from_arrays(plain, pa.array(texts, pa.string()))


def _uris(out: Out, n: int, asked: NDArray[np.intp], first: list[Number | None]) -> pa.Array:
    bitmap = pa.array(out.kind != 0).buffers()[1]
    made = pa.StringArray.from_buffers(n, pa.py_buffer(out.uri_ends), pa.py_buffer(out.uri[: out.uri_ends[-1]]), bitmap)
    if not len(asked):
        return made
    mask = np.zeros(n, bool)
    mask[asked] = True
    return pc.replace_with_mask(made, pa.array(mask), pa.array([number.uri if number else None for number in first], pa.string()))


@cache
def _texts(name: str) -> tuple[NDArray[np.int16], list[str]]:
    """(code of each row, texts): 0 is null, else one more than the text's place."""
    source = pack()
    ids = np.asarray(getattr(source, f"row_{name}"))
    used = np.unique(ids[ids != 0])
    codes = np.searchsorted(used, ids) + 1
    codes[ids == 0] = 0
    return codes.astype(np.int16), [source.strings[i] or "" for i in used]


@cache
def _confidences() -> NDArray[np.float64]:
    ppm = np.asarray(pack().row_confidence).astype(np.float64)
    return np.where(ppm == 0, np.nan, ppm / 1_000_000)


@cache
def _lacks_place() -> NDArray[np.bool_]:
    """Rows of an open mobile segment whose place nobody knows."""
    source = pack()
    placed = (np.asarray(source.row_province) != 0) | (np.asarray(source.row_area_code) != 0)
    kinds = np.asarray(source.row_kind)
    return (np.asarray(source.row_issued_by) != 0) & ~placed & (kinds > 0) & (kinds <= 4)
