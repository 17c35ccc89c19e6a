"""Eight bytes at a time: unaligned words, which of their bytes are digits, integers from digits and back.

Rules held here:
- Functions are compiled by numba only; words are little-endian, the first byte lowest.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = [
    "EIGHT",
    "NONE",
    "ONE",
    "PLUSES",
    "WORD_16",
    "WORD_32",
    "all_digits",
    "bits_of",
    "digit_flags",
    "equal_flags",
    "load64",
    "look",
    "ones",
    "parse_eight",
    "soft_flags",
    "spell",
    "store64",
    "zeros_below",
]

NONE, ONE = np.uint64(0), np.uint64(1)
ONES, LOW_7, HIGH_BITS, BELOW_10 = (np.uint64(byte * 0x0101010101010101) for byte in (0x01, 0x7F, 0x80, 0x76))
BLANKS, DOTS, PLUSES, OPENING = (np.uint64(ord(char) * 0x0101010101010101) for char in " .+(")
WORD_16, WORD_32 = np.uint64(0xFFFF), np.uint64(0xFFFFFFFF)
ZEROS = np.uint64(0x3030303030303030)
EIGHT = np.uint64(100_000_000)


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


def spell(number):
    """Eight ASCII digits, leading zeros included, of an integer below 10**8 as a little-endian word."""
    merged = number // np.uint64(10000) | number % np.uint64(10000) << np.uint64(32)
    top = merged * np.uint64(10486) >> np.uint64(20) & np.uint64(0x7F0000007F)
    pairs = (merged - np.uint64(100) * top << np.uint64(16)) + top
    tens = pairs * np.uint64(103) >> np.uint64(10) & np.uint64(0x000F000F000F000F)
    return ZEROS + tens + (pairs - np.uint64(10) * tens << np.uint64(8))


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
