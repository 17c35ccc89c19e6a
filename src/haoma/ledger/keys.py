"""Keys of signed notes: verifier keys to hand out, signer keys to keep, in the text forms of Go's tools.

Rules held here:
- `<name>+<8 hex digits of the key ID>+<base64 of type and key>` is a verifier key; with `PRIVATE+KEY+` in front of it
  and the 32-byte seed in it, a signer key (C2SP signed-note, "Verifier keys"; golang.org/x/mod/sumdb/note).
- A key ID is the first four bytes of SHA-256 over name, newline, type and public key; one that differs is BadInput.
- A name is not empty and has no space, plus or control character.
- An Ed25519 public key of small order is refused: a signature under it fits any text, and anyone can make it.
- A key signs for one purpose: its type is part of its ID. A signer key never shows its seed by itself.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from haoma.errors import BadInput

__all__ = [
    "KeyType",
    "SignerKey",
    "VerifierKey",
    "decode_base64",
    "parse_signer_key",
    "parse_verifier_key",
    "require_name",
    "witness_name",
]

SEED_BYTES = 32
LONGEST_NAME = 255
CONTROL = re.compile(r"[\x00-\x1f]")
FIELD = 2**255 - 19
_ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
# The y coordinates of the eight points whose order divides 8 (RFC 8032 §5.1: edwards25519 has the cofactor 8).
SMALL_ORDER = {0, 1, FIELD - 1, _ORDER_8, FIELD - _ORDER_8}
VKEY_HINT = "a verifier key is name+8 hex digits+base64, as in example.com/log+530d903a+AekyeRrm…"
SKEY_HINT = "a signer key is PRIVATE+KEY+name+8 hex digits+base64"


class KeyType(IntEnum):
    """What a key signs, by its identifier byte (C2SP signed-note, "Signature types")."""

    ED25519 = 0x01
    """Any note."""
    ED25519_COSIGNATURE = 0x04
    """Checkpoints, with a time."""
    ML_DSA_44_COSIGNATURE = 0x06
    """Checkpoints and subtrees, with a time and the cosigner's name."""


PUBLIC_BYTES = {KeyType.ED25519: 32, KeyType.ED25519_COSIGNATURE: 32, KeyType.ML_DSA_44_COSIGNATURE: 1312}


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name.

    >>> key = parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    >>> key.name, f"{key.key_id:08x}", key.type.name
    ('example.com/foo', '530d903a', 'ED25519')
    """

    name: str
    type: KeyType
    public: bytes

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.public) != PUBLIC_BYTES[self.type]:
            raise BadInput(f"the public key is {len(self.public)} bytes", hint=f"it has {PUBLIC_BYTES[self.type]}")

    @property
    def key_id(self) -> int:
        """The key's short identifier, an unsigned 32-bit integer."""
        digest = sha256(f"{self.name}\n".encode() + bytes([self.type]) + self.public).digest()
        return int.from_bytes(digest[:4])

    @property
    def text(self) -> str:
        """The key as text, ready to be handed out."""
        return f"{self.name}+{self.key_id:08x}+{b64encode(bytes([self.type]) + self.public).decode()}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the bare signature (64 or 2,420 bytes) of this key stands for exactly this message."""
        try:
            if self.type is KeyType.ML_DSA_44_COSIGNATURE:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key with its name: a 32-byte seed (RFC 8032 §5.1.5, FIPS 204 §5.1), which `repr` does not show.

    >>> key = SignerKey("example.com/log", KeyType.ED25519, bytes(32))
    >>> key.verifier.verifies(b"text", key.sign(b"text")), key
    (True, SignerKey(name='example.com/log', type=<KeyType.ED25519: 1>))
    """

    name: str
    type: KeyType
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        require_name(self.name)
        if len(self.seed) != SEED_BYTES:
            raise BadInput(f"the seed is {len(self.seed)} bytes", hint=f"it has {SEED_BYTES}")

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        if self.type is KeyType.ML_DSA_44_COSIGNATURE:
            public = MLDSA44PrivateKey.from_seed_bytes(self.seed).public_key().public_bytes_raw()
        else:
            public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, self.type, public)

    @property
    def secret_text(self) -> str:
        """The key as text, to be kept in a file that nobody else reads."""
        secret = b64encode(bytes([self.type]) + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id:08x}+{secret}"

    def sign(self, message: bytes) -> bytes:
        """The bare signature: 64 bytes, or 2,420 of ML-DSA-44, whose context is empty."""
        if self.type is KeyType.ML_DSA_44_COSIGNATURE:
            return MLDSA44PrivateKey.from_seed_bytes(self.seed).sign(message)
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


def parse_verifier_key(text: object) -> VerifierKey:
    """The verifier key in a text; BadInput for a malformed one, an unknown type, a wrong key ID, a small order."""
    if not isinstance(text, str):
        raise BadInput(f"a verifier key is text, and this is {type(text).__name__}", hint=VKEY_HINT)
    name, key_id, kind, public = _parts(text, VKEY_HINT)
    key = VerifierKey(name, kind, public)
    if key_id != key.key_id:
        raise BadInput(f"the key ID {key_id:08x} is not that of the key ({key.key_id:08x})", hint=VKEY_HINT)
    if kind is not KeyType.ML_DSA_44_COSIGNATURE and _has_small_order(public):
        raise BadInput("a public key of small order: anyone can sign under it", hint="do not trust who gave it to you")
    return key


def parse_signer_key(text: object) -> SignerKey:
    """The signer key in a text; BadInput as for a verifier key. No message quotes the text."""
    if not isinstance(text, str) or not text.startswith("PRIVATE+KEY+"):
        raise BadInput("this is no signer key", hint=SKEY_HINT)
    name, key_id, kind, seed = _parts(text.removeprefix("PRIVATE+KEY+"), SKEY_HINT)
    key = SignerKey(name, kind, seed)
    if key_id != key.verifier.key_id:
        raise BadInput(f"the key ID {key_id:08x} is not that of the key", hint=SKEY_HINT)
    return key


def witness_name(key: VerifierKey) -> str:
    """How the log names a witness in what it keeps: by name and key ID, of at most 255 characters."""
    return f"{key.name}+{key.key_id:08x}"[-LONGEST_NAME:]


def require_name(name: object) -> str:
    """The name when it may name a key, BadInput otherwise."""
    if not isinstance(name, str):
        raise BadInput(f"a key's name is text, and this is {type(name).__name__}")
    if name.split() != [name] or "+" in name or CONTROL.search(name) or not _is_unicode(name):
        raise BadInput("a key's name is empty, or has a space, plus or control character", hint="use example.com/log")
    return name


def decode_base64(text: str) -> bytes | None:
    r"""The bytes of standard, padded base64 in its one spelling (RFC 4648 §4), None otherwise.

    >>> decode_base64("AAE="), decode_base64("AAF="), decode_base64("AAE")
    (b'\x00\x01', None, None)
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        return None
    return data if b64encode(data).decode() == text else None


def _parts(text: str, hint: str) -> tuple[str, int, KeyType, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decode_base64(encoded)
    if not re.fullmatch("[0-9a-f]{8}", key_id) or not data:
        raise BadInput("a malformed key", hint=hint)
    if data[0] not in PUBLIC_BYTES:
        raise BadInput(f"a key of type 0x{data[0]:02x}", hint="known are 0x01, 0x04 and 0x06")
    return require_name(name), int(key_id, 16), KeyType(data[0]), data[1:]


def _has_small_order(public: bytes) -> bool:
    """Whether this is one of the eight points of small order, in any of their spellings (RFC 8032 §5.1.2)."""
    return (int.from_bytes(public, "little") & (1 << 255) - 1) % FIELD in SMALL_ORDER


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
