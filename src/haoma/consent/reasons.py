"""Why something is refused: a closed list of codes, each with what is told and what may be done instead.

Rules held here:
- A code is a word: it stands in audit rows and entries, and programs decide by it. No message tells more than its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from haoma.errors import Refused, Tampered

__all__ = ["ALLOWED", "REASONS", "TAMPERED", "refusal", "tampered"]

ALLOWED = "permission-live"
TAMPERED = "tampered"

_ASK = "ask the customer first: haoma consent request"
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "purpose-never": ("where a customer is serves no marketing, selling or personalisation here", "name another"),
        "bundled": ("consent is asked for one purpose at a time", "make a request for each (PIPL art. 29)"),
        "policy": ("the policy does not let you", "docs/guide/access.md tells what each role may"),
        "no-grant": ("nobody has consented to this", _ASK),
        "not-yet": ("the consent begins later", "see to the clock of this machine"),
        "expired": ("the consent is over", _ASK),
        "withdrawn": ("the customer has withdrawn", "serve them without knowing where they are"),
        "recycled": ("the number has another holder since", _ASK),
        "unjustified": ("two people found that this was no emergency", "ask the customer"),
        "replaced": ("a later consent took the place of this one", "use that"),
        "source": ("the consent does not extend to this source", "use one that it names: haoma consent show"),
        "not-assessed": (
            "no impact assessment of this purpose is in force",
            "PIPL art. 55: haoma consent notice assess",
        ),
        "holder-unchecked": ("it was not checked of late that the number has the same holder", _ASK),
        "no-notice": ("there is no notice for this purpose and recipient", "haoma consent notice publish"),
        "refused-before": ("the customer has said no, and is not asked again so soon", "see what to offer instead"),
        "too-often": ("this was asked too often", "wait; a customer is not pressed"),
        "areas-many": (
            "this customer was asked about as many areas as one is in a day",
            "ask about one of those again; yes and no, asked often enough, are a place",
        ),
        "guardian-needed": ("the holder is under 14: a parent or guardian has to consent", "--guardian NUMBER"),
        "request-over": ("this request is over", "begin anew: haoma consent request"),
        "code-wrong": ("this is not the code that was sent", "look again: the newest message counts"),
        "not-emergency": ("this is no kind of emergency that is known", "life-at-risk, missing-person, fire, traffic"),
        "reviews-due": ("emergency disclosures of yours wait for their review", "have them reviewed first"),
        "own-review": ("nobody reviews what they disclosed themselves, or twice", "two others have to"),
        "over": ("this was decided already", "see haoma consent show"),
        "receipt-unknown": ("this receipt is of no consent here", "it may be of another instance"),
    }
)


def refusal(reason: str, *, hint: str | None = None) -> Refused:
    """The error for a code.

    >>> str(refusal("withdrawn")), refusal("withdrawn").reason
    ('the customer has withdrawn', 'withdrawn')
    """
    message, usual = REASONS[reason]
    return Refused(message, hint=hint or usual, reason=reason)


def tampered() -> Tampered:
    """The error for a permission whose row was changed by hand; it is recorded as `tampered`."""
    message = "the permission is not what was agreed to and recorded: its row was changed"
    return Tampered(message, hint="haoma consent audit names what differs; put the database back from its backup")
