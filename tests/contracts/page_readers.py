"""What pages may do to the process that reads them, each by its word; any other page is read as ever."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from haoma.guard.extract import mentions_of
from haoma.guard.model import Mention

READS = f"{__name__}:read"


def read(page: bytes, **asked: object) -> list[Mention]:
    """Do what a page does."""
    for word, done in DONE.items():
        if word in page:
            done()
    return mentions_of(page, **asked)


def expression() -> None:
    re.fullmatch("(a+)+b", "a" * 60)  # holds the interpreter, for years


def xpath() -> None:
    tree = etree.fromstring(f"<a>{'<b>x</b>' * 20_000}</a>")
    tree.xpath("//b[count(preceding::b[count(preceding::b) > 0]) > 0]")


def memory() -> None:
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def say(what: bytes) -> None:
    with socket.socket(fileno=os.dup(int(sys.argv[1]))) as link:
        link.sendall(what)
    time.sleep(60)


def fails() -> None:
    raise RecursionError("a number: 13800138000")


DONE: dict[bytes, Callable[[], None]] = {
    b"expression": expression,
    b"xpath": xpath,
    b"memory": memory,
    b"killed": killed,
    b"garbage": lambda: say(b"\0\0\0\4\0\0\0\0junk"),
    b"endless": lambda: say(b"\xff" * 8),
    b"more than one": lambda: say(b'\0\0\0\x2b\0\0\0\0{"mentions":[{"text":1}],"failed":"os.kill"}'),
    b"fails": fails,
}


def children(of: int) -> Iterator[int]:
    """The processes that read pages and are asked by a process, those not yet waited for too."""
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                parent = (one / "stat").read_text().rpartition(")")[2].split()[1]
                command = (one / "cmdline").read_bytes()
            except OSError:
                continue
            if int(parent) == of and (b"haoma.guard.reading.child" in command or not command):
                yield int(one.name)
