from __future__ import annotations

from contracts.databases import OnFiles
from contracts.watch import WatchContract


class TestOnFiles(OnFiles, WatchContract):
    pass
