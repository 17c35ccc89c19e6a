"""Backups of the keys: made beside the log, and put back against what the log says has ended since.

Rules held here:
- What is in the queue of the log is integrated before its length is told, and before it is read.
- Ends are what packages above the vault tell of in the log: permissions, and requests for approval.
- Where there are people, a backup is made as two others approved it, by who asked for it or approved it. As long as
  there is nobody, whoever runs haoma makes it.
- Nobody has to be signed in to put one back: whoever has lost the keys cannot sign in.
- The log says that a backup was made or put back, and the digest of the file. A backup that the log could not be told
  of is deleted again.
- A run that fails leaves its request as good as it was, until that expires; the error says so. One that fails when the
  log was told already leaves its file, and the error says that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from haoma.access import BACK_UP, Approvals, Asker, backing_up
from haoma.access.approval import one_approval
from haoma.consent.tables import grants
from haoma.errors import Conflict, HaomaError, Refused
from haoma.ledger.entry import Entry, Json
from haoma.vault.key_backup import FILES, STORE, Backup, Length, back_up_files, back_up_store
from haoma.vault.key_restore import (
    PutBack,
    destroyed,
    entries_since,
    put_back_files,
    put_back_store,
    require_length,
)
from haoma.vault.passphrase_file import require_new

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.storage import Store

__all__ = ["By", "Done", "back_up", "require_approved", "restore"]

OVER = frozenset({"done", "refused", "withdrawn"})
_AT_ONCE = 500


class Done(NamedTuple):
    """What was written or put back: store or files, its SHA-256, how many keys or files, and how many were left out."""

    what: str
    digest: str
    keys: int
    dropped: int


class By(NamedTuple):
    """Who makes a backup, and the request of it that two others approved."""

    asker: Asker
    approval: str


def back_up(services: Services, path: Path, passphrase: str, *, custody: bool, by: By | None = None) -> Done:
    """Write a backup of the key store, or of the files of custody and of the log, into a new file.

    Raises as `require_approved` and `Approvals.run` do, and Conflict for a request of another kind.
    """
    services.store  # noqa: B018 - without the log nothing could be put back
    require_approved(services, by)
    writer = _Writer(services, path, passphrase, custody=custody)
    if by is None:
        with writer.told_or_gone():
            writer.write()
            services.store.write(writer.tell)
        return writer.done
    what = FILES if custody else STORE
    asked = services.approvals.one(by.asker, by.approval, services.now())
    if (asked.action, asked.payload) != (BACK_UP, {"what": what}):
        raise Conflict(f"this is no request for a backup of the {what}", hint="haoma access approve show tells of what")
    require_new(path, passphrase)
    approvals = Approvals(services.gate, {BACK_UP: backing_up(writer)}, services.key_store.ends)
    try:
        with writer.told_or_gone(lambda: _is_done(services, by.approval)):
            approvals.run(by.asker, by.approval, services.now())
    except HaomaError as error:
        if writer.is_told:
            error.hint = "the backup is whole and kept, and the log tells of it: its request is over"
        elif writer.begun:
            error.hint = f"{error.hint or 'no backup is left of it'}; {_good_until(asked.expires_at)}"
        raise
    return writer.done


def _is_done(services: Services, approval_id: str) -> bool:
    """Whether the log was told of the run of a request; not, where the database does not answer."""
    with suppress(HaomaError), services.store.read() as tx:
        return one_approval(tx, approval_id).state == "done"
    return False


def _good_until(moment: datetime) -> str:
    return f"while the request is `running` the same command runs it again, until {moment:%Y-%m-%dT%H:%MZ}"


def require_approved(services: Services, by: By | None) -> None:
    """Raise Refused where there are people, and nobody of them says which request was approved."""
    if by is None and services.people.anybody():
        message = "a backup of the keys is made as two others approved it"
        raise Refused(message, hint="haoma vault keys backup --request")


def restore(services: Services, path: Path, passphrase: str, *, custody: bool, older_log: bool) -> Done:
    """Put a backup back, as the log says it still stands; raises as `key_restore` does."""
    services.store  # noqa: B018 - as above
    backup, now = Backup(path, passphrase), services.now()
    _length(services)
    require_length(services.view, backup.length, older_log=older_log)
    files = services.keys.directory
    done = put_back_files(backup, files, now) if custody else _put_back_store(services, backup)
    told = Done(backup.what, backup.digest, done.count, done.dropped)
    _tell(services, "vault.restored", told._asdict())
    return told


class _Writer:
    """A backup on its way into a new file; `done` is what was written, once it is."""

    done: Done

    def __init__(self, services: Services, path: Path, passphrase: str, *, custody: bool) -> None:
        self._services, self._path, self._passphrase = services, path, passphrase
        self._custody = custody
        self.begun, self._written, self.is_told = False, False, False

    def write(self) -> None:
        services, path, words = self._services, self._path, self._passphrase
        self.begun = True
        length, at = _length(services), services.now()
        if self._custody:
            made = back_up_files(services.keys.directory, path, words, at, length)
        else:
            made = back_up_store(services.key_store.store, path, words, at, length)
        kind = "file" if self._custody else "key"
        self.done = Done(FILES if self._custody else STORE, made.digest, made.counts[kind], 0)
        self._written = True

    def tell(self, tx: sa.Connection) -> None:
        body: dict[str, Json] = {"what": self.done.what, "digest": self.done.digest, "keys": self.done.keys}
        self._services.ledger.append(tx, Entry("vault.backed-up", self._services.now(), body))

    @contextmanager
    def told_or_gone(self, is_told: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Delete what was written where what is done inside fails, unless the log was told of it by then."""
        try:
            yield
        except BaseException:
            self.is_told = self._written and is_told()
            if self._written and not self.is_told:
                self._path.unlink(missing_ok=True)
            raise


def _put_back_store(services: Services, backup: Backup) -> PutBack:
    gone, ended = set[str](), dict[str, str]()
    commitments = dict[str, str]()
    for entry in entries_since(services.view, backup.length.size):
        gone |= destroyed(entry)
        if entry.type == "access.approval" and entry.body["to"] in OVER:
            ended[str(entry.body["approval"])] = str(entry.body["to"])
        elif entry.type == "consent.ended":
            commitments[str(entry.body["grant"])] = str(entry.body["why"])
    ended |= _grants(services.store, commitments)
    return put_back_store(backup, services.key_store, frozenset(gone), ended, services.now())


def _grants(store: Store, commitments: Mapping[str, str]) -> dict[str, str]:
    """The ids of permissions by what the log holds of them."""
    c, found, names = grants.c, dict[str, str](), sorted(commitments)
    with store.read() as tx:
        for at in range(0, len(names), _AT_ONCE):
            query = sa.select(c.grant_id, c.commitment).where(c.commitment.in_(names[at : at + _AT_ONCE]))
            found |= {row.grant_id: commitments[row.commitment] for row in tx.execute(query)}
    return found


def _length(services: Services) -> Length:
    services.ledger.integrate(wait_s=None)
    now = services.view.head()
    return Length(now.size, now.root)


def _tell(services: Services, type_: str, body: Mapping[str, Json]) -> None:
    services.store.write(lambda tx: services.ledger.append(tx, Entry(type_, services.now(), body)))
