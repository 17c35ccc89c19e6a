"""Judging on PostgreSQL and under kills."""

from __future__ import annotations

from contracts.databases import OnFiles, OnServer
from contracts.judge_store import JudgeContract, JudgeKillContract


class TestOnPostgres(OnServer, JudgeContract, JudgeKillContract):
    pass


class TestSqliteKilled(OnFiles, JudgeKillContract):
    pass
