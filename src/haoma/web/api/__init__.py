"""The HTTP API: one module a noun, one way to recognise who calls, one way to say no."""

from __future__ import annotations

__all__: list[str] = []
