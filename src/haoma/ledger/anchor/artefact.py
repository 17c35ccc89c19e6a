"""The contract as it was compiled: shipped beside its source, so that nobody needs a compiler to use or to check it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeAlias

__all__ = ["Artefact", "artefact"]

Abi: TypeAlias = "list[dict[str, object]]"


@dataclass(frozen=True, slots=True)
class Artefact:
    """ABI, the bytecode that deploys, the code that then lies on the chain, and what they were made by and from."""

    abi: Abi
    bytecode: bytes
    deployed_bytecode: bytes
    compiler: str
    evm_version: str
    source_sha256: str


@cache
def artefact() -> Artefact:
    """The shipped contract."""
    made = json.loads((files("haoma.ledger.anchor") / "contract.json").read_text(encoding="utf-8"))
    return Artefact(
        abi=made["abi"],
        bytecode=bytes.fromhex(made["bytecode"][2:]),
        deployed_bytecode=bytes.fromhex(made["deployed_bytecode"][2:]),
        compiler=made["compiler"],
        evm_version=made["evm_version"],
        source_sha256=made["source_sha256"],
    )
