"""From settings to running services: the only place where adapters are built."""

from __future__ import annotations

from haoma.app.services import Services

__all__ = ["Services"]
