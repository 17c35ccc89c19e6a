from __future__ import annotations

from contracts.cases import CasesContract
from contracts.databases import OnFiles


class TestOnSqlite(OnFiles, CasesContract):
    pass
