"""The answers of a pack as columns: one row per distinct answer, texts as ids into one table of strings.

Rules held here:
- Row 0 is "nothing known"; string 0 is None.
- An answer has one row, however many segments share it.
"""

from __future__ import annotations

from array import array

from haoma.numbers.model import Kind
from haoma.numbers.segments.vote import NOTHING, Answer

__all__ = ["KIND_CODES", "TEXT_COLUMNS", "RowTable"]

KIND_CODES = {kind: code for code, kind in enumerate(Kind)}
TEXT_COLUMNS = ("issued_by", "province", "city", "adcode", "area_code", "postcode")
ROOM = 65_536


class RowTable:
    """Collects answers and strings, and writes them as sections."""

    def __init__(self) -> None:
        self._strings: dict[str | None, int] = {None: 0}
        self._ids: dict[Answer, int] = {}
        self._rows: list[Answer] = []
        self.add(NOTHING)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, answer: Answer) -> int:
        """The row id of an answer, new or known."""
        known = self._ids.get(answer)
        if known is None:
            known = self._ids[answer] = self.append(answer)
        return known

    def append(self, answer: Answer) -> int:
        """A row of its own for an answer, even where another row says the same."""
        if len(self._rows) == ROOM:
            raise OverflowError(f"more than {ROOM} different answers")
        self._rows.append(answer)
        return len(self._rows) - 1

    def get(self, row: int) -> Answer:
        """The answer of a row."""
        return self._rows[row]

    def _string(self, text: str | None) -> int:
        return self._strings.setdefault(text, len(self._strings))

    def sections(self) -> dict[str, bytes]:
        """The columns `row_*` and the strings, NUL-separated UTF-8 in the order of their ids from 1."""
        columns = {
            "row_kind": bytes(KIND_CODES[row.kind] for row in self._rows),
            "row_confidence": array("I", (row.confidence_ppm for row in self._rows)).tobytes(),
            "row_sources": array("H", (row.sources for row in self._rows)).tobytes(),
        }
        for name in TEXT_COLUMNS:
            columns[f"row_{name}"] = array("H", (self._string(getattr(row, name)) for row in self._rows)).tobytes()
        columns["strings"] = "\0".join(text for text in self._strings if text is not None).encode()
        return columns
