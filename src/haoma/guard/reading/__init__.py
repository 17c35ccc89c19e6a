"""Pages read in processes of their own, bounded in time and memory."""

from haoma.guard.reading.service import Bounds, Readers, Unreadable

__all__ = ["Bounds", "Readers", "Unreadable"]
