"""Why the registry is kept as long as whoever runs this store.

Rules held here:
- A hotline that was retired stays: a page that still shows it is found by it, and it is told whose it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["LASTING"]

LASTING: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("registry_organisations", "registry_hotlines", "registry_claims"),
            "organisations and their hotlines, which are public: a page that shows a retired one is found by it",
        ),
        "registry_changes": "which number was whose hotline when, who asked for it, who approved it and why: by UUID",
    }
)
"""Tables of which nothing ends, and why."""
