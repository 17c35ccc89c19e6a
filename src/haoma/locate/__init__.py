"""Where somebody is, as far as evidence says and a grant allows."""

from __future__ import annotations

__all__: list[str] = []
