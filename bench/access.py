"""Decisions beside Cedar's engine alone, and what a record of each costs.

Rules held here:
- The peer decides the same question by the same policies, compiled before, and reads nothing.
- A decision reads state, roles, case and version in its transaction each time. A recorded one is a write of its own,
  by many threads at once, and timed by the clock on the wall.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import cedarpy
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.figure import Figure, best_cpu_s
from haoma.access import ENTRY_TYPES, Asker, Cases, Gate, People, Role, Thing
from haoma.access import tables as access_tables
from haoma.access.policy import Circumstances, Policy, Question, shipped_text
from haoma.access.rfc9421 import Request, sign_request, verify_request
from haoma.access.rows import asker_of
from haoma.ledger.service import Ledger
from haoma.storage import open_store
from haoma.vault import KeyStore, LocalFiles, open_keys, suite_named
from haoma.vault.commitments import KeptCommitments

__all__ = ["access"]

PEER = "cedarpy"
THREADS = 64
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SUBJECT = f"bench.a1.{'a' * 32}"
STRONG = frozenset({"password", "totp"})
WELL = Circumstances(strong=True, in_case=True, same_tenant=True, scoped=True, own=False)
QUESTION = Question(False, frozenset({Role.AGENT}), "see", "subject", "place", WELL)


def access(rows: int) -> Iterator[Figure]:
    """Figures for `rows` decisions kept in memory, and fewer of what costs more."""
    peer = _peer(max(rows // 20, 100))
    yield Figure("a decision by the engine, policies compiled", "/s", _anew(max(rows // 20, 100)), PEER, peer)
    with _world() as (gate, agent):
        yield Figure("a decision in a transaction, kept answer", "/s", _kept(gate, agent, rows // 5), PEER, peer)
        yield Figure(
            "a decision recorded with its entry, 64 threads", "/s", _recorded(gate, agent, max(rows // 50, 128))
        )
    yield Figure("a signed request verified (Ed25519)", "/s", _verified(max(rows // 100, 50)))


def _anew(count: int) -> float:
    policy = Policy(shipped_text(), 0)
    return _rate(count, lambda: policy.decide_anew(QUESTION))


def _peer(count: int) -> float:
    text = "".join(
        (Path(str(_policies())) / name).read_text(encoding="utf-8") for name in ("limits.cedar", "roles.cedar")
    )
    compiled = cedarpy.PolicySet.from_str(text)
    parents = [{"type": "Class", "id": "place"}, {"type": "Object", "id": "subject"}]
    known = cedarpy.Entities.from_json_str(
        json.dumps(
            [
                {"uid": {"type": "Person", "id": "an"}, "attrs": {}, "parents": [{"type": "Role", "id": "agent"}]},
                {"uid": {"type": "Field", "id": "subject.place"}, "attrs": {}, "parents": parents},
            ]
        )
    )
    asked = {
        "principal": {"type": "Person", "id": "an"},
        "action": {"type": "Action", "id": "see"},
        "resource": {"type": "Field", "id": "subject.place"},
        "context": {"strong": True, "in_case": True, "same_tenant": True, "scoped": True, "own": False},
    }
    if not cedarpy.is_authorized(asked, compiled, known).allowed:
        raise SystemExit("bench: cedarpy and haoma decide differently")
    return _rate(count, lambda: cedarpy.is_authorized(asked, compiled, known))


def _policies() -> Path:
    import haoma.access

    return Path(haoma.access.__file__).parent / "policies"


@contextmanager
def _world() -> Iterator[tuple[Gate, Asker]]:
    with tempfile.TemporaryDirectory() as place:
        keys_url = f"sqlite:///{place}/keys.db"
        with open_store(f"sqlite:///{place}/haoma.db") as store, open_keys(keys_url) as key_store:
            suite = suite_named("aes-sha2")
            keys = KeyStore(key_store, LocalFiles(Path(place) / "custody", suite), suite, lambda: NOW)
            gate = Gate(store, Ledger(store, ENTRY_TYPES, lambda: NOW), KeptCommitments(keys))
            person, _ = People(gate).add_first("an", "An", "bench", NOW)
            agent = store.write(partial(_as_agent, person_id=person.id))
            Cases(gate).open(agent, SUBJECT, NOW)
            yield gate, agent


def _as_agent(tx: sa.Connection, person_id: str) -> Asker:
    """The one person there, as an agent, past all that keeps a first person from being one."""
    tx.execute(sa.update(access_tables.people).values(state="active"))
    tx.execute(sa.update(access_tables.roles).values(role=str(Role.AGENT)))
    return asker_of(tx, person_id, STRONG)


def _kept(gate: Gate, agent: Asker, count: int) -> float:
    thing = Thing("subject", agent.tenant, "place", SUBJECT)
    with gate.store.read() as tx:
        if not gate.decide(tx, agent, "see", thing, NOW).allowed:
            raise SystemExit("bench: the agent is refused in a case of their own")
        return _rate(count, lambda: gate.decide(tx, agent, "see", thing, NOW))


def _recorded(gate: Gate, agent: Asker, count: int) -> float:
    thing = Thing("subject", agent.tenant, "place", SUBJECT)
    with ThreadPoolExecutor(THREADS) as pool:
        began = time.perf_counter()
        done = list(pool.map(lambda _: gate.ask(agent, "see", thing, NOW), range(count)))
        return len(done) / (time.perf_counter() - began)


def _verified(count: int) -> float:
    own = bytes(32)
    public = Ed25519PrivateKey.from_private_bytes(own).public_key().public_bytes_raw()
    plain = Request("POST", "https://haoma.example/v1/locate", [("Content-Type", "application/json")], b'{"a":1}')
    signed = sign_request(plain, "k", "ed25519", own, "n" * 22, NOW)
    return _rate(count, lambda: verify_request(signed, "ed25519", public, NOW))


def _rate(count: int, work: Callable[[], object]) -> float:
    def many() -> None:
        for _ in range(count):
            work()

    return count / best_cpu_s(many)
