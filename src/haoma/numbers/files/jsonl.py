"""JSON lines: objects in as they are, the same bytes out with more keys behind them.

Rules held here:
- A line is a row. One that is no object comes out as `{"line": "…"}` with its reason.
- A number written as a JSON number is read by its digits.
- As a table, the columns are the keys of the first rows; keys that come later are together, as JSON, in `other_fields`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from haoma.errors import BadInput
from haoma.numbers.files import rows as found_rows
from haoma.numbers.files.cells import joined, json_values
from haoma.numbers.files.delimited import distinct_names
from haoma.numbers.files.model import Batch, Options, column_at
from haoma.numbers.files.rows import NONE, PATIENCE, Rows, scan
from haoma.numbers.files.text import UTF_8, Text

__all__ = ["LOOKED_AT", "OTHER", "JsonlReader", "JsonlWriter", "Lines", "keys", "rest_of"]

BLOCK = 1 << 22
LOOKED_AT = 1000
NO_SLOTS = np.zeros(0, np.int32)
OTHER = "other_fields"
SHORTEST = 6  # {"":0}
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)  # making one for each line costs more than reading it
_KINDS = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), type(None): pa.string()}
Object: TypeAlias = dict[str, object]


class Line(NamedTuple):
    """A line that was read: its object, or why it is none, and the bytes that stand for it."""

    values: Object | None
    reason: str | None
    raw: bytes


class JsonlReader:
    """The rows of a JSON lines file; as a table where `as_table`, else as the bytes they are."""

    def __init__(self, text: Text, options: Options, column: str | int | None, *, as_table: bool) -> None:
        self._text = text
        self._options = options
        self._buffer = text.read(BLOCK)
        while b"\n" not in self._buffer and (more := text.read(BLOCK)):
            self._buffer = self._checked(self._buffer + more, 1)
        if not self._buffer.strip():
            raise BadInput(f"{text.name} is empty", hint="JSON lines have one object a line")
        self.names = keys(self._buffer.split(b"\n", LOOKED_AT)[:LOOKED_AT], text.name)
        self.place = column_at(self.names, column, text.name)
        self.column = self.names[self.place]
        self._lines = Lines(self.column, self.names if as_table else None, text.given)

    def batches(self) -> Iterator[Batch]:
        """The rows, at least one batch of them, of about 4 MiB each."""
        buffer, final, row = self._buffer, False, 1
        while not final:
            more = self._text.read(BLOCK)
            final = not more
            buffer += more
            seen = scan(buffer, NO_SLOTS, NONE, NONE, final=final)
            yield self._lines.batch(buffer, seen, self._text.advanced())
            row += len(seen.first)
            buffer = self._checked(buffer[seen.consumed :], row)

    def _checked(self, buffer: bytes, row: int) -> bytes:
        if len(buffer) > PATIENCE + 2 * BLOCK:
            message = f"{self._text.name}: line {row} is longer than {PATIENCE >> 20} MiB"
            raise BadInput(message, hint="is this JSON lines?")
        return buffer


def keys(lines: Iterable[bytes], name: str) -> tuple[str, ...]:
    """The keys of the objects in some lines, as they occur; raises BadInput where there is none."""
    found = tuple(dict.fromkeys(itertools.chain.from_iterable(_read(line).values or {} for line in lines)))
    if not found:
        raise BadInput(f"{name}: its first lines hold no JSON object", hint="JSON lines have one object a line")
    return found


class Lines:
    """Makes batches of lines: as a table where the columns are named, else as the bytes they are."""

    def __init__(self, column: str, names: tuple[str, ...] | None, encoding: str = UTF_8) -> None:
        self.column = column
        self.names = names
        self._wrong = f"bytes that are not {encoding.upper()}"

    def batch(self, buffer: bytes, seen: Rows, size: int) -> Batch:
        """The rows `seen` in a buffer."""
        block = _objects(buffer, seen)
        if block is not None and self.names is None and (cells := self._quick(buffer, block, seen)) is not None:
            opened = found_rows.cells(seen.data, seen.first, seen.last - 1)
            return Batch(cells, pc.binary_join_element_wise(opened, b", ", b""), None, None, size)
        if block is not None and self.names and (table := _quick_table(block, self.names, seen)) is not None:
            return Batch(table.column(self.column).combine_chunks(), None, table, None, size)
        lines = [_read(buffer[first:last], self._wrong) for first, last in zip(seen.first, seen.last, strict=True)]
        failed = pa.array([line.reason for line in lines], pa.string()) if any(line.reason for line in lines) else None
        cells = _texts(["" if line.values is None else _plain(line.values.get(self.column)) for line in lines])
        if self.names is not None:
            return Batch(cells, None, _table(lines, self.names), failed, size)
        return Batch(cells, pa.array([_opened(line) for line in lines], pa.binary()), None, failed, size)

    def _quick(self, buffer: bytes, block: memoryview, seen: Rows) -> pa.Array | None:
        """The cells by Arrow's parser; None where a cell is neither text nor integer."""
        for kind in (pa.string(), pa.int64()):
            parsed = _parsed(block, pa.schema([(self.column, kind)]), "ignore")
            if parsed is not None and len(parsed) == len(seen.first):
                found = parsed.column(self.column).combine_chunks()
                # A line without the key may be an empty object, which takes no comma.
                places = np.flatnonzero(np.asarray(found.is_null())) if found.null_count else NO_SLOTS
                empty = any(not buffer[seen.first[at] + 1 : seen.last[at] - 1].strip() for at in places)
                return None if empty else found.cast(pa.string())
        return None


def _table(lines: list[Line], names: tuple[str, ...]) -> pa.Table:
    objects = [_instead(line) if line.values is None else line.values for line in lines]
    columns = {name: [_plain(item.get(name)) for item in objects] for name in names}
    known = frozenset(names)
    columns[rest_of(names)] = [None if known.issuperset(item) else _rest(item, known) for item in objects]
    return pa.table({name: _texts(values) for name, values in columns.items()})


def rest_of(names: Sequence[str]) -> str:
    """The name of the column with all keys but those named; `other_fields` where no key is called so."""
    return distinct_names((*names, OTHER))[-1]


def _rest(item: Object, known: frozenset[str]) -> str:
    return json.dumps({key: value for key, value in item.items() if key not in known}, ensure_ascii=False)


def _objects(buffer: bytes, seen: Rows) -> memoryview | None:
    """The lines as Arrow's parser takes them; None where one does not look like an object, or is no UTF-8."""
    if not len(seen.first) or (seen.last - seen.first).min() < SHORTEST:
        return None
    if (seen.data[seen.first] != ord("{")).any() or (seen.data[seen.last - 1] != ord("}")).any():
        return None
    block = memoryview(buffer)[: seen.consumed]
    try:
        str(block, "utf-8")
    except UnicodeDecodeError:
        return None
    return block


def _quick_table(block: memoryview, names: tuple[str, ...], seen: Rows) -> pa.Table | None:
    """The lines by Arrow's parser; None where they are not all like the first: texts, integers and booleans."""
    try:
        first = json.loads(bytes(block[seen.first[0] : seen.last[0]]))
    except (ValueError, RecursionError):
        return None
    kinds = [_KINDS.get(type(first.get(name))) for name in names]
    if None in kinds or (parsed := _parsed(block, pa.schema(zip(names, kinds, strict=True)), "error")) is None:
        return None
    if len(parsed) != len(seen.first) or (pa.int64() in kinds and b"-0" in bytes(block) and _has_zero(parsed)):
        return None
    texts = [column.cast(pa.string()) for column in parsed.columns]
    return pa.table([*texts, pa.nulls(len(parsed), pa.string())], names=[*names, rest_of(names)])


def _has_zero(parsed: pa.Table) -> bool:
    """Whether an integer is zero, which may have been written as -0."""
    whole = [column for column in parsed.columns if pa.types.is_integer(column.type)]
    return any(pc.any(pc.equal(column, 0)).as_py() for column in whole)


def _parsed(block: memoryview, schema: pa.Schema, unexpected: str) -> pa.Table | None:
    from pyarrow import json as arrow_json

    try:
        return arrow_json.read_json(
            pa.BufferReader(pa.py_buffer(block)),
            arrow_json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            arrow_json.ParseOptions(schema, unexpected_field_behavior=unexpected),
        ).select(schema.names)
    except pa.ArrowInvalid:
        return None


def _read(line: bytes, wrong: str = "") -> Line:
    """Read a line; its numbers keep the digits they were written with. `wrong` is told of bytes that are no text."""
    raw = line.strip()
    try:
        values = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        mended = _read(line.decode("utf-8", "replace").encode())
        return mended._replace(reason=wrong)
    except (ValueError, RecursionError):
        return Line(None, "no JSON object" if raw else "an empty line", line)
    return Line(values, None, raw) if isinstance(values, dict) else Line(None, "no JSON object", line)


def _instead(line: Line) -> Object:
    return {"line": line.raw.decode("utf-8", "replace")}


def _opened(line: Line) -> bytes:
    """An object without its closing brace, ready to take more keys; what is none becomes one."""
    raw = json.dumps(_instead(line), ensure_ascii=False).encode() if line.values is None else line.raw
    return b"{" if line.values == {} else raw[:-1].rstrip() + b", "


def _texts(values: list[str | None]) -> pa.Array:
    """Texts as UTF-8 can hold them: a lone surrogate, which JSON can spell, becomes U+FFFD."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        kept = [None if text is None else text.encode("utf-8", "replace").decode() for text in values]
        return pa.array(kept, pa.string())


def _plain(value: object) -> str | None:
    if value is None or type(value) is str:
        return value
    return json.dumps(value, ensure_ascii=False) if type(value) is not bool else "true" if value else "false"


class JsonlWriter:
    """Writes batches as JSON lines in UTF-8."""

    def __init__(self, file: BinaryIO, bom: bytes) -> None:
        self._file = file
        self._bom = bom

    def write(self, batch: Batch, found: pa.Table) -> None:
        """Write the rows of a batch with the columns of `found` as further keys."""
        table = batch.table
        own = [] if table is None else [(name, table.column(name)) for name in table.column_names]
        pairs = [*own, *((name, found.column(name)) for name in found.column_names)]
        parts = [b"{" if batch.raw is None else batch.raw]
        for at, (name, column) in enumerate(pairs):
            head = ("" if at == 0 else ", ") + json.dumps(name, ensure_ascii=False) + ": "
            parts += [head.encode(), json_values(column.combine_chunks())]
        self._file.write(joined([*parts, b"}\n"], b""))

    def finish(self) -> None:
        """Nothing is held back."""
