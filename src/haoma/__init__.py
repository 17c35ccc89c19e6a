"""haoma 号码: phone numbers you can trust.

Rules held here:
- The public names, and nothing else.
- Importing haoma costs nothing: a name is loaded from its package when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what typing calls so: importing that takes longer than the rest
if TYPE_CHECKING:
    from haoma.numbers.model import Kind, Number
    from haoma.numbers.service import parse

__all__ = ["Kind", "Number", "__version__", "parse"]

__version__ = "0.1.0"

_HOMES = {"Kind": "haoma.numbers.model", "Number": "haoma.numbers.model", "parse": "haoma.numbers.service"}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
