"""Keys in a PKCS#11 token (SoftHSM2), and in a stand-in that follows Vault's documented transit API (not Vault)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.custody import KEY, CustodyContract
from contracts.transit_server import TOKEN, transit_server
from contracts.vault import HOUR, Permitted, number
from haoma.app import Services
from haoma.errors import BadInput, Refused, Unavailable
from haoma.settings import load
from haoma.vault import Custody, Opener
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
