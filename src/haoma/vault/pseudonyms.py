"""From numbers to subject tokens: one number or a whole column, by the same function.

Rules held here:
- A token is the HMAC, cut to 128 bits, of the number's URI under its tenant's key; never a bare hash, never MD5.
- New tokens are of the newest key version; a number is found again under every version that is still there.
- A number that is none has no token, and a null stays null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from haoma.errors import BadInput
from haoma.numbers import Number
from haoma.vault.key_store import Key, KeyStore, Kind
from haoma.vault.model import MAC_BYTES, SubjectToken, as_letters, check_tenant, token_prefix

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Pseudonyms"]


class Pseudonyms:
    """Tokens under the keys of a key store."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def token(self, tenant: str, number: Number) -> SubjectToken:
        """The token of a number; raises BadInput for an invalid one."""
        return self.token_of(tenant, _uri(number))

    def token_of(self, tenant: str, uri: str) -> SubjectToken:
        """The token of the number whose URI this is."""
        key, digest = self._keys.digester(Kind.PSEUDONYM, check_tenant(tenant))
        return _token(key, digest(uri.encode()))

    def versions(self, tenant: str) -> int:
        """How many versions of a tenant's key are readable."""
        return len(self._keys.versions(Kind.PSEUDONYM, check_tenant(tenant)))

    def tokens(self, tenant: str, number: Number) -> tuple[SubjectToken, ...]:
        """The token of a number under every key version that is readable, the newest first."""
        uri = _uri(number)
        return tuple(_token(key, _mac(key, uri)) for key in self._keys.versions(Kind.PSEUDONYM, check_tenant(tenant)))

    def stands_for(self, subject: SubjectToken, uri: str) -> bool:
        """Whether a token is that of the number whose URI this is, under the key version that it names."""

        def fits(keys: Sequence[Key]) -> bool:
            return any(_token(key, _mac(key, uri)) == subject for key in keys)

        # What is kept in memory may lack a version that another process has just made.
        return fits(self._keys.versions(Kind.PSEUDONYM, check_tenant(subject.tenant))) or fits(
            self._keys.versions_now(Kind.PSEUDONYM, subject.tenant)
        )

    def column(self, tenant: str) -> Callable[[pa.Array], pa.Array]:
        """A function from a column of URIs to the column of their tokens' texts; null, and no number, give null."""
        key, digest = self._keys.digester(Kind.PSEUDONYM, check_tenant(tenant))
        prefix = token_prefix(tenant, key.suite.letter, key.version)

        def tokens(uris: pa.Array) -> pa.Array:
            import pyarrow as pa

            texts = uris.to_pylist()
            made = [prefix + as_letters(digest(text.encode())[:MAC_BYTES]) if text else None for text in texts]
            return pa.array(made, pa.string())

        return tokens


def _mac(key: Key, uri: str) -> bytes:
    return key.suite.mac(key.secret, uri.encode())


def _token(key: Key, mac: bytes) -> SubjectToken:
    return SubjectToken(key.scope, key.suite.letter, key.version, mac[:MAC_BYTES])


def _uri(number: Number) -> str:
    if number.uri is None:
        message = "there is no subject behind what is no number"
        raise BadInput(message, hint="number.valid tells")
    return number.uri
