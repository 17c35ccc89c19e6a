from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
from haoma.errors import Unavailable
{imports}
sys.modules[{library!r}] = None  # as if it were not installed
try:
    {call}
except Unavailable as error:
    print(error, "|", error.hint)
"""


@pytest.mark.parametrize(
    ("library", "imports", "call", "extra"),
    [
        ("rfc3161_client", "from haoma.ledger.stamp import verify", "verify(b'', b'', [b''])", "haoma[stamp]"),
        ("web3", "from haoma.ledger.anchor import connect", "connect('http://127.0.0.1', 1)", "haoma[chain]"),
        ("web3", "from haoma.ledger.anchor import AccountKey", "AccountKey(bytes([1] * 32))", "haoma[chain]"),
    ],
)
def test_without_its_library_a_notary_names_the_extra(library: str, imports: str, call: str, extra: str) -> None:
    code = WITHOUT.format(library=library, imports=imports, call=call)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert f"pip install '{extra}'" in ended.stdout


def test_notaries_load_their_libraries_when_they_are_used() -> None:
    heavy = {"web3", "eth_account", "rfc3161_client", "httpx", "requests"}
    code = f"import sys, haoma.ledger.anchor, haoma.ledger.stamp, haoma.ledger.tsa; print({heavy!r} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
