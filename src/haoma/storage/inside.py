"""What a work may not do: begin another write, or end the transaction that it is in."""

from __future__ import annotations

import threading
from typing import Self

import sqlalchemy as sa

from haoma.errors import Conflict

__all__ = ["Inside"]


class Inside:
    """A block in which this thread is inside a work; ending the engine's transaction there is refused."""

    def __init__(self, engine: sa.Engine) -> None:
        self._here = threading.local()
        sa.event.listen(engine, "commit", self._refuse_end)
        sa.event.listen(engine, "rollback", self._refuse_end)

    def refuse(self) -> None:
        """Raise Conflict for a write inside a work, which would wait for itself."""
        if getattr(self._here, "working", False):
            raise Conflict("a write inside a write", hint="use the tx that the outer work was given")

    def __enter__(self) -> Self:
        self._here.working = True
        return self

    def __exit__(self, *_: object) -> None:
        self._here.working = False

    def _refuse_end(self, _tx: sa.Connection) -> None:
        if getattr(self._here, "working", False):
            raise Conflict("a work ended the transaction", hint="raise to roll back; Store.write commits")
