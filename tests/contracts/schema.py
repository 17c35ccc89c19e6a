"""The tables that packages declare are those that the migrations make."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import haoma
from haoma.storage import metadata, open_store, schema

SRC = Path(haoma.__file__).parent


def differences(url: str) -> list[object]:
    """What Alembic would change to make the database of `url` what every `tables.py` declares."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    for path in SRC.rglob("tables.py"):
        if "metadata" in path.read_text(encoding="utf-8"):
            import_module(".".join(("haoma", *path.relative_to(SRC).with_suffix("").parts)))
    with open_store(url) as store, store.read() as tx:
        parts = schema.partitions(tx)
        opts = {"compare_type": True, "compare_server_default": True}
        opts["include_name"] = lambda name, kind, _: kind != "table" or name not in parts
        context = MigrationContext.configure(tx, opts=opts)
        return list(compare_metadata(context, metadata))
