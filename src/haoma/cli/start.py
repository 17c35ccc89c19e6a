"""Where `haoma` starts: Ctrl-C is quiet from here on, and next to nothing is imported before.

Rules held here:
- An interrupt while the packages are loaded ends the process at once with 130: nothing is under way yet.
- Whoever has it ignored (`trap '' INT`) keeps it ignored.
"""

from __future__ import annotations

import os
import signal
import sys

__all__ = ["main"]

_INTERRUPTED = 128 + 2


def main() -> None:
    """The entry point of the `haoma` command."""
    try:
        heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if heard:
            signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
        from haoma.cli.main import main as work

        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        work()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
