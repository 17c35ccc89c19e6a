"""Many bytes at a time: unaligned words, what each of 32 bytes is, integers from digits and back.

Rules held here:
- Functions are compiled by numba only; words are little-endian, the first byte lowest.
- Vectors are LLVM's own, so that each processor gets the instructions it has.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "BYTE",
    "EIGHT",
    "NONE",
    "ONE",
    "WORD_32",
    "ZEROS",
    "all_digits",
    "entry",
    "load64",
    "look",
    "low_bits",
    "marks_of",
    "narrow_words",
    "ones",
    "parse_eight",
    "parse_six",
    "spell",
    "store64",
    "table_at",
    "zeros_below",
]

NONE, ONE = np.uint64(0), np.uint64(1)
HIGH_BITS, BELOW_10, ZEROS = (np.uint64(byte * 0x0101010101010101) for byte in (0x80, 0x76, 0x30))
BYTE, WORD_32 = np.uint64(8), np.uint64(0xFFFFFFFF)
EIGHT = np.uint64(100_000_000)
I8, I64, LANES = ir.IntType(8), ir.IntType(64), 32


def _octets(context, builder, signature, arguments, which, size):
    """The place of an array's byte, and the type of `size` bytes there."""
    data = cgutils.create_struct_proxy(signature.args[which])(context, builder, value=arguments[which]).data
    return builder.gep(data, [arguments[which + 1]]), ir.VectorType(I8, size)


def _load(builder, place, kind):
    """What lies at a place, aligned or not."""
    found = builder.load(builder.bitcast(place, ir.PointerType(kind)))
    found.align = 1
    return found


def _same(byte):
    return ir.Constant(ir.VectorType(I8, LANES), [byte] * LANES)


def _as_bits(builder, flags):
    """One bit of an integer for each lane."""
    return builder.zext(builder.bitcast(flags, ir.IntType(LANES)), I64)


@intrinsic
def load64(typing_context, array, at):
    """Eight bytes from `at` on as a little-endian integer, aligned or not."""

    def generate(context, builder, signature, arguments):
        return _load(builder, _octets(context, builder, signature, arguments, 0, 8)[0], I64)

    return numba.uint64(array, at), generate


@intrinsic
def store64(typing_context, array, at, word):
    """Write an integer as eight little-endian bytes from `at` on, aligned or not."""

    def generate(context, builder, signature, arguments):
        place, _ = _octets(context, builder, signature, arguments, 0, 8)
        builder.store(arguments[2], builder.bitcast(place, ir.PointerType(I64))).align = 1
        return context.get_dummy_value()

    return numba.void(array, at, word), generate


@intrinsic
def marks_of(typing_context, array, at):
    """Which of 32 bytes are digits, which blanks, hyphens, dots and brackets, which plus signs: a bit for each."""

    def generate(context, builder, signature, arguments):
        place, kind = _octets(context, builder, signature, arguments, 0, LANES)
        octets = _load(builder, place, kind)
        digits = builder.icmp_unsigned("<", builder.sub(octets, _same(ord("0"))), _same(10))
        brackets = builder.icmp_unsigned("==", builder.and_(octets, _same(0xFE)), _same(ord("(")))
        joints = builder.icmp_unsigned("<", builder.sub(octets, _same(ord("-"))), _same(2))
        blanks = builder.icmp_unsigned("==", octets, _same(ord(" ")))
        soft = builder.or_(builder.or_(brackets, joints), blanks)
        plus = builder.icmp_unsigned("==", octets, _same(ord("+")))
        bits = [_as_bits(builder, flags) for flags in (digits, soft, plus)]
        return context.make_tuple(builder, signature.return_type, bits)

    return numba.types.UniTuple(numba.uint64, 3)(array, at), generate


@intrinsic
def narrow_words(typing_context, array, at, room, to):
    """Write 21 full-width characters of `array` as ASCII into `room`; a bit for each that can be so written.

    Reads 64 bytes and writes 32. What can: U+FF01 to U+FF1F, and the ideographic space.
    """

    def generate(context, builder, signature, arguments):
        place, kind = _octets(context, builder, signature, arguments, 0, 64)
        octets = _load(builder, place, kind)
        parts = []
        for part in range(3):
            lanes = [3 * lane + part if lane < 21 else part for lane in range(LANES)]
            parts.append(
                builder.shuffle_vector(octets, octets, ir.Constant(ir.VectorType(ir.IntType(32), LANES), lanes))
            )
        is_lead = [builder.icmp_unsigned("==", parts[0], _same(byte)) for byte in (0xEF, 0xE3)]
        is_next = [builder.icmp_unsigned("==", parts[1], _same(byte)) for byte in (0xBC, 0x80)]
        within = builder.icmp_unsigned("<", builder.sub(parts[2], _same(0x81)), _same(0x1F))
        wide = builder.and_(builder.and_(is_lead[0], is_next[0]), within)
        space = builder.and_(is_lead[1], is_next[1])
        space = builder.and_(space, builder.icmp_unsigned("==", parts[2], _same(0x80)))
        written = builder.select(space, _same(0x20), builder.sub(parts[2], _same(0x60)))
        target, kind = _octets(context, builder, signature, arguments, 2, LANES)
        builder.store(written, builder.bitcast(target, ir.PointerType(kind))).align = 1
        return _as_bits(builder, builder.or_(wide, space))

    return numba.uint64(array, at, room, to), generate


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
def table_at(typing_context, tables, table):
    """The address of one of the tables, which are the address of an array of addresses."""

    def generate(context, builder, signature, arguments):
        places = builder.inttoptr(arguments[0], ir.PointerType(I64))
        return builder.load(builder.gep(places, [arguments[1]]))

    return numba.int64(numba.int64, numba.int64), generate


@intrinsic
def entry(typing_context, address, at):
    """One entry of the table at an address."""

    def generate(context, builder, signature, arguments):
        base = builder.inttoptr(arguments[0], ir.PointerType(ir.IntType(16)))
        return builder.zext(builder.load(builder.gep(base, [arguments[1]])), I64)

    return numba.int64(numba.int64, numba.int64), generate


def look(tables, table, at):
    """`haoma.numbers.plan.look` where the tables are an address."""
    return entry(table_at(tables, table), at)


def low_bits(count):
    """As many bits as `count`, up to 63, from the lowest on."""
    return (ONE << (np.uint64(count) & np.uint64(63))) - ONE


def all_digits(first, last):
    """Whether all bytes of two words are ASCII digits."""
    one, two = first ^ ZEROS, last ^ ZEROS
    return (one | (one + BELOW_10) | two | (two + BELOW_10)) & HIGH_BITS == 0


def parse_eight(word):
    """The integer that eight ASCII digits spell, by parallel multiplication."""
    word = word ^ ZEROS
    word = word * np.uint64(10) + (word >> BYTE)
    high = (word & np.uint64(0x000000FF000000FF)) * np.uint64(0x000F424000000064)
    low = ((word >> np.uint64(16)) & np.uint64(0x000000FF000000FF)) * np.uint64(0x0000271000000001)
    return (high + low) >> np.uint64(32)


def parse_six(word):
    """The integer that the second to the seventh of eight ASCII digits spell."""
    word = (word ^ ZEROS) >> BYTE
    pairs = (word * np.uint64(10) + (word >> BYTE)) & np.uint64(0x00FF00FF00FF)
    return (pairs & np.uint64(0xFF)) * np.uint64(10000) + (
        pairs * np.uint64(0x640001) >> np.uint64(32) & np.uint64(0xFFFF)
    )


def spell(number):
    """Eight ASCII digits, leading zeros included, of an integer below 10**8 as a little-endian word."""
    merged = number // np.uint64(10000) | number % np.uint64(10000) << np.uint64(32)
    top = merged * np.uint64(10486) >> np.uint64(20) & np.uint64(0x7F0000007F)
    pairs = (merged - np.uint64(100) * top << np.uint64(16)) + top
    tens = pairs * np.uint64(103) >> np.uint64(10) & np.uint64(0x000F000F000F000F)
    return ZEROS + tens + (pairs - np.uint64(10) * tens << np.uint64(8))
