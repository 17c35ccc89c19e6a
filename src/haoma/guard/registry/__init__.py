"""The registry: which numbers are whose hotlines, for what, since when, and how that came to be."""

from __future__ import annotations

from haoma.guard.registry.changes import ACTION, Change, added, changed, retired
from haoma.guard.registry.effect import hotline_effect
from haoma.guard.registry.entries import ENTRY_TYPES
from haoma.guard.registry.history import Audited, Past, audit_registry, history
from haoma.guard.registry.model import Hotline, Organisation, check_hotline, check_organisation, purpose_of, uri_of
from haoma.guard.registry.read import every_hotline, hotlines, known, one_hotline, one_organisation, organisations
from haoma.guard.registry.service import HIDDEN, Registry

__all__ = [
    "ACTION",
    "ENTRY_TYPES",
    "HIDDEN",
    "Audited",
    "Change",
    "Hotline",
    "Organisation",
    "Past",
    "Registry",
    "added",
    "audit_registry",
    "changed",
    "check_hotline",
    "check_organisation",
    "every_hotline",
    "history",
    "hotline_effect",
    "hotlines",
    "known",
    "one_hotline",
    "one_organisation",
    "organisations",
    "purpose_of",
    "retired",
    "uri_of",
]
