"""The notice that a customer sees before they decide: every item that the law names, in zh and en, with a digest.

Rules held here:
- One notice is for one purpose and one recipient. It says who asks, what for, what is collected and from where, how
  fine it is, who gets it, for how long, what it may mean, and how to take it back (PIPL art. 14, 17, 23, 30).
- The text is made out of the fields, so that none of them can be left out or said otherwise in the other language.
- Its digest covers fields and texts. A version is never changed: another text is another version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from haoma.consent.names import is_recipient
from haoma.consent.purposes import Granularity, Purpose, Source, purpose_named
from haoma.errors import BadInput
from haoma.ledger.canonical import canonical
from haoma.ledger.forms import Json

__all__ = ["LANGUAGES", "Notice", "make_notice"]

LANGUAGES = ("zh", "en")
_Word = TypeVar("_Word", bound=StrEnum)
_LONGEST = 200

SOURCE_TEXTS: Mapping[Source, tuple[str, str]] = MappingProxyType(
    {
        Source.SEGMENT: ("号段归属地", "where the number was issued"),
        Source.STATED: ("您自己告知的地点", "what you tell us yourself"),
        Source.BROWSER: ("您的浏览器提供的位置", "the position your browser gives"),
        Source.CARRIER: ("运营商网络中的位置", "the position your carrier's network knows"),
        Source.PLATFORM: (
            "其他定位平台所知的位置（为查询须向该平台提供您的号码）",
            "the position that another platform knows, which is asked by your number",
        ),
        Source.HISTORY: ("您以往告知我们的地点", "places you told us before"),
    }
)
GRANULARITY_TEXTS: Mapping[Granularity, tuple[str, str]] = MappingProxyType(
    {
        Granularity.YES_NO: ("是或否", "yes or no"),
        Granularity.MACRO_REGION: ("大区（例如华东）", "a part of the country"),
        Granularity.PROVINCE: ("省级", "the province"),
        Granularity.CITY: ("市级", "the city"),
        Granularity.DISTRICT: ("区县级", "the district"),
        Granularity.POINT: ("精确地点", "the exact place"),
    }
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of what is asked. `name` and `contact` are the recipient's, `days` how long a yes lasts."""

    purpose: str
    recipient: str
    name: str
    contact: str
    sources: tuple[Source, ...]
    granularity: Granularity
    days: int

    def text(self, language: str) -> str:
        """The notice as the customer reads it, in `zh` or `en`.

        >>> notice = make_notice("delivery", "acme", "Acme", "privacy@acme.example", ["carrier"], "city", 7)
        >>> notice.text("en").splitlines()[0]
        'May Acme know where you are?'
        """
        if language not in LANGUAGES:
            raise BadInput("a notice is in zh or en", hint="--language zh")
        return "\n".join(self._zh() if language == "zh" else self._en())

    @property
    def digest(self) -> str:
        """SHA-256 of fields and texts in canonical JSON, hexadecimal."""
        return hashlib.sha256(canonical(self.body())).hexdigest()

    def body(self) -> dict[str, Json]:
        """The notice as JSON, its texts included."""
        return {
            "purpose": self.purpose,
            "recipient": self.recipient,
            "name": self.name,
            "contact": self.contact,
            "sources": [str(source) for source in self.sources],
            "granularity": str(self.granularity),
            "days": self.days,
            "text": {language: self.text(language) for language in LANGUAGES},
        }

    def _zh(self) -> Sequence[str]:
        sources = "、".join(SOURCE_TEXTS[source][0] for source in self.sources)
        return (
            f"{self.name}能否知道您在哪里？",
            f"目的：{purpose_named(self.purpose).zh}。只用于这一个目的，不用于营销。",
            f"收集：{sources}；结果只显示到：{GRANULARITY_TEXTS[self.granularity][0]}。行踪轨迹属于敏感个人信息，泄露可能危及人身、财产安全。",
            f"接收方：{self.name}（{self.contact}），不再提供给他人。",
            f"期限：您同意之日起 {self.days} 天；位置本身最多保留 24 小时。",
            "不同意不影响我们为您服务。您可随时撤回，撤回立即生效，相关数据即被销毁；您可查阅、复制、更正、删除。",
            "不满十四周岁的，须由父母或其他监护人同意。",
        )

    def _en(self) -> Sequence[str]:
        sources = ", ".join(SOURCE_TEXTS[source][1] for source in self.sources)
        return (
            f"May {self.name} know where you are?",
            f"Purpose: {purpose_named(self.purpose).en}. For this purpose alone, never for marketing.",
            f"Collected: {sources}; shown as no more than {GRANULARITY_TEXTS[self.granularity][1]}.",
            "Whereabouts are sensitive: in wrong hands they can endanger you or what you own.",
            f"Recipient: {self.name} ({self.contact}), and nobody further.",
            f"Duration: {self.days} days from your consent; a position itself is kept for 24 hours at the most.",
            "You are served all the same if you say no. You may see, copy, correct and delete what is kept.",
            "Withdraw at any time: it takes effect at once, and what was kept is destroyed.",
            "Who is under 14 needs the consent of a parent or guardian.",
        )


def make_notice(
    purpose: str, recipient: str, name: str, contact: str, sources: Sequence[str], granularity: str, days: int
) -> Notice:
    """A notice within the bounds of its purpose.

    Raises BadInput for what is in no list, and for more detail or a longer time than the purpose needs.
    """
    known = purpose_named(purpose)
    if not is_recipient(recipient):
        raise BadInput("a recipient is called by a short word", hint="a-z, 0-9 and -, no 3 digits in a row: acme-desk")
    if not sources:
        raise BadInput("a notice names at least one source", hint=f"sources: {', '.join(Source)}")
    chosen = tuple(sorted({_one(Source, source, "sources") for source in sources}))
    fine = _one(Granularity, granularity, "granularities")
    _require_bounds(known, fine, days)
    return Notice(known.name, recipient, _line(name), _line(contact), chosen, fine, days)


def _require_bounds(purpose: Purpose, granularity: Granularity, days: int) -> None:
    if granularity.rank > purpose.finest.rank:
        message = f"{purpose.name} needs no more than {purpose.finest}, and {granularity} is finer"
        raise BadInput(message, hint="what is not needed is not collected (PIPL art. 6)")
    if not 1 <= days <= purpose.longest_days:
        message = f"{days} days: {purpose.name} may last from 1 to {purpose.longest_days}"
        raise BadInput(message)


def _line(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST or not text.isprintable():
        message = "name and contact of a recipient are one line each, of at most 200 characters"
        raise BadInput(message)
    return text.strip()


def _one(kind: type[_Word], text: str, what: str) -> _Word:
    try:
        return kind(text)
    except ValueError:
        raise BadInput(f"{text[:20]!r} is none of the {what}", hint=", ".join(kind)) from None
