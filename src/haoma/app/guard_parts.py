"""Guarding the company's own numbers: the registry of hotlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from haoma.app.services import Services
    from haoma.guard.improve import Improvement
    from haoma.guard.registry import Registry

__all__ = ["improvement", "registry"]


def registry(services: Services) -> Registry:
    """The organisations and hotlines that are known to be right, and who asks for them to change."""
    from haoma.guard.registry import Registry

    return Registry(services.gate, services.approvals)


def improvement(services: Services) -> Improvement:
    """Trials of measures, and samples by mystery shoppers."""
    from haoma.guard.improve import Improvement

    return Improvement(services.gate, services.ledger)
