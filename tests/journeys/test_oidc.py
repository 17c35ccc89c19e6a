"""Signing in with an identity provider of another make: npm's oidc-provider, certified by the OpenID Foundation."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from contracts.access import World, open_world
from haoma.access import Role
from haoma.access.oidc import ANSWER_S, LARGEST_ANSWER, Oidc, provider_of
from haoma.errors import Refused
from haoma.wire.bounded import Bounded
from haoma.wire.line import Deadline

HERE = Path(__file__).parent
BACK = "https://console.example/back"
SECRET = "a:secret of 32 bytes, or nearly so"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The URL of a provider on this machine."""
    found = subprocess.run(["sh", HERE / "oidc.sh"], stdout=subprocess.PIPE, text=True, check=True)
    place = Path(found.stdout.strip())
    shutil.copy(HERE / "oidc_provider.mjs", place)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    command = ["node", place / "oidc_provider.mjs", str(port), BACK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        # What it says besides are warnings that this is a provider for tests.
        assert any(line.strip() == "ready" for line in process.stdout)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = open_world(f"sqlite:///{tmp_path / 'haoma.db'}")
    with world.store:
        yield world


def signed_in_there(url: str, login: str) -> str:
    """As a browser does it: follow, fill in, agree; the URL that leads back."""
    with httpx.Client(timeout=15) as browser:
        answer = browser.get(url)
        for _ in range(12):
            if answer.is_redirect:
                url = urljoin(str(answer.url), answer.headers["location"])
                if url.startswith(BACK):
                    return url
                answer = browser.get(url)
                continue
            action = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="([^"]+)"', answer.text)
            assert action, answer.text
            assert prompt, answer.text
            form = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = browser.post(urljoin(str(answer.url), action[1]), data=form)
    pytest.fail("the provider does not send the browser back")


def test_whom_a_certified_provider_knows_is_let_in_and_nobody_else(world: World, issuer: str) -> None:
    system, security = world.admins()
    dora = world.staff(system, security, "dora", Role.DPO)
    world.people.link(system, dora.id, issuer, "dora-there", world.now())
    world.people.restore(security, dora.id, world.now())
    # The provider lives in the time of this machine.
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    way = Bounded(lambda: Deadline(time.monotonic, ANSWER_S, "it"), ssl.create_default_context(), LARGEST_ANSWER)
    with httpx.Client(transport=way) as http:
        oidc = Oidc(world.store, world.sealing, world.sign_in, http, provider_of(issuer, "haoma", SECRET, BACK))
        url, state = oidc.begin(now)
        back = signed_in_there(url, "dora-there")
        found = world.sign_in.asker(oidc.finish(back, state, now), now)
        assert (found.id, found.methods, found.strong) == (dora.id, {"oidc"}, False)
        with pytest.raises(Refused):
            oidc.finish(back, state, now)
        url, state = oidc.begin(now)
        back = signed_in_there(url, "somebody-else")
        with pytest.raises(Refused, match="signing in failed"):
            oidc.finish(back, state, now)
        wrong = Oidc(world.store, world.sealing, world.sign_in, http, provider_of(issuer, "haoma", "another", BACK))
        url, state = wrong.begin(now)
        with pytest.raises(Refused, match="signing in failed"):
            wrong.finish(signed_in_there(url, "dora-there"), state, now)
