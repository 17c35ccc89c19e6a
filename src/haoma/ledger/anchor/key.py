"""The key that owns a contract, in a file of its own.

Rules held here:
- The file is 0600, or the key is refused; it holds 64 hexadecimal digits, with or without 0x, as EVM tools write it.
- The key is never printed: `str` and `repr` show the address that belongs to it.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import BadInput, NotFound
from haoma.ledger.anchor.node import require_web3
from haoma.ledger.key_file import read_private, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AccountKey"]

_HEX = re.compile(rb"\s*(?:0x)?([0-9a-fA-F]{64})\s*")


class AccountKey:
    """One account's key, which signs here: no node ever sees it."""

    def __init__(self, secret: bytes) -> None:
        require_web3()
        from eth_account import Account

        try:
            self._account = Account.from_key(secret)
        except Exception:  # noqa: BLE001 - the library's words may quote the key, and its exceptions are of many types
            raise BadInput("this is no key of an account", hint="a secp256k1 key is 32 bytes, not 0") from None
        self.address = str(self._account.address)

    @classmethod
    def read(cls, path: Path) -> AccountKey:
        """The key in a file; raises NotFound, BadInput, or Refused where others may read it."""
        try:
            text = read_private(path)
        except FileNotFoundError:
            raise NotFound(
                f"there is no key at {path}", hint="make one, and give its address something to pay with"
            ) from None
        match = _HEX.fullmatch(text)
        if match is None:
            raise BadInput(f"{path} holds no key of an account", hint="it is 64 hexadecimal digits")
        return cls(bytes.fromhex(match[1].decode()))

    @classmethod
    def create(cls, path: Path) -> AccountKey:
        """A new key in a new file; raises Conflict where there is one."""
        secret = secrets.token_bytes(32)
        key = cls(secret)
        write_private(path, secret.hex().encode() + b"\n")
        return key

    def sign(self, transaction: Mapping[str, object]) -> bytes:
        """The signed transaction, ready to be sent."""
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)

    def __repr__(self) -> str:
        return f"AccountKey({self.address})"
