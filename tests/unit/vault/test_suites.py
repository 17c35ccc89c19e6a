from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from haoma.errors import BadInput, Tampered
from haoma.vault import SUITES, Suite, suite_named
from haoma.vault.suites import suite_of_letter

KEY = bytes(range(32))
both = pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)


@both
@given(text=st.binary(max_size=200), context=st.binary(max_size=60))
def test_what_is_sealed_opens_with_its_key_and_context(suite: Suite, text: bytes, context: bytes) -> None:
    sealed = suite.sealer(KEY).seal(text, context)
    assert suite.sealer(KEY).open(sealed, context) == text
    assert len(text) < 4 or text not in sealed


@both
@given(text=st.binary(max_size=64), at=st.integers(0), bit=st.integers(0, 7))
def test_a_changed_bit_does_not_open(suite: Suite, text: bytes, at: int, bit: int) -> None:
    sealed = bytearray(suite.sealer(KEY).seal(text, b"context"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(Tampered):
        suite.sealer(KEY).open(bytes(sealed), b"context")


@both
@pytest.mark.parametrize("change", ["key", "context", "short", "empty"])
def test_another_key_or_context_or_less_does_not_open(suite: Suite, change: str) -> None:
    sealed = suite.sealer(KEY).seal(b"text", b"context")
    with pytest.raises(Tampered):
        suite.sealer(KEY[::-1] if change == "key" else KEY).open(
            {"short": sealed[:-1], "empty": b""}.get(change, sealed), b"other" if change == "context" else b"context"
        )


@both
def test_lengths_tell_little(suite: Suite) -> None:
    lengths = {len(suite.sealer(KEY).seal(b"x" * size, b"")) for size in range(32)}
    assert len(lengths) == 1


@both
def test_context_and_text_cannot_be_moved_into_each_other(suite: Suite) -> None:
    sealed = suite.sealer(KEY).seal(b"bc", b"a")
    with pytest.raises(Tampered):
        suite.sealer(KEY).open(sealed, b"ab")


@given(key=st.binary(min_size=1, max_size=200), message=st.binary(max_size=300))
@example(key=bytes(64), message=b"")
@example(key=bytes(65), message=b"")
def test_prepared_hmac_is_the_hmac_of_the_standard_library(key: bytes, message: bytes) -> None:
    assert suite_named("aes-sha2").mac(key, message) == hmac.digest(key, message, hashlib.sha256)


def test_hmac_sm3_is_openssls() -> None:
    if "sm3" not in hashlib.algorithms_available:
        pytest.skip("this Python's OpenSSL has no SM3")
    assert suite_named("sm4-sm3").mac(KEY, b"message") == hmac.digest(KEY, b"message", "sm3")


def test_hkdf_is_rfc_5869s() -> None:
    # HKDF-Expand(HKDF-Extract(zeros, key), info), section 2, by the standard library alone.
    extracted = hmac.digest(bytes(32), KEY, hashlib.sha256)
    assert suite_named("aes-sha2").derive(KEY, b"info") == hmac.digest(extracted, b"info\x01", hashlib.sha256)


def test_sm4_siv_is_the_composition_that_the_record_describes() -> None:
    """HMAC-SM3 over length, context and filled text, cut to 128 bits, is the tag and the first counter block."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import SM4
    from cryptography.hazmat.primitives.ciphers.modes import ECB
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def key_of(info: bytes, length: int) -> bytes:
        return HKDF(hashes.SM3(), length, None, info).derive(KEY)

    filled = b"text\x80" + bytes(27)
    suite = suite_named("sm4-sm3")
    tag = suite.mac(key_of(b"haoma vault sm4-siv tag", 32), (1).to_bytes(8, "big") + b"c" + filled)[:16]
    block = Cipher(SM4(key_of(b"haoma vault sm4-siv text", 16)), ECB()).encryptor()  # noqa: S305 - one block is what is asked for
    counters = b"".join(((int.from_bytes(tag, "big") + n) % 2**128).to_bytes(16, "big") for n in range(2))
    stream = block.update(counters)
    assert suite.sealer(KEY).seal(b"text", b"c") == tag + bytes(a ^ b for a, b in zip(filled, stream, strict=True))


def test_suites_are_found_by_name_and_letter() -> None:
    assert all(suite_named(suite.name) is suite_of_letter(suite.letter) is suite for suite in SUITES)
    for find in (suite_named, suite_of_letter):
        with pytest.raises(BadInput):
            find("md5")
