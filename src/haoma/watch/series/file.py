"""A file of one series in, the score of each of its rows out.

Rules held here:
- As many rows come out as went in, in their order, each with its timestamp as it was written.
- A row without a value that can be read (nothing, NaN, infinite, beyond `HUGE`, a word) gets no score and no alert:
  missing is not zero. It moves nothing in the detector, is counted, and never stops the file.
- Rows count as equally spaced, in the order in which they stand. A clock that cannot be read, goes back or repeats is
  told; neither that nor a gap changes a score.
- A score is written when its row has been read, before the next: a part of a file gives the scores of the whole.
- Memory does not grow with the file. The target appears when it is whole, or not at all.
"""

from __future__ import annotations

import codecs
import csv
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import BinaryIO

from haoma.errors import BadInput
from haoma.numbers.files.atomic import replacing
from haoma.numbers.files.text import UTF_8, Text, open_text
from haoma.watch.series.detector import Series

__all__ = ["COLUMNS", "Counts", "score_file"]

COLUMNS = ("timestamp", "score", "alert")
STREAM = "-"
HUGE = 1e100  # its square can still be added up
PIECE = 1 << 16
LINE_MOST = 1 << 16  # a row longer than that is none
TOGETHER = 2_000  # rows written at once
BETWEEN = ",;\t"


@dataclass(slots=True)
class Counts:
    """What became of a file's rows.

    `rows` is all of them, `missing` those without a value; `unread`, `back` and `repeated` count timestamps that are
    none, are earlier than the one before, or the same.
    """

    rows: int = 0
    alerts: int = 0
    missing: int = 0
    unread: int = 0
    back: int = 0
    repeated: int = 0
    seconds: float = 0.0


def score_file(source: Path | str, target: Path | str, *, overwrite: bool = False) -> Counts:
    """Write timestamp, score and alert for each row of the CSV file `source`, which has columns timestamp and value.

    "-" is stdin and stdout; .gz is unpacked. Raises BadInput for a file that is empty, no text, or without these
    columns, Conflict where `target` is there already, Unavailable where the disk is full.
    """
    if Path(target).exists() and Path(source).exists() and Path(source).samefile(target):
        raise BadInput(f"{target} is the file that is read", hint="name another file to write")
    began = time.perf_counter()
    counts = Counts()
    with open_text(source, None, {UTF_8}) as text:
        lines = _lines(text)
        cells = _Cells(next(lines, ""), text.name)
        with _writing(target, overwrite=overwrite) as file:
            file.write(f"{','.join(COLUMNS)}\n".encode())
            kept: list[str] = []
            for row in _scored(lines, cells, counts):
                kept.append(row)
                if len(kept) == TOGETHER:
                    file.write("".join(kept).encode())
                    kept.clear()
            file.write("".join(kept).encode())
    counts.seconds = time.perf_counter() - began
    return counts


def _scored(lines: Iterator[str], cells: _Cells, counts: Counts) -> Iterator[str]:
    series, clock = Series(), _Clock(counts)
    for line in lines:
        if not line:
            continue  # the last line feed, or an empty line, is no row
        stamp, value = cells.of(line)
        counts.rows += 1
        clock.see(stamp)
        if value is None:
            counts.missing += 1
            yield f"{_quoted(stamp)},,0\n"
            continue
        score, alert = series.step(value)
        counts.alerts += alert
        yield f"{_quoted(stamp)},{score:.9f},{int(alert)}\n"


class _Cells:
    """Where timestamp and value stand in a row, told by the header; raises BadInput where it lacks them."""

    def __init__(self, header: str, name: str) -> None:
        if not header.strip():
            raise BadInput(f"{name} is empty", hint="a CSV file with the columns timestamp and value")
        self._between = max(BETWEEN, key=header.count)
        names = [cell.strip().lower() for cell in self._split(header)]
        for wanted in ("timestamp", "value"):
            if names.count(wanted) != 1:
                many = "more than one column" if wanted in names else "no column"
                there = ", ".join(cell[:40] for cell in names[:20])
                raise BadInput(
                    f"{name} has {many} {wanted!r}", hint=f"columns there: {there}; needed: timestamp, value"
                )
        self._stamp, self._value = names.index("timestamp"), names.index("value")

    def of(self, line: str) -> tuple[str, float | None]:
        """The timestamp as it stands, and the value; None where there is no number that counts."""
        if len(line) > LINE_MOST:
            return "", None
        cells = self._split(line)
        stamp = cells[self._stamp].strip() if self._stamp < len(cells) else ""
        try:
            value = float(cells[self._value])
        except (IndexError, ValueError):
            return stamp, None
        return stamp, value if isfinite(value) and abs(value) <= HUGE else None

    def _split(self, line: str) -> Sequence[str]:
        if '"' not in line:
            return line.split(self._between)
        return next(csv.reader([line], delimiter=self._between), [])


class _Clock:
    """Sees whether time goes forward."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._before = float("-inf")

    def see(self, stamp: str) -> None:
        """Count a timestamp that is none, or does not come behind the one before."""
        try:
            at = _seconds(stamp)
        except (ValueError, OverflowError):
            self._counts.unread += 1
            return
        self._counts.back += at < self._before
        self._counts.repeated += at == self._before
        self._before = at


def _seconds(stamp: str) -> float:
    """Seconds since 1970; a timestamp without a zone is taken as UTC, a bare number as such seconds."""
    if stamp[4:5] == "-":
        found = datetime.fromisoformat(stamp)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    at = float(stamp)
    if not isfinite(at):
        raise ValueError(stamp)
    return at


def _quoted(stamp: str) -> str:
    return '"' + stamp.replace('"', '""') + '"' if "," in stamp or '"' in stamp else stamp


def _lines(text: Text) -> Iterator[str]:
    """The lines, without their ends; of one that is too long, its beginning, which is no row with a value."""
    decoder = codecs.getincrementaldecoder(UTF_8)("replace")
    rest = ""
    while piece := text.read(PIECE):
        *whole, rest = (rest + decoder.decode(piece)).split("\n")
        for line in whole:
            yield line.rstrip("\r")
        rest = rest[: LINE_MOST + 1]
    yield (rest + decoder.decode(b"", final=True)).rstrip("\r")


@contextmanager
def _writing(target: Path | str, *, overwrite: bool) -> Iterator[BinaryIO]:
    if str(target) != STREAM:
        with replacing(Path(target), overwrite=overwrite) as file:
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
