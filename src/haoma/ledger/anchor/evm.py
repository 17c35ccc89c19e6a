"""Heads of the log in a contract on an EVM chain (`contract.vy`).

Rules held here:
- A head is sent only after its proof from the chain's last one was verified here: a chain that holds a head which is
  none of this log's is Tampered, told at once and without a transaction.
- A head that the chain has already is not sent again; its receipt is found.
- The code at the address must be the shipped contract, and the contract must be this log's.
- Receipts come out of the chain's events, for a new head as for an old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Conflict, NotFound, Refused, Tampered
from haoma.ledger.anchor.artefact import artefact
from haoma.ledger.anchor.node import Node, asking, checksummed
from haoma.ledger.anchor.notary import Head, Prove, Receipt
from haoma.ledger.merkle import EMPTY_ROOT, require_hash, require_hashes, require_size, verify_consistency

if TYPE_CHECKING:
    from web3.contract import Contract
    from web3.types import EventData

    from haoma.ledger.anchor.key import AccountKey

__all__ = ["Anchor", "Deployment", "deploy"]

BLOCKS_AT_ONCE = 10_000  # what public nodes answer for events at most
EMPTY = bytes(32)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a log's contract is: its address, the block it was made in (its events begin there), and what it cost."""

    address: str
    block: int
    gas_used: int = 0


def deploy(node: Node, key: AccountKey, origin: str) -> Deployment:
    """Put a contract for the log of this origin on the chain; the key's account owns it. Some 0.9 M gas."""
    made = artefact()
    with asking():
        contract = node.web3.eth.contract(abi=made.abi, bytecode=made.bytecode)
        data = contract.constructor(_digest(origin)).data_in_transaction
    receipt = node.transact(key, {"data": data})
    return Deployment(str(receipt["contractAddress"]), receipt["blockNumber"], receipt["gasUsed"])


class Anchor:
    """A `Notary` on an EVM chain. Without a key it reads alone."""

    def __init__(self, node: Node, deployment: Deployment, key: AccountKey | None = None) -> None:
        self._node = node
        self._deployment = deployment
        self._key = key
        self._checked: Contract | None = None

    def publish(self, head: Head, prove: Prove) -> Receipt:
        """Have a head taken, or find that it was. Some 94 k gas at first, 64 to 75 k after.

        Raises Tampered when the chain holds what is not this log's, Conflict when it is further already, Refused by the
        contract or without a key, Unavailable.
        """
        self._require_own(head)
        if self._root_at(head.size) == head.root:
            return self._find(head.size)
        size, root = self.last()
        if head.size <= size:
            raise self._behind(head, size)
        proof = _proof(head, size, root, prove)
        try:
            self._call("anchor", head.size, head.root, proof)
        except (Conflict, Refused):
            if self._root_at(head.size) != head.root:
                raise
        return self._find(head.size)

    def last(self) -> tuple[int, bytes]:
        """The last size and root that the contract took; 0 and the empty root before the first."""
        contract = self._contract()
        with asking():
            # Both out of one block: a head may be taken between two questions.
            block = self._node.web3.eth.block_number
            size = int(contract.functions.size().call(block_identifier=block))
            root = bytes(contract.functions.root().call(block_identifier=block))
        return (size, root) if size else (0, EMPTY_ROOT)

    def events(self) -> Iterator[Receipt]:
        """Every head that was taken, in its order."""
        for start, end in self._ranges():
            yield from self._events(start, end)

    def includes(self, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bool:
        """Whether the chain finds the leaf at the index in the log whose head of this size it holds."""
        nodes = list(require_hashes(proof, "proof"))
        question = (
            require_hash(leaf_hash, "leaf_hash"),
            require_size(index, "index"),
            require_size(size, "size"),
            nodes,
        )
        contract = self._contract()
        with asking():
            return bool(contract.functions.verifyInclusion(*question).call())

    def owner(self) -> tuple[str, str | None]:
        """The address that owns the contract, and the one it is offered to."""
        contract = self._contract()
        with asking():
            owner, offered = contract.functions.owner().call(), contract.functions.offered().call()
        return str(owner), None if int(offered, 16) == 0 else str(offered)

    def offer_owner(self, address: str) -> None:
        """Offer the contract to another account, which has to accept; nothing changes before."""
        self._call("offerOwner", checksummed(address))

    def accept_owner(self) -> None:
        """Take over a contract that was offered to the key's account."""
        self._call("acceptOwner")

    def _call(self, name: str, *args: object) -> None:
        if self._key is None:
            raise Refused("this anchor has no key and reads alone", hint="give the owner's key file")
        contract = self._contract()
        with asking():
            data = contract.encode_abi(name, args)
        self._node.transact(self._key, {"to": contract.address, "data": data})

    def _contract(self) -> Contract:
        if self._checked is None:
            self._node.require_chain()
            made, address = artefact(), checksummed(self._deployment.address)
            with asking():
                code = bytes(self._node.web3.eth.get_code(address))
                contract = self._node.web3.eth.contract(address=address, abi=made.abi)
            # The origin's digest, which never changes, follows the code.
            if not code.startswith(made.deployed_bytecode):
                raise NotFound(f"haoma's contract is not at {address}", hint="check the address and the chain")
            self._checked = contract
        return self._checked

    def _require_own(self, head: Head) -> None:
        require_hash(head.root, "root")
        if require_size(head.size, "size") == 0:
            raise BadInput("an empty log is not anchored", hint="append something first")
        contract = self._contract()
        with asking():
            origin = bytes(contract.functions.origin().call())
        if origin != _digest(head.origin):
            raise Conflict(
                "the contract holds another log", hint="one contract is made for one origin: check the address"
            )

    def _root_at(self, size: int) -> bytes | None:
        contract = self._contract()
        with asking():
            root = bytes(contract.functions.rootAt(size).call())
        return None if root == EMPTY else root

    def _behind(self, head: Head, size: int) -> Conflict | Tampered:
        if self._root_at(head.size) is not None:
            return Tampered(f"the chain holds another root for {head.size} leaves", hint="audit the log: it has forked")
        hint = "publish the newest head; if there is none that large, the log has lost entries: audit it"
        return Conflict(f"the chain holds {size} leaves already, and this head has {head.size}", hint=hint)

    def _find(self, size: int) -> Receipt:
        for start, end in reversed(self._ranges()):
            for found in self._events(start, end, {"size": size}):
                return found
        raise Tampered(f"the chain holds a head of {size} leaves without its event", hint="ask another node")

    def _ranges(self) -> Sequence[tuple[int, int]]:
        with asking():
            newest = self._node.web3.eth.block_number
        starts = range(self._deployment.block, newest + 1, BLOCKS_AT_ONCE)
        return [(start, min(start + BLOCKS_AT_ONCE - 1, newest)) for start in starts]

    def _events(self, start: int, end: int, only: dict[str, object] | None = None) -> list[Receipt]:
        contract = self._contract()
        with asking():
            found = contract.events.Anchored().get_logs(argument_filters=only, from_block=start, to_block=end)
        return [_receipt(one) for one in found]


def _proof(head: Head, size: int, root: bytes, prove: Prove) -> list[bytes]:
    if size == 0:
        return []
    proof = list(prove(size))
    try:
        verify_consistency(old_size=size, old_root=root, new_size=head.size, new_root=head.root, proof=proof)
    except Tampered:
        message = f"the chain's last root, of {size} leaves, is none of this log's"
        raise Tampered(message, hint="audit the log, and find out who else has the owner's key") from None
    return proof


def _receipt(event: EventData) -> Receipt:
    args = event["args"]
    return Receipt(
        size=int(args["size"]),
        root=bytes(args["root"]),
        time=datetime.fromtimestamp(args["time"], UTC),
        block=event["blockNumber"],
        transaction=event["transactionHash"].to_0x_hex(),
    )


def _digest(origin: str) -> bytes:
    return sha256(origin.encode()).digest()
