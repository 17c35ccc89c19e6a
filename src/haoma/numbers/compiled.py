"""The column driver: the grammar's own functions, compiled by numba, and a fast path for clean eleven digits.

Rules held here:
- Nothing of the grammar is written twice: `plan` and `grammar` are compiled as they stand. Only `verify_foreign` is
  replaced, for compiled code cannot ask libphonenumber: such a cell is left to the interpreter's driver.
- The fast path takes a cell only where the grammar could say nothing else: eleven ASCII digits in an allocated block.
- Compiled code is cached under a directory named for the digest of these sources, so that a change in one file never
  meets a stale function of another.
"""

from __future__ import annotations

import hashlib
import sys
import types
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic
from numpy.typing import NDArray

from haoma import settings
from haoma.numbers import grammar, plan
from haoma.numbers.grammar import AREA, EXT, EXT_LEN, KIND, NO_DIGITS, NUMBER, ROOM, ROW, ROWS, S_REASON, STATE, read
from haoma.numbers.plan import (
    FINE,
    FINE_FIRST,
    INTERNATIONAL,
    INVALID,
    LANDLINE,
    ROW_KIND,
    SATELLITE,
    SEGMENTS,
    Digits,
)
from haoma.numbers.tables import tables

__all__ = ["ASK", "NOTHING", "Kernel", "Out", "kernel", "scratch", "table_address"]

ASK = 255  # a kind: only the interpreter's driver can tell
BLOCK = 16_384
CLEAN = 11
ZEROS = np.uint64(0x3030303030303030)
HIGH = np.uint64(0xF0F0F0F0F0F0F0F0)
SIXES = np.uint64(0x0606060606060606)
HEAD = tuple(b"tel:+86")
CONTEXT = tuple(b";phone-context=+86")
EXTENSION = tuple(b";ext=")
TEL_86 = np.uint64(int.from_bytes(b"tel:+86\0", "little"))


class Out(NamedTuple):
    """What the kernel fills, one place a cell: `uri_ends` has one more and begins with 0. `uri` is empty where it is not asked for."""

    kind: NDArray[np.uint8]
    row: NDArray[np.uint16]
    reason: NDArray[np.uint8]
    count: NDArray[np.uint16]
    uri: NDArray[np.uint8]
    uri_ends: NDArray[np.int32]


class Kernel(NamedTuple):
    """The entry points, callable from Python."""

    column: Callable[..., int]
    gather: Callable[..., int]


@intrinsic
def load64(typing_context, array, at):
    """Eight bytes from `at` on as a little-endian integer, aligned or not."""

    def generate(context, builder, signature, arguments):
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.PointerType(ir.IntType(64)))
        found = builder.load(place)
        found.align = 1
        return found

    return numba.uint64(array, at), generate


@intrinsic
def store64(typing_context, array, at, word):
    """Write an integer as eight little-endian bytes from `at` on, aligned or not."""

    def generate(context, builder, signature, arguments):
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.PointerType(ir.IntType(64)))
        builder.store(arguments[2], place).align = 1
        return context.get_dummy_value()

    return numba.void(array, at, word), generate


@intrinsic
def look(typing_context, tables, table, at):
    """`haoma.numbers.plan.look` where the tables are the address of an array of addresses."""

    def generate(context, builder, signature, arguments):
        word, entry = ir.IntType(64), ir.IntType(16)
        places = builder.inttoptr(arguments[0], ir.PointerType(word))
        base = builder.inttoptr(builder.load(builder.gep(places, [arguments[1]])), ir.PointerType(entry))
        return builder.zext(builder.load(builder.gep(base, [arguments[2]])), word)

    return numba.int64(numba.int64, numba.int64, numba.int64), generate


def all_digits(word):
    """Whether eight bytes are ASCII digits."""
    return (word & HIGH) == ZEROS and ((word + SIXES) & HIGH) == ZEROS


def first_seven(word):
    """The integer that the first seven of eight ASCII digits spell (Lemire's parallel multiplication)."""
    word = (word - ZEROS) << np.uint64(8)
    word = word * np.uint64(10) + (word >> np.uint64(8))
    high = (word & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    low = ((word >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return np.int64((high + low) >> np.uint64(32))


def clean_row(t, fine_first, data, at):
    """The row of a cell of eleven bytes at `at` where they are a number in an allocated mobile block, else 0."""
    first = load64(data, at)
    if not all_digits(first) or not all_digits(load64(data, at + 3)):
        return np.int64(0)
    place = first_seven(first) - 1300000
    if place < 0 or place >= 700000:
        return np.int64(0)
    row = look(t, SEGMENTS, place)
    if row >= fine_first:
        row = look(t, FINE, (row - fine_first) * 100 + (data[at + 7] - 48) * 10 + data[at + 8] - 48)
    return row


def write_clean_uri(out, end, data, at):
    """`tel:+86` and eleven digits; the new end."""
    store64(out, end, TEL_86)
    store64(out, end + 7, load64(data, at))
    store64(out, end + 10, load64(data, at + 3))
    return end + 18


def write_text(out, end, text):
    """A constant; the new end."""
    for i in range(len(text)):
        out[end + i] = text[i]
    return end + len(text)


def write_number(out, end, number, length):
    """An integer in `length` digits, leading zeros included; the new end."""
    rest = number
    for i in range(end + length - 1, end - 1, -1):
        out[i] = 48 + rest % 10
        rest //= 10
    return end + length


def digits_of(number):
    """How many digits an integer has."""
    length = 1
    while number >= 10:
        number //= 10
        length += 1
    return length


def write_uri(out, end, record):
    """The URI of a record, as `haoma.numbers.service.uri_of` spells it; the new end."""
    local = record[KIND] > LANDLINE
    end = write_text(out, end, HEAD) - (3 if local else 0)
    end = write_number(out, end, record[NUMBER], digits_of(record[NUMBER]))
    if record[EXT_LEN]:
        end = write_text(out, end, EXTENSION)
        end = write_number(out, end, record[EXT], record[EXT_LEN])
    if local:
        end = write_text(out, end, CONTEXT)
        if record[AREA]:
            end = write_number(out, end, record[AREA], digits_of(record[AREA]))
    return end


def column(t, s, data, offsets, valid, valid_at, record, out, longest, mode):
    """Fill `out` for the cells between `offsets`; `valid` is Arrow's bitmap from bit `valid_at` on, or empty."""
    with_uri = len(out.uri) > 0
    fine_first = look(t, FINE_FIRST, 0)
    end = 0
    for i in range(len(offsets) - 1):
        at, stop = np.int64(offsets[i]), np.int64(offsets[i + 1])
        kind, row, reason, count = 0, np.int64(0), 0, 0
        if stop - at == CLEAN:
            row = clean_row(t, fine_first, data, at)
            kind = look(t, ROW_KIND, row)
        if kind != 0 and kind <= SATELLITE:
            count = 1
            if with_uri:
                end = write_clean_uri(out.uri, end, data, at)
        elif len(valid) == 0 or valid[(valid_at + i) >> 3] >> ((valid_at + i) & 7) & 1:
            kind, row = INVALID, np.int64(0)
            if stop - at > longest:
                kind = ASK
            else:
                count = read(t, s, data, at, stop, mode, record)
                if count < 0 or (count > 0 and record[KIND] == INTERNATIONAL):
                    kind = ASK
                elif count == 0:
                    reason = max(s[STATE][S_REASON], NO_DIGITS)
                else:
                    kind, row = record[KIND], record[ROW]
                    if with_uri:
                        end = write_uri(out.uri, end, record)
        else:
            kind, row = INVALID, np.int64(0)
        out.kind[i], out.row[i] = kind, row
        if len(out.reason):
            out.reason[i] = reason
        if len(out.count):
            out.count[i] = min(count, 65535)
        if with_uri:
            out.uri_ends[i + 1] = end
    return end


def gather(rows, codes, indices, bitmap):
    """Look a column up row by row: its dictionary index, and Arrow's bitmap of where there is one (code 0 is null); nulls seen."""
    n = len(rows)
    nulls = 0
    for at in range(0, n, 8):
        bits = 0
        for k in range(min(8, n - at)):
            code = codes[rows[at + k]]
            indices[at + k] = code - (code != 0)
            bits |= (code != 0) << k
            nulls += code == 0
        bitmap[at >> 3] = bits
    return nulls


def _never_verified(dig: Digits, at: int, length: int) -> int:
    return -1


def _signature(function: types.FunctionType, known: Mapping[str, object]) -> tuple[object, ...] | None:
    """The types of the arguments by their annotations, so that each function is compiled once; None where one is not known."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = [function.__annotations__.get(name) for name in names]
    return tuple(known[text] for text in given) if all(text in known for text in given) else None


def _cache_dir() -> Path:
    digest = hashlib.sha256()
    for module in MODULES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return settings.load().data_dir / "compiled" / digest.hexdigest()[:16]


def _once(dispatcher: Dispatcher, signature: tuple[object, ...]) -> Dispatcher:
    """Have a function compiled for this signature alone, when the first caller is compiled: else each literal makes one more."""
    template = dispatcher.get_call_template

    def get_call_template(arguments: object, keywords: object) -> object:
        if not dispatcher.signatures:
            dispatcher.compile(signature)
            dispatcher.disable_compile()
        return template(arguments, keywords)

    dispatcher.get_call_template = get_call_template
    return dispatcher


@cache
def kernel() -> Kernel:
    """The compiled functions; each is compiled at its first call (25 s in all), or read from the cache (0.2 s)."""
    scope: dict[str, object] = {}
    for module in MODULES:
        scope |= vars(module)
    own = {module.__name__ for module in MODULES}
    functions = {name: f for name, f in scope.items() if isinstance(f, types.FunctionType) and f.__module__ in own}
    functions["verify_foreign"] = _never_verified
    known = {
        "int": numba.int64, "bool": numba.boolean, "Digits": numba.int64[::1], "list[int]": numba.int64[::1],
        "Octets": numba.typeof(NOTHING), "Tables": numba.int64, "Scratch": numba.int64[:, ::1],
    }  # fmt: skip
    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_cache_dir())
    try:
        for name, function in functions.items():
            copy = types.FunctionType(function.__code__, scope, name)
            scope[name] = numba.njit(cache=name in Kernel._fields, nogil=True, error_model="numpy", _nrt=False)(copy)
            signature = _signature(function, known)
            if signature is not None:
                _once(scope[name], signature)
    finally:
        numba.config.CACHE_DIR = kept
    return Kernel(*(scope[name] for name in Kernel._fields))


@cache
def _arrays() -> tuple[list[NDArray[np.uint16]], NDArray[np.uint64]]:
    arrays = [np.asarray(table) for table in tables()]
    return arrays, np.array([array.ctypes.data for array in arrays], np.uint64)


def table_address() -> int:
    """Where the addresses of the tables lie; they stay as long as the process."""
    return int(_arrays()[1].ctypes.data)


def scratch(size: int) -> NDArray[np.int64]:
    """Working memory for cells of up to `size` bytes."""
    return np.empty((ROWS, max(2 * size + 2, ROOM)), np.int64)


NOTHING: NDArray[np.uint8] = np.frombuffer(b"", np.uint8)
MODULES = (plan, grammar, sys.modules[__name__])
