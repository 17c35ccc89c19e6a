"""Keys in a PKCS#11 token (SoftHSM2), and in a stand-in that follows Vault's documented transit API (not Vault)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contracts.custody import KEY, CustodyContract
from contracts.transit_server import TOKEN, transit_server
from contracts.vault import HOUR, Permitted, number
from haoma.app import Services
from haoma.errors import BadInput, Refused, Unavailable
from haoma.settings import load
from haoma.vault import Custody, Opener, transit
from haoma.vault.hsm import Hsm
from haoma.vault.transit import Transit

PIN = "48151623"


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM2, its tokens in a directory of the tests: it reads where they are once in a process."""
    found = subprocess.run(
        ["sh", Path(__file__).with_name("softhsm.sh")], stdout=subprocess.PIPE, text=True, check=True
    )
    place = tmp_path_factory.mktemp("softhsm")
    (place / "tokens").mkdir()
    (place / "conf").write_text(
        f"directories.tokendir = {place}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(place / "conf"))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "haoma", "--pin", PIN, "--so-pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
        yield Path(found.stdout.strip())


class TestSoftHsm(CustodyContract):
    """The contract, in a token of SoftHSM2."""

    @pytest.fixture
    def custody(self, module: Path) -> Custody:
        return Emptied(module)

    def test_a_key_cannot_be_taken_out_of_the_token(self, module: Path) -> None:
        import pkcs11

        hsm = Hsm(module, "haoma", PIN)
        hsm.wrap("inside", KEY)
        with hsm._use() as session:
            key = hsm._key(session, "inside", 1)
            assert (key[pkcs11.Attribute.SENSITIVE], key[pkcs11.Attribute.EXTRACTABLE]) == (True, False)


class Emptied(Hsm):
    """The one token there is, emptied: SoftHSM2 takes in new ones only when a process starts."""

    def __init__(self, module: Path) -> None:
        super().__init__(module, "haoma", PIN)
        with self._use() as session:
            for one in list(session.get_objects()):
                one.destroy()


class TestTransit(CustodyContract):
    """The contract, over HTTP."""

    @pytest.fixture
    def custody(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Custody]:
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        with transit_server() as url:
            yield Transit.of_setting(f"transit+{url}/transit")


def test_a_server_that_refuses_or_is_away_opens_nothing_and_shows_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "s.wrong-token")
    with transit_server() as url, pytest.raises(Unavailable) as refused:
        Transit(url).wrap("data", KEY)
    with pytest.raises(Unavailable) as away:
        Transit(url).wrap("data", KEY)
    assert "wrong-token" not in f"{refused.value}{refused.value.hint}{away.value}{away.value.hint}"


@contextmanager
def answering(*answers: tuple[int, bytes], wait_s: float = 0.0) -> Iterator[str]:
    """The URL of a server that gives these answers in turn, the last one ever after."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(wait_s)
            status, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Location", "/v1/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_args: object) -> None:
            """Nothing to stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


VERBS: dict[str, Callable[[Custody], object]] = {
    "wrap": lambda custody: custody.wrap("data", KEY),
    "unwrap": lambda custody: custody.unwrap("data", b"1.AAAA"),
    "sign": lambda custody: custody.sign("data", b"text"),
    "public_keys": lambda custody: custody.public_keys("data"),
    "versions": lambda custody: custody.versions("data"),
    "rotate": lambda custody: custody.rotate("data"),
    "forget": lambda custody: custody.forget("data", 2),
}
THERE = (200, b'{"data": {"keys": {"1": 1}, "latest_version": 1, "min_decryption_version": 1}}')
FAILURES = {
    "sealed": (503, b'{"errors": ["Vault is sealed"]}'),
    "refused": (403, b'{"errors": ["permission denied"]}'),
    "no such mount": (404, b'{"errors": ["no handler for route"]}'),
    "busy": (429, b'{"errors": ["too many"]}'),
    "failing": (500, b'{"errors": ["1 error occurred"]}'),
    "no gateway": (502, b"<html>"),
    "not set up": (501, b""),
    "another refusal": (405, b"{}"),
    "moved": (307, b""),
    "a page": (200, b"<html>hello</html>"),
    "a list": (200, b"[]"),
    "nothing": (200, b"null"),
    "no data": (200, b'{"data": null}'),
    "empty data": (200, b'{"data": {}}'),
    "numbers": (200, b'{"data": 7}'),
    "not base64": (
        200,
        b'{"data": {"plaintext": "?", "ciphertext": "vault:v1:?", "signature": "x", "keys": {"1": 2}}}',
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_vault_answers_that_was_not_asked_for_opens_nothing(
    failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    with answering(FAILURES[failure]) as url:
        for verb in VERBS.values():
            with pytest.raises(Unavailable) as raised:
                verb(Transit(url))
            assert TOKEN not in f"{raised.value}{raised.value.hint}"


@pytest.mark.parametrize("failure", FAILURES)
def test_a_vault_that_has_the_key_and_fails_then_opens_nothing_either(
    failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    for verb in ("wrap", "unwrap", "sign"):
        with answering(THERE, FAILURES[failure]) as url, pytest.raises(Unavailable):
            VERBS[verb](Transit(url))


def test_a_sealed_vault_and_a_refused_token_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    for failure, words in {"sealed": "sealed", "refused": "refuses this token", "a page": "not what its"}.items():
        with answering(FAILURES[failure]) as url, pytest.raises(Unavailable, match=words):
            Transit(url).versions("data")


def test_a_vault_that_is_slow_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    monkeypatch.setattr(transit, "ANSWER_S", 0.2)
    with answering(THERE, wait_s=1.0) as url, pytest.raises(Unavailable, match="Timeout"):
        Transit(url).versions("data")


def in_a_process(module: Path, script: str, *args: str) -> list[str]:
    """What a script says in a process of its own: a library knows one login and one set of tokens in each."""
    begin = (
        "import sys\nfrom pathlib import Path\nfrom haoma.errors import HaomaError\nfrom haoma.vault.hsm import Hsm\n"
    )
    command = [sys.executable, "-c", begin + script, str(module), *args]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


WRONG_PIN = """
hsm, tries = Hsm(Path(sys.argv[1]), "haoma", "00000000"), []
opened = hsm._opened
hsm._opened = lambda: (tries.append(None), opened())[1]
for _ in range(9):
    try:
        hsm.versions("data")
    except HaomaError as error:
        print(error.code, error)
print(len(tries))
"""


def test_a_wrong_pin_is_tried_once(module: Path) -> None:
    *told, tries = in_a_process(module, WRONG_PIN)
    assert told == ["unavailable the PKCS#11 token haoma refuses the PIN"] * 9
    assert tries == "1"


@pytest.mark.parametrize("verb", VERBS)
def test_a_token_that_is_not_there_opens_nothing(module: Path, verb: str) -> None:
    with pytest.raises(Unavailable, match="is not there"):
        VERBS[verb](Hsm(module, "another", PIN))
    with pytest.raises(Unavailable):
        VERBS[verb](Hsm(module.with_name("none.so"), "haoma", PIN))


TAKEN_AWAY = """
hsm, tokens, away = Hsm(Path(sys.argv[1]), "haoma", sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
wrapped = hsm.wrap("taken", bytes(48))
tokens.rename(away)
verbs = lambda: hsm.unwrap("taken", wrapped), lambda: hsm.wrap("taken", bytes(48)), lambda: hsm.sign("taken", b"")
for verb in verbs:
    try:
        verb()
        print("done")
    except HaomaError as error:
        print(error.code)
away.rename(tokens)
print(wrapped.hex())
"""


def test_a_token_that_is_taken_away_opens_nothing_until_it_is_back(module: Path, tmp_path: Path) -> None:
    tokens = Path(os.environ["SOFTHSM2_CONF"]).read_text().split("tokendir = ")[1].split("\n")[0]
    *told, wrapped = in_a_process(module, TAKEN_AWAY, PIN, tokens, str(tmp_path / "away"))
    assert told == ["unavailable"] * 3
    assert Hsm(module, "haoma", PIN).unwrap("taken", bytes.fromhex(wrapped)) == bytes(48)


@pytest.mark.parametrize("kind", ["transit", "pkcs11"])
def test_a_vault_stands_on_a_custody_outside_and_falls_with_it(
    kind: str, module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    (tmp_path / "pin").write_text(PIN)
    (tmp_path / "pin").chmod(0o600)
    with transit_server() as url:
        token = f"pkcs11:token=haoma?module-path={module}&pin-source=file:{tmp_path}/pin"
        named = f"transit+{url}/transit" if kind == "transit" else token
        settings = load({"store_dir": tmp_path / "store", "vault_custody": named}, env={})
        with Services(settings) as services:
            vault, subject = services.vault, services.vault.pseudonym("acme", number())
            until = vault.now() + HOUR
            vault.store.write(lambda tx: vault.seal(tx, subject, "customer-care", number(), until))
            permitted = Permitted(subject, until=until)
            assert Opener(vault, Permitted).reveal(permitted, actor="agent:1") == number().uri
        assert not (tmp_path / "store" / "keys" / "custody").exists()
        (tmp_path / "pin").chmod(0o644)
    with Services(settings) as services, pytest.raises(Unavailable if kind == "transit" else Refused):
        services.vault.pseudonym("acme", number())


@pytest.mark.parametrize("text", ["transit+ftp://x", "transit+https://", "transit+https://u:p@host", "pkcs11:", "x"])
def test_a_custody_that_is_none_is_told(text: str, tmp_path: Path) -> None:
    with Services(load({"store_dir": tmp_path, "vault_custody": text}, env={})) as services, pytest.raises(BadInput):
        services.custody  # noqa: B018 - made when it is asked for
