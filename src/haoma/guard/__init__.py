"""A company's hotlines: what they are, where they are published, where that is wrong, and what is done about it."""

from __future__ import annotations

__all__: list[str] = []
