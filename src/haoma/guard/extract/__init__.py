"""A page read for its telephone numbers: which, whose and what for."""

from haoma.guard.extract.charset import decode
from haoma.guard.extract.service import mentions_of

__all__ = ["decode", "mentions_of"]
