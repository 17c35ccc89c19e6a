"""Processes that write to a log from many threads and lead it, until they are killed.

`python -m contracts.writers URL FILE` is told what to do on stdin. `start ROUND` starts such a process, with everything
imported, and shows its id as soon as it writes; `kill ID` kills it, and shows how it ended. Who writes appends entries
whose numbers begin with ROUND; writes a line to FILE for each one that was acknowledged (number, entry id) and for each
checkpoint (its note in hexadecimal), behind the fact.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from itertools import count

from contracts.log import Log, entry, open_log

WRITERS = 64
ROUND = 10**9
WRITER = 10**6
PAUSE_S = 0.02  # so that the one who leads comes to sign


def main(url: str, file: str) -> None:
    started = set[int]()
    for line in sys.stdin:
        what, number = line.split()
        if what == "start":
            started.add(forked(url, int(number), file))
        else:
            started.remove(int(number))
            print(killed(int(number)), flush=True)
    for process_id in started:
        killed(process_id)


def forked(url: str, round_: int, file: str) -> int:
    process_id = os.fork()
    if not process_id:
        try:
            write_and_lead(url, round_, file)
        finally:
            os._exit(1)
    return process_id


def killed(process_id: int) -> int:
    os.kill(process_id, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1])


def write_and_lead(url: str, round_: int, file: str) -> None:
    tell = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with open_log(url) as log:
        threads = [
            threading.Thread(target=write, args=(log, round_ * ROUND + writer * WRITER, tell))
            for writer in range(WRITERS)
        ]
        for thread in (*threads, threading.Thread(target=lead, args=(log, tell))):
            thread.daemon = True
            thread.start()
        print(os.getpid(), flush=True)
        threading.Event().wait()


def write(log: Log, first: int, tell: int) -> None:
    for number in count(first):
        given = log.store.write(lambda tx, number=number: log.ledger.append(tx, entry(number)))
        os.write(tell, b"entry %d %d\n" % (number, given))
        time.sleep(PAUSE_S)


def lead(log: Log, tell: int) -> None:
    while True:
        os.write(tell, b"checkpoint %s\n" % log.publisher.checkpoint().note.hex().encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
