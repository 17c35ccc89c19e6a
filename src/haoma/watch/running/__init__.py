"""The watch at work: counts are judged minute by minute, alerts told, explained, and made incidents of the guard.

Rules held here:
- The public names, and nothing else.
"""

from __future__ import annotations

__all__: list[str] = []
