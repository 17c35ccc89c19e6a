"""The anchor on a real node: anvil of npm, by London's rules, asked over JSON-RPC, stopped and started again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from contracts.anvil import CHAIN, installed, running
from haoma.errors import Conflict, Refused, Tampered, Unavailable
from haoma.ledger import leaf_hash, prove_consistency, prove_inclusion
from haoma.ledger import root as root_of
from haoma.ledger.anchor import AccountKey, Anchor, Deployment, Limits, Node, Receipt, connect, deploy
from haoma.ledger.checkpoint import Checkpoint

ORIGIN = "example.com/log"
LEAVES = [leaf_hash(bytes([n])) for n in range(100)]
QUICK = Limits(answer_s=10, transaction_s=30, look_s=0.05)


def publish(anchor: Anchor, size: int, leaves: list[bytes] = LEAVES) -> Receipt:
    head = Checkpoint(ORIGIN, size, root_of(leaves[:size]))
    return anchor.publish(head, lambda old: prove_consistency(leaves, old, size))


@pytest.fixture(scope="session")
def anvil(root: Path) -> Path:
    """The program."""
    return installed(root)


@pytest.fixture
def node(anvil: Path, tmp_path: Path) -> Iterator[Node]:
    with running(anvil, tmp_path / "state.json") as url:
        yield connect(url, CHAIN, QUICK)


def funded(node: Node, path: Path) -> AccountKey:
    key = AccountKey.create(path)
    node.web3.provider.make_request("anvil_setBalance", [key.address, hex(10**19)])
    return key


def test_a_log_is_anchored_and_its_leaves_are_found(
    node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = funded(node, tmp_path / "owner.key")
    made = deploy(node, AccountKey.read(tmp_path / "owner.key"), ORIGIN)
    anchor = Anchor(node, made, key)
    receipts = [publish(anchor, size) for size in (1, 6, 8, 100)]
    assert (anchor.last(), list(anchor.events())) == ((100, root_of(LEAVES)), receipts)
    assert publish(anchor, 8) == receipts[2]
    assert anchor.includes(LEAVES[5], 5, 8, prove_inclusion(LEAVES, 5, 8))
    assert not anchor.includes(LEAVES[5], 4, 8, prove_inclusion(LEAVES, 5, 8))
    gas = [node.web3.eth.get_transaction_receipt(one.transaction)["gasUsed"] for one in receipts]
    with capsys.disabled():
        print(f"\ngas on anvil: deploy {made.gas_used}, anchor {dict(zip((1, 6, 8, 100), gas, strict=True))}")


def test_the_record_survives_a_restart_of_the_node(anvil: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with running(anvil, state) as url:
        node = connect(url, CHAIN, QUICK)
        key = funded(node, tmp_path / "owner.key")
        made = deploy(node, key, ORIGIN)
        first = publish(Anchor(node, made, key), 6)
    with pytest.raises(Unavailable, match="does not answer"):
        Anchor(node, made, key).last()
    with running(anvil, state) as url:
        anchor = Anchor(connect(url, CHAIN, QUICK), made, key)
        assert anchor.last() == (6, root_of(LEAVES[:6]))
        assert publish(anchor, 9).size == 9
        assert anchor.includes(LEAVES[5], 5, 6, prove_inclusion(LEAVES, 5, 6))
        assert first.size == 6


def test_the_contract_and_its_client_refuse_a_fork_and_a_strange_key(node: Node, tmp_path: Path) -> None:
    anchor = Anchor(node, deploy(node, key := funded(node, tmp_path / "owner.key"), ORIGIN), key)
    publish(anchor, 6)
    forked = [leaf_hash(b"another"), *LEAVES[1:]]
    with pytest.raises(Tampered, match="none of this log"):
        publish(anchor, 9, forked)
    with pytest.raises(Refused, match="does not extend"):
        anchor._call("anchor", 9, root_of(forked[:9]), prove_consistency(forked, 6, 9))
    stranger = Anchor(node, anchor._deployment, funded(node, tmp_path / "stranger.key"))
    with pytest.raises(Refused, match="not the owner"):
        publish(stranger, 9)
    stranger_to_be = AccountKey.read(tmp_path / "stranger.key").address
    anchor.offer_owner(stranger_to_be)
    stranger.accept_owner()
    assert publish(stranger, 9).size == 9


def test_a_chain_without_base_fees_is_paid_the_old_way(anvil: Path, tmp_path: Path) -> None:
    with running(anvil, tmp_path / "state.json", rules="berlin") as url:
        node = connect(url, CHAIN, QUICK)
        key = funded(node, tmp_path / "owner.key")
        receipt = publish(Anchor(node, deploy(node, key, ORIGIN), key), 6)
        assert node.web3.eth.get_transaction(receipt.transaction)["type"] == 0


def test_an_account_that_cannot_pay_is_told(node: Node, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"[Ii]nsufficient funds"):
        deploy(node, AccountKey.create(tmp_path / "poor.key"), ORIGIN)


def test_a_head_counts_only_under_enough_blocks(anvil: Path, tmp_path: Path) -> None:
    with running(anvil, tmp_path / "state.json") as url:
        patient = Limits(answer_s=10, transaction_s=0.5, look_s=0.05, confirmations=3)
        node = connect(url, CHAIN, QUICK)
        key = funded(node, tmp_path / "owner.key")
        made = deploy(node, key, ORIGIN)
        waiting = Anchor(connect(url, CHAIN, patient), made, key)
        with pytest.raises(Unavailable, match="not confirmed yet"):
            publish(waiting, 6)
        assert publish(waiting, 6).size == 6  # it had gone through, and is found


def test_one_account_has_one_transaction_under_way(anvil: Path, tmp_path: Path) -> None:
    with running(anvil, tmp_path / "state.json") as url:
        node = connect(url, CHAIN, QUICK)
        key = funded(node, tmp_path / "owner.key")
        made = deploy(node, key, ORIGIN)
        hasty = Anchor(connect(url, CHAIN, Limits(transaction_s=0.5, look_s=0.05)), made, key)
        node.web3.provider.make_request("evm_setAutomine", [False])
        with pytest.raises(Unavailable, match="not confirmed yet"):
            publish(hasty, 6)
        with pytest.raises(Unavailable, match="under way"):
            publish(hasty, 6)
        node.web3.provider.make_request("evm_mine", [])
        receipt = publish(hasty, 6)
        assert node.web3.eth.get_transaction_count(key.address) == 2  # the contract, and one head
        assert list(hasty.events()) == [receipt]


def test_two_publishers_of_one_log_leave_one_record(node: Node, tmp_path: Path) -> None:
    key = funded(node, tmp_path / "owner.key")
    made = deploy(node, key, ORIGIN)
    url = str(node.web3.provider.endpoint_uri)
    outcomes: list[object] = []

    def one(size: int) -> None:
        try:
            outcomes.append(publish(Anchor(connect(url, CHAIN, QUICK), made, key), size))
        except (Conflict, Refused, Unavailable) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=one, args=(size,)) for size in (6, 6, 9, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = list(Anchor(node, made).events())
    assert len(outcomes) == 4
    assert {outcome for outcome in outcomes if isinstance(outcome, Receipt)} <= set(events)
    assert [event.size for event in events] in ([6], [9], [6, 9])


def test_an_answer_that_is_none_of_a_node_is_unavailable(tmp_path: Path) -> None:
    answers: list[bytes] = [b"<html>", b"{}", b"[]", b"null", json.dumps({"id": 0, "result": "nothing"}).encode()]

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            content = answers[0]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        while answers:
            anchor = Anchor(
                connect(f"http://127.0.0.1:{server.server_port}/secret", CHAIN, QUICK), Deployment("0x" + "12" * 20, 0)
            )
            with pytest.raises(Unavailable) as raised:
                anchor.last()
            assert "secret" not in f"{raised.value} {raised.value.hint}"
            answers.pop(0)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
