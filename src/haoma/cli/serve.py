"""`haoma serve`: the API and the log over HTTP, until it is told to stop.

Rules held here:
- What cannot be served is told before anything listens, with the exit code of its kind.
- Connections are bounded in number and in time (`haoma.web.guard`), those of each worker for itself.
- Ctrl-C and SIGTERM let the answers under way end, and what is being integrated.
- What is logged goes through a mask, whoever writes it.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from haoma.cli.options import current_settings
from haoma.cli.output import note
from haoma.cli.serve_listeners import listen_alone, listening
from haoma.cli.serve_process import free_place, keep_to_core, settle
from haoma.settings import Settings

if TYPE_CHECKING:
    import uvicorn

__all__ = ["serve"]

ENDING_S = 10
IDLE_S = 5
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
