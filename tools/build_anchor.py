"""Compiles the anchor contract into what is shipped, `src/haoma/ledger/anchor/contract.json`.

Source: `contract.vy` beside it (Apache-2.0), through the installed `vyper`, for the EVM of London: consortia's chains
are years behind, and instructions of a later one (PUSH0) would fail there at the first call.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import vyper
from vyper.compiler import compile_code
from vyper.compiler.settings import OptimizationLevel, Settings

PLACE = Path(__file__).resolve().parent.parent / "src/haoma/ledger/anchor"
SOURCE, TARGET = PLACE / "contract.vy", PLACE / "contract.json"
EVM = "london"


def build() -> str:
    """The artefact as it is shipped: ABI, bytecode to deploy, code on the chain, and what they were made from."""
    source = SOURCE.read_text(encoding="utf-8")
    settings = Settings(evm_version=EVM, optimize=OptimizationLevel.GAS)
    made = compile_code(source, output_formats=["abi", "bytecode", "bytecode_runtime"], settings=settings)
    return (
        json.dumps(
            {
                "source": SOURCE.name,
                "source_sha256": hashlib.sha256(source.encode()).hexdigest(),
                "compiler": f"vyper {vyper.__version__}",
                "optimize": "gas",
                "evm_version": EVM,
                "abi": made["abi"],
                "bytecode": made["bytecode"],
                "deployed_bytecode": made["bytecode_runtime"],
            },
            indent=1,
        )
        + "\n"
    )


if __name__ == "__main__":
    TARGET.write_text(build(), encoding="utf-8")
