"""Where everything is kept: one database, one way to write to it, one way to read.

SQLite in a file is the default and needs no service; PostgreSQL goes through the same five verbs.

Rules held here:
- A change is made by `Store.write` alone, and `write` returns when the change is on the disk.
- A change is whole or not there, whatever happens to the process in between.
- A failure of the database is told in words, never with SQL or values.
"""

from __future__ import annotations

from haoma.storage.backup import back_up
from haoma.storage.cells import json_in
from haoma.storage.columns import Id, Time, metadata
from haoma.storage.opening import State, database_url, inspect_store, open_store
from haoma.storage.quick import quick
from haoma.storage.restore import restore
from haoma.storage.steps import Steps
from haoma.storage.store import Store

__all__ = [
    "Id",
    "State",
    "Steps",
    "Store",
    "Time",
    "back_up",
    "database_url",
    "inspect_store",
    "json_in",
    "metadata",
    "open_store",
    "quick",
    "restore",
]
