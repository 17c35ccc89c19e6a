"""Columns as the text of a file's cells, a column at a time.

Rules held here:
- A null is an empty cell in CSV, an empty text is `""`; a value that CSV has no form for is its JSON.
- What has few distinct values is written once for each of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from haoma.numbers.files.text import UTF_8

__all__ = ["csv_cells", "decoded", "joined", "json_values", "texts"]

_CONTROLS = r'["\\\x00-\x1f]'


def decoded(cells: pa.Array, encoding: str) -> tuple[pa.Array, NDArray[np.bool_] | None]:
    """Bytes as text, and which of them are wrong in their encoding; those have U+FFFD in them."""
    kind = pa.large_string() if pa.types.is_large_binary(cells.type) else pa.string()
    try:
        if encoding == UTF_8:
            return cells.cast(kind), None
    except pa.ArrowInvalid:
        pass
    text = cells.view(kind)
    other = np.asarray(pc.invert(pc.string_is_ascii(text)))
    places = np.flatnonzero(other)
    if not len(places):
        return text, None
    wrong, made = np.zeros(len(cells), np.bool_), []
    for at in places:
        raw = cells[int(at)].as_py()
        try:
            made.append(raw.decode(encoding))
        except UnicodeDecodeError:
            wrong[at] = True
            made.append(raw.decode(encoding, "replace"))
    return pc.replace_with_mask(text, pa.array(other), pa.array(made, kind)), wrong if wrong.any() else None


def csv_cells(column: pa.Array, delimiter: str, encoding: str) -> pa.Array:
    """A column as the bytes of CSV cells, quoted where needed."""
    return _distinct(column, lambda text: _coded(_quoted(text, delimiter), encoding))


def _coded(text: pa.Array, encoding: str) -> pa.Array:
    if encoding == UTF_8 or pc.all(pc.string_is_ascii(text)).as_py() is not False:
        return text.cast(pa.binary())
    return pa.array([item.encode(encoding) for item in text.to_pylist()], pa.binary())


def _quoted(column: pa.Array, delimiter: str) -> pa.Array:
    text = texts(column)
    if not _marked(text, (b'"', b"\n", b"\r", delimiter.encode())):
        return text.fill_null("")
    odd = pc.or_(pc.match_substring_regex(text, f'["\r\n{delimiter}]'), pc.equal(text, ""))
    if pc.any(odd).as_py():
        marked = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
        text = pc.if_else(odd, marked, text)
    return text.fill_null("")


def _marked(text: pa.Array, marks: tuple[bytes, ...]) -> bool:
    """Whether a text is empty or holds a mark; told by the bytes of all of them at once, so it may be a false alarm."""
    data = text.buffers()[2]
    held = data.to_pybytes() if data is not None else b""
    return pc.min(pc.binary_length(text)).as_py() == 0 or any(mark in held for mark in marks)


def json_values(column: pa.Array) -> pa.Array:
    """A column as JSON texts; not a number and infinity, which JSON has no form for, are null."""
    return _distinct(column, _json)


def _json(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return column.cast(pa.string()).fill_null("null")
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return pa.array([_dumped(item) for item in column.to_pylist()], pa.string())
    text = column.cast(pa.string())
    if pc.any(pc.match_substring_regex(text, _CONTROLS)).as_py():
        return pa.array([_dumped(item) for item in text.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', text, '"', "").fill_null("null")


def _dumped(item: object) -> str:
    if isinstance(item, float) and not math.isfinite(item):
        return "null"
    if isinstance(item, bytes):
        item = item.decode(UTF_8, "backslashreplace")
    return json.dumps(item, ensure_ascii=False, default=str)


def texts(column: pa.Array) -> pa.Array:
    """A column of any type as text, nulls kept; what is nested is JSON."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_floating(kind):
        # Python's shortest form, which reads back to the same value.
        return pa.array([None if item is None else repr(item) for item in column.to_pylist()], pa.string())
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        made = [None if item is None else _dumped(item) for item in column.to_pylist()]
        return pa.array(made, pa.string())


def _distinct(column: pa.Array, write: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Write each distinct value of a dictionary or of floats once, a column of anything else as it is."""
    if pa.types.is_floating(column.type):
        column = pc.dictionary_encode(column, null_encoding="mask")
    if not pa.types.is_dictionary(column.type):
        return write(column)
    empty = write(pa.array([None], column.type.value_type))
    words = pa.concat_arrays([write(column.dictionary), empty])
    places = column.indices.cast(pa.int32()).fill_null(len(words) - 1)
    return words.take(places)


def joined(parts: list[pa.Array | bytes], between: bytes) -> memoryview:
    """The bytes of rows one behind the other, each made of its parts: a column, or what is the same in all rows."""
    wide = any(isinstance(part, pa.Array) and pa.types.is_large_binary(part.type) for part in parts)
    kind = pa.large_binary() if wide else pa.binary()
    same = [pa.scalar(part, kind) if isinstance(part, bytes) else part.cast(kind) for part in parts]
    rows = pc.binary_join_element_wise(*same, pa.scalar(between, kind))
    if not len(rows):
        return memoryview(b"")
    _, bounds, data = rows.buffers()
    offsets = np.frombuffer(bounds, np.int64 if wide else np.int32)[rows.offset :]
    return memoryview(data)[offsets[0] : offsets[len(rows)]]
