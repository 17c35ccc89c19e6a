"""The keys of one instance, in a directory of its own, a file each.

Rules held here:
- A key is made at its first use and never again. A log that has signed before and whose key is gone is told so: a
  second key would make another log of it.
- A key that is of another name than the settings say is refused.
- Whoever only reads makes none (`existing`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from haoma.errors import BadInput, Conflict
from haoma.ledger.key_file import private_directory, read_private, write_private
from haoma.ledger.keys import KeyType, SignerKey, parse_signer_key, require_name

__all__ = ["OwnKeys"]


class OwnKeys:
    """The keys of the log of this origin. `signed` tells whether a checkpoint of it was ever signed."""

    def __init__(self, directory: Path, origin: str, signed: Callable[[], bool]) -> None:
        self.directory = directory
        self._origin = origin
        self._kinds = {
            "log": (origin, KeyType.ED25519),
            "witness": (f"{origin}/witness", KeyType.ML_DSA_44_COSIGNATURE),
        }
        self._signed = signed

    def log(self) -> SignerKey:
        """The key that signs the log's checkpoints.

        Raises Conflict where it is of another log, or gone although the log has signed before.
        """
        self.require_kept()
        return self._signer("log")

    def require_kept(self) -> None:
        """Raise Conflict where the key of the log is gone although it has signed before."""
        if not self._path("log").exists() and self._signed():
            message = f"{self._path('log')} is gone, and this log has signed with it"
            raise Conflict(message, hint="put it back from its backup: a log keeps its key")

    def require_named(self) -> None:
        """Raise BadInput where the name in the settings is none, Conflict where a key here is of another name."""
        try:
            require_name(self._origin)
        except BadInput as error:
            raise BadInput(f"ledger_origin: {error}", hint=error.hint) from None
        self.existing()

    def witness(self) -> SignerKey:
        """The key that cosigns the checkpoints of other logs."""
        return self._signer("witness")

    def entries(self) -> str:
        """What a reader of the entries shows over HTTP."""
        return self._secret("entries", lambda: secrets.token_urlsafe(32))

    def hops(self) -> str:
        """What a pipeline that reports its hops shows over HTTP."""
        return self._secret("hops", lambda: secrets.token_urlsafe(32))

    def cursors(self) -> str:
        """What the places in long lists are signed with that callers over HTTP come back with."""
        return self._secret("cursors", lambda: secrets.token_urlsafe(32))

    def metrics(self) -> str:
        """What a reader of the figures shows over HTTP."""
        return self._secret("metrics", lambda: secrets.token_urlsafe(32))

    def existing(self) -> dict[str, SignerKey]:
        """The signing keys there are: log, witness, or none of them."""
        return {of: self._signer(of) for of in self._kinds if self._path(of).exists()}

    def _signer(self, of: str) -> SignerKey:
        name, kind = self._kinds[of]
        text = self._secret(of, lambda: SignerKey(name, kind, secrets.token_bytes(32)).secret_text)
        try:
            key = parse_signer_key(text)
        except BadInput as error:
            raise BadInput(f"{self._path(of)}: {error}", hint="put it back from its backup") from None
        if (key.name, key.type) != (name, kind):
            message = f"{self._path(of)} is the key of {key.name}, and the settings say {name}"
            raise Conflict(message, hint="a log keeps its name: set ledger_origin back, or begin another store_dir")
        return key

    def _secret(self, of: str, make: Callable[[], str]) -> str:
        path = self._path(of)
        with suppress(FileNotFoundError):
            return _text(path)
        private_directory(self.directory.parent)
        private_directory(self.directory)
        with suppress(Conflict):  # another process was quicker
            write_private(path, f"{make()}\n".encode())
        return _text(path)

    def _path(self, of: str) -> Path:
        return self.directory / f"{of}.key"


def _text(path: Path) -> str:
    try:
        text = read_private(path).decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise BadInput(f"{path} holds no key", hint="put it back from its backup")
    return text
