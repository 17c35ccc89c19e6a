"""NAB's rules and what is scored by them, as the bench has them."""

from __future__ import annotations

import os

_before = dict(os.environ)
from bench.nab import ours  # noqa: E402
from bench.nab_peers import windowed_gaussian  # noqa: E402
from bench.nab_rules import Labelled, Profile, best, halves, normalised, profiles, read  # noqa: E402

# The bench binds itself to one thread by the environment, which is not for the tests that run beside.
os.environ.clear()
os.environ.update(_before)

__all__ = ["Labelled", "Profile", "best", "halves", "normalised", "ours", "profiles", "read", "windowed_gaussian"]
