"""The column driver: the grammar's own functions, compiled by numba, and a fast path for clean eleven digits.

Rules held here:
- Nothing of the grammar is written twice: `plan` and `grammar` are compiled as they stand. Only `verify_foreign` is
  replaced, for compiled code cannot ask libphonenumber: such a cell is left to the interpreter's driver.
- The fast path takes a cell only where the grammar could say nothing else: eleven ASCII digits in an allocated block.
- Compiled code is cached under a directory named for the digest of these sources, so that a change in one file never
  meets a stale function of another.
"""

from __future__ import annotations

import dis
import hashlib
import sys
import types
from collections import Counter
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
from haoma.numbers.grammar import AREA, DIGITS, EXT, EXT_LEN, KIND, NO_DIGITS, NUMBER, ROOM, ROW, ROWS, S_REASON, STATE, UNALLOCATED, read
from haoma.numbers.plan import (
    FINE,
    FINE_FIRST,
    INTERNATIONAL,
    INVALID,
    LANDLINE,
    ROW_KIND,
    ROW_REASON,
    SATELLITE,
    SEGMENTS,
    Digits,
)
from haoma.numbers.tables import PLACE_UNKNOWN, REASONS, pack, tables

__all__ = ["ASK", "NOTHING", "Kernel", "Out", "kernel", "scratch", "table_address"]

ASK = 255  # a kind: only the interpreter's driver can tell
CLEAN = 11
WINDOW = 24  # bytes of a cell that the fast path looks at
NONE, ONE, ELEVEN = np.uint64(0), np.uint64(1), np.uint64(0x7FF)
ONES, LOW_7, HIGH_BITS, BELOW_10 = (np.uint64(byte * 0x0101010101010101) for byte in (0x01, 0x7F, 0x80, 0x76))
BLANKS, DOTS, PLUSES, OPENING = (np.uint64(ord(char) * 0x0101010101010101) for char in " .+(")
WORD_16, WORD_32 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
CODE_86, CODE_0086 = (np.uint64(int.from_bytes(code, "little")) for code in (b"86", b"0086"))
ZEROS = np.uint64(0x3030303030303030)
EIGHT = np.uint64(100_000_000)
TEL_86 = np.uint64(int.from_bytes(b"tel:+86", "little"))
SEMI_EXT = np.uint64(int.from_bytes(b";ext=", "little"))
CONTEXT_1, CONTEXT_2, CONTEXT_3 = (np.uint64(int.from_bytes(part, "little")) for part in (b";phone-c", b"ontext=+", b"86"))


class Out(NamedTuple):
    """What the kernel fills, one place a cell: `uri_ends` has one more and begins with 0. What is not asked for is empty; `room` is for one cell's digits."""

    kind: NDArray[np.uint8]
    row: NDArray[np.uint16]
    reason: NDArray[np.uint16]
    count: NDArray[np.uint16]
    uri: NDArray[np.uint8]
    uri_ends: NDArray[np.int32]
    room: NDArray[np.uint8]


class Kernel(NamedTuple):
    """The entry points, callable from Python."""

    column: Callable[..., int]
    gather: Callable[..., None]
    gather_bits: Callable[..., int]


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
def ones(typing_context, word):
    """How many bits are set."""
    return numba.uint64(numba.uint64), lambda _context, builder, _signature, arguments: builder.ctpop(arguments[0])


@intrinsic
def zeros_below(typing_context, word):
    """How many bits below the lowest that is set; 64 for none."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return numba.uint64(numba.uint64), generate


@intrinsic
def look(typing_context, tables, table, at):
    """`haoma.numbers.plan.look` where the tables are the address of an array of addresses."""

    def generate(context, builder, signature, arguments):
        word, entry = ir.IntType(64), ir.IntType(16)
        places = builder.inttoptr(arguments[0], ir.PointerType(word))
        base = builder.inttoptr(builder.load(builder.gep(places, [arguments[1]])), ir.PointerType(entry))
        return builder.zext(builder.load(builder.gep(base, [arguments[2]])), word)

    return numba.int64(numba.int64, numba.int64, numba.int64), generate


def all_digits(first, last):
    """Whether all bytes of two words are ASCII digits."""
    one, two = first ^ ZEROS, last ^ ZEROS
    return (one | (one + BELOW_10) | two | (two + BELOW_10)) & HIGH_BITS == 0


def parse_eight(word):
    """The integer that eight ASCII digits spell, by parallel multiplication."""
    word = word ^ ZEROS
    word = word * np.uint64(10) + (word >> np.uint64(8))
    high = (word & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    low = ((word >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return (high + low) >> np.uint64(32)


def digit_flags(word):
    """The high bit of each byte that is an ASCII digit."""
    other = word ^ ZEROS
    return ~(((other & LOW_7) + BELOW_10) | other) & HIGH_BITS


def equal_flags(word, byte):
    """The high bit of each byte that equals the byte which `byte` repeats."""
    other = word ^ byte
    return ~(((other & LOW_7) + LOW_7) | other) & HIGH_BITS


def soft_flags(word):
    """The high bit of each byte that is a blank, a hyphen, a dot or a round bracket."""
    marks = equal_flags(word, BLANKS) | equal_flags((word + ONES) & ~ONES, DOTS)
    return marks | equal_flags(word & ~ONES, OPENING)


def bits_of(flags):
    """Eight high bits as eight bits, the first byte's lowest."""
    return ((flags >> np.uint64(7)) * np.uint64(0x0102040810204080)) >> np.uint64(56)


def written_mobile(data, at, length):
    """(first eight, last eight) of the eleven ASCII digits of a mobile number written whole or 3-4-4, with or without 86.

    Zeros for anything else. Reads 24 bytes from `at` on. Nothing but digits, blanks, hyphens, dots, brackets and a leading plus sign
    gets through: of those the grammar makes the same number.
    """
    digits, soft, plus = np.uint64(0), np.uint64(0), np.uint64(0)
    for k in range(2 if length <= 16 else 3):
        word, shift = load64(data, at + 8 * k), np.uint64(8 * k)
        digits |= bits_of(digit_flags(word)) << shift
        soft |= bits_of(soft_flags(word)) << shift
        plus |= bits_of(equal_flags(word, PLUSES)) << shift
    cell = (ONE << np.uint64(length)) - ONE
    digits &= cell
    plus &= cell
    leads = plus == 0 or (plus & (plus - ONE) == 0 and plus < (digits & (~digits + ONE)))
    if not leads or (digits | soft | plus) & cell != cell:
        return NONE, NONE
    count = ones(digits)
    place = zeros_below(digits)
    if count == 11:
        if plus:
            return NONE, NONE
    elif count == 13:
        if digits >> place & np.uint64(3) != np.uint64(3) or load64(data, at + np.int64(place)) & WORD_16 != CODE_86:
            return NONE, NONE
        digits &= ~(np.uint64(3) << place)
    elif count == 15 and not plus:
        if digits >> place & np.uint64(15) != np.uint64(15) or load64(data, at + np.int64(place)) & WORD_32 != CODE_0086:
            return NONE, NONE
        digits &= ~(np.uint64(15) << place)
    else:
        return NONE, NONE
    return in_groups(data, at, digits)


def in_groups(data, at, digits):
    """(first eight, last eight) digits where the bits of `digits` are eleven in a row or 3-4-4, else zeros."""
    one = zeros_below(digits)
    rest = digits >> one
    if rest == ELEVEN:
        return load64(data, at + np.int64(one)), load64(data, at + np.int64(one) + 3)
    two = zeros_below(rest & ~np.uint64(7))
    behind = rest >> two
    three = zeros_below(behind & ~np.uint64(15))
    if rest & np.uint64(15) != np.uint64(7) or behind & np.uint64(31) != np.uint64(15) or behind >> three != np.uint64(15):
        return NONE, NONE
    if two > 9 or three > 10:
        return NONE, NONE
    head = load64(data, at + np.int64(one)) & np.uint64(0xFFFFFF)
    middle = load64(data, at + np.int64(one + two)) & WORD_32
    tail = load64(data, at + np.int64(one + two + three)) & WORD_32
    return head | middle << np.uint64(24) | tail << np.uint64(56), middle | tail << np.uint64(32)


def narrow(data, at, stop, room):
    """Write the cell into `room` with full-width characters and blanks as ASCII; its length then, 0 where that cannot be."""
    length = 0
    while at < stop:
        byte = np.int64(data[at])
        at += 1
        if byte >= 0x80:
            if byte == 0xEF and at + 1 < stop and data[at] == 0xBC and data[at + 1] < 0xA0:
                byte = np.int64(data[at + 1]) - 0x60
            elif byte == 0xE3 and at + 1 < stop and data[at] == 0x80 and data[at + 1] == 0x80:
                byte = np.int64(0x20)
            else:
                return 0
            at += 2
        if length == WINDOW:
            return 0
        room[length] = byte
        length += 1
    return length


def mobile_row(t, first, last, fine_first):
    """The row of the segment of eleven digits, 0 where it is in no allocated block."""
    place = np.int64(parse_eight(first)) // 10 - 1300000
    if place < 0 or place >= 700000:
        return np.int64(0)
    row = look(t, SEGMENTS, place)
    if row >= fine_first:
        digit_8, digit_9 = np.int64(first >> np.uint64(56)) - 48, np.int64(last >> np.uint64(40) & np.uint64(255)) - 48
        row = look(t, FINE, (row - fine_first) * 100 + digit_8 * 10 + digit_9)
    return row


def write_mobile_uri(out, end, first, last):
    """`tel:+86` and eleven digits; the new end."""
    store64(out, end, TEL_86)
    store64(out, end + 7, first)
    store64(out, end + 10, last)
    return end + 18


def spell(number):
    """Eight ASCII digits, leading zeros included, of an integer below 10**8 as a little-endian word."""
    merged = number // np.uint64(10000) | number % np.uint64(10000) << np.uint64(32)
    top = merged * np.uint64(10486) >> np.uint64(20) & np.uint64(0x7F0000007F)
    pairs = (merged - np.uint64(100) * top << np.uint64(16)) + top
    tens = pairs * np.uint64(103) >> np.uint64(10) & np.uint64(0x000F000F000F000F)
    return ZEROS + tens + (pairs - np.uint64(10) * tens << np.uint64(8))


def write_number(out, end, number, length):
    """An integer in `length` digits (16 at most), leading zeros included; the new end. Up to 8 bytes behind it are spoilt."""
    number = np.uint64(number)
    if length <= 8:
        store64(out, end, spell(number) >> np.uint64(8 * (8 - length)))
    else:
        store64(out, end, spell(number // EIGHT) >> np.uint64(8 * (16 - length)))
        store64(out, end + length - 8, spell(number % EIGHT))
    return end + length


def write_uri(out, end, record):
    """The URI of a record, as `haoma.numbers.service.uri_of` spells it; the new end."""
    store64(out, end, TEL_86)
    local = record[KIND] > LANDLINE
    end = write_number(out, end + (4 if local else 7), record[NUMBER], record[DIGITS])
    if record[EXT_LEN]:
        store64(out, end, SEMI_EXT)
        end = write_number(out, end + 5, record[EXT], record[EXT_LEN])
    if local:
        store64(out, end, CONTEXT_1)
        store64(out, end + 8, CONTEXT_2)
        store64(out, end + 16, CONTEXT_3)
        end += 18
        if record[AREA]:
            end = write_number(out, end, record[AREA], 2 if record[AREA] < 100 else 3)
    return end


def column(t, s, data, offsets, valid, valid_at, record, out, longest, mode):
    """Fill `out` for the cells between `offsets`; `valid` is Arrow's bitmap from bit `valid_at` on, or empty."""
    with_uri, with_reason, with_count = len(out.uri) > 0, len(out.reason) > 0, len(out.count) > 0
    fine_first = look(t, FINE_FIRST, 0)
    end = 0
    if with_uri:
        out.uri_ends[0] = 0
    for i in range(len(offsets) - 1):
        at, stop = np.int64(offsets[i]), np.int64(offsets[i + 1])
        row, count, length = np.int64(0), 1, stop - at
        first, last = NONE, NONE
        clean = False
        if length == CLEAN and data[at] == 0x31:
            first, last = load64(data, at), load64(data, at + 3)
            clean = all_digits(first, last)
            if not clean:
                first = NONE
        elif CLEAN < length <= WINDOW and at + WINDOW <= len(data):
            first, last = written_mobile(data, at, length)
        if first == NONE and CLEAN < length <= 3 * WINDOW and data[at] >= 0x80:
            length = narrow(data, at, stop, out.room)
            if length:
                first, last = written_mobile(out.room, 0, length)
        if first:
            row = mobile_row(t, first, last, fine_first)
            if with_uri:
                write_mobile_uri(out.uri, end, first, last)
        kind = look(t, ROW_KIND, row)
        reason = look(t, ROW_REASON, row) if with_reason else 0
        if kind != INVALID and kind <= SATELLITE:
            end += 18
        elif len(valid) and not valid[(valid_at + i) >> 3] >> ((valid_at + i) & 7) & 1:
            kind, row, count = INVALID, np.int64(0), 0
        elif clean and data[at + 1] >= 0x33:
            reason, count = UNALLOCATED, 0
        elif stop - at > longest:
            kind, row, count = ASK, np.int64(0), 0
        else:
            kind, row = INVALID, np.int64(0)
            count = read(t, s, data, at, stop, mode, record)
            if count < 0 or (count > 0 and record[KIND] == INTERNATIONAL):
                kind, count = ASK, 0
            elif count == 0:
                reason = max(s[STATE][S_REASON], NO_DIGITS)
            else:
                kind, row = record[KIND], record[ROW]
                reason = look(t, ROW_REASON, row) if kind <= SATELLITE else 0
                if with_uri:
                    end = write_uri(out.uri, end, record)
        out.kind[i], out.row[i] = kind, row
        if with_reason:
            out.reason[i] = reason
        if with_count:
            out.count[i] = min(count, 65535)
        if with_uri:
            out.uri_ends[i + 1] = end
    return end


def gather(rows, table, values):
    """Look a column up row by row."""
    for at in range(len(rows)):
        values[at] = table[rows[at]]


def gather_bits(rows, there, bitmap):
    """Arrow's bitmap of the rows that `there` holds 1 for, and how many it holds 0 for."""
    n = len(rows)
    filled = 0
    for byte in range(n >> 3):
        bits = 0
        for k in range(8):
            bits |= there[rows[8 * byte + k]] << k
        bitmap[byte] = bits
        filled += np.int64(ones(np.uint64(bits)))
    bits = 0
    for k in range(n & 7):
        bits |= there[rows[(n & ~7) + k]] << k
    if n & 7:
        bitmap[n >> 3] = bits
        filled += np.int64(ones(np.uint64(bits)))
    return n - filled


def _never_verified(dig: Digits, at: int, length: int) -> int:
    return -1


def _signature(function: types.FunctionType, known: Mapping[str, object]) -> tuple[object, ...] | None:
    """The types of the arguments by their annotations, so that each function is compiled once; None where one is not known."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = [function.__annotations__.get(name) for name in names]
    return tuple(known[text] for text in given) if all(text in known for text in given) else None


def _inlined(functions: Mapping[str, types.FunctionType]) -> set[str]:
    """The functions that cost less in place than called: those called in one place only, and the smallest."""
    calls = Counter(
        step.argval for f in functions.values() for step in dis.get_instructions(f) if step.opname == "LOAD_GLOBAL"
    )  # fmt: skip
    return {name for name, f in functions.items() if calls[name] <= 2 or len(f.__code__.co_code) < SMALL} - set(Kernel._fields)


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
    small = _inlined(functions)
    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_cache_dir())
    try:
        for name, function in functions.items():
            copy = types.FunctionType(function.__code__, scope, name)
            entry, inlined = name in Kernel._fields, name in small
            scope[name] = numba.njit(cache=entry, nogil=True, error_model="numpy", _nrt=False, forceinline=inlined)(copy)
            signature = _signature(function, known)
            if signature is not None:
                _once(scope[name], signature)
    finally:
        numba.config.CACHE_DIR = kept
    return Kernel(*(scope[name] for name in Kernel._fields))


@cache
def _arrays() -> tuple[list[NDArray[np.uint16]], NDArray[np.uint64]]:
    arrays = [*(np.asarray(table) for table in tables()), row_reasons()]
    return arrays, np.array([array.ctypes.data for array in arrays], np.uint64)


def row_reasons() -> NDArray[np.uint16]:
    """By row: the code of what is not known of it, 0 for nothing."""
    source = pack()
    placed = (np.asarray(source.row_province) != 0) | (np.asarray(source.row_area_code) != 0)
    kinds = np.asarray(source.row_kind)
    lacking = (np.asarray(source.row_issued_by) != 0) & ~placed & (kinds > 0) & (kinds <= SATELLITE)
    return np.where(lacking, REASONS.index(PLACE_UNKNOWN), 0).astype(np.uint16)


def table_address() -> int:
    """Where the addresses of the tables lie; they stay as long as the process."""
    return int(_arrays()[1].ctypes.data)


def scratch(size: int) -> NDArray[np.int64]:
    """Working memory for cells of up to `size` bytes."""
    return np.empty((ROWS, max(2 * size + 2, ROOM)), np.int64)


NOTHING: NDArray[np.uint8] = np.frombuffer(b"", np.uint8)
SMALL = 300
MODULES = (plan, grammar, sys.modules[__name__])
