"""Others, outside this instance: whom it trusts, how it asks them, and who attests what its log says.

Rules held here:
- Nobody is asked whom no setting names, and a setting that names nobody is told at once. Proxies, keys and
  certificates that the environment or a file of the user's names are not used.
- A time-stamp authority is asked only where roots that vouch for it are set.
- Without an operator of short messages they are lines of a private file: for trying haoma out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from haoma.errors import BadInput, Conflict

if TYPE_CHECKING:
    import httpx

    from haoma.app.services import Services
    from haoma.consent.ports import SmsPort
    from haoma.ledger.anchor import AccountKey, Node, Notary
    from haoma.ledger.policy import Policy
    from haoma.ledger.publish import Attester

__all__ = ["attesters", "chain", "chain_key", "http", "policy", "sms"]

ANSWER_S = 15.0
CONTRACT = re.compile(r"eip155:([1-9][0-9]{0,17}):(0x[0-9a-fA-F]{40})@([0-9]{1,18})")


def http(services: Services) -> httpx.Client:
    """How others are asked over HTTP."""
    import httpx

    return services.opened(httpx.Client(timeout=ANSWER_S, follow_redirects=False, trust_env=False))


def sms(services: Services) -> SmsPort:
    """Who sends short messages: the operator that sms_file describes, or else a file."""
    from haoma.consent.sms import OutboxFile

    if services.settings.sms_file is None:
        return OutboxFile(services.settings.store_dir / "messages")
    import ssl
    import time

    from haoma.consent.sms_file import read_sms
    from haoma.consent.sms_http import SmsOperator

    tls = ssl.create_default_context()
    path = services.settings.sms_file
    return SmsOperator(lambda: read_sms(path), services.custody, tls, time.monotonic, services.now)


def policy(services: Services) -> Policy | None:
    """Whom this instance trusts as logs and witnesses; None where no setting says so."""
    from haoma.ledger.policy_file import parse_policy

    path = services.settings.ledger_policy
    return None if path is None else parse_policy(_read(path, "ledger_policy"))


def attesters(services: Services) -> Iterator[Attester]:
    """Who attests a checkpoint: witnesses, the time-stamp authority, the chain."""
    from haoma.ledger.attesters import ChainAttester, StampAttester, WitnessAttester

    for party in services.policy.witnesses.values() if services.policy else ():
        if party.url:
            yield WitnessAttester(party.key, party.url, services.http)
    settings = services.settings
    if settings.ledger_tsa:
        from haoma.ledger.tsa import TimeStampAuthority

        if settings.ledger_tsa_roots is None:
            raise BadInput("ledger_tsa names an authority that nobody vouches for", hint="set ledger_tsa_roots")
        roots = [_read(settings.ledger_tsa_roots, "ledger_tsa_roots")]
        yield StampAttester(TimeStampAuthority(settings.ledger_tsa, services.http, roots))
    if settings.ledger_chain:
        _contract(services)  # a setting that names none is told at once, all else when the chain is asked
        yield ChainAttester(settings.ledger_contract, lambda: _anchor(services))


def chain(services: Services) -> Node:
    """The node of the chain in the settings, and the chain that it is on."""
    from haoma.ledger.anchor import find_chain

    if not services.settings.ledger_chain:
        raise BadInput("no chain is set", hint="the setting ledger_chain is the JSON-RPC URL of one of its nodes")
    return find_chain(services.settings.ledger_chain)


def chain_key(services: Services) -> AccountKey:
    """The key of the account that owns the contract on the chain, made at its first use."""
    from haoma.ledger.anchor import AccountKey
    from haoma.ledger.key_file import private_directory

    private_directory(services.settings.store_dir)
    private_directory(services.keys.directory)
    with suppress(Conflict):
        return AccountKey.create(_chain_key_file(services))
    return AccountKey.read(_chain_key_file(services))


def _chain_key_file(services: Services) -> Path:
    return services.keys.directory / "chain.key"


def _contract(services: Services) -> tuple[int, str, int]:
    found = CONTRACT.fullmatch(services.settings.ledger_contract)
    if found is None:
        hint = "eip155:CHAIN:ADDRESS@BLOCK, as `haoma ledger anchor --deploy` shows it"
        raise BadInput("ledger_contract names no contract", hint=hint)
    return int(found[1]), found[2], int(found[3])


def _anchor(services: Services) -> Notary:
    from haoma.ledger.anchor import AccountKey, Anchor, Deployment, connect

    chain_id, address, block = _contract(services)
    node = connect(services.settings.ledger_chain, chain_id)
    return Anchor(node, Deployment(address, block), AccountKey.read(_chain_key_file(services)))


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: the file that {setting} names cannot be read ({error.strerror})"
        raise BadInput(message) from None
