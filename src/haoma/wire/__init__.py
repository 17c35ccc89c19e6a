"""How others are asked over HTTP: one bounded line out, a breaker for who does not answer, answers read strictly.

Rules held here:
- Whoever is asked (a carrier, a CRM, an operator of messages, a platform) is reached through here; what they are asked,
  and what an answer means, is their adapter's.
"""

from __future__ import annotations

__all__: list[str] = []
