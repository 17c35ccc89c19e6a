"""What a number's segment says: who allocated it and where it was issued, compiled from named sources."""

from haoma.numbers.segments.cache import load, open_pack, pack_path, rebuild
from haoma.numbers.segments.pack import Pack, Row

__all__ = ["Pack", "Row", "load", "open_pack", "pack_path", "rebuild"]
