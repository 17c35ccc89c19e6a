"""Counts on SQLite."""

from __future__ import annotations

import pytest

from contracts.counts import CountsContract, CountsKillContract
from contracts.databases import OnFiles


class TestOnSqlite(OnFiles, CountsContract):
    pass


@pytest.mark.slow
class TestKilled(OnFiles, CountsKillContract):
    pass
