"""The sources of evidence, a module each: each says in its `terms` what it knows, how finely, and which Grant it needs.

    segment   where the number was issued           asked
    carrier   what its network knows, over CAMARA asked
    platform  what another platform knows           asked
    network   the city of a network address       looked up in a file on this machine
    radio     a circle from Wi-Fi and cells       looked up over HTTP

Rules held here:
- None of them is imported before it is used.
"""

from __future__ import annotations

__all__: list[str] = []
