"""One node of an EVM chain, asked over JSON-RPC.

Rules held here:
- Before anything is signed, the node must be on the chain that was meant.
- An account has one transaction under way at a time: one that waits is waited for, never overtaken or paid for twice.
- A transaction counts when it succeeded and lies under `confirmations` blocks, its own among them; it is looked up anew
  each time, because a chain may take a block back.
- A node that does not answer, or not as it should, is Unavailable. Its address is in no message: it may hold a secret.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from haoma.errors import BadInput, Conflict, Refused, Unavailable

if TYPE_CHECKING:
    from eth_typing import ChecksumAddress, HexStr
    from web3 import Web3
    from web3.types import TxParams, TxReceipt

    from haoma.ledger.anchor.key import AccountKey

__all__ = ["Limits", "Node", "asking", "checksummed", "connect", "find_chain", "require_web3"]

GAS_MARGIN_PPM = 1_200_000  # of what the node estimates: the state may be another one when the transaction runs


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait: for an answer, for a transaction, between two looks; and how many blocks make it final."""

    answer_s: float = 10.0
    transaction_s: float = 180.0
    look_s: float = 1.0
    confirmations: int = 1


def connect(url: str, chain_id: int, limits: Limits | None = None) -> Node:
    """The node at a URL (http or https); nothing is asked yet."""
    require_web3()
    from web3 import HTTPProvider, Web3
    from web3.middleware import ExtraDataToPOAMiddleware

    if not url.startswith(("https://", "http://")):
        raise BadInput("the address of a chain's node is no URL", hint="it begins with https:// or http://")
    limits = limits or Limits()
    provider = HTTPProvider(url, {"timeout": limits.answer_s}, exception_retry_configuration=None)
    web3 = Web3(provider)
    # Consortia's chains put their signatures into a field that web3 otherwise holds to 32 bytes.
    web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return Node(web3, chain_id, limits)


def find_chain(url: str, limits: Limits | None = None) -> Node:
    """The node at a URL, on whichever chain it is; raises Unavailable where it does not answer."""
    node = connect(url, 0, limits)
    with asking():
        chain_id = int(node.web3.eth.chain_id)
    return Node(node.web3, chain_id, node.limits)


class Node:
    """A node through web3, and the chain it is expected to be on."""

    def __init__(self, web3: Web3, chain_id: int, limits: Limits | None = None) -> None:
        self.web3 = web3
        self.chain_id = chain_id
        self.limits = limits or Limits()

    def require_chain(self) -> None:
        """Return if the node is on the expected chain, else raise Conflict."""
        with asking():
            found = self.web3.eth.chain_id
        if found != self.chain_id:
            raise Conflict(
                f"the node is on chain {found}, and {self.chain_id} was meant",
                hint="check its address, or the chain's id",
            )

    def transact(self, key: AccountKey, call: Mapping[str, object]) -> TxReceipt:
        """Sign a call (`to` and `data`, or `data` alone to deploy), send it, and wait until it counts.

        Raises Refused with the contract's reason, Conflict when it failed in the block, Unavailable.
        """
        self.require_chain()
        self._settle(checksummed(key.address))
        with asking():
            signed = key.sign(self._filled(checksummed(key.address), call))
            name = self.web3.eth.send_raw_transaction(signed).to_0x_hex()
        receipt = self._counted(name)
        if receipt["status"] != 1:
            raise Conflict(f"transaction {name} failed on the chain", hint="something else came first: try again")
        return receipt

    def _filled(self, sender: ChecksumAddress, call: Mapping[str, object]) -> dict[str, object]:
        eth = self.web3.eth
        price, base = int(eth.gas_price), eth.get_block("latest").get("baseFeePerGas")
        fees = {"gasPrice": price}
        if base is not None:
            tip = max(price - base, 0)
            fees = {"maxFeePerGas": 2 * base + tip, "maxPriorityFeePerGas": tip}
        whole: dict[str, object] = {"value": 0, **call, "chainId": self.chain_id, **fees}
        gas = int(eth.estimate_gas(cast("TxParams", {**call, "from": sender})))
        return whole | {"gas": gas * GAS_MARGIN_PPM // 1_000_000, "nonce": eth.get_transaction_count(sender, "latest")}

    def _settle(self, address: ChecksumAddress) -> None:
        eth, until = self.web3.eth, time.monotonic() + self.limits.transaction_s
        while True:
            with asking():
                waiting = eth.get_transaction_count(address, "pending") - eth.get_transaction_count(address, "latest")
            if waiting <= 0:
                return
            if time.monotonic() > until:
                hint = "it may offer too little for its gas: replace it with the account's own tools, or wait"
                raise Unavailable(f"a transaction of {address} is under way and does not end", hint=hint)
            time.sleep(self.limits.look_s)

    def _counted(self, name: str) -> TxReceipt:
        until = time.monotonic() + self.limits.transaction_s
        while time.monotonic() < until:
            receipt = self._receipt(name)
            if receipt is not None:
                with asking():
                    newest = self.web3.eth.block_number
                if newest - receipt["blockNumber"] + 1 >= self.limits.confirmations:
                    return receipt
            time.sleep(self.limits.look_s)
        raise Unavailable(f"transaction {name} is not confirmed yet", hint="try again: it is found if it went through")

    def _receipt(self, name: str) -> TxReceipt | None:
        from web3.exceptions import TransactionNotFound

        with asking():
            try:
                return self.web3.eth.get_transaction_receipt(cast("HexStr", name))
            except TransactionNotFound:
                return None


@contextmanager
def asking() -> Iterator[None]:
    """Turn whatever goes wrong between us and a node into Unavailable, and a contract's refusal into Refused."""
    from requests.exceptions import RequestException
    from web3.exceptions import ContractLogicError, Web3Exception, Web3RPCError

    try:
        yield
    except ContractLogicError as error:
        raise Refused(f"the contract refuses: {_short(error.message or error)}") from None
    except Web3RPCError as error:
        raise Unavailable(
            f"the chain's node answers: {_short(error.message or error)}", hint="try again later"
        ) from None
    except (RequestException, Web3Exception, OSError, ValueError) as error:
        kind = type(error).__name__
        raise Unavailable(f"the chain's node does not answer: {kind}", hint="check its address, or try later") from None


def checksummed(address: str) -> ChecksumAddress:
    """An account's address as web3 takes it; raises BadInput where it is none."""
    from web3 import Web3

    try:
        return cast("ChecksumAddress", Web3.to_checksum_address(address))
    except (ValueError, TypeError):
        raise BadInput("this is no address of an account", hint="0x and 40 hexadecimal digits") from None


def require_web3() -> None:
    """Return if web3 is installed, else raise Unavailable."""
    if find_spec("web3") is None:
        raise Unavailable("an anchor on a chain needs web3", hint="pip install 'haoma[chain]'")


def _short(words: object) -> str:
    return " ".join(str(words).split())[:160]
