"""The first column of a process, asked for by several threads in one moment: what is loaded lazily is loaded once."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import threading, pyarrow as pa
from haoma.numbers import enrich
cells = pa.array(["13800138000", "95588", None, "+86 138-0013-8000"] * 100)
barrier, tables = threading.Barrier(8), []
def work():
    barrier.wait()
    tables.append(enrich(cells))
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
assert len(tables) == 8 and all(table.equals(enrich(cells)) for table in tables)
"""


def assert_first_column_is_asked_together() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
