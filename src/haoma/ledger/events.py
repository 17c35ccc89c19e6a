"""The entry types of the log's own making; those of other packages lie with them."""

from __future__ import annotations

from haoma.ledger.entry import EntryType

__all__ = ["ENTRY_TYPES", "FILE_RECORDED", "STEP_TAKEN"]

FILE_RECORDED = EntryType("file.recorded", {"sha256": "digest", "bytes": "count"})
"""A file lay here with these bytes. A digest of guessable content is that content: name no list of numbers so."""

STEP_TAKEN = EntryType("step.taken", {"run": "uuid", "step": "count", "name": "digest", "got": "digest", "ok": "flag"})
"""A step of a run was taken, as `haoma demo` takes them: digests of its name and of what came out."""

ENTRY_TYPES = (FILE_RECORDED, STEP_TAKEN)
