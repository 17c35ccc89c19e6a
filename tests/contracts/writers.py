"""A process that writes to a log from many threads and leads it, until it is killed.

`python -m contracts.writers URL ROUND FILE`: appends entries whose numbers begin with ROUND; writes a line to FILE for
each one that was acknowledged (number, entry id) and for each checkpoint (its note in hexadecimal), behind the fact.
"""

from __future__ import annotations

import os
import sys
import threading
from itertools import count

from contracts.log import Log, entry, open_log

WRITERS = 64
ROUND = 10**9
WRITER = 10**6


def main(url: str, round_: str, file: str) -> None:
    tell = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with open_log(url) as log:
        threads = [
            threading.Thread(target=write, args=(log, int(round_) * ROUND + writer * WRITER, tell))
            for writer in range(WRITERS)
        ]
        for thread in (*threads, threading.Thread(target=lead, args=(log, tell))):
            thread.daemon = True
            thread.start()
        print("writing", flush=True)
        threading.Event().wait()


def write(log: Log, first: int, tell: int) -> None:
    for number in count(first):
        given = log.store.write(lambda tx, number=number: log.ledger.append(tx, entry(number)))
        os.write(tell, b"entry %d %d\n" % (number, given))


def lead(log: Log, tell: int) -> None:
    while True:
        os.write(tell, b"checkpoint %s\n" % log.publisher.checkpoint().note.hex().encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
