# pragma version 0.4.3
# pragma evm-version london
# SPDX-License-Identifier: Apache-2.0
"""
@title Heads of one append-only log
@notice Takes a new head (size, root) of the log only from its owner, and only if a proof shows that the log before it
        is a beginning of the log behind it. Hashing is RFC 6962: SHA-256 over 0x01 and two nodes.
@dev Checks are those of RFC 9162 §2.1.3.2 (inclusion) and §2.1.4.2 (consistency). A node of the log is 32 bytes.
"""

# A tree of fewer than 2^64 leaves has proofs of at most 64 nodes (inclusion) and 65 (consistency).
MAX_PROOF: constant(uint256) = 65
HEIGHT: constant(uint256) = 64

event Anchored:
    origin: indexed(bytes32)
    size: indexed(uint64)
    root: bytes32
    time: uint256

event OwnerOffered:
    owner: indexed(address)
    offered: indexed(address)

event OwnerChanged:
    before: indexed(address)
    owner: indexed(address)

# SHA-256 of the log's origin line: one contract holds one log.
origin: public(immutable(bytes32))
owner: public(address)
offered: public(address)
size: public(uint64)
root: public(bytes32)
# Every root that was taken, by its size; zero where there is none.
rootAt: public(HashMap[uint64, bytes32])


@deploy
def __init__(log_origin: bytes32):
    origin = log_origin
    self.owner = msg.sender
    log OwnerChanged(before=empty(address), owner=msg.sender)


@external
def anchor(size: uint64, root: bytes32, proof: DynArray[bytes32, MAX_PROOF]):
    """
    @notice Take a head that extends the last one; the last one again changes nothing.
    @param proof Consistency proof from the last size to this one; empty for the first head and for the same again.
    """
    assert msg.sender == self.owner, "not the owner"
    assert size > 0 and root != empty(bytes32), "an empty log is not anchored"
    assert size >= self.size, "smaller than the last size"
    if size == self.size:
        assert root == self.root, "another root at the same size"
        assert len(proof) == 0, "a proof where none is needed"
        return
    if self.size == 0:
        assert len(proof) == 0, "a proof where none is needed"
    else:
        assert self._extends(self.size, self.root, size, root, proof), "does not extend the last root"
    self.size = size
    self.root = root
    self.rootAt[size] = root
    log Anchored(origin=origin, size=size, root=root, time=block.timestamp)


@external
@view
def verifyInclusion(leaf_hash: bytes32, index: uint64, size: uint64, proof: DynArray[bytes32, MAX_PROOF]) -> bool:
    """
    @notice Whether the leaf stands at the index in the log whose head of that size was anchored.
    """
    root: bytes32 = self.rootAt[size]
    return root != empty(bytes32) and self._includes(leaf_hash, index, size, root, proof)


@external
@view
def inclusionHolds(
    leaf_hash: bytes32, index: uint64, size: uint64, root: bytes32, proof: DynArray[bytes32, MAX_PROOF]
) -> bool:
    """
    @notice Whether the leaf stands at the index in any log of that size and root, anchored here or not.
    """
    return self._includes(leaf_hash, index, size, root, proof)


@external
@view
def consistencyHolds(
    old_size: uint64, old_root: bytes32, new_size: uint64, new_root: bytes32, proof: DynArray[bytes32, MAX_PROOF]
) -> bool:
    """
    @notice Whether the log of the old head is a beginning of the log of the new head. Nothing is proved about an empty log.
    """
    if old_size == new_size:
        return old_size > 0 and old_root == new_root and len(proof) == 0
    return self._extends(old_size, old_root, new_size, new_root, proof)


@external
def offerOwner(to: address):
    """
    @notice Offer the contract to another owner, who has to accept; the zero address takes an offer back.
    """
    assert msg.sender == self.owner, "not the owner"
    self.offered = to
    log OwnerOffered(owner=msg.sender, offered=to)


@external
def acceptOwner():
    """
    @notice Become the owner after an offer.
    """
    assert msg.sender == self.offered, "not offered to you"
    log OwnerChanged(before=self.owner, owner=msg.sender)
    self.owner = msg.sender
    self.offered = empty(address)


@internal
@view
def _node(left: bytes32, right: bytes32) -> bytes32:
    return sha256(concat(b"\x01", left, right))


@internal
@view
def _includes(
    leaf_hash: bytes32, index: uint64, size: uint64, root: bytes32, proof: DynArray[bytes32, MAX_PROOF]
) -> bool:
    if index >= size:
        return False
    at: uint256 = convert(index, uint256)
    last: uint256 = convert(size - 1, uint256)
    node: bytes32 = leaf_hash
    for sibling: bytes32 in proof:
        if last == 0:
            return False
        if at & 1 == 1 or at == last:
            node = self._node(sibling, node)
            for _: uint256 in range(HEIGHT):
                if at & 1 == 1 or at == 0:
                    break
                at >>= 1
                last >>= 1
        else:
            node = self._node(node, sibling)
        at >>= 1
        last >>= 1
    return last == 0 and node == root


@internal
@view
def _extends(
    old_size: uint64, old_root: bytes32, new_size: uint64, new_root: bytes32, proof: DynArray[bytes32, MAX_PROOF]
) -> bool:
    if old_size == 0 or old_size >= new_size or len(proof) == 0:
        return False
    at: uint256 = convert(old_size - 1, uint256)
    last: uint256 = convert(new_size - 1, uint256)
    for _: uint256 in range(HEIGHT):
        if at & 1 == 0:
            break
        at >>= 1
        last >>= 1
    # A complete old tree is itself the first node of the path, and is left out of the proof.
    complete: bool = old_size & (old_size - 1) == 0
    old_node: bytes32 = old_root if complete else proof[0]
    new_node: bytes32 = old_node
    for i: uint256 in range(len(proof), bound=MAX_PROOF):
        if i == 0 and not complete:
            continue
        if last == 0:
            return False
        if at & 1 == 1 or at == last:
            old_node = self._node(proof[i], old_node)
            new_node = self._node(proof[i], new_node)
            for _: uint256 in range(HEIGHT):
                if at & 1 == 1 or at == 0:
                    break
                at >>= 1
                last >>= 1
        else:
            new_node = self._node(new_node, proof[i])
        at >>= 1
        last >>= 1
    return last == 0 and old_node == old_root and new_node == new_root
