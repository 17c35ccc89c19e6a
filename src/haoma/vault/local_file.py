"""Custody on one machine: a directory of files that only their owner can read, one for each version of a key.

Rules held here:
- The directory is 0700 and each file 0600; files that others can read are refused, not repaired.
- A file is `<name>-<version>.key`: its suite, a colon, and 32 random bytes in hexadecimal. It is never changed, and
  one that holds anything else is Tampered.
- Every use looks at the file: what another process destroyed, replaced or showed to others is gone here too. What was
  read of it counts for as long as it is the very same file, unchanged.
- Who has this directory and the key store has all. A service (transit) or a module (PKCS#11) keeps them apart.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from haoma.errors import Conflict, Tampered, Unavailable
from haoma.ledger.key_file import destroy_private, private_directory, read_private, write_private
from haoma.vault.custody import check_name, packed, unpacked
from haoma.vault.suites import KEY_BYTES, SUITES, Sealer, Suite

__all__ = ["LocalFiles"]

_TEXT = re.compile(r"([a-z0-9-]{1,32}):([0-9a-f]{64})\n?", re.ASCII)
_ED25519 = "ed25519"
_File: TypeAlias = tuple[int, int, int, int, int, int]


class LocalFiles:
    """Keys below one directory, which is made when the first key is; new keys wrap with `suite`."""

    def __init__(self, directory: Path, suite: Suite) -> None:
        self._directory = directory
        self._begin = os.path.join(directory, "")  # noqa: PTH118 - a path is put together for each key that is opened
        self._suite = suite
        self._kept: dict[str, tuple[_File, Sealer]] = {}

    def wrap(self, name: str, key: bytes) -> bytes:
        """See `Custody.wrap`."""
        versions = self.versions(name)
        version = versions[-1] if versions else self._make(check_name(name), self._suite.name, 1)
        return packed(version, self._sealer(name, version).seal(key, name.encode()))

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """See `Custody.unwrap`."""
        version, data = unpacked(wrapped)
        return self._sealer(check_name(name), version).open(data, name.encode())

    def sign(self, name: str, data: bytes) -> bytes:
        """See `Custody.sign`."""
        versions = self._versions(f"{check_name(name)}.sign")
        version = versions[-1] if versions else self._make(f"{name}.sign", _ED25519, 1)
        return self._signer(name, version).sign(data)

    def public_keys(self, name: str) -> Mapping[int, bytes]:
        """See `Custody.public_keys`."""
        return {
            version: self._signer(name, version).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            for version in self._versions(f"{check_name(name)}.sign")
        }

    def versions(self, name: str) -> tuple[int, ...]:
        """See `Custody.versions`."""
        return self._versions(check_name(name))

    def rotate(self, name: str) -> int:
        """See `Custody.rotate`."""
        return self._make(check_name(name), self._suite.name, max(self.versions(name), default=0) + 1)

    def forget(self, name: str, below: int) -> None:
        """See `Custody.forget`; overwriting before unlinking is best effort."""
        for version in self.versions(name):
            if version < below:
                self._kept.pop(self._name(name, version), None)
                with suppress(FileNotFoundError):
                    destroy_private(self._path(name, version))

    def _versions(self, stem: str) -> tuple[int, ...]:
        found = (path.stem.removeprefix(f"{stem}-") for path in self._directory.glob(f"{stem}-*.key"))
        return tuple(sorted(int(version) for version in found if version.isdecimal()))

    def _make(self, stem: str, kind: str, version: int) -> int:
        private_directory(self._directory.parent)
        private_directory(self._directory)
        with suppress(Conflict):  # another process was quicker
            write_private(self._path(stem, version), f"{kind}:{secrets.token_hex(KEY_BYTES)}\n".encode())
        return version

    def _signer(self, name: str, version: int) -> Ed25519PrivateKey:
        kind, secret = self._read(f"{name}.sign", version)
        if kind != _ED25519:
            raise self._damaged(f"{name}.sign", version)
        return Ed25519PrivateKey.from_private_bytes(secret)

    def _sealer(self, name: str, version: int) -> Sealer:
        path = self._name(name, version)
        file = self._file(path, name, version)  # before it is read: what is changed meanwhile is read again
        kept = self._kept.get(path)
        if kept is None or kept[0] != file:
            self._kept.pop(path, None)
            kept = self._kept[path] = file, self._read_sealer(name, version)
        return kept[1]

    def _file(self, path: str, stem: str, version: int) -> _File:
        """Which file there is, and since when it is as it is."""
        try:
            found = os.stat(path)  # noqa: PTH116 - for each key that is opened
        except FileNotFoundError:
            self._kept.pop(path, None)
            raise self._gone(stem, version) from None
        return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _read_sealer(self, name: str, version: int) -> Sealer:
        kind, secret = self._read(name, version)
        suite = next((one for one in SUITES if one.name == kind), None)
        if suite is None:
            raise self._damaged(name, version)
        return suite.sealer(secret)

    def _read(self, stem: str, version: int) -> tuple[str, bytes]:
        path = self._path(stem, version)
        try:
            found = _TEXT.fullmatch(read_private(path).decode("ascii", "replace"))
        except FileNotFoundError:
            raise self._gone(stem, version) from None
        if found is None:
            raise self._damaged(stem, version)
        return found[1], bytes.fromhex(found[2])

    def _gone(self, stem: str, version: int) -> Unavailable:
        hint = f"put {self._path(stem, version)} back from its backup, if it was not destroyed"
        return Unavailable(f"version {version} of the key {stem} is gone", hint=hint)

    def _damaged(self, stem: str, version: int) -> Tampered:
        message = f"{self._path(stem, version)} holds no key of its kind"
        return Tampered(message, hint="put it back from its backup")

    def _path(self, stem: str, version: int) -> Path:
        return Path(self._name(stem, version))

    def _name(self, stem: str, version: int) -> str:
        return f"{self._begin}{stem}-{version}.key"
