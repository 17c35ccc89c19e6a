"""Long lists, a page at a time: the place to go on at is a cursor that nobody can read, guess or borrow.

Rules held here:
- A cursor is signed for one list of one caller, and written in letters: it holds no digits, whatever it stands for.
- Pages do not overlap and leave nothing out of what was there when the first was asked for, whatever comes or goes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query

from haoma.errors import BadInput
from haoma.vault.model import as_letters, from_letters

__all__ = ["Cursor", "Limit", "Pages"]

T = TypeVar("T")
MAC = 16
Limit = Annotated[int, Query(ge=1, le=100, description="How many at the most.")]
Cursor = Annotated[
    str | None, Query(pattern="^[a-p]+$", max_length=1000, description="`next` of the page before, to go on there.")
]


class Pages:
    """Cuts lists into pages, with a key that all processes of a service share."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def cut(
        self, items: Sequence[T], place: Callable[[T], str], of: str, cursor: str | None, limit: int
    ) -> tuple[Sequence[T], str | None]:
        """A page, and the cursor of the next one, None where there is none.

        `items` are in the order of their places, which are all different and do not change; `of` names the list and
        whose it is.

        >>> pages = Pages(bytes(32))
        >>> first, cursor = pages.cut(["a", "b", "c"], str, "letters of an", None, 2)
        >>> first, pages.cut(["a", "b", "c"], str, "letters of an", cursor, 2)
        (['a', 'b'], (['c'], None))

        Raises BadInput for a cursor of another list or caller.
        """
        after = self.after(of, cursor)
        left = [one for one in items if after is None or place(one) > after]
        page = left[:limit]
        return page, self.cursor(of, place(page[-1])) if len(left) > limit else None

    def cursor(self, of: str, place: str) -> str:
        """The cursor behind a place."""
        return as_letters(self._mac(of, place.encode()) + place.encode())

    def after(self, of: str, cursor: str | None) -> str | None:
        """The place that a cursor stands for; None for the beginning."""
        if cursor is None:
            return None
        data = from_letters(cursor) if len(cursor) % 2 == 0 else b""
        mac, place = data[:MAC], data[MAC:]
        if not hmac.compare_digest(mac, self._mac(of, place)):
            raise BadInput("this cursor is of no page of this list", hint="begin without one")
        return place.decode()

    def _mac(self, of: str, place: bytes) -> bytes:
        return hmac.digest(self._key, of.encode() + b"\0" + place, hashlib.sha256)[:MAC]
