"""The customer's own page: answering what they are asked, and seeing and withdrawing what they allowed."""

from __future__ import annotations

from haoma.web.self.app import self_app

__all__ = ["self_app"]
