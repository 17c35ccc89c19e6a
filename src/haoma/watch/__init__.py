"""What is seen in a hotline's counts: how many call, how many report an error, and when that has changed."""

from __future__ import annotations

__all__: list[str] = []
