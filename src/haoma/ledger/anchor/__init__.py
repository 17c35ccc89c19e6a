"""Heads of the log held by somebody outside: the port, and an EVM chain that fills it."""

from __future__ import annotations

from haoma.ledger.anchor.evm import Anchor, Deployment, deploy
from haoma.ledger.anchor.key import AccountKey
from haoma.ledger.anchor.node import Limits, Node, connect, find_chain
from haoma.ledger.anchor.notary import Head, Notary, Prove, Receipt

__all__ = [
    "AccountKey",
    "Anchor",
    "Deployment",
    "Head",
    "Limits",
    "Node",
    "Notary",
    "Prove",
    "Receipt",
    "connect",
    "deploy",
    "find_chain",
]
