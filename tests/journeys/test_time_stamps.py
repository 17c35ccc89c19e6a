"""A checkpoint is stamped by a real authority on this machine: OpenSSL's, behind a small HTTP server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from contracts.tsa import answering, founded, openssl
from haoma.errors import BadInput, Tampered, Unavailable
from haoma.ledger.stamp import verify
from haoma.ledger.tsa import TimeStampAuthority

CHECKPOINT = (
    b"example.com/log\n3\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n\n\xe2\x80\x94 example.com/log c2lnbmF0dXJl\n"
)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority's directory."""
    return founded(tmp_path_factory.mktemp("tsa"))


@pytest.fixture(scope="session")
def address(desk: Path) -> Iterator[str]:
    with answering(desk) as url:
        yield url


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=20, trust_env=False) as client:
        yield client


def test_a_checkpoint_is_stamped_and_the_stamp_holds_years_later(address: str, desk: Path, http: httpx.Client) -> None:
    root = (desk / "root.pem").read_bytes()
    reply, stamp = TimeStampAuthority(address, http, [root]).stamp(CHECKPOINT)
    assert stamp.tsa_name == "CN=tsa,O=haoma tests"
    assert (stamp.policy, stamp.accuracy_us) == ("1.3.6.1.4.1.57264.2", 1_000_000)
    assert abs(stamp.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert verify(reply, CHECKPOINT, [root]) == stamp
    with pytest.raises(Tampered, match="not valid on"):
        verify(reply, CHECKPOINT, [root], at=datetime.now(UTC) + timedelta(days=31))


def test_openssl_finds_the_same_stamp_good(address: str, desk: Path, http: httpx.Client, tmp_path: Path) -> None:
    reply, _ = TimeStampAuthority(address, http, [(desk / "root.pem").read_bytes()]).stamp(CHECKPOINT)
    (tmp_path / "reply.tsr").write_bytes(reply)
    (tmp_path / "checkpoint").write_bytes(CHECKPOINT)
    trust = ("-CAfile", desk / "root.pem")
    openssl("ts", "-verify", "-in", "reply.tsr", "-data", "checkpoint", *trust, cwd=tmp_path)


def test_each_stamp_has_a_serial_number_of_its_own(address: str, desk: Path, http: httpx.Client) -> None:
    authority = TimeStampAuthority(address, http, [(desk / "root.pem").read_bytes()])
    assert len({authority.stamp(CHECKPOINT)[1].serial for _ in range(5)}) == 5


def test_a_checkpoint_with_one_byte_changed_has_no_stamp(address: str, desk: Path, http: httpx.Client) -> None:
    root = (desk / "root.pem").read_bytes()
    reply, _ = TimeStampAuthority(address, http, [root]).stamp(CHECKPOINT)
    with pytest.raises(Tampered):
        verify(reply, CHECKPOINT.replace(b"\n3\n", b"\n4\n"), [root])


def test_an_authority_that_its_root_does_not_vouch_for_is_tampered(
    address: str, desk: Path, http: httpx.Client
) -> None:
    stranger = (desk / "stranger.pem").read_bytes()
    with pytest.raises(Tampered):
        TimeStampAuthority(address, http, [stranger]).stamp(CHECKPOINT)
    with pytest.raises(BadInput, match="vouches for itself"):
        TimeStampAuthority(address, http, [(desk / "tsa.pem").read_bytes()]).stamp(CHECKPOINT)


def test_a_reply_damaged_on_its_way_is_not_kept(address: str, desk: Path, http: httpx.Client) -> None:
    authority = TimeStampAuthority(f"{address}/damaged", http, [(desk / "root.pem").read_bytes()])
    with pytest.raises((Tampered, Unavailable)):
        authority.stamp(CHECKPOINT)


def test_an_authority_that_is_gone_is_unavailable(desk: Path, http: httpx.Client) -> None:
    with pytest.raises(Unavailable, match="ConnectError"):
        TimeStampAuthority("http://127.0.0.1:9", http, [(desk / "root.pem").read_bytes()]).stamp(CHECKPOINT)
