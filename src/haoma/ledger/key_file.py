"""Files that hold keys: nobody's but their owner's, written whole, never replaced.

Rules held here:
- The directory is 0700 and each file 0600; files that others can read are refused, not repaired.
- Overwriting before unlinking is best effort: a copying file system or a backup of the directory keeps what it kept.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from haoma.errors import BadInput, Conflict, Refused

__all__ = ["destroy_private", "private_directory", "read_private", "write_private"]


def private_directory(path: Path) -> None:
    """Make a directory that only its owner can enter, and those above it as usual."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def read_private(path: Path) -> bytes:
    """The bytes of a file that is nobody else's to read.

    Raises FileNotFoundError where there is none, Refused where group or others may read it, BadInput for a pipe or
    whatever else is no file.
    """
    # A pipe that nobody writes to would be waited for without an end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise BadInput(f"{path} is no regular file", hint="a key is kept in a file of its own")
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_IMODE(mode) & 0o077:
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


def destroy_private(path: Path) -> None:
    """Overwrite a file with noise and remove it; raises FileNotFoundError where there is none."""
    with path.open("r+b") as file:
        file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
