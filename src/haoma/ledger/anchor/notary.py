"""What a notary outside is asked: take the newest head of the log, and tell the last one taken.

Rules held here:
- A notary holds heads of one log, of growing size; it takes a head again without holding it twice.
- It is asked for its last size before the proof is made, because only it knows where its record ends.
- A notary that does not answer is Unavailable; one whose record is not a beginning of this log is Tampered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

__all__ = ["Head", "Notary", "Prove", "Receipt"]

Prove: TypeAlias = Callable[[int], Sequence[bytes]]
"""From an older size to the consistency proof between it and the head that is published (RFC 9162 §2.1.4)."""


class Head(Protocol):
    """Which log, how many leaves, their root: what a checkpoint says."""

    @property
    def origin(self) -> str:
        """The log's name, the first line of its checkpoints."""

    @property
    def size(self) -> int:
        """How many leaves."""

    @property
    def root(self) -> bytes:
        """Their root, 32 bytes."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a head stands at the notary: `time` (UTC) and `block` are its own, `transaction` its name for the act."""

    size: int
    root: bytes
    time: datetime
    block: int
    transaction: str


class Notary(Protocol):
    """Whoever holds heads of the log outside of it: a contract on an EVM chain, a sidecar of another ledger."""

    def publish(self, head: Head, prove: Prove) -> Receipt:
        """Have the head taken, or find that it was; raises Unavailable, Conflict (a later one is there) or Tampered."""

    def last(self) -> tuple[int, bytes]:
        """The last size and root that were taken; 0 and the empty root before the first."""
