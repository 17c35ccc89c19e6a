"""How long it takes to look a secret up says nothing of it: not how much of it is right, and not what it once was.

What differs by a part of a query would show here. What differs by nanoseconds would not: tokens are looked up by their
digest, and keys compared in constant time.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest

from contracts.api import Client, client_in, served_of
from haoma.access import Role
from haoma.errors import HaomaError
from haoma.web.api.callers import FAILURE_S

ROUNDS, TRIES, FAR_S = 400, 5, 0.02


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_in(tmp_path_factory.mktemp("timed"), api_rate_per_min=10_000_000) as client:
        client.machine("live", "agent", Role.AGENT, "read-number")
        yield client


def alike(work: Mapping[str, Callable[[], object]]) -> float:
    """How far the medians of some works lie apart, as a share of the least; they take turns, in no order."""
    took: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name in random.sample([*work], len(work)):
            begun = time.perf_counter()
            with suppress(HaomaError):
                work[name]()
            took[name].append(time.perf_counter() - begun)
    medians = [statistics.median(one) for one in took.values()]
    return max(medians) / min(medians) - 1


def assert_alike(work: Mapping[str, Callable[[], object]]) -> None:
    """Nearer than a fifth; on a busy machine that may take several tries."""
    apart = list[float]()
    while not apart or (apart[-1] > 0.2 and len(apart) < TRIES):
        apart.append(alike(work))
    assert apart[-1] <= 0.2, apart


@pytest.mark.parametrize("kind", ["agent", "live"])
def test_a_token_that_is_nearly_right_takes_as_long_as_one_that_is_not(house: Client, kind: str) -> None:
    token = house.tokens[kind]
    body = token.rindex("_") + 1
    known = house.services.sign_in if kind == "agent" else house.services.api_keys
    # The last character stays: two of its bits are none of the secret's, and what is no token at all is known sooner.
    near = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    half = token[: body + 20] + near[body + 20 : -1][::-1] + token[-1]
    none = token[:body] + near[body:-1][::-1] + token[-1]
    now = datetime.now(UTC)
    assert_alike(
        {name: lambda one=one: known.asker(one, now) for name, one in zip("abc", (near, half, none), strict=True)}
    )


def test_whoever_is_not_recognised_waits_the_same_whatever_they_show(house: Client) -> None:
    now = datetime.now(UTC)
    over = house.services.store.write(
        lambda tx: house.services.sign_in.open_session(tx, house.people["dpo"], frozenset({"password", "totp"}), now)
    )
    house.services.sign_in.sign_out(over, now)
    shown = {
        "nobody's": "haoma_session_" + "x" * 43,
        "ended": over,
        "nearly": house.tokens["agent"][:-1],
        "a key of nobody's": "haoma_key_" + "x" * 43,
        "garbage": "\xe9",
        "next to nothing": "x",
    }
    took: dict[str, list[float]] = {name: [] for name in shown}
    with served_of(house) as url, httpx.Client(trust_env=False) as http:
        for _ in range(15):
            for name in random.sample([*shown], len(shown)):
                begun = time.perf_counter()
                headers = {"Authorization": f"Bearer {shown[name]}".encode("latin-1")}
                assert http.post(f"{url}/v1/numbers/lookup", json={}, headers=headers).status_code == 401
                took[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(one) for name, one in took.items()}
    assert min(medians.values()) >= FAILURE_S
    assert max(medians.values()) - min(medians.values()) < FAR_S, medians
