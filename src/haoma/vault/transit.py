"""Custody in HashiCorp Vault or OpenBao: its transit engine wraps, unwraps and signs; keys never leave it.

Rules held here:
- Wrapping keys are `aes256-gcm96` with the name of the key as associated data, signing keys `ed25519`, named `-sign`.
- The token comes from `VAULT_TOKEN` or `~/.vault-token`, as for the program `vault`, and is in no setting.
- Nothing is told of what the server answered but its kind. Whatever it answers that is not what was asked for, sealed,
  away, busy, redirecting or garbled, is Unavailable. Tampered is only what it says to bytes that it is to unwrap.
- A server that answers nothing for `ANSWER_S` is away.

Reference: https://developer.hashicorp.com/vault/api-docs/secret/transit (read 2026-11)
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, cast

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.vault.custody import check_name, packed, unpacked

__all__ = ["Transit"]

ANSWER_S = 10
_SIGN = "-sign"
_GARBLED = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class _Engine(Protocol):
    """What of hvac's Transit is used."""

    def create_key(self, name: str, *, key_type: str, mount_point: str) -> object: ...
    def read_key(self, name: str, *, mount_point: str) -> Mapping[str, Mapping[str, object]]: ...
    def rotate_key(self, name: str, *, mount_point: str) -> object: ...
    def trim_key(self, name: str, min_version: int, *, mount_point: str) -> object: ...
    def update_key_configuration(
        self, name: str, *, min_decryption_version: int = ..., min_encryption_version: int = ..., mount_point: str
    ) -> object: ...
    def encrypt_data(
        self, name: str, *, plaintext: str, associated_data: str, mount_point: str
    ) -> Mapping[str, Mapping[str, str]]: ...
    def decrypt_data(
        self, name: str, *, ciphertext: str, associated_data: str, mount_point: str
    ) -> Mapping[str, Mapping[str, str]]: ...
    def sign_data(self, name: str, *, hash_input: str, mount_point: str) -> Mapping[str, Mapping[str, str]]: ...


class Transit:
    """Keys in the transit engine at `url`, such as https://vault.example:8200, mounted at `mount`."""

    def __init__(self, url: str, mount: str = "transit") -> None:
        try:
            import hvac
        except ImportError:
            message = "Vault and OpenBao need the package hvac, which is not installed"
            raise Unavailable(message, hint="pip install 'haoma[hvac]'") from None
        client = hvac.Client(url=url, timeout=ANSWER_S, allow_redirects=False)
        self._engine = cast("_Engine", client.secrets.transit)
        self._mount = mount

    @classmethod
    def of_setting(cls, text: str) -> Transit:
        """The engine that `transit+https://HOST:PORT/MOUNT` names; raises BadInput where it names none."""
        scheme, _, rest = text.removeprefix("transit+").partition("://")
        host, _, mount = rest.partition("/")
        if scheme not in {"http", "https"} or not host or "@" in host:
            message = "vault_custody names no transit engine"
            raise BadInput(message, hint="transit+https://vault.example:8200/transit, and VAULT_TOKEN beside it")
        return cls(f"{scheme}://{host}", mount.strip("/") or "transit")

    def wrap(self, name: str, key: bytes) -> bytes:
        """See `Custody.wrap`."""
        self._ensure(name, "aes256-gcm96")
        with _answering():
            said = self._engine.encrypt_data(
                name, plaintext=_text(key), associated_data=_text(name.encode()), mount_point=self._mount
            )
            version, data = _parsed(said["data"]["ciphertext"])
        return packed(version, data)

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """See `Custody.unwrap`."""
        version, data = unpacked(wrapped)
        if version not in self.versions(name):
            message = f"version {version} of the key {name} is gone"
            raise Unavailable(message, hint="restore it in Vault, if it was not destroyed")
        with _answering(unwrapping=True):
            said = self._engine.decrypt_data(
                name,
                ciphertext=f"vault:v{version}:{_text(data)}",
                associated_data=_text(name.encode()),
                mount_point=self._mount,
            )
            return _bytes(said["data"]["plaintext"])

    def sign(self, name: str, data: bytes) -> bytes:
        """See `Custody.sign`."""
        self._ensure(name + _SIGN, "ed25519")
        with _answering():
            said = self._engine.sign_data(name + _SIGN, hash_input=_text(data), mount_point=self._mount)
            return _parsed(said["data"]["signature"])[1]

    def public_keys(self, name: str) -> Mapping[int, bytes]:
        """See `Custody.public_keys`."""
        with _answering():
            found = self._read(check_name(name) + _SIGN).get("keys", {})
            keys = cast("Mapping[str, Mapping[str, str]]", found)
            return {int(version): _bytes(key["public_key"]) for version, key in keys.items()}

    def versions(self, name: str) -> tuple[int, ...]:
        """See `Custody.versions`."""
        found = self._read(check_name(name))
        if not found:
            return ()
        with _answering():
            oldest, newest = (int(str(found[field])) for field in ("min_decryption_version", "latest_version"))
        return tuple(range(max(oldest, 1), newest + 1))

    def rotate(self, name: str) -> int:
        """See `Custody.rotate`."""
        if not self.versions(name):
            self._ensure(name, "aes256-gcm96")
        else:
            with _answering():
                self._engine.rotate_key(name, mount_point=self._mount)
        return self.versions(name)[-1]

    def forget(self, name: str, below: int) -> None:
        """See `Custody.forget`."""
        if not self.versions(name):
            return
        with _answering():
            # One after the other: hvac takes them for a contradiction where both are the same version.
            self._engine.update_key_configuration(name, min_decryption_version=below, mount_point=self._mount)
            self._engine.update_key_configuration(name, min_encryption_version=below, mount_point=self._mount)
            self._engine.trim_key(name, below, mount_point=self._mount)

    def _ensure(self, name: str, kind: str) -> None:
        if not self._read(check_name(name)):
            with _answering():
                self._engine.create_key(name, key_type=kind, mount_point=self._mount)

    def _read(self, name: str) -> Mapping[str, object]:
        import hvac

        with _answering():
            try:
                found = self._engine.read_key(name, mount_point=self._mount)["data"]
            except hvac.exceptions.InvalidPath as error:
                if error.errors != []:  # of a mount that is not there; Vault has no words for a key that is not there
                    raise
                return {}
            if not found or not isinstance(found, Mapping):
                raise ValueError(name)  # a key that is there says something of itself
            return found


@contextmanager
def _answering(*, unwrapping: bool = False) -> Iterator[None]:
    """Tell a failure of the server or of the way to it in words."""
    import hvac
    import requests

    try:
        yield
    except hvac.exceptions.InvalidRequest:
        if not unwrapping:
            message = "Vault does not do what haoma asks of it"
            raise Unavailable(
                message, hint="is the engine at this mount transit, and does it let keys be made?"
            ) from None
        message = "Vault does not open this wrapped key"
        raise Tampered(message, hint="the key store and Vault do not belong together, or one was changed") from None
    except hvac.exceptions.VaultDown:
        raise Unavailable(
            "Vault is sealed, or does not serve", hint="unseal it; nothing is opened until then"
        ) from None
    except (hvac.exceptions.Forbidden, hvac.exceptions.Unauthorized):
        message = "Vault refuses this token"
        raise Unavailable(
            message, hint="VAULT_TOKEN must allow encrypt, decrypt, sign and read on haoma's keys"
        ) from None
    except _GARBLED:
        message = "Vault's answer is not what its interface says"
        raise Unavailable(message, hint="is there something else at this address, or at this mount?") from None
    except (hvac.exceptions.VaultError, requests.RequestException) as error:
        message = f"Vault does not answer as it should ({type(error).__name__})"
        raise Unavailable(message, hint="is it away, or busy? nothing is opened until it answers") from None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _parsed(text: str) -> tuple[int, bytes]:
    """Version and bytes of `vault:v1:BASE64`."""
    mark, version, data = text.split(":")
    if mark != "vault" or version[:1] != "v":
        raise ValueError(mark)
    return int(version[1:]), _bytes(data)
