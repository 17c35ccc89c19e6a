"""What consent needs of others above it or outside; whoever wires the services fills these.

Rules held here:
- What does not answer raises Unavailable, and nothing is allowed because of it.
- A message, a URL or a payload that leaves through a port holds no phone number; the number itself goes to `SmsPort`
  and `RecyclingCheck` alone, as where to send and what to ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from haoma.consent.ways import Way
from haoma.numbers import Number
from haoma.vault.model import SubjectToken

__all__ = ["Alarms", "ImpactAssessments", "Places", "RecyclingCheck", "SmsPort", "Transport", "Ways"]


class SmsPort(Protocol):
    """Sends short messages."""

    def send(self, number: Number, text: str) -> None:
        """Send a text to a number; returns when the operator has taken it."""


class RecyclingCheck(Protocol):
    """Knows whether a number has changed hands (CAMARA number-recycling 0.2)."""

    def recycled(self, number: Number, since: datetime) -> bool:
        """Whether the number was given to somebody else after this moment."""


class ImpactAssessments(Protocol):
    """Knows which purposes have been assessed (PIPL art. 55)."""

    def stands(self, tx: sa.Connection, tenant: str, purpose: str, at: datetime) -> bool:
        """Whether an assessment of this purpose is stored and in force at this moment."""


class Places(Protocol):
    """Keeps places that were found, as far as anybody does."""

    def forget(self, subject: SubjectToken, purpose: str) -> int:
        """Destroy what is kept of a subject for a purpose; returns how many places, 0 when called again."""


class Ways(Protocol):
    """Knows what else reaches a customer, as far as anybody has looked."""

    def of(self, tx: sa.Connection, subject: SubjectToken) -> Sequence[Way]:
        """What a subject who says no can be offered; none where nobody knows."""


class Transport(Protocol):
    """Brings a request to a recipient."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer; raises Unavailable where there is none. Follows no redirect."""


class Alarms(Protocol):
    """Wakes somebody up."""

    def sound(self, kind: str, reference: str, at: datetime) -> None:
        """Tell that something needs a person: what kind it is, and the id to look it up by."""
