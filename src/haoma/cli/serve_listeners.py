"""Where `haoma serve` listens.

Rules held here:
- Each of several workers listens for itself at the one address (SO_REUSEPORT), so that connections are shared among
  them: of one queue that all share, the first to wake takes whatever is there. The address is taken for everybody else
  from before the first worker listens until the last process has ended.
"""

from __future__ import annotations

import os
import socket

from haoma.errors import Unavailable

__all__ = ["listen_alone", "listening"]

BACKLOG = 128


def listening(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that listens there, or one that keeps the address for others; Unavailable where that cannot be."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = _bound(family, address, shared=False)
        listener.listen(BACKLOG)
        if not shared:
            return listener
        with listener:  # nobody else listens there, which could not be seen of an address that may be shared
            address = listener.getsockname()
        return _kept(family, address)
    except (OSError, UnicodeError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else "this is no address"
        raise Unavailable(f"{host}:{port}: {told}", hint="--host and --port tell where to listen") from None


def listen_alone(inherited: socket.socket) -> None:
    """Put a listener of this process's own at the same address where an inherited socket was, which all share."""
    with _bound(inherited.family, inherited.getsockname(), shared=True) as own:
        own.listen(BACKLOG)
        os.dup2(own.fileno(), inherited.fileno(), inheritable=False)


def _kept(family: int, address: tuple[str | int | bytes, ...]) -> socket.socket:
    """A socket that has an address, listens not, and lets nobody else have it."""
    kept = _bound(family, address, shared=True)
    # Two that do not listen yet may have one address where both say so: from here on this one does not.
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return kept


def _bound(family: int, address: tuple[str | int | bytes, ...], *, shared: bool) -> socket.socket:
    # asyncio sends answers at once (TCP_NODELAY) only where the protocol is named: else each may wait 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
