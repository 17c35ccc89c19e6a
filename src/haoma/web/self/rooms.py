"""The page of whoever is inside: what stands, what has ended, who was told; and what came of a yes.

Rules held here:
- Every button posts the session in its body: it is in no URL and in no cookie, so that no other site can press one.
- Withdrawing is one press, beside what it withdraws. Sharing a position is apart from every answer, and optional.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from haoma.consent.notice import GRANULARITY_TEXTS, SOURCE_TEXTS
from haoma.consent.own import Own, Permission
from haoma.consent.purposes import PURPOSES, Granularity, Source
from haoma.web.self.html import Html, Part, tag
from haoma.web.self.told import Told
from haoma.web.self.views import button, form, plain, shell
from haoma.web.self.words import LANGUAGES, WORDS, say, time_of

__all__ = ["Room", "room_page"]


@dataclass(frozen=True, slots=True)
class Room:
    """What somebody sees inside: their session, what is theirs, who was told, and for which consents they share."""

    language: str
    session: str
    own: Own
    told: Told
    shared: Mapping[str, datetime] = field(default_factory=dict)
    narrow: bool = False
    said: str = ""

    def say(self, name: str, **values: object) -> str:
        """A text in their language."""
        return say(self.language, name, **values)

    def time(self, at: datetime) -> str:
        """A moment in their language."""
        return time_of(self.language, at)

    def press(self, path: str, name: str, grant_id: str = "") -> Html:
        """One button in a form of its own."""
        known = {"session": self.session, **({"consent": grant_id} if grant_id else {})}
        return form(self.language, f"/self/me{path}", known, button(self.say(name)))


def room_page(room: Room) -> str:
    """The page."""
    live = [one for one in room.own.permissions if one.live]
    ended = [one for one in room.own.permissions if not one.live]
    can_share = any(_may_share(one) for one in live)
    parts: list[Part] = [
        tag("p", room.said, role="status", class_="said") if room.said else None,
        tag("h2", room.say("live")),
        [_live(room, one) for one in live] or plain(room.say("live-none")),
        room.press("/withdraw-all", "withdraw-all") if len(live) > 1 else None,
        [tag("h2", room.say("ended")), *(_ended(room, one) for one in ended)] if ended else None,
    ]
    title = room.say("given") if room.narrow and live else room.say("title-own")
    return shell(room.language, title, *parts, *_told(room), *_refusals(room), _feet(room), script=can_share)


def _live(room: Room, one: Permission) -> Html:
    row = one.row
    return tag(
        "section",
        _facts(room, one, "until", row.until),
        tag(
            "div",
            room.press("/receipt", "receipt", row.grant_id),
            room.press("/withdraw", "withdraw", row.grant_id),
            class_="answers",
        ),
        _share(room, one) if _may_share(one) else None,
    )


def _ended(room: Room, one: Permission) -> Html:
    state = f"state-{one.row.state}"
    proof = room.press("/proof", "proof", one.row.grant_id) if one.proven else plain(room.say("proof-due"))
    return tag(
        "section",
        _facts(room, one, "ended-at", one.row.ended_at),
        plain(room.say(state if state in WORDS else "state-other")),
        tag("div", room.press("/receipt", "receipt", one.row.grant_id), proof, class_="answers"),
    )


def _facts(room: Room, one: Permission, name: str, at: datetime | None) -> Html:
    index, row = LANGUAGES.index(room.language), one.row
    told = {
        "who": one.name,
        "purpose": _purpose(room.language, row.purpose),
        "sources": ("、", ", ")[index].join(SOURCE_TEXTS[Source(word)][index] for word in row.sources.split()),
        "granularity": GRANULARITY_TEXTS[Granularity(row.granularity)][index],
        "since": room.time(row.since),
        name: room.time(at) if at else "",
    }
    pairs = (pair for key, text in told.items() for pair in (("dt", room.say(key)), ("dd", text)))
    return tag("dl", [tag(kind, text) for kind, text in pairs])


def _may_share(one: Permission) -> bool:
    """Whether the browser that shows this may stand for whom it is about: a guardian's is somewhere else."""
    return one.live and one.row.guardian is None and Source.BROWSER in one.row.sources.split()


def _share(room: Room, one: Permission) -> Html:
    """The button that asks the browser, hidden where no script shows it, and what was shared already."""
    until, known = room.shared.get(one.row.grant_id), {"session": room.session, "consent": one.row.grant_id}
    empty = [tag("input", type="hidden", name=name, value="") for name in ("lat", "lon", "accuracy")]
    asked = form(
        room.language,
        "/self/me/share",
        known,
        empty,
        button(room.say("share"), hidden=True),
        tag("p", role="status"),
        class_="share",
        data_wait=room.say("share-wait"),
        data_denied=room.say("share-denied"),
    )
    return tag(
        "div",
        plain(room.say("share-told")),
        asked,
        tag("noscript", plain(room.say("share-script"))),
        [plain(room.say("shared", until=room.time(until))), room.press("/drop", "drop", one.row.grant_id)]
        if until
        else None,
        class_="apart",
    )


def _told(room: Room) -> Sequence[Part]:
    told = room.told
    heads = [tag("th", room.say(f"told-{name}"), scope="col") for name in ("when", "whom", "what", "fine")]
    index = LANGUAGES.index(room.language)
    rows = [
        tag(
            "tr",
            tag("td", room.time(one.at)),
            tag("td", room.say(one.who), tag("br"), one.recipient),
            tag("td", room.say(one.question), tag("br"), _purpose(room.language, one.purpose)),
            tag("td", GRANULARITY_TEXTS[Granularity(one.granularity)][index]),
        )
        for one in told.newest
    ]
    shown: list[Part] = [plain(room.say("told-none"))]
    if rows:
        table = tag("table", tag("thead", tag("tr", heads)), tag("tbody", rows))
        shown = [plain(room.say("told-count", count=told.count)), tag("div", table, class_="wide", tabindex="0")]
    tried = plain(room.say("tried", count=room.own.tried)) if room.own.tried else None
    return [tag("h2", room.say("told")), *shown, tried]


def _refusals(room: Room) -> Sequence[Part]:
    if not room.own.refusals:
        return []
    newest = {(row.purpose, row.recipient): row for row in reversed(room.own.refusals)}
    shown = [_refused(room, at, row) for at, row in enumerate(newest.values())]
    return [tag("h2", room.say("refusals")), plain(room.say("again-told")), *shown]


def _refused(room: Room, at: int, row: sa.Row[Any]) -> Html:
    """What they refused, and how to begin anew: with their number, for the session holds none."""
    name = f"number-{at}"
    typed = [
        tag("label", room.say("number"), for_=name),
        tag("input", id=name, name="number", type="tel", autocomplete="tel", maxlength="40", required=True),
    ]
    known = {"session": room.session, "purpose": row.purpose, "recipient": row.recipient}
    return tag(
        "section",
        plain(_purpose(room.language, row.purpose), tag("br"), row.recipient),
        plain(room.say("refusal-until", until=room.time(row.until))),
        form(room.language, "/self/me/again", known, typed, button(room.say("again-ask"))),
    )


def _feet(room: Room) -> Html:
    other = next(one for one in LANGUAGES if one != room.language)
    known = {"session": room.session}
    switch = form(other, "/self/me", known, button(room.say("other"), lang=room.say("other-lang")))
    return tag("footer", room.press("", "look"), switch, room.press("/leave", "leave"), class_="answers")


def _purpose(language: str, name: str) -> str:
    found = next((one for one in PURPOSES if one.name == name), None)
    if found is None:
        return say(language, "emergency") if name == "emergency" else name
    return found.zh if language == "zh" else found.en
