"""Every way haoma can fail, as one tree.

    HaomaError              code         HTTP  exit
    ├── BadInput            bad-input     400     2   what was given cannot be understood
    ├── Refused             refused       403     3   understood, and not allowed
    ├── NotFound            not-found     404     1   understood, and not there
    ├── Conflict            conflict      409     1   contradicts what is there
    ├── Unavailable         unavailable   503     4   something haoma needs does not answer; try again
    └── Tampered            tampered      500     5   a proof or a digest does not hold

Rules held here:
- The command line, the API and the console show an error from this table alone.
- A message says what was seen, what is allowed, and (in `hint`) what to do next.
- A message never holds a whole phone number: whoever raises one masks it first.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = ["ERRORS", "BadInput", "Conflict", "HaomaError", "NotFound", "Refused", "Tampered", "Unavailable"]


class HaomaError(Exception):
    """Something haoma can explain; catch it to catch them all.

    >>> error = BadInput("column 'tel' is not in calls.csv", hint="columns there: id, phone")
    >>> str(error), error.hint, error.code, error.http_status, error.exit_code
    ("column 'tel' is not in calls.csv", 'columns there: id, phone', 'bad-input', 400, 2)
    """

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class BadInput(HaomaError):
    """What was given cannot be understood: a file, a row, an option, a setting."""

    code = "bad-input"
    http_status = 400
    exit_code = 2


class Refused(HaomaError):
    """The request is understood and not allowed: no permission, no consent, no purpose.

    `reason` is a word out of a closed list where a program has to know why: no-grant, withdrawn, bundled.
    """

    code = "refused"
    http_status = 403
    exit_code = 3

    def __init__(self, message: str, *, hint: str | None = None, reason: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class NotFound(HaomaError):
    """What was asked for is not there."""

    code = "not-found"
    http_status = 404
    exit_code = 1


class Conflict(HaomaError):
    """The request contradicts what is there already."""

    code = "conflict"
    http_status = 409
    exit_code = 1


class Unavailable(HaomaError):
    """Something haoma needs does not answer or is not installed; trying again may help."""

    code = "unavailable"
    http_status = 503
    exit_code = 4


class Tampered(HaomaError):
    """A proof, a signature or a digest does not hold: the data is not what was written.

    `index` is the first log entry that differs, where one can be named.
    """

    code = "tampered"
    http_status = 500
    exit_code = 5

    def __init__(self, message: str, *, hint: str | None = None, index: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.index = index


ERRORS: tuple[type[HaomaError], ...] = (BadInput, Refused, NotFound, Conflict, Unavailable, Tampered)
