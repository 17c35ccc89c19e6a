"""Opening a store: made where it is missing, brought up to date where it is behind, refused where it is ahead.

Rules held here:
- Two processes that open a store at once migrate it once.
- An SQLite database is checked and copied before it is migrated. The copy lies beside it: `haoma.db.0001_store.bak`.
- The directory of the store is its owner's alone (0700), and so is the file (0600). A file that others can read is
  taken from them, and that is said; where that cannot be done, it is refused.
"""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from haoma.errors import BadInput, Conflict, NotFound, Refused, Tampered, Unavailable
from haoma.settings import Settings
from haoma.storage import schema
from haoma.storage.faults import explaining
from haoma.storage.keeping import keep_copy
from haoma.storage.postgres import PostgresStore
from haoma.storage.sqlite import SqliteStore
from haoma.storage.store import Store

__all__ = ["OPENING_S", "State", "database_url", "inspect_store", "open_store", "store_at"]

OPENING_S = 600.0  # a migration of a large database
WAIT_S = 10.0
_VERSION = {"sqlite": "SELECT sqlite_version()", "postgresql": "SELECT current_setting('server_version')"}
_SIZE = {
    "sqlite": "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    "postgresql": "SELECT pg_database_size(current_database())",
}
_BESIDE = ("-wal", "-shm", "-journal")
_log = logging.getLogger("haoma.storage")
# A traceback where Ctrl-C strikes while it closes a connection; who has set logging up still reads it.
logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())
_HINT = "sqlite:///PATH of a file, or postgresql://USER@HOST/DATABASE"


@dataclass(frozen=True, slots=True)
class State:
    """What a database says of itself, without being opened for use.

    `pending` are the migrations still to run, `lost` what its revision has and it has not: tables, columns,
    triggers.
    """

    name: str
    dialect: str
    version: str
    revision: str | None
    pending: tuple[str, ...]
    lost: tuple[str, ...]
    size_bytes: int


def database_url(settings: Settings) -> str:
    """The database that the settings name: `database`, else haoma.db in `store_dir`."""
    return settings.database or str(sa.URL.create("sqlite", database=str(settings.store_dir / "haoma.db")))


def open_store(url: str, *, create: bool = True, wait_s: float = WAIT_S) -> Store:
    """The store behind `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`, with its tables up to date.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place, open_store(f"sqlite:///{place}/haoma.db") as store:
    ...     store.dialect
    'sqlite'

    `wait_s` is how long a write waits for another process. Without `create` a store that is not there is NotFound.
    Raises BadInput for another URL, Conflict for a database of a newer haoma or with tables of others, Tampered for one
    whose revision is none of haoma's, Unavailable for one that cannot be used.
    """
    store = store_at(url, create=create, wait_s=wait_s)
    try:
        with explaining(store.name):
            _bring_up(store, create=create)
    except BaseException:
        store.close()
        raise
    return store


def inspect_store(url: str) -> State:
    """What a database says of itself; nothing is changed, and no table made.

    Raises NotFound where there is none or nothing in it, and as `open_store` for one that no command would open.
    """
    with store_at(url, create=False) as store, store.read() as tx:
        found = _revision(tx, store.name)
        if found is None:
            raise _nothing(store.name)
        size = _SIZE[store.dialect]
        return State(
            name=store.name,
            dialect=store.dialect,
            version=str(tx.scalar(sa.text(_VERSION[store.dialect]))),
            revision=found,
            pending=schema.pending(found, store.name),
            lost=(*schema.lost(found, schema.tables(tx)), *schema.untriggered(tx, found)),
            size_bytes=int(tx.scalar(sa.text(size)) or 0),
        )


def _parsed(url: str) -> sa.URL:
    try:
        found = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise BadInput("the setting database is no URL of a database", hint=_HINT) from None
    if found.drivername not in {"sqlite", "postgresql"} or not found.database or found.database == ":memory:":
        message = f"{found.render_as_string(hide_password=True)}: haoma keeps its data in SQLite or PostgreSQL"
        raise BadInput(message, hint=_HINT)
    return found


def store_at(url: str, *, create: bool, wait_s: float = WAIT_S) -> Store:
    """The store behind a URL, whatever its tables are like.

    Raises NotFound for a file that is not there without `create`, Refused for one that others can read and that is
    another user's.
    """
    found = _parsed(url)
    if found.drivername == "postgresql":
        return PostgresStore(found, wait_s=wait_s)
    path = Path(found.database or "").absolute()
    if not path.exists():
        if not create:
            raise _nothing(str(path))
        _make(path)
    _close_to_others(path)
    return SqliteStore(path, wait_s=wait_s)


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        message = f"{path}: the store cannot be made ({error.strerror})"
        raise Unavailable(message, hint="the settings store_dir and database tell where it lies") from None


def _close_to_others(path: Path) -> None:
    """Make a database its owner's alone, with the files that SQLite keeps beside it."""
    found = [one for one in (path, *(path.with_name(f"{path.name}{end}") for end in _BESIDE)) if _is_open(one)]
    try:
        for one in found:
            one.chmod(0o600)
    except OSError:
        message = f"{path}: others can read it, and it is not yours to close"
        raise Refused(message, hint=f"its owner does: chmod 600 {path}") from None
    if found:
        _log.warning("haoma: %s could be read by others; from now on it is its owner's alone (0600)", path)


def _is_open(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(stat.S_IMODE(mode) & 0o077)


def _bring_up(store: Store, *, create: bool) -> None:
    """Migrate where that is needed, one process at a time."""
    # SQLite turns a new file into a WAL database once, and refuses a second process that tries at the same moment.
    if store.dialect != "sqlite" and not _behind(store, create=create):
        return
    with store.leader("open", wait_s=OPENING_S) as leads:
        if not leads:
            raise Unavailable(f"{store.name}: another process is opening it", hint="it migrates; wait for its end")
        wanted = _behind(store, create=create)
        if wanted:
            if isinstance(store, SqliteStore):
                keep_copy(store.path)
            with store.changing() as tx:
                schema.migrate(tx, wanted)


def _behind(store: Store, *, create: bool) -> tuple[str, ...]:
    with store.read() as tx:
        found = _revision(tx, store.name)
        if found is None and not create:
            raise _nothing(store.name)
        return schema.pending(found, store.name)


def _revision(tx: sa.Connection, name: str) -> str | None:
    """The revision of a database; None for an empty one. Tampered, or Conflict, for one whose tables tell none."""
    found = schema.revision(tx)
    there = set(sa.inspect(tx).get_table_names()) if found is None else set()
    if "store_info" in there:
        message = f"{name}: it holds haoma's tables, and what tells their revision (alembic_version) is gone"
        raise Tampered(message, hint=schema.LOST)
    if there - {"alembic_version"}:
        message = f"{name}: it holds tables that are not haoma's"
        raise Conflict(message, hint="give haoma a database, or a schema, of its own")
    return found


def _nothing(name: str) -> NotFound:
    return NotFound(f"{name}: there is no store", hint="haoma db upgrade makes one")
