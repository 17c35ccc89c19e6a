"""A file that only a passphrase opens: what a backup of keys is written into.

Rules held here:
- The key is Argon2id of the passphrase under a salt of the file (RFC 9106 §4, second recommended option), so that each
  guess costs 64 MiB. A passphrase has 16 characters at the least.
- The content is AES-256-GCM in parts, each bound to the head of the file, to its place, and to whether it is the last
  (STREAM, Hoang, Reyhanitabar, Rogaway and Vizár 2015): what was cut, swapped or changed does not open.
- The file is its owner's alone (0600), is there whole or not at all, and takes the place of no other.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from haoma.errors import BadInput, Conflict, Refused, Tampered, Unavailable
from haoma.ledger.canonical import canonical

__all__ = ["SHORTEST", "Unlocked", "require_new", "write_lines"]

SHORTEST = 16
PART = 1 << 20
TAG = 16
_MAGIC = b"haoma-keys/1\n"
_LONGEST_HEAD = 1_024
_COST = {"lanes": 4, "memory_kib": 65_536, "passes": 3}
_MOST = {"lanes": 16, "memory_kib": 1 << 20, "passes": 16}


def require_new(path: Path, passphrase: str) -> None:
    """Raise BadInput for a short passphrase and Conflict where the file is there, before anything is begun."""
    if len(passphrase) < SHORTEST:
        raise BadInput(f"a passphrase has {SHORTEST} characters at the least", hint="five or six random words")
    if os.path.lexists(path):
        raise _there(path)


def write_lines(path: Path, passphrase: str, lines: Iterable[bytes]) -> str:
    """Write lines into a new file that the passphrase opens; returns the SHA-256 of the file.

    Raises BadInput for a short passphrase, Conflict where the file is there, Unavailable where it cannot be written.
    """
    require_new(path, passphrase)
    head = _MAGIC + canonical({**_COST, "salt": secrets.token_hex(16)}) + b"\n"
    cipher, digest = _cipher(head, passphrase), hashlib.sha256()
    draft = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for part in _sealed(cipher, head, lines):
                digest.update(part)
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, this replaces nothing
    except FileExistsError as error:
        if error.filename2 is None:  # the draft itself: another backup runs
            raise Conflict(f"{draft} is there already", hint="another backup runs, or was ended: remove it") from None
        draft.unlink()
        raise _there(path) from None
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Unavailable(f"{path}: {error.strerror}", hint="name a file in a directory with room for it") from None
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.unlink()
    return digest.hexdigest()


def _there(path: Path) -> Conflict:
    return Conflict(f"{path} is there already", hint="name another file")


class Unlocked:
    """A file that its passphrase has opened. Raises BadInput for another file, Tampered where its head was changed."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self.path = path
        with _reading(path) as file:
            self._head = _head(path, file)
        self._cipher = _cipher(self._head, passphrase)

    def lines(self) -> Iterator[bytes]:
        """Its lines, as they are read: what comes behind may still turn out to be cut or changed.

        Raises Refused where the passphrase does not open it, Tampered where it was changed.
        """
        with _reading(self.path) as file:
            file.seek(len(self._head))
            yield from _lines(_opened(self.path, file, self._head, self._cipher))

    def digest(self) -> str:
        """The SHA-256 of the file."""
        with _reading(self.path) as file:
            digest = hashlib.sha256()
            while part := file.read(PART):
                digest.update(part)
            return digest.hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise BadInput(f"{path}: it cannot be read ({error.strerror})") from None


def _head(path: Path, file: BinaryIO) -> bytes:
    found = file.read(len(_MAGIC)) + file.readline(_LONGEST_HEAD)
    if not found.startswith(_MAGIC) or not found.endswith(b"\n"):
        raise BadInput(f"{path} is no backup of keys", hint="haoma vault keys backup writes one")
    return found


def _cipher(head: bytes, passphrase: str) -> AESGCM:
    try:
        said = json.loads(head.removeprefix(_MAGIC))
        cost = {name: int(said[name]) for name in _COST}
        salt = bytes.fromhex(said["salt"])
        fit = all(1 <= cost[name] <= _MOST[name] for name in _COST) and len(salt) == 16
    except (ValueError, TypeError, KeyError):
        fit = False
    if not fit:
        raise Tampered("the head of this backup of keys was changed", hint="take another copy of it")
    key = hash_secret_raw(passphrase.encode(), salt, cost["passes"], cost["memory_kib"], cost["lanes"], 32, Type.ID)
    return AESGCM(key)


def _sealed(cipher: AESGCM, head: bytes, lines: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    number, kept = 0, bytearray()
    for line in lines:
        kept += line + b"\n"
        while len(kept) > PART:
            yield cipher.encrypt(_nonce(number, last=False), bytes(kept[:PART]), head)
            number, kept = number + 1, kept[PART:]
    yield cipher.encrypt(_nonce(number, last=True), bytes(kept), head)


def _opened(path: Path, file: BinaryIO, head: bytes, cipher: AESGCM) -> Iterator[bytes]:
    number, part = 0, file.read(PART + TAG)
    if not part:
        raise Tampered(f"{path} was cut", hint="take another copy of it")
    while part:
        ahead = file.read(PART + TAG)
        try:
            yield cipher.decrypt(_nonce(number, last=not ahead), part, head)
        except InvalidTag:
            if number == 0:
                raise Refused(f"this passphrase does not open {path}", hint="or its beginning was changed") from None
            raise Tampered(f"{path} was cut or changed", hint="take another copy of it") from None
        number, part = number + 1, ahead


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    kept = b""
    for part in parts:
        *whole, kept = (kept + part).split(b"\n")
        yield from whole


def _nonce(number: int, *, last: bool) -> bytes:
    # The key is of this file alone, and so a counter is enough.
    return number.to_bytes(11, "big") + bytes([last])
