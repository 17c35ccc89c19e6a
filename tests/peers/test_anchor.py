"""The anchor contract in an EVM of London's rules in this process (py-evm): outside vectors, owners, forks, gas."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import pytest
from eth.vm.forks import LondonVM
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from web3 import EthereumTesterProvider, Web3

from haoma.errors import BadInput, Conflict, NotFound, Refused, Tampered
from haoma.ledger import leaf_hash, prove_consistency, prove_inclusion
from haoma.ledger import root as root_of
from haoma.ledger.anchor import AccountKey, Anchor, Deployment, Limits, Node, deploy
from haoma.ledger.anchor.artefact import artefact
from haoma.ledger.checkpoint import Checkpoint

ORIGIN = "example.com/log"
LEAVES = [leaf_hash(bytes([n])) for n in range(200)]
ETHER = 10**18
REFUSED = (Refused, TransactionFailed)  # eth-tester raises what a node would answer


def head(size: int, leaves: Sequence[bytes] = LEAVES, origin: str = ORIGIN) -> Checkpoint:
    return Checkpoint(origin, size, root_of(leaves[:size]))


def prover(size: int, leaves: Sequence[bytes] = LEAVES) -> Callable[[int], list[bytes]]:
    return lambda old: prove_consistency(leaves, old, size)


def publish(anchor: Anchor, size: int, leaves: Sequence[bytes] = LEAVES) -> object:
    return anchor.publish(head(size, leaves), prover(size, leaves))


@pytest.fixture
def node() -> Node:
    tester = EthereumTester(PyEVMBackend(vm_configuration=((0, LondonVM),)))
    web3 = Web3(EthereumTesterProvider(tester))
    return Node(web3, web3.eth.chain_id, Limits(look_s=0.01))


def funded(node: Node, number: int) -> AccountKey:
    key = AccountKey(number.to_bytes(32, "big"))
    payer = node.web3.eth.accounts[0]
    node.web3.eth.send_transaction({"from": payer, "to": key.address, "value": 10 * ETHER})
    return key


@pytest.fixture
def key(node: Node) -> AccountKey:
    return funded(node, 0xBEEF)


@pytest.fixture
def anchor(node: Node, key: AccountKey) -> Anchor:
    return Anchor(node, deploy(node, key, ORIGIN), key)


def cases(shared: Path, kind: str) -> list[tuple[str, dict]]:
    folder = shared / "ledger" / "merkle" / "testdata" / kind
    return [(str(file.relative_to(folder)), json.loads(file.read_text())) for file in sorted(folder.rglob("*.json"))]


def node_of(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_the_shipped_contract_is_what_its_source_compiles_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(root / "tools")
    import build_anchor

    assert build_anchor.build() == build_anchor.TARGET.read_text(encoding="utf-8")
    assert artefact().source_sha256 == sha256(build_anchor.SOURCE.read_bytes()).hexdigest()
    assert (artefact().compiler, artefact().evm_version) == ("vyper 0.4.3", "london")


def test_the_contract_judges_outside_inclusion_proofs_as_they_are_marked(
    shared: Path, node: Node, anchor: Anchor, capsys: pytest.CaptureFixture[str]
) -> None:
    contract, tally = anchor._contract(), Counter[str]()
    for name, case in cases(shared, "inclusion"):
        nodes = [node_of(one) for one in case["proof"] or []]
        words = [node_of(case["leafHash"]), node_of(case["root"]), *nodes]
        if any(len(word) != 32 for word in words):  # the types of the contract have no room for them
            assert case["wantErr"], name
            tally["not 32 bytes"] += 1
            continue
        question = (words[0], case["leafIdx"], case["treeSize"], words[1], nodes)
        assert contract.functions.inclusionHolds(*question).call() is not case["wantErr"], name
        tally["refused" if case["wantErr"] else "accepted"] += 1
    with capsys.disabled():
        print(f"\ninclusion vectors on chain: {dict(tally)}")
    assert tally == {"accepted": 6, "refused": 66, "not 32 bytes": 26}


def test_the_contract_judges_outside_consistency_proofs_as_they_are_marked(
    shared: Path, node: Node, anchor: Anchor, capsys: pytest.CaptureFixture[str]
) -> None:
    contract, tally = anchor._contract(), Counter[str]()
    for name, case in cases(shared, "consistency"):
        nodes = [node_of(one) for one in case["proof"] or []]
        words = [node_of(case["root1"]), node_of(case["root2"]), *nodes]
        if any(len(word) != 32 for word in words):
            tally["not 32 bytes"] += 1
            continue
        question = (case["size1"], words[0], case["size2"], words[1], nodes)
        assert contract.functions.consistencyHolds(*question).call() is not case["wantErr"], name
        tally["refused" if case["wantErr"] else "accepted"] += 1
    with capsys.disabled():
        print(f"\nconsistency vectors on chain: {dict(tally)}")
    assert tally == {"accepted": 5, "refused": 66, "not 32 bytes": 27}


def test_every_proof_of_a_small_log_holds_on_chain_and_no_other_index_does(anchor: Anchor) -> None:
    contract = anchor._contract()
    for size in range(1, 10):
        tree = root_of(LEAVES[:size])
        for index in range(size):
            proof = prove_inclusion(LEAVES, index, size)
            for claimed in {index, (index + 1) % size}:
                question = (LEAVES[index], claimed, size, tree, proof)
                assert contract.functions.inclusionHolds(*question).call() is (claimed == index)
        for old in range(1, size + 1):
            question = (old, root_of(LEAVES[:old]), size, tree, prove_consistency(LEAVES, old, size))
            assert contract.functions.consistencyHolds(*question).call() is True
            assert contract.functions.consistencyHolds(old, LEAVES[9], *question[2:]).call() is False


def test_sizes_up_to_the_last_are_judged_without_overflow(anchor: Anchor) -> None:
    contract, largest = anchor._contract(), 2**64 - 1
    some = [LEAVES[n] for n in range(64)]
    for index in (0, largest - 1, 2**63):
        assert contract.functions.inclusionHolds(LEAVES[0], index, largest, LEAVES[1], some).call() is False
    for old in (1, 2**63, 2**63 - 1, largest - 1):
        assert contract.functions.consistencyHolds(old, LEAVES[0], largest, LEAVES[1], some).call() is False


def test_a_log_that_grows_is_anchored_head_by_head(anchor: Anchor) -> None:
    assert anchor.last() == (0, root_of([]))
    receipts = [publish(anchor, size) for size in (1, 2, 7, 8, 200)]
    assert anchor.last() == (200, root_of(LEAVES))
    assert list(anchor.events()) == receipts
    assert [receipt.size for receipt in receipts] == [1, 2, 7, 8, 200]
    assert receipts[-1].root == root_of(LEAVES)


def test_a_head_that_is_there_is_not_sent_again(node: Node, anchor: Anchor, key: AccountKey) -> None:
    first = publish(anchor, 5)
    publish(anchor, 9)
    sent = node.web3.eth.get_transaction_count(key.address)
    assert publish(anchor, 5) == first
    assert publish(anchor, 9).size == 9
    assert node.web3.eth.get_transaction_count(key.address) == sent


def test_a_leaf_is_found_under_any_head_that_was_anchored(anchor: Anchor) -> None:
    for size in (5, 9):
        publish(anchor, size)
        assert anchor.includes(LEAVES[3], 3, size, prove_inclusion(LEAVES, 3, size))
        assert not anchor.includes(LEAVES[4], 3, size, prove_inclusion(LEAVES, 3, size))
    assert anchor.includes(LEAVES[3], 3, 5, prove_inclusion(LEAVES, 3, 5))
    assert not anchor.includes(LEAVES[3], 3, 7, prove_inclusion(LEAVES, 3, 7))  # that head was never anchored


def test_a_forked_log_is_told_before_anything_is_sent(node: Node, anchor: Anchor, key: AccountKey) -> None:
    publish(anchor, 9)
    forked = [*LEAVES[:4], leaf_hash(b"another"), *LEAVES[5:]]
    sent = node.web3.eth.get_transaction_count(key.address)
    for size in (12, 9):
        with pytest.raises(Tampered):
            publish(anchor, size, forked)
    assert node.web3.eth.get_transaction_count(key.address) == sent


def test_the_contract_itself_refuses_what_does_not_extend_its_last_root(anchor: Anchor) -> None:
    publish(anchor, 9)
    good = prove_consistency(LEAVES, 9, 12)
    for size, root, proof, reason in [
        (12, LEAVES[0], good, "does not extend"),
        (12, root_of(LEAVES[:12]), good[:-1], "does not extend"),
        (12, root_of(LEAVES[:12]), [], "does not extend"),
        (9, LEAVES[0], [], "another root"),
        (9, root_of(LEAVES[:9]), good, "a proof where none"),
        (8, root_of(LEAVES[:8]), [], "smaller"),
        (0, root_of([]), [], "empty log"),
    ]:
        with pytest.raises(REFUSED, match=reason):
            anchor._call("anchor", size, root, proof)
    assert anchor.last() == (9, root_of(LEAVES[:9]))


def test_a_log_behind_its_chain_has_lost_entries_or_an_old_head(anchor: Anchor) -> None:
    publish(anchor, 9)
    with pytest.raises(Conflict, match="holds 9 leaves already"):
        publish(anchor, 7)


def test_a_head_of_another_log_or_of_none_is_refused(anchor: Anchor) -> None:
    with pytest.raises(Conflict, match="another log"):
        anchor.publish(head(5, origin="example.com/other"), prover(5))
    with pytest.raises(BadInput, match="empty log"):
        publish(anchor, 0)


def test_only_the_owner_anchors_and_ownership_passes_in_two_steps(node: Node, anchor: Anchor, key: AccountKey) -> None:
    heir = funded(node, 0xCAFE)
    theirs = Anchor(node, anchor._deployment, heir)
    with pytest.raises(REFUSED, match="not the owner"):
        publish(theirs, 5)
    with pytest.raises(REFUSED, match="not offered"):
        theirs.accept_owner()
    with pytest.raises(REFUSED, match="not the owner"):
        theirs.offer_owner(heir.address)
    anchor.offer_owner(heir.address)
    assert anchor.owner() == (key.address, heir.address)
    publish(anchor, 5)  # an offer alone changes nothing
    theirs.accept_owner()
    assert theirs.owner() == (heir.address, None)
    with pytest.raises(REFUSED, match="not the owner"):
        publish(anchor, 9)
    assert publish(theirs, 9).size == 9


def test_another_chain_or_address_is_told(node: Node, anchor: Anchor, key: AccountKey) -> None:
    elsewhere = Node(node.web3, node.chain_id + 1)
    with pytest.raises(Conflict, match="was meant"):
        Anchor(elsewhere, anchor._deployment, key).last()
    with pytest.raises(NotFound, match="contract is not at"):
        Anchor(node, Deployment(key.address, 0), key).last()
    with pytest.raises(BadInput, match="no address"):
        Anchor(node, Deployment("0x12", 0), key).last()
    with pytest.raises(Refused, match="no key"):
        Anchor(node, anchor._deployment).publish(head(5), prover(5))


def test_a_key_is_read_from_its_own_file_alone_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "owner.key"
    key = AccountKey.create(path)
    assert AccountKey.read(path).address == key.address
    secret = path.read_text().strip()
    assert secret not in repr(key)
    assert key.address in repr(key)
    with pytest.raises(Conflict):
        AccountKey.create(path)
    path.chmod(0o640)
    with pytest.raises(Refused, match="can be read by others"):
        AccountKey.read(path)
    with pytest.raises(NotFound):
        AccountKey.read(tmp_path / "other.key")


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 32, "00" * 32, "ff" * 32])
def test_a_file_that_holds_no_key_is_bad_input_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "owner.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BadInput) as raised:
        AccountKey.read(path)
    assert len(text) < 64 or text not in str(raised.value)


def test_gas_stays_what_the_documents_say(node: Node, anchor: Anchor, capsys: pytest.CaptureFixture[str]) -> None:
    gas = {"deploy": anchor._deployment.gas_used}
    for size in (100, 101, 200):
        done = publish(anchor, size)
        gas[f"anchor {size}"] = node.web3.eth.get_transaction_receipt(done.transaction)["gasUsed"]
    proof = prove_inclusion(LEAVES, 3, 200)
    question = anchor._contract().functions.verifyInclusion(LEAVES[3], 3, 200, proof)
    gas["verify, 8 nodes"] = question.estimate_gas()
    with capsys.disabled():
        print(f"\ngas: {gas} (proof of {len(proof)}, consistency of {len(prove_consistency(LEAVES, 101, 200))})")
    assert gas["deploy"] < 1_000_000
    assert gas["anchor 200"] < 150_000
