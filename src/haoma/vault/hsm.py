"""Custody in a PKCS#11 token (an HSM, or SoftHSM2): it wraps and signs inside; keys cannot be taken out.

Rules held here:
- Keys are made in the token, sensitive and not extractable. A version is an object: label `<name>`, id its number.
- Wrapping is AES-256-GCM with a fresh nonce and the name as associated data, signing is EdDSA over edwards25519.
- The PIN is read from a file that is its owner's alone, named in the URI (RFC 7512 `pin-source`), or from
  `HAOMA_PKCS11_PIN`; it is in no setting and no message.
- A PIN that the token refuses is not tried again by this process: tokens lock themselves after a few wrong ones.
- One session for all threads, used one at a time; after a failure the next call opens another. Whatever the token or
  its library fails at is Unavailable. Tampered is only what a token that works says to bytes that it is to unwrap. How
  long it may take is its library's matter.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.ledger.key_file import read_private
from haoma.vault.custody import check_name, packed, unpacked

if TYPE_CHECKING:
    import pkcs11

__all__ = ["Hsm"]

NONCE = 12
KEY_BITS = 256
_ED25519_POINT = 32
_ED25519 = b"\x13\x0cedwards25519"  # DER of a PrintableString: PKCS#11 v3.0, current mechanisms §2.3.10


class Hsm:
    """Keys in the token with this label, by the library of its maker."""

    def __init__(self, module: Path, token: str, pin: str) -> None:
        try:
            import pkcs11  # noqa: F401 - told at once where it is missing
        except ImportError:
            message = "PKCS#11 needs the package python-pkcs11, which is not installed"
            raise Unavailable(message, hint="pip install 'haoma[pkcs11]'") from None
        self._module, self._token, self._pin = module, token, pin
        self._lock = threading.RLock()
        self._session: pkcs11.Session | None = None
        self._pin_refused = False

    @classmethod
    def of_setting(cls, text: str) -> Hsm:
        """The token that `pkcs11:token=NAME?module-path=FILE&pin-source=file:FILE` names (RFC 7512)."""
        path, _, query = text.removeprefix("pkcs11:").partition("?")
        of_path = dict(part.partition("=")[::2] for part in path.split(";"))
        of_query = dict(parse_qsl(query))
        token, module = unquote(of_path.get("token", "")), of_query.get("module-path", "")
        if not token or not module:
            message = "vault_custody names no PKCS#11 token"
            raise BadInput(message, hint="pkcs11:token=haoma?module-path=/usr/lib/softhsm/libsofthsm2.so")
        return cls(Path(module), token, _pin(of_query.get("pin-source", "")))

    def __repr__(self) -> str:
        return f"Hsm({self._token})"

    def wrap(self, name: str, key: bytes) -> bytes:
        """See `Custody.wrap`."""
        with self._use() as session:
            versions = self._ids(session, check_name(name))
            version = versions[-1] if versions else self._make(session, name, 1)
            nonce = secrets.token_bytes(NONCE)
            sealed = self._key(session, name, version).encrypt(key, **_gcm(nonce, name))
        return packed(version, nonce + sealed)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """See `Custody.unwrap`."""
        import pkcs11

        version, data = unpacked(wrapped)
        with self._use() as session:
            key = self._key(session, check_name(name), version)
            try:
                return bytes(key.decrypt(data[NONCE:], **_gcm(data[:NONCE], name)))
            except (pkcs11.exceptions.EncryptedDataInvalid, pkcs11.exceptions.EncryptedDataLenRange):
                raise _unreadable() from None
            except pkcs11.exceptions.GeneralError:
                # What SoftHSM2 says of a tag that does not hold, and any token of a failure of its own.
                _require_working(key, name)
                raise _unreadable() from None

    def sign(self, name: str, data: bytes) -> bytes:
        """See `Custody.sign`."""
        import pkcs11

        with self._use() as session:
            versions = self._ids(session, check_name(name), pkcs11.ObjectClass.PRIVATE_KEY)
            if not versions:
                self._make_pair(session, name)
            key = self._object(session, name, (versions or [1])[-1], pkcs11.ObjectClass.PRIVATE_KEY)
            return bytes(key.sign(data, mechanism=pkcs11.Mechanism.EDDSA))

    def public_keys(self, name: str) -> Mapping[int, bytes]:
        """See `Custody.public_keys`."""
        import pkcs11

        kind = pkcs11.ObjectClass.PUBLIC_KEY
        with self._use() as session:
            return {
                # An OCTET STRING around the point, or the bare point: makers differ.
                version: bytes(self._object(session, name, version, kind)[pkcs11.Attribute.EC_POINT])[-_ED25519_POINT:]
                for version in self._ids(session, check_name(name), kind)
            }

    def versions(self, name: str) -> tuple[int, ...]:
        """See `Custody.versions`."""
        with self._use() as session:
            return tuple(self._ids(session, check_name(name)))

    def rotate(self, name: str) -> int:
        """See `Custody.rotate`."""
        with self._use() as session:
            return self._make(session, name, max(self._ids(session, check_name(name)), default=0) + 1)

    def forget(self, name: str, below: int) -> None:
        """See `Custody.forget`."""
        with self._use() as session:
            for version in self._ids(session, check_name(name)):
                if version < below:
                    self._key(session, name, version).destroy()

    @contextmanager
    def _use(self) -> Iterator[pkcs11.Session]:
        import pkcs11

        with self._lock:
            try:
                if self._pin_refused:
                    raise pkcs11.exceptions.PinIncorrect
                if self._session is None:
                    self._session = self._opened()
                yield self._session
            except (pkcs11.exceptions.PKCS11Error, RuntimeError, OSError) as error:
                self._close()
                what, hint = self._told(error)
                raise Unavailable(f"the PKCS#11 token {self._token} {what}", hint=hint) from None

    def _told(self, error: Exception) -> tuple[str, str]:
        """What a failure of the token is, and what to do."""
        import pkcs11.exceptions as known

        if isinstance(error, known.PinIncorrect | known.PinInvalid | known.PinLenRange | known.PinExpired):
            self._pin_refused = True
            return "refuses the PIN", "it is not tried again: a token locks itself; set the right one, and start again"
        if isinstance(error, known.PinLocked):
            self._pin_refused = True
            return "is locked", "its security officer unlocks it; then start again"
        if isinstance(error, known.NoSuchToken | known.TokenNotPresent | known.DeviceRemoved):
            return "is not there", "put it in; nothing is opened until then. vault_custody names it by its label"
        hint = "nothing is opened until it does; look at module, token and PIN"
        return f"does not answer as it should ({type(error).__name__})", hint

    def _opened(self) -> pkcs11.Session:
        import pkcs11

        token = pkcs11.lib(str(self._module)).get_token(token_label=self._token)
        try:
            return token.open(rw=True, user_pin=self._pin)
        except pkcs11.exceptions.UserAlreadyLoggedIn:  # a process logs in once, for all its sessions
            return token.open(rw=True)

    def _close(self) -> None:
        import pkcs11

        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except pkcs11.exceptions.PKCS11Error:
                return

    def _ids(self, session: pkcs11.Session, name: str, kind: pkcs11.ObjectClass | None = None) -> list[int]:
        import pkcs11

        wanted = {pkcs11.Attribute.CLASS: kind or pkcs11.ObjectClass.SECRET_KEY, pkcs11.Attribute.LABEL: name}
        found = [bytes(key[pkcs11.Attribute.ID]) for key in session.get_objects(wanted)]
        return sorted(int.from_bytes(one, "big") for one in found)

    def _key(self, session: pkcs11.Session, name: str, version: int) -> pkcs11.SecretKey:
        import pkcs11

        return self._object(session, name, version, pkcs11.ObjectClass.SECRET_KEY)

    def _object(self, session: pkcs11.Session, name: str, version: int, kind: pkcs11.ObjectClass) -> pkcs11.Key:
        import pkcs11

        wanted = {
            pkcs11.Attribute.CLASS: kind,
            pkcs11.Attribute.LABEL: name,
            pkcs11.Attribute.ID: _id(version),
        }
        found = next(iter(list(session.get_objects(wanted))), None)
        if found is None:
            message = f"version {version} of the key {name} is gone"
            raise Unavailable(message, hint="restore it in the token, if it was not destroyed")
        return found

    def _make(self, session: pkcs11.Session, name: str, version: int) -> int:
        import pkcs11

        locked = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        session.generate_key(pkcs11.KeyType.AES, KEY_BITS, label=name, id=_id(version), store=True, template=locked)
        return version

    def _make_pair(self, session: pkcs11.Session, name: str) -> None:
        import pkcs11

        curve = {pkcs11.Attribute.EC_PARAMS: _ED25519}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
        parameters.generate_keypair(
            mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            label=name,
            id=_id(1),
            store=True,
            private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
        )


def _id(version: int) -> bytes:
    return version.to_bytes(4, "big")


def _gcm(nonce: bytes, name: str) -> dict[str, object]:
    import pkcs11

    return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": pkcs11.GCMParams(nonce, name.encode())}


def _require_working(key: pkcs11.SecretKey, name: str) -> None:
    """Raise what the token raises where it does not open what it has just sealed."""
    nonce = secrets.token_bytes(NONCE)
    key.decrypt(key.encrypt(bytes(NONCE), **_gcm(nonce, name)), **_gcm(nonce, name))


def _unreadable() -> Tampered:
    return Tampered("the PKCS#11 token does not open this wrapped key", hint="the key store is of another token")


def _pin(source: str) -> str:
    if not source:
        return os.environ.get("HAOMA_PKCS11_PIN", "")
    path = Path(source.removeprefix("file://").removeprefix("file:"))
    try:
        return read_private(path).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        message = f"{path}: the PIN cannot be read"
        raise Unavailable(message, hint="pin-source=file:/PATH of a file with mode 0600") from None
