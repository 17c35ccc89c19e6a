"""`haoma ledger serve`: the log over HTTP, until it is told to stop.

Rules held here:
- What cannot be served is told before anything listens, with the exit code of its kind.
- Connections are bounded in number and in time (`haoma.web.guard`).
- Ctrl-C and SIGTERM let the answers under way end, and what is being integrated.
"""

from __future__ import annotations

import socket
from importlib import import_module

import click

from haoma.cli.options import current_settings
from haoma.cli.output import note
from haoma.errors import Unavailable

__all__ = ["listening", "serve"]

ENDING_S = 10
IDLE_S = 5
BACKLOG = 128


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8620, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--prefix", default="", metavar="PATH", help="Where the log lies, such as /log; by default at the root.")
def serve(host: str, port: int, prefix: str) -> None:
    """Serve the log to C2SP clients, witness other logs, integrate, and sign a checkpoint every hour.

    Until Ctrl-C. Checkpoints and hashes are public; the entries ask for the key in keys/entries.key below store_dir,
    unless the setting ledger_open_entries opens them.
    """
    import uvicorn

    settings = current_settings()
    # The web is no layer below the command line: it is found by its name.
    application = import_module("haoma.web.serving").application(settings, prefix)
    guard = import_module("haoma.web.guard")
    guard.bound_log()
    with listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        note(f"the log {settings.ledger_origin} on http://{shown}:{listener.getsockname()[1]}{prefix}")
        config = uvicorn.Config(
            application,
            log_level="warning",
            access_log=False,
            lifespan="on",
            http=guard.GuardedProtocol,
            ws="none",
            backlog=guard.BACKLOG,
            limit_concurrency=guard.most_connections() + 1,
            timeout_keep_alive=IDLE_S,
            server_header=False,
            timeout_graceful_shutdown=ENDING_S,
        )
        uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises Unavailable where that cannot be."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio sends answers at once (TCP_NODELAY) only where the protocol is named: else each may wait 40 ms.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else "this is no address"
        raise Unavailable(f"{host}:{port}: {told}", hint="--host and --port tell where to listen") from None
    return listener
