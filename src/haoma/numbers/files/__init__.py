"""Files of numbers: CSV, JSON lines and Parquet in, the same rows with what is known of each number out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.numbers.files.model import FileFormat, Options, Summary
    from haoma.numbers.files.service import enrich_file
    from haoma.numbers.files.spark import enrich_on_spark

__all__ = ["FileFormat", "Options", "Summary", "enrich_file", "enrich_on_spark"]

_HOMES = {"enrich_file": "service", "enrich_on_spark": "spark"}  # each with what it needs, when it is used


def __getattr__(name: str) -> object:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'model')}"), name)
