"""A log of real entries, served by a real uvicorn in a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import uvicorn

from contracts.made import made
from haoma.app import Services
from haoma.cli.serve_listeners import listening
from haoma.ledger.entry import Entry
from haoma.settings import Settings, load
from haoma.storage import database_url
from haoma.web.serving import application

AT = datetime(2026, 11, 22, tzinfo=UTC)


def append(settings: Settings, count: int) -> bytes:
    """Append entries and sign a checkpoint; returns it."""
    with Services(settings) as services:
        entries = [
            Entry("file.recorded", AT, {"sha256": sha256(b"%d" % at).hexdigest(), "bytes": at}) for at in range(count)
        ]
        services.store.write(lambda tx: services.ledger.append_all(tx, entries))
        return services.publisher.checkpoint().note


@contextmanager
def serving(settings: Settings, prefix: str = "") -> Iterator[str]:
    with running(uvicorn.Config(application(settings, prefix), log_level="error", lifespan="on")) as port:
        yield f"http://127.0.0.1:{port}{prefix}"


@contextmanager
def running(config: uvicorn.Config) -> Iterator[int]:
    """The port of a server in a thread."""
    listener = listening("127.0.0.1", 0)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def settings_in(place: Path, **changed: object) -> Settings:
    """Settings of a store in this place or of the `database` that is told, which has its tables."""
    settings = load({"store_dir": str(place / "store")}, env={"HOME": str(place)}, cwd=place)
    settings = replace(settings, **changed)  # type: ignore[arg-type]
    made(database_url(settings))
    return settings
