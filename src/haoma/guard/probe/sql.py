"""A hotline in a table: one query, SQLite or PostgreSQL.

Rules held here:
- One query in a transaction that the database lets change nothing, within its time.
- The hotline's names are bound (`:uid`, `:organisation`, `:key`) and never part of the text.
- Every value of the first column counts; what goes wrong is told by its kind, without SQL or values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from haoma.errors import Unavailable
from haoma.guard.probe.model import Asked
from haoma.guard.probe.pointer import texts_of
from haoma.guard.probe.secret import Secret
from haoma.storage.foreign import FAULTS, foreign_engine

__all__ = ["SqlPlace"]

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class SqlPlace:
    """The first column of a query; fills `Place`. `url` has no password: `password` says where that is."""

    url: sa.URL
    query: str
    password: Secret | None = None
    timeout_s: int = 15

    def read(self, asked: Asked) -> Sequence[str]:
        """See `Place.read`."""
        engine = foreign_engine(self._whole_url(), self.timeout_s)
        names = {name: value for name, value in asked.fields().items() if re.search(rf"(?<!:):{name}\b", self.query)}
        try:
            with engine.begin() as tx:
                rows = tx.execute(sa.text(self.query), names).fetchmany(MOST_ROWS)
        except FAULTS as error:
            message = f"the database does not answer, or not to this query ({type(error).__name__})"
            raise Unavailable(message, hint="try the query as that user") from None
        return texts_of([row[0] for row in rows])

    def _whole_url(self) -> sa.URL:
        return self.url.set(password=self.password.read()) if self.password else self.url
