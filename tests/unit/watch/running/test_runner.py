from __future__ import annotations

import pytest

from contracts.databases import OnFiles
from contracts.watch import WatchContract


@pytest.mark.slow
class TestOnFiles(OnFiles, WatchContract):
    pass
