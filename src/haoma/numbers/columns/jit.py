"""The grammar's own functions and the column driver, compiled by numba.

Rules held here:
- Nothing of the grammar is written twice: its modules are compiled as they stand. Only `verify_foreign` is replaced,
  for compiled code cannot ask libphonenumber, and `look`, for compiled code has the tables' addresses.
- Each function is compiled for one signature, that of its annotations: else every literal argument makes one more.
- The entry points are compiled all at once, for the arguments named here and for no others, and kept as
  `haoma.numbers.compiled` says.
"""

from __future__ import annotations

import dis
import types
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from haoma.numbers.columns import driver, mobiles, uris, words64
from haoma.numbers.columns.driver import Out
from haoma.numbers.compiled import compiled
from haoma.numbers.grammar import behind, beside, candidate, chains, decode, evidence, marks, owners, plan, reading
from haoma.numbers.grammar.plan import SATELLITE, Digits
from haoma.numbers.once import once
from haoma.numbers.tables import PLACE_UNKNOWN, REASONS, pack, tables

__all__ = ["Kernel", "kernel", "table_address"]

NOTHING: NDArray[np.uint8] = np.frombuffer(b"", np.uint8)
SMALL = 300  # bytes of bytecode
MODULES = (
    plan, owners, decode, beside, chains, marks, behind, candidate, evidence, reading, words64, mobiles, uris, driver,
)  # fmt: skip


class Kernel(NamedTuple):
    """The entry points, callable from Python."""

    column: Callable[..., int]
    gather: Callable[..., None]
    gather_bits: Callable[..., int]


def _never_verified(dig: Digits, at: int, length: int) -> int:  # noqa: ARG001 - as `verify_foreign`
    return -1


def _signature(function: types.FunctionType, known: Mapping[str, object]) -> tuple[object, ...] | None:
    """The types of the arguments by their annotations; None where one is not known."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = [str(function.__annotations__.get(name)) for name in names]
    return tuple(known[text] for text in given) if all(text in known for text in given) else None


def _inlined(functions: Mapping[str, types.FunctionType]) -> set[str]:
    """The functions that cost less in place than called: those called in one place only, and the smallest."""
    calls = Counter(
        step.argval for f in functions.values() for step in dis.get_instructions(f) if step.opname == "LOAD_GLOBAL"
    )  # fmt: skip
    return {name for name, f in functions.items() if calls[name] <= 2 or len(f.__code__.co_code) < SMALL} - set(
        Kernel._fields
    )


def _sources() -> list[Path]:
    """All of the grammar, whose constants are compiled in, the column driver, and this file."""
    own = {Path(str(module.__file__)) for module in MODULES} | {Path(__file__)}
    return sorted(own | set(Path(str(plan.__file__)).parent.glob("*.py")))


def _entries() -> dict[str, list[tuple[object, ...]]]:
    """The types of the arguments that each entry point is compiled for."""
    wide, small, texts = numba.int64, numba.uint16[::1], numba.typeof(NOTHING)
    ends = numba.types.Array(numba.int32, 1, "C", readonly=True)
    octets = numba.uint8[::1]
    out = numba.types.NamedTuple((octets, small, small, small, octets, numba.int32[::1], octets), Out)
    return {
        "column": [(wide, numba.int64[:, ::1], texts, ends, texts, wide, numba.int64[::1], out, wide, wide)],
        "gather": [(small, values[::1], values[::1]) for values in (numba.int8, numba.int16, numba.float64)],
        "gather_bits": [(small, octets, octets)],
    }


def _once(dispatcher: Any, signature: tuple[object, ...]) -> None:  # noqa: ANN401 - numba has no type for it
    """Have a function compiled for this signature alone, when the first caller is: else each literal makes one more."""
    template = dispatcher.get_call_template

    def get_call_template(arguments: object, keywords: object) -> object:
        if not dispatcher.signatures:
            dispatcher.compile(signature)
            dispatcher.disable_compile()
        return template(arguments, keywords)

    dispatcher.get_call_template = get_call_template


@once
def kernel() -> Kernel:
    """The compiled functions: read from disk (0.2 s), or compiled (25 s) and kept."""
    return compiled("column", _sources(), _kernel, "compiling the column kernel, once (about 25 s)")


def _kernel(keep: bool) -> Kernel:
    scope: dict[str, Any] = {}
    for module in MODULES:
        scope |= vars(module)
    own = {module.__name__ for module in MODULES}
    functions: dict[str, Any] = {
        name: f for name, f in scope.items() if isinstance(f, types.FunctionType) and f.__module__ in own
    }
    functions["verify_foreign"] = _never_verified
    known = {
        "int": numba.int64, "bool": numba.boolean, "Digits": numba.int64[::1], "list[int]": numba.int64[::1],
        "Octets": numba.typeof(NOTHING), "Tables": numba.int64, "Scratch": numba.int64[:, ::1],
    }  # fmt: skip
    small = _inlined(functions)
    for name, function in functions.items():
        copy = types.FunctionType(function.__code__, scope, name)
        how = {"cache": keep and name in Kernel._fields, "forceinline": name in small}
        scope[name] = numba.njit(nogil=True, error_model="numpy", _nrt=False, **how)(copy)
        signature = _signature(function, known)
        if signature is not None:
            _once(scope[name], signature)
    for name, signatures in _entries().items():
        for signature in signatures:
            scope[name].compile(signature)
        scope[name].disable_compile()
    return Kernel(*(scope[name] for name in Kernel._fields))


@once
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
