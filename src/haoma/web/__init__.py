"""What haoma serves over HTTP."""

from __future__ import annotations

__all__: list[str] = []
