from __future__ import annotations

from datetime import UTC, datetime

import pytest

from haoma.access.totp import code_at, otpauth_uri, step_of

SECRET = b"12345678901234567890"
VECTORS = [  # RFC 6238 appendix B
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("at", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_the_standard(at: int, sha1: str, sha256: str, sha512: str) -> None:
    step = at // 30
    assert code_at(SECRET, step, digits=8) == sha1
    assert code_at((SECRET * 2)[:32], step, digits=8, algorithm="sha256") == sha256
    assert code_at((SECRET * 4)[:64], step, digits=8, algorithm="sha512") == sha512


def test_a_code_is_good_for_its_step_and_its_neighbours_alone() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    step = int(now.timestamp()) // 30
    found = [step_of(SECRET, code_at(SECRET, step + off), now, after=0) for off in (-2, -1, 0, 1, 2)]
    assert found == [None, step - 1, step, step + 1, None]


def test_a_code_is_good_once() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    step = int(now.timestamp()) // 30
    assert step_of(SECRET, code_at(SECRET, step), now, after=step) is None


@pytest.mark.parametrize("code", ["", "12345", "１２３４５６", "abcdef", "\ud800"])
def test_what_is_no_code_is_wrong(code: str) -> None:
    assert step_of(SECRET, code, datetime(2026, 11, 22, tzinfo=UTC), after=0) is None


def test_an_app_reads_the_secret_with_its_names() -> None:
    uri = otpauth_uri(SECRET, "an", "haoma 号码")
    assert uri.startswith("otpauth://totp/haoma%20%E5%8F%B7%E7%A0%81:an?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")
