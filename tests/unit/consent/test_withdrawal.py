from __future__ import annotations

import base64
import json

import pytest
import sqlalchemy as sa

from contracts.consent import HOOK, NUMBER, TENANT, World
from contracts.vault import Permitted
from haoma.consent import jws, tables
from haoma.consent.answers import Given
from haoma.consent.erasing import verify_deletion
from haoma.consent.receipt import verify_receipt
from haoma.consent.requests import Channel
from haoma.consent.webhook import RETRIES_S, public_key, verify_webhook
from haoma.errors import BadInput, NotFound, Refused, Tampered, Unavailable
from haoma.ledger.commitment import Commitment
from haoma.numbers import parse
from haoma.vault import Opener, Vault
from haoma.vault import tables as vault_tables
from haoma.vault.location_tokens import LocationTokens


def refused(world: World, **more: object) -> str:
    with pytest.raises(Refused) as error:
        world.require(**more)
    return error.value.reason


def changed(text: str, part: int, **values: object) -> str:
    """The same JWS with something else in its header (0) or body (1)."""
    parts = text.split(".")
    said = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    parts[part] = base64.urlsafe_b64encode(json.dumps(said | values).encode()).decode().rstrip("=")
    return ".".join(parts)


def test_a_receipt_says_what_was_agreed_to_and_verifies_offline(world: World) -> None:
    given = world.give(language="en")
    keys = json.loads(json.dumps(world.keys))
    said = verify_receipt(given.receipt, keys)
    purpose = said["processing"]["purposes"][0]
    assert said["schema_version"] == "ISO/IEC TS 27560:2023"
    assert said["pii_principal_id"] == str(given.subject)
    assert purpose["purpose_type"] == "dpv:CustomerCare"
    assert purpose["recipient_third_parties"] == ["acme-desk"]
    assert said["event"]["event_state"] == "dpv:ConsentGiven"
    assert said["event"]["channel"] == "web"
    assert "1380013" not in json.dumps(said)


def test_every_term_of_a_receipt_is_one_of_dpv(world: World, shared: object) -> None:
    files = ("dpv", "pd", "purposes", "consent", "legal_basis", "consent_status", "consent_types")
    text = "".join((shared / "consent" / f"{name}.csv").read_text(encoding="utf-8") for name in files)
    said = json.dumps(verify_receipt(world.give().receipt, world.keys))
    terms = {word.strip('"') for word in said.replace(",", " ").split() if word.strip('"').startswith(("dpv:", "pd:"))}
    terms = {term.rstrip('"}]') for term in terms}
    assert len(terms) > 15
    for term in terms:
        vocabulary, name = term.split(":")
        assert f'https://w3id.org/dpv{"/pd" if vocabulary == "pd" else ""}#{name}"' in text or name == "", term


@pytest.mark.parametrize("part", [0, 1])
def test_a_receipt_that_was_changed_or_is_of_another_kind_does_not_verify(world: World, part: int) -> None:
    given = world.give()
    with pytest.raises((Tampered, BadInput)):
        verify_receipt(changed(given.receipt, part, alg="none", pii_principal_id="acme.a1.x"), world.keys)
    proof = world.consent.withdrawals.by_receipt(given.receipt).proofs[0]
    with pytest.raises(BadInput):
        verify_receipt(proof, world.keys)
    with pytest.raises(BadInput):
        verify_deletion(given.receipt, world.keys)


@pytest.mark.parametrize("text", ["", "a.b", "....", "é.b.c", "e30.e30.AA", "[]", "a" * 70_000])
def test_what_is_no_statement_is_bad_input(world: World, text: str) -> None:
    with pytest.raises(BadInput):
        verify_receipt(text, world.keys)


def test_a_receipt_signed_by_somebody_else_is_tampered(world: World) -> None:
    given = world.give()
    other = {"keys": [one | {"x": "A" * 43} for one in world.keys["keys"]]}
    with pytest.raises(Tampered):
        verify_receipt(given.receipt, other)
    with pytest.raises(Tampered):
        verify_receipt(given.receipt, {"keys": []})


def test_the_entry_of_a_consent_commits_to_its_receipt(world: World) -> None:
    given = world.give()
    (entry,) = world.entries("consent.given")
    assert world.vault.commitments.opens(Commitment.parse(str(entry.body["grant"])), given.receipt.encode())


def test_a_withdrawal_is_effective_at_once_and_destroys_numbers_keys_tokens_and_places(world: World) -> None:
    given = world.give()
    subject, vault = world.subject(), world.vault
    world.store.write(lambda tx: vault.seal(tx, subject, "customer-care", parse(NUMBER), given.until))
    tokens = LocationTokens(vault)
    vault.prepare(subject, "customer-care")
    from haoma.vault.key_store import Kind

    vault.keys.current(Kind.TOKEN, TENANT)
    token = world.store.write(
        lambda tx: tokens.issue(
            tx, subject, "customer-care", "desk", b"310000", world.clock[0].replace(hour=9), actor="agent:a"
        )
    )
    done = world.consent.withdrawals.by_receipt(given.receipt)
    assert refused(world) == "withdrawn"
    with pytest.raises(Refused):
        tokens.resolve(token, tenant=TENANT, audience="desk", actor="agent:a")
    with pytest.raises(NotFound):
        opened(vault, given)
    said = verify_deletion(done.proofs[0], world.keys)
    assert said["destroyed"] == {"keys": 1, "numbers": 1, "tokens": 1, "places": 1, "kept_for_another": False}
    assert said["event_state"] == "dpv:ConsentWithdrawn"
    assert world.rows(vault_tables.sealed) == []
    assert world.sent.forgotten == [(str(subject), "customer-care")]


def opened(vault: Vault, given: Given) -> str:
    return Opener(vault, Permitted).reveal(Permitted(given.subject, given.purpose, given.until), actor="agent:a")


def test_withdrawing_twice_is_withdrawing_once(world: World) -> None:
    given = world.give()
    first = world.consent.withdrawals.by_receipt(given.receipt)
    world.pass_(days=1)
    assert world.consent.withdrawals.by_receipt(given.receipt) == first
    assert len(world.entries("consent.ended")) == len(world.entries("consent.erased")) == 1


def test_an_older_receipt_withdraws_the_consent_that_took_its_place(world: World) -> None:
    first, second = world.give(), world.give()
    done = world.consent.withdrawals.by_receipt(first.receipt)
    assert done.grant_ids == (second.grant_id,)
    assert refused(world) == "withdrawn"


def test_who_withdraws_from_one_recipient_keeps_what_the_other_one_needs(world: World) -> None:
    world.publish(recipient="other-desk", days=30)
    given, kept = world.give(), world.give(recipient="other-desk")
    world.store.write(lambda tx: world.vault.seal(tx, world.subject(), "customer-care", parse(NUMBER), kept.until))
    proof = world.consent.withdrawals.by_receipt(given.receipt).proofs[0]
    assert verify_deletion(proof, world.keys)["destroyed"]["kept_for_another"] is True
    assert refused(world) == "withdrawn"
    assert world.require(recipient="other-desk").grant_id == kept.grant_id
    assert len(world.rows(vault_tables.sealed)) == 1
    world.consent.withdrawals.by_receipt(kept.receipt)
    assert world.rows(vault_tables.sealed) == []


def test_an_agent_withdraws_for_the_customer_of_their_case_and_for_nobody_else(world: World) -> None:
    given = world.give()
    with pytest.raises(Refused) as error:
        world.consent.withdrawals.by_agent(world.people["colleague"], given.grant_id)
    assert error.value.reason == "policy"
    assert world.require()
    world.consent.withdrawals.by_agent(world.agent, given.grant_id)
    assert refused(world) == "withdrawn"


def test_what_cannot_be_destroyed_at_once_is_due_and_nothing_is_allowed_meanwhile(world: World) -> None:
    given = world.give()
    world.sent.down.add("places")
    assert world.consent.withdrawals.by_receipt(given.receipt).proofs == ()
    assert refused(world) == "withdrawn"
    with pytest.raises(NotFound):
        world.consent.erasures.proof(given.grant_id)
    with pytest.raises(Unavailable):
        world.consent.run()
    assert len(world.sent.requests) == 1  # the recipient is told all the same
    world.sent.down.clear()
    assert world.consent.run().erased == 1
    assert verify_deletion(world.consent.erasures.proof(given.grant_id), world.keys)["why"] == "withdrawn"
    assert world.consent.run().erased == 0


def test_a_proof_counts_the_keys_although_the_process_was_killed_as_they_went(world: World) -> None:
    given = world.give()
    world.store.write(lambda tx: world.vault.seal(tx, world.subject(), "customer-care", parse(NUMBER), given.until))
    world.sent.down.add("places")  # asked behind the keys: what dies there has destroyed them, and recorded nothing
    assert world.consent.withdrawals.by_receipt(given.receipt).proofs == ()
    assert world.vault.keys_of(world.subject(), "customer-care") == []
    world.sent.down.clear()
    world.consent.run()
    said = verify_deletion(world.consent.erasures.proof(given.grant_id), world.keys)
    assert said["destroyed"] == {"keys": 1, "numbers": 1, "tokens": 0, "places": 1, "kept_for_another": False}
    assert [entry.body["keys"] for entry in world.entries("consent.erased")] == [1]


def test_what_is_over_is_destroyed_by_the_next_run(world: World) -> None:
    given = world.give(days=1)
    world.pass_(days=1)
    assert world.consent.run().ended == 1
    assert verify_deletion(world.consent.erasures.proof(given.grant_id), world.keys)["why"] == "expired"


def test_a_receipt_that_is_signed_and_not_known_withdraws_nothing(world: World) -> None:
    given = world.give()
    forged = jws.sign(world.custody, "consent-receipt+jwt", verify_receipt(given.receipt, world.keys) | {"x": 1})
    with pytest.raises(Refused) as error:
        world.consent.withdrawals.by_receipt(forged)
    assert error.value.reason == "receipt-unknown"
    assert world.require()


def test_the_recipient_is_told_with_a_signature_that_their_public_key_verifies(world: World) -> None:
    given = world.give()
    world.consent.withdrawals.by_receipt(given.receipt)
    assert world.consent.run().told.done == 1
    ((url, headers, body),) = world.sent.requests
    key = public_key(world.custody)
    assert url == HOOK
    assert verify_webhook(headers, body, key, world.clock[0]) == headers["webhook-id"]
    assert json.loads(body)["data"]["grant"] == given.grant_id
    assert "1380013" not in f"{url} {headers} {body!r}"
    with pytest.raises(Tampered):
        verify_webhook(headers, body + b" ", key, world.clock[0])
    with pytest.raises(Tampered):
        verify_webhook(headers, body, key, world.pass_(minutes=6))
    with pytest.raises(BadInput):
        verify_webhook({}, body, key, world.clock[0])
    assert world.consent.run().told.done == 0


def test_a_recipient_who_does_not_answer_is_told_again_ever_more_rarely_then_somebody_is_woken(
    world: World,
) -> None:
    world.consent.withdrawals.by_receipt(world.give().receipt)
    world.sent.down.add("recipient")
    for wait_s in RETRIES_S:
        assert world.consent.run().told.again == 1
        assert world.consent.run().told.again == 0
        world.pass_(seconds=wait_s)
    assert world.consent.run().told.failed == 1
    assert [kind for kind, _ in world.sent.alarms] == ["consent-not-delivered"]
    world.sent.down.clear()
    world.pass_(days=30)
    assert world.consent.run().told.done == 0
    with world.store.read() as tx:
        assert tx.scalar(sa.select(tables.deliveries.c.attempts)) == len(RETRIES_S) + 1


@pytest.mark.parametrize(("status", "state"), [(200, "done"), (302, "due"), (410, "failed"), (500, "due")])
def test_an_answer_is_taken_for_what_it_says(world: World, status: int, state: str) -> None:
    world.consent.withdrawals.by_receipt(world.give().receipt)
    world.sent.status = status
    world.consent.run()
    assert world.rows(tables.deliveries)[0].state == state


def test_a_reply_by_message_takes_back_everything(world: World) -> None:
    world.publish(recipient="other-desk", days=30)
    world.give(), world.give(recipient="other-desk")
    done = world.consent.replies.read(TENANT, parse(NUMBER), "取消授权")
    assert len(done.grant_ids) == len(done.proofs) == 2
    assert refused(world, recipient="other-desk") == "withdrawn"


def test_a_guardian_takes_back_with_the_receipt(world: World) -> None:
    from haoma.consent.purposes import Holder

    given = world.give(holder=Holder.UNDER_14, guardian=parse("13800138001"), channel=Channel.WEB)
    assert verify_receipt(given.receipt, world.keys)["event"]["entity_role"] == "dpv:GuardianOfDataSubject"
    world.consent.withdrawals.by_receipt(given.receipt)
    assert refused(world) == "withdrawn"
