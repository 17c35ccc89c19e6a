"""A carrier out of settings, behind the services."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.carrier import PEM, RECYCLING, Carrier
from contracts.consent import NOW, NUMBER
from haoma.app import Services
from haoma.errors import BadInput, Refused
from haoma.numbers import parse
from haoma.settings import Settings, load


def settings_for(tmp_path: Path, carrier: Carrier) -> Settings:
    key = tmp_path / "carrier.pem"
    key.write_bytes(PEM)
    key.chmod(0o600)
    texts = {"camara_url": carrier.url, "camara_issuer": carrier.url, "camara_client_id": "acme-desk"}
    return load({"store_dir": tmp_path / "store", "camara_key_file": key} | texts, env={"HOME": str(tmp_path)})


def test_consent_asks_the_carrier_that_the_settings_name(tmp_path: Path, carrier: Carrier) -> None:
    carrier.says(RECYCLING, {"phoneNumberRecycled": True})
    with Services(settings_for(tmp_path, carrier)) as services:
        office = services.consent.office
        assert office.recycling is not None
        assert office.places is not None
        assert office.places.forget(office.vault.pseudonym("acme", parse(NUMBER)), "customer-care") == 0
        assert carrier.heard == []
        assert office.recycling.recycled(parse(NUMBER), NOW)


def test_without_a_carrier_nothing_is_asked(tmp_path: Path) -> None:
    with Services(load({"store_dir": tmp_path / "store"}, env={"HOME": str(tmp_path)})) as services:
        office = services.consent.office
        assert office.recycling is None
        assert office.places is not None
        assert office.places.forget(office.vault.pseudonym("acme", parse(NUMBER)), "customer-care") == 0
        with pytest.raises(BadInput, match="name no carrier"):
            services.camara  # noqa: B018


@pytest.mark.parametrize(
    "missing",
    [
        {"camara_url": ""},
        {"camara_issuer": "http://carrier.example"},
        {"camara_client_id": ""},
        {"camara_key_file": None},
        {"camara_key_file": Path("nowhere.pem")},
    ],
    ids=str,
)
def test_half_a_carrier_is_told_to_whoever_asks_it_and_hinders_no_withdrawal(
    tmp_path: Path, carrier: Carrier, missing: dict[str, object]
) -> None:
    with Services(replace(settings_for(tmp_path, carrier), **missing)) as services:
        office = services.consent.office
        assert office.places is not None
        assert office.places.forget(office.vault.pseudonym("acme", parse(NUMBER)), "customer-care") == 0
        assert office.recycling is not None
        with pytest.raises(BadInput):
            office.recycling.recycled(parse(NUMBER), NOW)
    assert carrier.heard == []


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, carrier: Carrier) -> None:
    settings = settings_for(tmp_path, carrier)
    (tmp_path / "carrier.pem").chmod(0o640)
    with Services(settings) as services, pytest.raises(Refused):
        services.camara  # noqa: B018
