"""`haoma ledger witness|stamp|anchor`: those outside who make the log worth something.

Rules held here:
- Each of the three is asked at once, whatever it failed at before. The exit code is 4 where one still lags, and for
  witnesses where those that do not are no quorum of the policy.
- What is not set is said to be not set: nothing passes for witnessed, stamped or anchored that is not.
"""

from __future__ import annotations

import click

from haoma.app import Services
from haoma.cli.ledger_show import standing_row
from haoma.cli.options import current_settings
from haoma.cli.output import Format, format_option, note, write
from haoma.errors import BadInput, Conflict, Unavailable
from haoma.ledger.evidence import has_quorum
from haoma.ledger.publish import Standing

__all__ = ["anchor", "stamp", "witness"]

_NEEDED = {
    "witness": "the setting ledger_policy names a file with witnesses and their URLs",
    "stamp": "the settings ledger_tsa and ledger_tsa_roots name a time-stamp authority",
    "anchor": "the settings ledger_chain and ledger_contract name a chain and a contract",
}


@click.command()
@format_option
def witness(fmt: Format) -> None:
    """Have the witnesses of the policy cosign the newest checkpoint."""
    _ask("witness", fmt)


@click.command()
@format_option
def stamp(fmt: Format) -> None:
    """Have the time-stamp authority stamp the newest checkpoint (RFC 3161)."""
    _ask("stamp", fmt)


@click.command()
@click.option(
    "--deploy", is_flag=True, help="Put the contract on the chain first; its account's key is made if need be."
)
@format_option
def anchor(*, deploy: bool, fmt: Format) -> None:
    """Have the contract on the chain take the newest checkpoint."""
    if deploy:
        _deploy(fmt)
    else:
        _ask("anchor", fmt)


def _ask(kind: str, fmt: Format) -> None:
    with Services(current_settings(), create=False) as services:
        services.keys.require_named()
        if not any(one.kind == kind for one in services.publisher.attesters):
            raise BadInput(f"no {kind} is set", hint=_NEEDED[kind])
        services.publisher.checkpoint()
        standing = services.publisher.attest(kind, at_once=True)
        enough = kind == "witness" and _is_quorum(services)
    write([standing_row(one, fmt) for one in standing], fmt)
    late = [one for one in standing if _lags(one)]
    if late and enough:
        note(f"{len(late)} of {len(standing)} lag behind; the others are a quorum")
    elif late:
        told = f"{len(late)} of {len(standing)} lag behind"
        raise Unavailable(told, hint="`haoma serve` asks them again by itself")


def _lags(one: Standing) -> bool:
    return bool(one.behind or one.done_at is None)


def _is_quorum(services: Services) -> bool:
    published, policy = services.publisher.published(), services.policy
    return published is not None and policy is not None and has_quorum(published, policy)


def _deploy(fmt: Format) -> None:
    from haoma.ledger.anchor import deploy

    with Services(current_settings()) as services:
        if services.settings.ledger_contract:
            message = "the setting ledger_contract names a contract already"
            raise Conflict(message, hint="a log has one: without that setting another one is deployed")
        node, key = services.chain(), services.chain_key()
        note(f"the account {key.address} owns the contract, and pays some 0.9 million gas for it")
        made = deploy(node, key, services.settings.ledger_origin)
    value = f"eip155:{node.chain_id}:{made.address}@{made.block}"
    write([{"ledger_contract": value, "owner": key.address, "gas_used": made.gas_used}], fmt)
    note("set ledger_contract to that value: `haoma ledger anchor` then takes checkpoints there")
