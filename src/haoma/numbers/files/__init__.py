"""Files of numbers: CSV, JSON lines and Parquet in, the same rows with what is known of each number out."""

from __future__ import annotations

from haoma.numbers.files.model import FileFormat, Options, Summary
from haoma.numbers.files.service import enrich_file

__all__ = ["FileFormat", "Options", "Summary", "enrich_file"]
