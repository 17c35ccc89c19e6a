"""What every custody does, wherever its keys lie.

A test class derives from `CustodyContract` and gives the fixture `custody`: one that has no keys yet.
"""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from haoma.errors import BadInput, Tampered, Unavailable
from haoma.vault import Custody
from haoma.vault.custody import version_of

KEY = bytes(range(48))


class CustodyContract:
    """The promises of `Custody`."""

    def test_a_wrapped_key_is_not_the_key_and_unwraps_to_it(self, custody: Custody) -> None:
        wrapped = custody.wrap("data", KEY)
        assert KEY not in wrapped
        assert custody.unwrap("data", wrapped) == KEY

    def test_the_first_use_makes_the_first_version_and_looking_makes_none(self, custody: Custody) -> None:
        assert custody.versions("data") == ()
        assert version_of(custody.wrap("data", KEY)) == 1
        assert custody.versions("data") == (1,)

    def test_the_newest_version_wraps_and_older_ones_unwrap(self, custody: Custody) -> None:
        old = custody.wrap("data", KEY)
        assert custody.rotate("data") == 2
        new = custody.wrap("data", KEY)
        assert [version_of(old), version_of(new)] == [1, 2]
        assert [custody.unwrap("data", one) for one in (old, new)] == [KEY, KEY]

    def test_a_forgotten_version_unwraps_nothing(self, custody: Custody) -> None:
        old = custody.wrap("data", KEY)
        custody.rotate("data")
        new = custody.wrap("data", KEY)
        custody.forget("data", below=2)
        assert custody.versions("data") == (2,)
        with pytest.raises(Unavailable):
            custody.unwrap("data", old)
        assert custody.unwrap("data", new) == KEY

    def test_what_was_changed_does_not_unwrap(self, custody: Custody) -> None:
        wrapped = custody.wrap("data", KEY)
        with pytest.raises(Tampered):
            custody.unwrap("data", wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
        with pytest.raises(Tampered):
            custody.unwrap("data", b"no version")

    def test_what_one_name_wrapped_another_does_not_unwrap(self, custody: Custody) -> None:
        wrapped = custody.wrap("data", KEY)
        custody.wrap("other", KEY)
        with pytest.raises(Tampered):
            custody.unwrap("other", wrapped)

    def test_a_signature_verifies_under_a_public_key_without_the_custody(self, custody: Custody) -> None:
        assert custody.public_keys("receipts") == {}
        signature = custody.sign("receipts", b"text")
        public = Ed25519PublicKey.from_public_bytes(custody.public_keys("receipts")[1])
        public.verify(signature, b"text")
        with pytest.raises(InvalidSignature):
            public.verify(signature, b"other")

    def test_wrapping_and_signing_keys_of_one_name_are_two(self, custody: Custody) -> None:
        custody.sign("data", b"text")
        assert custody.versions("data") == ()

    @pytest.mark.parametrize("name", ["", "../data", "Data", "a" * 33])
    def test_a_name_that_is_none_is_refused(self, custody: Custody, name: str) -> None:
        with pytest.raises(BadInput):
            custody.wrap(name, KEY)
