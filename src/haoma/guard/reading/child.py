"""The process that reads pages: asked over a link, until that ends. Run as a module by who asks.

Rules held here:
- It is ready when it has read a page: the model and the tables are loaded in no page's time.
- It takes no more memory than it is given, leaves no core file, and is the first that goes where the machine's is over.
- It ends with who asks, in the middle of a page too: the system then sends a signal that nothing here handles, for an
  interpreter that is busy with a page would not look.
- What goes wrong is told by its kind alone: the rest may be of the page.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from haoma.guard.model import Mention, Names
from haoma.guard.reading.messages import Answer, Question, encoded, questioned, receive, send

__all__ = ["OUT_OF_MEMORY", "main"]

FIRST = "<title>甲银行</title><p>甲银行客服热线 95588, London 030 901820".encode()  # has all loaded that reading needs
OUT_OF_MEMORY = 82  # how the process ends that may have no more
MOST_ASKED = (1 << 32) - 1
XML_NO_MEMORY = 2  # XML_ERR_NO_MEMORY of libxml2, in the log of an error of lxml
LIFE = 0  # what standard input is: open as long as who asks lives


def main(link: str, memory_mb: str, reads: str) -> None:
    """Answer what is asked over a link, a file descriptor, by a function, `module:name`."""
    _end_with_parent()
    _bound(int(memory_mb) << 20)
    module, _, name = reads.partition(":")
    read = getattr(importlib.import_module(module), name)
    read(FIRST, names=Names("甲银行"))
    with socket.socket(fileno=int(link)) as asked, suppress(EOFError, ConnectionError):
        send(asked, b"")  # ready
        while True:
            _answer(asked, read)


def _answer(asked: socket.socket, read: Callable[..., Sequence[Mention]]) -> None:
    """Answer once; where memory is not enough, end before the link does, so that it can be told why."""
    try:
        text, page = receive(asked, MOST_ASKED)
        send(asked, encoded(_said(read, page, questioned(text))))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _said(read: Callable[..., Sequence[Mention]], page: bytes, asked: Question) -> Answer:
    how = {"url": asked.url, "content_type": asked.content_type, "names": asked.names, "rivals": asked.rivals}
    try:
        return Answer(tuple(read(page, **how)))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - told to who asked, who has other pages
        if any(one.type == XML_NO_MEMORY for one in getattr(error, "error_log", ())):
            raise MemoryError from None
        return Answer(failed=type(error).__name__)


def _bound(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    least = memory if most == resource.RLIM_INFINITY else min(memory, most)
    resource.setrlimit(resource.RLIMIT_AS, (least, least))
    with suppress(OSError):  # no Linux
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


def _end_with_parent() -> None:
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGIO})
    fcntl.fcntl(LIFE, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(LIFE, fcntl.F_SETFL, fcntl.fcntl(LIFE, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([LIFE], [], [], 0)[0]:  # it has ended already
        sys.exit()


if __name__ == "__main__":
    main(*sys.argv[1:])
