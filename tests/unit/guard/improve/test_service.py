from __future__ import annotations

from contracts.databases import OnFiles
from contracts.improve import ImproveContract


class TestOnFiles(OnFiles, ImproveContract):
    pass
