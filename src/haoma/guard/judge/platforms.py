"""Where a wrong label is corrected: the platforms that haoma knows, and those of a file of one's own.

Rules held here:
- What is shipped is data (`platforms.toml`); a file adds to it, and takes the place of a platform of the same id.
- A letter holds what the table names and nothing else: a name that is not known is told when the file is read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template

from haoma.errors import BadInput, NotFound
from haoma.guard.judge.model import SourceKind

__all__ = ["FIELDS", "Platform", "platform_for", "read_platforms"]

FIELDS = frozenset({"organisation", "number", "what", "url", "seen", "incident", "digest", "xpath", "date"})
CHANNELS = ("form", "api", "letter", "internal")
LONGEST_DAYS = 365
_ID = re.compile(r"(?!.*[0-9]{7})[a-z][a-z0-9-]{0,31}", re.ASCII)
_TEXTS = ("zh", "en", "site", "channel", "letter")
_KEYS = {*_TEXTS, "covers", "for", "due_days", "remind_days"}


@dataclass(frozen=True, slots=True)
class Platform:
    """Who corrects what is shown: by which channel, how long that may take, and the letter that asks for it."""

    id: str
    zh: str
    en: str
    channel: str
    site: str
    covers: tuple[str, ...]
    kinds: frozenset[SourceKind]
    due_days: int
    remind_days: int
    letter: str

    def written(self, said: Mapping[str, str]) -> str:
        """The letter with these fields in it."""
        return Template(self.letter).substitute(said).strip() + "\n"


def read_platforms(path: Path | None = None) -> Mapping[str, Platform]:
    """The platforms by id, those of a file too; raises BadInput for what it lacks or has too much of."""
    shipped = _shipped()
    if path is None:
        return shipped
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: the file of platforms cannot be read ({type(error).__name__})") from None
    return {**shipped, **_platforms(str(path), text)}


def platform_for(platforms: Mapping[str, Platform], kind: SourceKind, named: str | None = None) -> Platform:
    """The platform of this id, or the one for a kind of source; of several the one of a file of one's own."""
    if named is not None:
        if named not in platforms:
            raise NotFound("there is no such platform", hint=f"platforms: {', '.join(sorted(platforms))}")
        return platforms[named]
    fits = [one for one in platforms.values() if kind in one.kinds]
    return fits[-1]


@cache
def _shipped() -> Mapping[str, Platform]:
    return _platforms("platforms.toml", files("haoma.guard.judge").joinpath("platforms.toml").read_text("utf-8"))


def _platforms(where: str, text: str) -> dict[str, Platform]:
    try:
        said = tomllib.loads(text)
    except ValueError as error:
        raise BadInput(f"{where}: this is no TOML ({error})") from None
    return {name: _platform(where, name, row) for name, row in said.items()}


def _platform(where: str, name: str, row: object) -> Platform:
    if _ID.fullmatch(name) is None or not isinstance(row, dict):
        raise BadInput(f"{where}: [{name[:40]}] is no platform", hint="a table called by a-z, 0-9 and -")
    if wrong := sorted(set(row) ^ _KEYS):
        raise BadInput(
            f"{where}: [{name}] lacks {wrong[0][:40]}, or has it and should not", hint=", ".join(sorted(_KEYS))
        )
    texts = {key: row[key] for key in _TEXTS}
    covers, kinds, due, remind = row["covers"], row["for"], row["due_days"], row["remind_days"]
    if not all(isinstance(one, str) for one in texts.values()) or texts["channel"] not in CHANNELS:
        raise BadInput(f"{where}: [{name}] has something else than texts", hint=f"channel: {', '.join(CHANNELS)}")
    if not (_is_texts(covers) and _is_texts(kinds) and set(kinds) <= set(SourceKind)):
        raise BadInput(f"{where}: covers and for of [{name}] are lists", hint=f"for: {', '.join(SourceKind)}")
    if not all(isinstance(one, int) and not isinstance(one, bool) and 0 < one <= LONGEST_DAYS for one in (due, remind)):
        raise BadInput(f"{where}: due_days or remind_days of [{name}] is wrong", hint=f"1 to {LONGEST_DAYS}")
    _check_letter(where, name, texts["letter"])
    kept = {key: str(value) for key, value in texts.items()}
    return Platform(
        name, covers=tuple(covers), kinds=frozenset(map(SourceKind, kinds)), due_days=due, remind_days=remind, **kept
    )


def _check_letter(where: str, name: str, letter: str) -> None:
    template = Template(letter)
    unknown = sorted(set(template.get_identifiers()) - FIELDS)
    if unknown or not template.is_valid():
        said = f"${unknown[0]}" if unknown else "a $ that begins no name"
        raise BadInput(f"{where}: the letter of [{name}] has {said}", hint=f"${', $'.join(sorted(FIELDS))}; $$ is $")


def _is_texts(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(one, str) for one in given)
