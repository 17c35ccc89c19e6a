"""Whole columns: cells a second and core.

Rules held here:
- All tools see the same cells in the same run; peers that answer one cell at a time see the first of them.
- numpy is given what it cannot do itself: for the bare gather, prefixes that are integers already.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.figure import Figure, best_cpu_s
from bench.peers import PEERS, rate_mps
from haoma.numbers import enrich
from haoma.numbers.model import Kind
from haoma.numbers.sample_forms import FORMS, Form
from haoma.numbers.samples import samples

__all__ = ["clean", "everyday", "messy"]

SEEN_BY_PEERS = 20_000
BLOCK = 1 << 16
FIRST = 1_300_000
MOBILE = "tel:+86@@@@@@@@@@@"
CLEAN = (Form(1.0, ("mobile",), "@@@@@@@@@@@", Kind.MOBILE, MOBILE),)
_WRITTEN = (
    (5, "@@@ @@@@ @@@@"),
    (5, "+86 @@@-@@@@-@@@@"),
    (4, "+86@@@@@@@@@@@"),
    (4, "0086@@@@@@@@@@@"),
    (4, "86-@@@@@@@@@@@"),
    (3, "(+86)@@@@@@@@@@@ "),
    (3, " @@@.@@@@.@@@@  "),
    (2, "@@@-@@@@-@@@@"),
    (3, "＠＠＠＠＠＠＠＠＠＠＠"),
    (2, "＋８６　＠＠＠　＠＠＠＠　＠＠＠＠"),
)
_FIXED = (
    (1, ("area_3",), "0@@@-@@@@@@@@", Kind.LANDLINE, MOBILE),
    (1, ("area_3",), "(0@@@)@@@@@@@@", Kind.LANDLINE, MOBILE),
    (1, ("area_3", "ext"), "0@@@-@@@@@@@@转@@@@", Kind.LANDLINE, f"{MOBILE};ext=@@@@"),
    (1, ("400",), "@@@-@@@-@@@@", Kind.SHARED_COST, "tel:@@@@@@@@@@;phone-context=+86"),
    (1, ("95",), "@@@@@", Kind.NATIONAL_SERVICE, "tel:@@@@@;phone-context=+86"),
)
EVERYDAY = (
    Form(60.0, ("mobile",), "@@@@@@@@@@@", Kind.MOBILE, MOBILE),
    *(Form(share, ("mobile",), cell, Kind.MOBILE, MOBILE) for share, cell in _WRITTEN),
    *(Form(share, draw, cell, kind, uri) for share, draw, cell, kind, uri in _FIXED),
)


def everyday(rows: int) -> Iterator[Figure]:
    """Six in ten clean mobiles, others with +86, 0086, separators, full width; one in twenty landline, 400 or 95."""
    yield from _beside_peers("column, everyday mix, all columns", samples(rows, EVERYDAY), rows)


def messy(rows: int) -> Iterator[Figure]:
    """The cells of the demo: labels, lists, numerals, extensions, cells that hold none; then foreign numbers too."""
    home = tuple(form for form in FORMS if form.kind is not Kind.INTERNATIONAL)
    yield from _beside_peers("column, messy mix of the demo, all columns", samples(rows, home), rows)
    yield from _beside_peers("the same with 1 % foreign numbers", samples(rows, FORMS), rows)


def _beside_peers(what: str, made: pa.Table, rows: int) -> Iterator[Figure]:
    cells = made["cell"].combine_chunks()
    found = enrich(cells, ["uri"])["uri"].combine_chunks()
    if not found.equals(made["uri"].combine_chunks()):
        message = f"{what}: the answers are wrong, so that their speed says nothing"
        raise SystemExit(message)
    haoma = rows / best_cpu_s(lambda: enrich(cells)) / 1e6
    seen = cells.slice(0, SEEN_BY_PEERS).to_pylist()
    for name, peer in PEERS.items():
        rate, share = rate_mps(peer(), seen)
        yield Figure(what, "M/s", haoma, f"{name} on the {share:.0%} it reads", rate)


def clean(rows: int) -> Iterator[Figure]:
    """Eleven clean digits to kind, operator and adcode, beside the least that numpy must do for a table lookup."""
    what = "column, eleven clean digits → kind, issued_by, adcode"
    cells = samples(rows, CLEAN)["cell"].combine_chunks()
    haoma = rows / best_cpu_s(lambda: enrich(cells, ["kind", "issued_by", "adcode"])) / 1e6
    table = np.random.default_rng(1).integers(0, 2000, 700_000).astype(np.uint16)
    digits = np.frombuffer(cells.buffers()[2], np.uint8)[: 11 * rows].reshape(rows, 11)
    prefixes = _prefixes(digits)
    out = np.empty(rows, np.uint16)
    bare = rows / best_cpu_s(lambda: _gather(table, prefixes, out)) / 1e6
    yield Figure(what, "M/s", haoma, "numpy gathering from integer prefixes", bare)
    parsing = rows / best_cpu_s(lambda: _parse_and_gather(table, digits, out)) / 1e6
    yield Figure(what, "M/s", haoma, "numpy reading the prefixes from text too", parsing)


def _prefixes(digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    scale = np.array([10**place for place in range(6, -1, -1)], np.int64)
    return (digits[:, :7].astype(np.int64) - 48) @ scale - FIRST


def _gather(table: NDArray[np.uint16], prefixes: NDArray[np.int64], out: NDArray[np.uint16]) -> None:
    for at in range(0, len(prefixes), BLOCK):
        np.take(table, prefixes[at : at + BLOCK], out=out[at : at + BLOCK], mode="clip")


def _parse_and_gather(table: NDArray[np.uint16], digits: NDArray[np.uint8], out: NDArray[np.uint16]) -> None:
    for at in range(0, len(digits), BLOCK):
        prefix = np.zeros(len(digits[at : at + BLOCK]), np.int32)
        for place in range(7):
            prefix *= 10
            prefix += digits[at : at + BLOCK, place]
        prefix -= 48 * 1_111_111 + FIRST
        np.take(table, prefix, out=out[at : at + BLOCK], mode="clip")
