"""How a customer who says no can be served all the same: a closed list, in the words of an agent.

Rules held here:
- A way is offered where the company's own records say that it reaches the customer, and what it is reached by is not
  in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["Way", "ways_in"]


class Way(StrEnum):
    """One way.

    >>> Way.CALL_BACK.zh, Way.CALL_BACK.en
    ('约定时间，由客服回电', 'call them back, when it suits them')
    """

    EMAIL = "e-mail"
    IN_APP = "in-app"
    CALL_BACK = "call-back"

    @property
    def zh(self) -> str:
        """What an agent may say."""
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        """The same in English."""
        return _WORDS[self][1]


_WORDS = {
    Way.EMAIL: ("改用电子邮件联系", "write to them by e-mail"),
    Way.IN_APP: ("改用应用内消息联系", "write to them in the app"),
    Way.CALL_BACK: ("约定时间，由客服回电", "call them back, when it suits them"),
}


def ways_in(words: str | Iterable[str]) -> tuple[Way, ...]:
    """The ways that stand in a text, in the order of the list; other words are none.

    >>> ways_in("call-back e-mail")
    (<Way.EMAIL: 'e-mail'>, <Way.CALL_BACK: 'call-back'>)
    """
    there = set(words.split() if isinstance(words, str) else words)
    return tuple(way for way in Way if str(way) in there)
