"""A number as JSON has it."""

from __future__ import annotations

from dataclasses import asdict

from haoma.numbers.model import Number

__all__ = ["described"]


def described(found: Number) -> dict[str, object]:
    """A number's parts by name; `confidence` is between 0 and 1, `reason` is there where there is one."""
    shown: dict[str, object] = {
        "uri": found.uri,
        "kind": str(found.kind),
        "extension": found.extension,
        "valid": found.valid,
        "national": found.national,
        "issued_by": found.issued_by,
        "issued_in": asdict(found.issued_in) if found.issued_in else None,
        "confidence": found.confidence,
        "sources": list(found.sources),
    }
    return {**shown, "reason": found.reason} if found.reason else shown
