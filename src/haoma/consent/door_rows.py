"""Rows of the customers' doors and sessions, each of them vouched for by the key store.

Rules held here:
- Whose a row is, for which consent, its code, tries, state and times are committed to with its name, under a key of the
  key store (scope `doors`): a row that a hand wrote or changed is Tampered, and opens nothing.
- A rotation may have written a newer token into a row. The one that was committed to is found by links that the key
  store vouches for as well.
- The number that a code went to is sealed under the door itself, which is kept nowhere: for whoever has it, and as long
  as the code is good.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from haoma.consent import tables
from haoma.consent.keeping import kept_until
from haoma.consent.links import digest_of
from haoma.consent.office import Office
from haoma.errors import BadInput, NotFound, Tampered
from haoma.ledger.canonical import canonical
from haoma.ledger.commitment import Commitment
from haoma.numbers import Number
from haoma.storage import Time
from haoma.vault.model import SubjectToken

__all__ = ["DoorRow", "added", "changed", "found", "sealed_number", "unsealed_number"]

SCOPE = "doors"
SESSION = "self.session"
_NUMBER = b"consent door number"


@dataclass(frozen=True, slots=True)
class DoorRow:
    """A door that waits for its code (`asked`), a session (`open`), or what is left of one (`over`).

    `since` is from when on what is here is of whoever holds the number; `grant_id` the one consent that a session sees.
    """

    digest: str
    subject: str
    asked_at: datetime
    expires_at: datetime
    since: datetime
    state: str
    attempts: int = 0
    grant_id: str | None = None
    code: str | None = None
    sealed: bytes | None = None


_COLUMNS = [tables.doors.c[name] for name in DoorRow.__dataclass_fields__]


def found(tx: sa.Connection, office: Office, digest: str, *, lock: bool = False) -> DoorRow | None:
    """The row of this name, None where there is none; raises Tampered where it is not what was written."""
    query = sa.select(*_COLUMNS, tables.doors.c.binding).where(tables.doors.c.digest == digest)
    row = tx.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    door = DoorRow(*row[:-1])
    if not _holds(tx, office, door, row.binding):
        message = "a code or session of the customers' page is not what was written: its row was changed"
        raise Tampered(message, hint="nothing was shown; keep this database as it is")
    return door


def added(tx: sa.Connection, office: Office, door: DoorRow) -> None:
    """Write a new row."""
    kept = kept_until(SESSION, door.asked_at)
    tx.execute(sa.insert(tables.doors).values(**_values(office, door), kept_until=kept))


def changed(tx: sa.Connection, office: Office, before: DoorRow, **values: object) -> DoorRow:
    """Write what a row is from now on; another `digest` gives it another name."""
    after = replace(before, **values)  # type: ignore[arg-type]  # the names are those of the fields
    tx.execute(sa.update(tables.doors).where(tables.doors.c.digest == before.digest).values(**_values(office, after)))
    return after


def sealed_number(office: Office, handle: str, number: Number) -> bytes:
    """A number for whoever has the door that it is sent a code for."""
    suite = office.vault.keys.suite
    return suite.sealer(suite.derive(handle.encode(), _NUMBER)).seal(str(number.uri).encode(), _context(handle))


def unsealed_number(office: Office, handle: str, sealed: bytes) -> str:
    """The URI of that number; raises Tampered where it is not what was sealed."""
    suite = office.vault.keys.suite
    return suite.sealer(suite.derive(handle.encode(), _NUMBER)).open(sealed, _context(handle)).decode()


def _context(handle: str) -> bytes:
    return digest_of(handle).encode()


def _values(office: Office, door: DoorRow) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(door, name) for name in DoorRow.__dataclass_fields__}
    return values | {"binding": str(office.vault.commitments.commit(SCOPE, _bound(door, door.subject)))}


def _holds(tx: sa.Connection, office: Office, door: DoorRow, binding: str) -> bool:
    names = office.vault.aliases(tx, SubjectToken.of_row(door.subject))
    try:
        said = Commitment.parse(binding)
        vouched = said.key_id.startswith(f"{SCOPE}-")
        return vouched and any(office.vault.commitments.opens(said, _bound(door, str(name))) for name in names)
    except (BadInput, NotFound, TypeError):  # TypeError: a cell that holds no text
        return False


def _bound(door: DoorRow, subject: str) -> bytes:
    times = (Time.stored(at) for at in (door.asked_at, door.expires_at, door.since))
    words = (door.digest, subject, door.state, door.grant_id or "", door.code or "", (door.sealed or b"").hex())
    return canonical([*words, door.attempts, *times])
