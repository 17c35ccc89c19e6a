"""What a customer has consented to and refused, as it goes out.

Rules held here:
- A permission and a refusal are told by what they are about; neither holds a number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import Field

from haoma.consent.shown import show
from haoma.vault.model import SubjectToken
from haoma.web.api.calls import Body, Call
from haoma.web.api.pages import Pages

__all__ = ["TellsConsents", "shown_of"]


class TellsConsent(Body):
    """A consent, or a refusal, of a customer."""

    consent: str | None = Field(description="The id of a consent, a UUID; null for a refusal.")
    purpose: str
    recipient: str
    state: str = Field(description="`given` while it stands; `refused`; else how it ended.")
    basis: Literal["consent", "emergency"] | None
    granularity: str | None = Field(description="How fine an answer it allows.")
    since: datetime
    until: datetime = Field(description="When it ends; of a refusal, until when nobody asks again.")


class TellsConsents(Body):
    """What there is about a customer, the oldest first."""

    subject: str = Field(description="The customer's token.")
    consents: list[TellsConsent]
    next: str | None = Field(description="The cursor of the next page.")


def shown_of(call: Call, subject: SubjectToken, pages: Pages, cursor: str | None, limit: int) -> TellsConsents:
    """A page about one customer; raises Refused where the policy does not let the caller see it."""
    found = show(call.services.consent.office, call.asker, subject)
    told = sorted([*map(_given, found.grants), *map(_refused, found.refusals)], key=_place)
    page, more = pages.cut(told, _place, f"consents {subject} {call.asker.id}", cursor, limit)
    return TellsConsents(subject=str(subject), consents=list(page), next=more)


def _given(row: sa.Row[Any]) -> TellsConsent:
    return TellsConsent(
        consent=row.grant_id,
        purpose=row.purpose,
        recipient=row.recipient,
        state=row.state,
        basis=row.basis,
        granularity=row.granularity,
        since=row.since,
        until=row.until,
    )


def _refused(row: sa.Row[Any]) -> TellsConsent:
    return TellsConsent(
        consent=None,
        purpose=row.purpose,
        recipient=row.recipient,
        state="refused",
        basis=None,
        granularity=None,
        since=row.refused_at,
        until=row.until,
    )


def _place(told: TellsConsent) -> str:
    return f"{told.since.isoformat()} {told.consent or ''} {told.purpose} {told.recipient}"
