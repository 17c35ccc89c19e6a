"""Keys of commitments in a directory of one machine, a file each; the simplest keeper that fills `Commitments`.

Rules held here:
- The directory is 0700 and each file 0600; files that others can read are refused, not repaired.
- A key is called `<scope>-<n>`. A destroyed one leaves an empty mark in its place: its name is never used again.
- Every use reads the file: a key that another process destroyed is gone here too.
- Overwriting before unlinking is best effort: a copying file system or a backup of this directory keeps what it kept.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from haoma.errors import BadInput, Conflict, NotFound, Refused
from haoma.ledger.commitment import Commitment, commit

__all__ = ["KeyFiles", "private_directory", "read_private", "write_private"]

KEY_BYTES = 32
_SCOPE = re.compile(r"[a-z][a-z0-9]{0,23}")
_KEY_ID = re.compile(r"[a-z][a-z0-9]{0,23}-[1-9][0-9]{0,5}")


class KeyFiles:
    """Keys below one directory, which is made when the first key is."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def commit(self, scope: str, data: bytes) -> Commitment:
        """Commit to these bytes under the newest key of the scope, or its first one."""
        key_id = self._newest(scope)
        return commit(key_id, self._key(key_id), data)

    def opens(self, commitment: Commitment, data: bytes) -> bool:
        """Whether the commitment stands for these bytes; raises NotFound where its key was destroyed."""
        key = self._key(commitment.key_id)
        return secrets.compare_digest(commit(commitment.key_id, key, data).mac, commitment.mac)

    def destroy(self, key_id: str) -> None:
        """Destroy a key: what was committed to under it can no longer be proved or guessed; the log stays as it is.

        Raises NotFound where there is no such key.
        """
        path = self._path(key_id)
        if not path.is_file():
            raise _gone(key_id)
        (self._directory / f"{key_id}.destroyed").touch(mode=0o600)
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            os.fsync(file.fileno())
        path.unlink()
        _sync(self._directory)

    def key_ids(self) -> list[str]:
        """The keys there are, sorted."""
        return sorted(path.stem for path in self._directory.glob("*.key"))

    def _newest(self, scope: str) -> str:
        if _SCOPE.fullmatch(scope) is None:
            message = "the scope of a key is a word of lower-case letters and digits"
            raise BadInput(message)
        taken = {int(path.stem[len(scope) + 1 :]): path.suffix for path in self._directory.glob(f"{scope}-*.*")}
        live = max((number for number, suffix in taken.items() if self._path(f"{scope}-{number}").is_file()), default=0)
        if live and live == max(taken):
            return f"{scope}-{live}"
        key_id = f"{scope}-{max(taken, default=0) + 1}"
        private_directory(self._directory)
        with suppress(Conflict):  # another process was quicker
            write_private(self._path(key_id), secrets.token_bytes(KEY_BYTES))
        return key_id

    def _key(self, key_id: str) -> bytes:
        try:
            return read_private(self._path(key_id))
        except FileNotFoundError:
            raise _gone(key_id) from None

    def _path(self, key_id: str) -> Path:
        if _KEY_ID.fullmatch(key_id) is None:
            raise _gone("of this name")
        return self._directory / f"{key_id}.key"


def _gone(key_id: str) -> NotFound:
    return NotFound(
        f"there is no key {key_id}", hint="a destroyed key does not come back; proofs of the log hold without it"
    )


def private_directory(path: Path) -> None:
    """Make a directory that only its owner can enter, and those above it as usual."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def read_private(path: Path) -> bytes:
    """The bytes of a file that is nobody else's to read.

    Raises FileNotFoundError where there is none, Refused where group or others may read it.
    """
    with path.open("rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            message = f"{path} can be read by others"
            raise Refused(message, hint=f"chmod 600 {path}, and take the key for known if others use this machine")
        return file.read()


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, durably and whole; raises Conflict where there is one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # unlike a rename, this never replaces a key
    except FileExistsError:
        message = f"{path} is there already"
        raise Conflict(message) from None
    finally:
        draft.unlink()
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
