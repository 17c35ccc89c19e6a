"""Forms of the customers' page: who sends them."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from haoma.web.self.asked import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.8", "192.0.2.8"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
    ],
)
def test_an_address_counts_as_one_subscriber_whichever_socket_it_came_in_by(address: str, network: str) -> None:
    assert network_of(Request({"type": "http", "client": (address, 40_000)})) == network
