"""Made-up cells of a customer file, as messy as real ones, with what each of them says.

Rules held here:
- The same seed and size make the same cells, byte for byte.
- Every number is made up. That a subscriber stands behind one is chance: do not dial them.
- What a cell says comes from how it was made (`sample_forms`), so that it can be held against what the parser finds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from haoma.numbers.model import Kind
from haoma.numbers.sample_forms import FORMS, POOLS, Form, Pool

__all__ = ["TRUTH", "customers", "samples"]

SEED = 20261121
KINDS = [str(kind) for kind in Kind]
OWNERS = sorted({name for pool in POOLS.values() for name in (*pool.issued_by, *pool.province) if name})
LABELS = pa.dictionary(pa.int8(), pa.string())
TRUTH = pa.schema({"cell": pa.string(), "uri": pa.string(), "kind": LABELS, "issued_by": LABELS, "province": LABELS})
ALPHABETS = {"@": "0123456789", "＠": "０１２３４５６７８９", "〓": "零一二三四五六七八九"}
NOTES = [
    "",
    "老客户",
    "回访",
    "新客，待跟进",
    "要求,尽快回电",
    '称"已换号"',
    "投诉已处理",
    "VIP",
    "线下活动",
    "请勿打扰",
]


def samples(rows: int, forms: Sequence[Form] = FORMS, seed: int = SEED) -> pa.Table:
    """Make `rows` cells and what is known of each: a table as `TRUTH` says; two million take a second or two.

    `issued_by` and `province` are null where the cell was not made to say. A cell without a number is `invalid`.

    >>> samples(3).equals(samples(3))
    True
    """
    rng = np.random.default_rng(seed)
    shares = np.array([form.share for form in forms])
    counts = rng.multinomial(rows, shares / shares.sum()).tolist()
    made = [_written(form, count, rng) for form, count in zip(forms, counts, strict=True) if count]
    together = pa.concat_tables([TRUTH.empty_table(), *made]).combine_chunks()
    return together.take(pa.array(rng.permutation(rows)))


def customers(cells: pa.Array | pa.ChunkedArray, seed: int = SEED) -> pa.Table:
    """A customer file around a column of cells: `customer`, `note`, `phone`."""
    rows = len(cells)
    ids = _filled("C@@@@@@@@", _digits(np.arange(1, rows + 1), 8))
    notes = np.random.default_rng(seed + 1).integers(0, len(NOTES), rows).astype(np.int8)
    return pa.table({"customer": ids, "note": pa.array(NOTES).take(pa.array(notes)), "phone": cells})


def _written(form: Form, rows: int, rng: np.random.Generator) -> pa.Table:
    """`rows` cells of one form, with different numbers."""
    drawn = [_drawn(POOLS[name], rows, rng) for name in form.draw]
    digits = np.concatenate([part for part, _ in drawn]) if drawn else np.empty((0, rows), np.uint8)
    pool, heads = (POOLS[form.draw[0]], drawn[0][1]) if form.kind is not Kind.INVALID else (POOLS["any"], None)
    columns = [
        _filled(form.cell, digits),
        _filled(form.uri, digits) if form.uri else pa.nulls(rows, pa.string()),
        _labels(np.full(rows, KINDS.index(form.kind)), KINDS),
        _owners(pool.issued_by, heads, rows),
        _owners(pool.province, heads, rows),
    ]
    return pa.table(columns, schema=TRUTH)


def _drawn(pool: Pool, rows: int, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Digits of `rows` numbers, one array a place, and which head each begins with."""
    heads = rng.integers(0, len(pool.heads), rows)
    tails = np.array([pool.width - len(head) for head in pool.heads])
    scale = 10 ** tails[heads]
    numbers = np.array(pool.heads, np.int64)[heads] * scale + rng.integers(0, scale)
    return _digits(numbers, pool.width), heads


def _digits(numbers: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    out, rest = np.empty((width, len(numbers)), np.uint8), numbers
    for place in range(width - 1, -1, -1):
        rest, out[place] = np.divmod(rest, 10)
    return out


def _filled(pattern: str, digits: NDArray[np.uint8]) -> pa.Array:
    """The pattern once for each number; as UTF-8 all of one length, for the digits of an alphabet are."""
    parts: list[bytes | NDArray[np.uint8]] = []
    place = 0
    for mark in pattern:
        if mark in ALPHABETS:
            letters = np.frombuffer(ALPHABETS[mark].encode(), np.uint8).reshape(10, -1)
            parts += list(letters[digits[place]].T)
            place += 1
        else:
            parts += [mark.encode()[at : at + 1] for at in range(len(mark.encode()))]
    rows = digits.shape[1]
    text = np.empty((rows, len(parts)), np.uint8)
    for at, part in enumerate(parts):
        text[:, at] = part[0] if isinstance(part, bytes) else part
    ends = np.arange(rows + 1, dtype=np.int32) * len(parts)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(text))


def _owners(names: tuple[str | None, ...], heads: NDArray[np.intp] | None, rows: int) -> pa.Array:
    if heads is None or not names:
        return _labels(np.full(rows, -1), OWNERS)
    return _labels(np.array([OWNERS.index(name) if name else -1 for name in names])[heads], OWNERS)


def _labels(codes: NDArray[np.intp], names: list[str]) -> pa.Array:
    """A dictionary column; -1 is null."""
    indices = pa.array(codes.astype(np.int8), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
