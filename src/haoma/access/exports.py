"""Bulk export: rows of a period as two others approved, masked, for one recipient, once.

Rules held here:
- A request says what, of which time, which columns, for what and for whom, and how many rows at the most. More rows
  than that are Refused, and none is written. The time ends before the request is made: what is approved does not grow.
- Subjects and actors leave under names made for this one file, by a key that is forgotten when it is written: two
  exports cannot be joined by them, by the recipients or by us. Ids that are the same in two exports never leave.
- Times leave as days. Where the request names the recipient's key, as seconds, and the file is sealed to that key.
- Text with seven digits in a row leaves as asterisks, whatever it is. What is sealed stays here.
- The file is its owner's alone, below `store_dir`, for a week (`export.file`). That it was made, of how many rows, with
  its digest, for whom and for what, is a record of sharing and an entry of the log, in one transaction with the end of
  the request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from haoma.access import tables
from haoma.access.approval import Approval, Effect
from haoma.access.model import holds_number
from haoma.errors import BadInput, Refused, Unavailable
from haoma.ledger.forms import Json, is_word, time_text
from haoma.ledger.key_file import private_directory
from haoma.vault.audit import Event
from haoma.vault.model import actor_name, as_letters
from haoma.vault.service import Vault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

__all__ = ["MOST_ROWS", "Exportable", "Tenant", "export_effect", "open_export"]

ACTION = "bulk-export"
MOST_ROWS = 100_000
ROWS_AT_ONCE = 1_000
CHINA = timezone(timedelta(hours=8))
INFO = b"haoma bulk export 1"
_FIELDS = {"what", "from", "to", "columns", "purpose", "recipient", "rows"}


class Tenant(NamedTuple):
    """Whose rows they are: its id, and what subject tokens call it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Exportable:
    """One kind of row that may be exported: when each was made, its columns, and which of them are a tenant's.

    Columns of `renamed` hold whom a row is about or who did it, and leave under another name.
    """

    at: sa.Column[datetime]
    columns: Mapping[str, sa.Column[Any]]
    renamed: frozenset[str]
    of: Callable[[Tenant], sa.ColumnElement[bool]]


class _Asked(NamedTuple):
    """What a request asks for; `key` is the recipient's X25519 key, None where the file is masked and open."""

    what: str
    since: datetime
    until: datetime
    columns: tuple[str, ...]
    purpose: str
    recipient: str
    rows: int
    key: bytes | None


def export_effect(vault: Vault, kinds: Mapping[str, Exportable], folder: Path) -> Effect:
    """What running an approved export does: one file in `folder`, named by the request."""
    return _Export(vault, kinds, folder).effect()


def open_export(data: bytes, private: bytes) -> bytes:
    """The rows of a file that was sealed to the X25519 key whose private half this is (RFC 9180)."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        return _suite().decrypt(data, X25519PrivateKey.from_private_bytes(private), INFO)
    except (InvalidTag, ValueError):
        raise BadInput("this file does not open with this key", hint="it is sealed to one recipient's key") from None


class _Export:
    """The exports of one store."""

    def __init__(self, vault: Vault, kinds: Mapping[str, Exportable], folder: Path) -> None:
        self._vault = vault
        self._kinds = kinds
        self._folder = folder
        self._written: dict[str, tuple[int, str]] = {}

    def effect(self) -> Effect:
        """See `export_effect`."""
        return Effect(self._inside, self._outside, self._check, self._found)

    def _check(self, _tx: sa.Connection, approval: Approval) -> None:
        asked = _asked(approval, self._kinds)
        if asked.until > approval.requested_at:
            raise BadInput("an export ends before it is requested", hint="ask for a time that is over")

    def _found(self, approval: Approval) -> Json:
        asked = _asked(approval, self._kinds)
        with self._vault.store.read() as tx:
            which = self._which(tx, approval, asked)
            rows = int(tx.scalar(sa.select(sa.func.count()).where(which)) or 0)
        if rows > asked.rows:
            message = f"there are {rows:,} rows, and {asked.rows:,} at the most were approved"
            raise Refused(message, hint="request it anew, for less time or for more rows")
        return rows

    def _outside(self, approval: Approval) -> None:
        """Write the file anew: what a run that was killed had written is gone."""
        asked = _asked(approval, self._kinds)
        with self._vault.store.read() as tx:
            lines = list(_lines(self._rows(tx, approval, asked), asked, self._kinds[asked.what]))
        data = b"".join(lines) if asked.key is None else _sealed(b"".join(lines), asked.key)
        _write(self._path(approval), data)
        self._written[approval.id] = len(lines), hashlib.sha256(data).hexdigest()

    def _inside(self, tx: sa.Connection, approval: Approval, now: datetime) -> Json:
        asked, (rows, digest) = _asked(approval, self._kinds), self._written.pop(approval.id)
        tenant, actor = _tenant(tx, approval).name, actor_name("person", approval.requester)
        event = Event(tenant, actor, "export.made", "allowed", asked.what, now, None, asked.purpose, "sharing")
        said = {"approval": approval.id, "what": asked.what, "purpose": asked.purpose, "recipient": asked.recipient}
        self._vault.audit.record(tx, event, "access.exported", **said, rows=rows, file=digest)
        return {"file": self._path(approval).name, "rows": rows, "sha256": digest}

    def _rows(self, tx: sa.Connection, approval: Approval, asked: _Asked) -> Iterator[dict[str, Any]]:
        kind = self._kinds[asked.what]
        chosen = [kind.columns[name].label(name) for name in asked.columns]
        query = sa.select(*chosen).where(self._which(tx, approval, asked)).order_by(kind.at).limit(asked.rows)
        for row in tx.execute(query, execution_options={"yield_per": ROWS_AT_ONCE}):
            yield dict(zip(asked.columns, row, strict=True))

    def _which(self, tx: sa.Connection, approval: Approval, asked: _Asked) -> sa.ColumnElement[bool]:
        kind = self._kinds[asked.what]
        return sa.and_(kind.of(_tenant(tx, approval)), kind.at >= asked.since, kind.at < asked.until)

    def _path(self, approval: Approval) -> Path:
        return self._folder / f"{approval.id}.jsonl{'' if _asked(approval, self._kinds).key is None else '.hpke'}"


def _tenant(tx: sa.Connection, approval: Approval) -> Tenant:
    known = tables.tenants.c
    return Tenant(approval.tenant, str(tx.scalar(sa.select(known.name).where(known.tenant_id == approval.tenant))))


def _asked(approval: Approval, kinds: Mapping[str, Exportable]) -> _Asked:
    """What a request asks for; raises BadInput where it is no export that there is."""
    said = approval.payload if isinstance(approval.payload, dict) else {}
    if set(said) - {"key"} != _FIELDS:
        raise BadInput(f"a request to {ACTION} says {', '.join(sorted(_FIELDS))}", hint=_HINT)
    kind = kinds.get(str(said["what"]))
    if kind is None:
        raise BadInput("there is nothing of this name to export", hint=f"there is {', '.join(sorted(kinds))}")
    columns, rows = said["columns"], said["rows"]
    names = tuple(str(one) for one in columns) if isinstance(columns, list) else ()
    if not names or len(set(names)) < len(names) or not set(names) <= kind.columns.keys():
        raise BadInput("a column is not there, or twice", hint=f"columns: {', '.join(kind.columns)}")
    if type(rows) is not int or not 0 < rows <= MOST_ROWS:
        raise BadInput(f"an export has 1 to {MOST_ROWS:,} rows", hint="several, each approved, for more")
    purpose, recipient = str(said["purpose"]), str(said["recipient"])
    if not (is_word(purpose) and is_word(recipient)):
        raise BadInput("purpose and recipient are words", hint="such as audit-2026, and acme-auditor")
    since, until = _moment(said["from"]), _moment(said["to"])
    if since >= until:
        raise BadInput("the time of an export begins before it ends", hint="from 2026-11-01 to 2026-12-01")
    return _Asked(str(said["what"]), since, until, names, purpose, recipient, rows, _key(said.get("key")))


def _moment(text: Json) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise BadInput("an export is from one moment to another, each with its zone", hint="2026-11-01T00:00:00+08:00")
    return found


def _key(text: Json) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(str(text))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise BadInput("this is no X25519 key", hint="its 32 bytes in hexadecimal")
    return found


def _lines(rows: Iterator[dict[str, Any]], asked: _Asked, kind: Exportable) -> Iterator[bytes]:
    """Each row as a line of JSON, as it may leave."""
    secret = secrets.token_bytes(32)  # for this file, and kept nowhere
    for row in rows:
        left = {name: _left(row[name], name in kind.renamed, secret, asked) for name in asked.columns}
        yield json.dumps(left, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _left(value: object, renamed: bool, secret: bytes, asked: _Asked) -> object:
    """A value as it may leave."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return f"{value.astimezone(CHINA):%Y-%m-%d}" if asked.key is None else time_text(value)[:19] + "Z"
    text = str(value)
    if renamed:
        return f"x.{as_letters(hmac.digest(secret, text.encode(), hashlib.sha256)[:16])}"
    return "***" if holds_number(text) else text


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _sealed(data: bytes, key: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    return _suite().encrypt(data, X25519PublicKey.from_public_bytes(key), INFO)


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        private_directory(path.parent)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Unavailable(
            f"the file of an export cannot be written ({error.strerror})", hint="look at the disk"
        ) from None


_HINT = "haoma access export asks for one"
