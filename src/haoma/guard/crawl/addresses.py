"""Which machines a crawler may reach: a name is looked up once, checked, and what was checked is connected to.

Rules held here:
- Only addresses of the public internet: no private, loopback, link-local, shared (RFC 6598), multicast or reserved one,
  no cloud's metadata service, whether it stands there itself or inside an IPv6 form of it (mapped, compatible, NAT64,
  6to4, Teredo, ISATAP).
- One address of a name that is not public makes all of its addresses refused: whoever answers so is up to something.
- A host that is allowed by name (host, or host:port) may lie anywhere.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from haoma.errors import BadInput, Refused, Unavailable

__all__ = ["Allowed", "is_public", "lookup", "resolved"]

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"
Lookup: TypeAlias = "Callable[[str, int], Sequence[str]]"
# Beyond what ipaddress itself calls global: metadata services of clouds (168.63.129.16 is Azure's), NAT64 networks of
# one's own, networks of one site (RFC 3879), documentation (RFC 9637).
_NEVER = [
    *map(ipaddress.ip_network, ("100.64.0.0/10", "192.0.0.0/24", "169.254.0.0/16", "168.63.129.16/32")),
    *map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10", "3fff::/20")),
]
_ISATAP = {0x00005EFE, 0x02005EFE}  # RFC 5214 §6.1: an interface's id that is followed by an IPv4 address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Allowed:
    """The hosts that may lie on a network of one's own, by name."""

    names: frozenset[str] = frozenset()

    @classmethod
    def of_setting(cls, text: str) -> Allowed:
        """Read `intranet.example, localhost:8080`; raises BadInput for what is no name of a host."""
        names = [part.strip().lower() for part in text.split(",") if part.strip()]
        for name in names:
            if not name.isascii() or not name.isprintable() or set(name) & set(" /@*?#"):
                raise BadInput("crawl_allow names what is no host", hint="intranet.example, localhost:8080")
        return cls(frozenset(names))

    def and_of(self, url: str) -> Allowed:
        """These, and the host and port of a URL."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return Allowed(self.names | {f"{parts.hostname}:{port}".lower()})

    def __contains__(self, place: object) -> bool:
        """Whether (host, port) is allowed by name."""
        host, port = place if isinstance(place, tuple) else (place, 0)
        return str(host).lower() in self.names or f"{host}:{port}".lower() in self.names


def is_public(text: str) -> bool:
    """Whether this address is one of the public internet, and so is every address that it carries.

    >>> [is_public(one) for one in ("8.8.8.8", "127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe")]
    [True, False, False, False]
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inside = _inside(address)
    return "%" not in text and all(map(_plain, inside if address in _NAT64 else [address, *inside]))


def lookup(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system knows them; raises Unavailable where it knows none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable("the name of the host is not known", hint="is it spelled as its owner spells it?") from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def resolved(host: str, port: int, allowed: Allowed, look: Lookup = lookup) -> Sequence[str]:
    """The addresses to connect to, and no others; raises Refused where one is not public and the host not allowed."""
    found = look(host.strip("[]"), port)
    if (host, port) not in allowed and not (found and all(map(is_public, found))):
        message = "the host lies on a network that is not public"
        raise Refused(message, hint="the setting crawl_allow names hosts that may", reason="not-public")
    return found


def _plain(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in one for one in _NEVER if one.version == address.version)


def _inside(address: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]
