"""Permission as a value: purposes, notices, requests, grants, receipts, withdrawal. Nobody is located without one."""

from __future__ import annotations

from haoma.consent.purposes import PURPOSES, Granularity, Holder, Purpose, Source, one_purpose, purpose_named

__all__ = ["PURPOSES", "Granularity", "Holder", "Purpose", "Source", "one_purpose", "purpose_named"]
