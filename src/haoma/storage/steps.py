"""What one asks for step by step, so that works of many can be one transaction.

Rules held here:
- Steps are a generator: it yields a work (`Store.write`), and gets what that returned, or has raised in it what that
  raised. What it returns is its answer: all that it wrote is on the disk.
- Between its works it does nothing that waits. Before it does, it yields None, and goes on in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from haoma.storage.store import Outcome, Store, Work

__all__ = ["Goes", "Steps", "alone", "together"]

T = TypeVar("T")
Steps: TypeAlias = Generator[Work | None, Any, T]
_NOTHING = Outcome(None)


class Goes(Protocol):
    """Steps, or what stands for them."""

    def send(self, told: Any, /) -> Work | None:  # noqa: ANN401 - what a work returns is known to its steps alone
        """The next work; StopIteration with the answer behind the last."""

    def throw(self, error: Exception, /) -> Work | None:
        """Likewise, where the work failed."""


def alone(store: Store, steps: Steps[T]) -> T:
    """The answer of steps that wait for nobody else; raises what they raise."""
    heard = _NOTHING
    while True:
        try:
            work = _on(steps, heard)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        heard = _NOTHING if work is None else store.write_each([work])[0]


def together(store: Store, many: Sequence[Goes]) -> list[Outcome | None]:
    """How each of these ended, works of all in one write as long as they have any; None for who is to go on alone."""
    ended: list[Outcome | None] = [None] * len(many)
    heard = dict.fromkeys(range(len(many)), _NOTHING)
    while heard:
        works: dict[int, Work] = {}
        for at, outcome in heard.items():
            try:
                work = _on(many[at], outcome)
            except StopIteration as end:
                ended[at] = Outcome(end.value)
            except Exception as error:  # noqa: BLE001 - of these steps alone, and raised to who asked for them
                ended[at] = Outcome(None, error)
            else:
                if work is not None:
                    works[at] = work
        heard = dict(zip(works, store.write_each([*works.values()]), strict=True)) if works else {}
    return ended


def _on(steps: Goes, heard: Outcome) -> Work | None:
    return steps.send(heard.result) if heard.error is None else steps.throw(heard.error)
