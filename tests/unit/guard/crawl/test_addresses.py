from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

import pytest

from haoma.errors import BadInput, Refused, Unavailable
from haoma.guard.crawl.addresses import Allowed, is_public, lookup, resolved

NOBODY = Allowed()


def answering(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda _host, _port: list(addresses)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.100.100.200", "192.0.0.192", "224.0.0.1", "255.255.255.255", "198.18.0.1", "240.0.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1"),
        *("2001:db8::1", "3fff::1", "fec0::1", "2001:470::5efe:7f00:1", "2001:470::200:5efe:a00:1", "168.63.129.16"),
        *("fe80::1%eth0", "nothing", ""),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Refused):
        resolved("rebound.example", 80, NOBODY, answering(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "64:ff9b::808:808", "2001:470::5efe:808:808"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert resolved("www.example", 443, NOBODY, answering(address)) == [address]


def test_one_bad_address_of_a_name_spoils_all_of_them() -> None:
    with pytest.raises(Refused):
        resolved("mixed.example", 80, NOBODY, answering("8.8.8.8", "10.0.0.1"))
    with pytest.raises(Refused):
        resolved("empty.example", 80, NOBODY, answering())


def test_a_name_that_changes_is_looked_up_and_checked_anew_each_time() -> None:
    answers = cycle([["8.8.8.8"], ["127.0.0.1"]])

    def look(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    assert resolved("rebound.example", 80, NOBODY, look) == ["8.8.8.8"]
    with pytest.raises(Refused):
        resolved("rebound.example", 80, NOBODY, look)


def test_a_host_that_is_allowed_by_name_may_lie_anywhere() -> None:
    allowed = Allowed.of_setting("Intranet.example, localhost:8080")
    assert resolved("intranet.example", 443, allowed, answering("10.0.0.1")) == ["10.0.0.1"]
    assert resolved("localhost", 8080, allowed, answering("127.0.0.1")) == ["127.0.0.1"]
    with pytest.raises(Refused):
        resolved("localhost", 8081, allowed, answering("127.0.0.1"))


@pytest.mark.parametrize("text", ["http://example.com", "*.example.com", "a b"])
def test_what_is_no_host_is_not_allowed(text: str) -> None:
    with pytest.raises(BadInput):
        Allowed.of_setting(text)


def test_a_name_that_nobody_knows_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        lookup("a" * 300, 80)
    for spelled in ("0x7f.1", "2130706433", "127.1"):  # what a system reads as 127.0.0.1
        with pytest.raises((Refused, Unavailable)):
            resolved(spelled, 80, NOBODY)
