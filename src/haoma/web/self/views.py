"""The pages before anybody is inside: the question, what came of it, the door, and whatever goes wrong.

Rules held here:
- Yes and no are two buttons of one look, side by side. Neither is chosen beforehand, nor by the Enter key.
- Every page works without JavaScript, names its language, and can be used by keyboard and read aloud.
- No page holds a number: what was typed is not told back.
"""

from __future__ import annotations

from collections.abc import Sequence

from haoma.consent.answers import SaidNo
from haoma.consent.links import Linked
from haoma.consent.notice import GRANULARITY_TEXTS, SOURCE_TEXTS
from haoma.consent.notices import Published
from haoma.consent.purposes import Granularity, Source, purpose_named
from haoma.web.self.html import Html, Part, page, tag
from haoma.web.self.words import LANGUAGES, say, time_of

__all__ = [
    "button",
    "code_page",
    "failed_page",
    "form",
    "front_page",
    "gone_page",
    "over_page",
    "plain",
    "question_page",
    "said_no_page",
    "shell",
    "start_page",
]

ERROR = "error"


def shell(language: str, title: str, *inside: Part, switch: str | None = None, script: bool = False) -> str:
    """A page with its frame; `switch` is the path that shows it in the other language, where one does."""
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("link", rel="stylesheet", href="/self/static/self.css"),
        tag("script", src="/self/static/share.js", defer=True) if script else None,
    ]
    other = next(one for one in LANGUAGES if one != language)
    link = switch and tag(
        "a", say(language, "other"), href=f"{switch}?lang={other}", lang=say(language, "other-lang"), hreflang=other
    )
    body = [
        tag("a", say(language, "skip"), href="#main", class_="skip"),
        tag("header", tag("nav", link)) if link else None,
        tag("main", tag("h1", title), *inside, id="main", tabindex="-1"),
    ]
    return page(say(language, "lang"), head, body)


def plain(*lines: Part) -> Html:
    """A paragraph."""
    return tag("p", *lines)


def form(language: str, action: str, hidden: dict[str, str], *inside: Part, **more: str | bool) -> Html:
    """A form that posts, with what it knows already; Enter alone sends nothing where it has two buttons."""
    return tag(
        "form",
        [tag("input", type="hidden", name=name, value=value) for name, value in hidden.items()],
        *inside,
        method="post",
        action=f"{action}?lang={language}",
        accept_charset="utf-8",
        **more,
    )


def button(text: str, **more: str | bool | None) -> Html:
    """A button; all of them look the same."""
    return tag("button", text, type="submit", **more)


def question_page(language: str, path: str, token: str, asked: Linked, shown: Published, *, wrong: bool = False) -> str:
    """What somebody is asked, and how to answer."""
    lines = shown.notice.text(language).splitlines()
    answer = form(
        language,
        path,
        {"token": token},
        # The first button of a form is the one that Enter presses: this one does nothing.
        tag("button", type="submit", disabled=True, hidden=True),
        _code_field(language, "code", wrong=wrong),
        tag(
            "div",
            button(say(language, "yes"), name="answer", value="yes"),
            button(say(language, "no"), name="answer", value="no", formnovalidate=True),
            class_="answers",
        ),
    )
    return shell(
        language,
        lines[0],
        plain(say(language, "guardian")) if asked.request.guardian else None,
        _facts(language, asked, shown),
        tag(
            "details",
            tag("summary", say(language, "notice", version=shown.version)),
            [plain(line) for line in lines],
        ),
        tag("h2", say(language, "answer")),
        _alarm(say(language, "code-wrong")) if wrong else None,
        answer,
        switch=path,
    )


def said_no_page(language: str, said: SaidNo) -> str:
    """What a no comes to."""
    told = say(language, "refused-told", until=time_of(language, said.until))
    return shell(language, say(language, "refused"), plain(told))


def over_page(language: str, tenant: str) -> str:
    """A link that takes no answer any more, and where to go instead."""
    path = f"/self/my/{tenant}?lang={language}"
    more = plain(tag("a", say(language, "see-own"), href=path))
    return shell(language, say(language, "over"), plain(say(language, "over-told")), more)


def front_page(language: str, tenant: str, wrong: str = "") -> str:
    """Where somebody types their number, or a receipt; `wrong` is the word for which of them was none."""
    path = f"/self/my/{tenant}"
    typed = [
        tag("label", say(language, "number"), for_="number"),
        tag(
            "input",
            id="number",
            name="number",
            type="tel",
            inputmode="tel",
            autocomplete="tel",
            maxlength="40",
            required=True,
            **_marked(wrong == "number-wrong"),
        ),
    ]
    receipt = [
        tag("label", say(language, "receipt-text"), for_="receipt"),
        tag("textarea", id="receipt", name="receipt", rows="4", required=True, **_marked(wrong == "receipt-wrong")),
    ]
    return shell(
        language,
        say(language, "title-own"),
        plain(say(language, "front-told")),
        _alarm(say(language, wrong)) if wrong else None,
        form(language, path, {}, typed, button(say(language, "send"))),
        tag("h2", say(language, "by-receipt")),
        form(language, "/self/receipt", {"tenant": tenant}, receipt, button(say(language, "withdraw"))),
        switch=path,
    )


def start_page(language: str, *, wrong: bool = False) -> str:
    """Where somebody says whose customer they are; it leads on to that company's door."""
    typed = [
        tag("label", say(language, "tenant"), for_="tenant"),
        tag("input", id="tenant", name="tenant", type="text", maxlength="24", required=True, **_marked(wrong)),
        tag("input", type="hidden", name="lang", value=language),
    ]
    return shell(
        language,
        say(language, "title-own"),
        _alarm(say(language, "tenant-wrong")) if wrong else None,
        tag("form", typed, button(say(language, "go-on")), method="get", action="/self/"),
        switch="/self/",
    )


def gone_page(language: str, proofs: Sequence[str]) -> str:
    """What a withdrawal by receipt comes to, with the proofs of deletion so far."""
    shown = [tag("textarea", one, readonly=True, rows="4", aria_label=say(language, "proof-text")) for one in proofs]
    return shell(language, say(language, "receipt-gone"), plain(say(language, "receipt-gone-told")), shown)


def code_page(language: str, tenant: str, door: str, wrong: str = "") -> str:
    """Where somebody types the code that was sent; `wrong` is the word for why it let nobody in."""
    return shell(
        language,
        say(language, "sent"),
        plain(say(language, "sent-told")),
        _alarm(say(language, wrong)) if wrong else None,
        form(
            language,
            "/self/enter",
            {"door": door, "tenant": tenant},
            _code_field(language, "code-plain", wrong=wrong == "code-wrong"),
            button(say(language, "enter")),
        ),
        plain(tag("a", say(language, "again"), href=f"/self/my/{tenant}?lang={language}")),
    )


def failed_page(language: str, name: str) -> str:
    """What went wrong, out of a closed list: nothing of what was given is told back."""
    return shell(language, say(language, name), plain(say(language, f"{name}-told")))


def _facts(language: str, asked: Linked, shown: Published) -> Html:
    """What this question is, as it was asked: it may ask for less than its notice."""
    notice, row, at = shown.notice, asked.request, LANGUAGES.index(language)
    purpose = purpose_named(notice.purpose)
    told = {
        "who": f"{notice.name}（{notice.contact}）" if language == "zh" else f"{notice.name} ({notice.contact})",
        "purpose": purpose.zh if language == "zh" else purpose.en,
        "sources": ("、" if language == "zh" else ", ").join(
            SOURCE_TEXTS[Source(one)][at] for one in row.sources.split()
        ),
        "granularity": GRANULARITY_TEXTS[Granularity(row.granularity)][at],
        "until": say(language, "days", days=row.days),
        "withdraw-how": say(language, "withdraw-told", contact=notice.contact),
        "if-no": say(language, "if-no-told"),
    }
    return tag(
        "dl",
        [tag(kind, one) for name, text in told.items() for kind, one in (("dt", say(language, name)), ("dd", text))],
    )


def _marked(wrong: bool) -> dict[str, str]:
    """What a field that was filled in wrongly says to whoever it is read aloud to."""
    return {"aria_describedby": ERROR, "aria_invalid": "true"} if wrong else {}


def _code_field(language: str, label: str, *, wrong: bool) -> list[Html]:
    return [
        tag("label", say(language, label), for_="code"),
        tag(
            "input",
            id="code",
            name="code",
            type="text",
            inputmode="numeric",
            autocomplete="one-time-code",
            pattern="[0-9]{6}",
            maxlength="6",
            required=True,
            **_marked(wrong),
        ),
    ]


def _alarm(text: str) -> Html:
    return tag("p", text, id=ERROR, role="alert", class_="alarm")
