"""`haoma serve`: the API and the log over HTTP, until it is told to stop.

Rules held here:
- What cannot be served is told before anything listens, with the exit code of its kind.
- Connections are bounded in number and in time (`haoma.web.guard`), those of each worker for itself.
- Ctrl-C and SIGTERM let the answers under way end, and what is being integrated.
- What is logged goes through a mask, whoever writes it.
- What a process has before it answers, it keeps: the collector does not stop requests to look through all of it again.
- A worker keeps to one core: Python runs one thread at a time, and threads on several cores that hand the interpreter
  to one another take twice the CPU for an answer (docs/guide/api.md). One that takes the place of a worker that was
  killed takes its core.
- Each of several workers listens for itself at the one address (SO_REUSEPORT), so that connections are shared among
  them: of one queue that all share, the first to wake takes whatever is there. The address is taken for everybody else
  from before the first worker listens until the last process has ended.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from haoma.cli.options import current_settings
from haoma.cli.output import note
from haoma.errors import Unavailable
from haoma.settings import Settings

if TYPE_CHECKING:
    import uvicorn

__all__ = ["free_place", "keep_to_core", "listen_alone", "listening", "serve"]

ENDING_S = 10
IDLE_S = 5
COLLECTED = (10_000, 10, 50)  # what requests leave behind is freed without the collector, but for what fails
BACKLOG = 128
FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's own


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8620, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--prefix", default="/log", show_default=True, metavar="PATH", help="Where the log lies.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes answer.")
@click.option("--pin/--no-pin", default=True, show_default=True, help="Keep each process to one core, or to none.")
def serve(host: str, port: int, prefix: str, workers: int, *, pin: bool) -> None:
    """Serve the API and the log, witness other logs, and do what is due: until Ctrl-C.

    The log's checkpoints and hashes are public; the entries ask for the key in keys/entries.key below store_dir,
    unless the setting ledger_open_entries opens them. Where self_url is set, the customers' own page is at /self.
    Everything else asks for a session, a key or a signature.
    """
    settings = current_settings()
    made = partial(application_of, settings, prefix)
    application = made()  # what is wrong with it is told before anything listens, and not by each worker
    with listening(host, port, shared=workers > 1) as listener:
        shown = f"[{host}]" if ":" in host else host
        at = f"http://{shown}:{listener.getsockname()[1]}"
        note(f"the API on {at}/v1, the log {settings.ledger_origin} on {at}{prefix}")
        if settings.self_url:
            note(f"the customers' page {settings.self_url.rstrip('/')}/self on {at}/self")
        if workers == 1:
            one_worker(application, listener, pin=pin)
        else:
            many_workers(made, listener, workers, pin=pin)


def application_of(settings: Settings, prefix: str) -> object:
    """What is served, reading numbers as the settings say."""
    from haoma.numbers.tables import use

    use(settings)
    # The web is no layer below the command line: it is found by its name.
    return import_module("haoma.web.serving").application(settings, prefix)


def one_worker(application: object, listener: socket.socket, *, pin: bool) -> None:
    """Serve in this process."""
    import uvicorn

    prepare()
    settle()
    if pin:
        keep_to_core(os.getpid())
    uvicorn.Server(_config(lambda: application)).run(sockets=[listener])


def many_workers(made: Callable[[], object], listener: socket.socket, workers: int, *, pin: bool) -> None:
    """Serve in so many processes, each with an application of its own; ends as a signal ends one."""
    from uvicorn.supervisors import Multiprocess

    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    ended = list[int]()

    class Parent(Multiprocess):
        def handle_term(self) -> None:
            ended.append(signal.SIGTERM)
            super().handle_term()

        def handle_int(self) -> None:
            ended.append(signal.SIGINT)
            super().handle_int()

    with TemporaryDirectory(prefix="haoma-figures-") as figures:
        os.environ[FIGURES] = figures  # where the workers add up what /metrics tells of all of them
        prepare()
        Parent(_config(partial(_worker, made, listener, pin=pin), workers), [listener]).run()
    for number, before in kept.items():
        signal.signal(number, before)
    if ended:
        signal.raise_signal(ended[0])


def prepare() -> None:
    """Bound and mask what this process logs."""
    import_module("haoma.web.api.watching").mask_logging()
    import_module("haoma.web.guard").bound_log()


def settle() -> None:
    """Take what this process holds by now out of the collector's sight, once what is garbage of it is gone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def keep_to_core(place: int) -> None:
    """Run this process on one of the cores that it may use: that at this place among them, counted round.

    Workers of one service have places in a row. Where the system has no such thing, nothing is changed.
    """
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})


def free_place(folder: Path) -> tuple[int, int]:
    """The first place that no other process has, and the file that keeps it until that is closed or the process ends.

    Whichever worker is killed, the one that is started in its stead finds its place free.
    """
    for place in count():
        file = os.open(folder / f"place-{place}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
        else:
            return place, file
    raise AssertionError(folder)


def _worker(made: Callable[[], object], listener: socket.socket, *, pin: bool) -> object:
    prepare()
    application = made()
    settle()
    listen_alone(listener)
    if pin:
        place, _ = free_place(Path(os.environ[FIGURES]))
        keep_to_core(place + os.getppid())
    return application


def _config(factory: Callable[[], object], workers: int = 1) -> uvicorn.Config:
    import uvicorn

    guard = import_module("haoma.web.guard")
    return uvicorn.Config(
        factory,
        factory=True,
        workers=workers,
        log_config=None,
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
