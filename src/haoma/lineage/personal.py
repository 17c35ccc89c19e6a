"""Personal numbers where none may stand: in a subject, a source, and the names of code and systems.

Rules held here:
- A mobile number is somebody's. It is no public subject, and no part of a text that is kept in clear.
- The subject of a person is a token, and holds no number that could be one's own, a landline included.
- A refusal shows the number masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from haoma.errors import Refused
from haoma.lineage.model import is_public
from haoma.numbers.model import Kind, Number
from haoma.numbers.service import read_cell

__all__ = ["require_impersonal"]

MOBILE = {Kind.MOBILE, Kind.MVNO, Kind.IOT, Kind.SATELLITE}
OWN = MOBILE | {Kind.LANDLINE, Kind.INTERNATIONAL}
# What stands between letters is no number to the grammar: job_13800138000, /customers/13800138000?
_RUN = re.compile(r"(?<!\d)(?:86)?1\d{10}(?!\d)")


def require_impersonal(subject: str, texts: Mapping[str, str]) -> None:
    """Raise Refused where the subject, or one of these texts by name, shows a personal number."""
    if is_public(subject):
        texts = {"subject": subject, **texts}
    elif own := next((one for one in read_cell(subject)[0] if one.kind in OWN), None):
        raise _refused("subject", own)
    for name, text in texts.items():
        if found := next((one for one in _numbers(text) if one.kind in MOBILE), None):
            raise _refused(name, found)


def _numbers(text: str) -> Iterator[Number]:
    yield from read_cell(text)[0]
    for run in _RUN.findall(text):
        yield from read_cell(run)[0]


def _refused(name: str, number: Number) -> Refused:
    message = f"{name} shows a personal number ({number.masked}, {number.kind})"
    return Refused(message, hint="a person's subject is a token, as haoma enrich --pseudonymise makes; name no number")
