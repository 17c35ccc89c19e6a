"""What a withdrawal drops at a carrier's client; fills consent's `Places`.

Rules held here:
- Tokens of the subject and purpose go at once. What other processes hold ends by itself, within ten minutes, and is of
  no use without a Grant.
"""

from __future__ import annotations

from collections.abc import Callable

from haoma.locate.camara.service import Camara
from haoma.vault.model import SubjectToken

__all__ = ["CarrierTokens"]


class CarrierTokens:
    """The tokens of one carrier; `camara` gives its client, None where there is none yet."""

    def __init__(self, camara: Callable[[], Camara | None]) -> None:
        self._camara = camara

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """See `Places.forget`. A token is no place: 0, however many there were."""
        client = self._camara()
        if client is not None:
            client.forget(subject, purpose)
        return 0
