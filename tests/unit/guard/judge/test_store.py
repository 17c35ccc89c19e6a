from __future__ import annotations

from contracts.databases import OnFiles
from contracts.judge_store import JudgeContract


class TestOnSqlite(OnFiles, JudgeContract):
    pass
