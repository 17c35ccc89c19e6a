"""The demo's chapter on single numbers: hotlines that everyone in China knows, and what must not be said of a number.

Rules held here:
- What is expected is public knowledge: whose hotline it is, and RFC 3966 §5.1.5 for its local identity.
"""

from __future__ import annotations

from collections.abc import Iterator

from haoma.cli.stage import Stage, Step
from haoma.numbers import Kind, Number, parse

__all__ = ["chapter"]

HOTLINES = (
    ("95588", Kind.NATIONAL_SERVICE, "tel:95588;phone-context=+86", "工商银行"),
    ("+8695588", Kind.NATIONAL_SERVICE, "tel:95588;phone-context=+86", "the same: +86 95588 means nothing"),
    ("10086", Kind.CARRIER_SERVICE, "tel:10086;phone-context=+86", "中国移动"),
    ("12315", Kind.PUBLIC_SERVICE, "tel:12315;phone-context=+86", "消费者投诉"),
    ("0571-12345", Kind.PUBLIC_SERVICE, "tel:12345;phone-context=+86571", "杭州市政府"),
    ("四零零-810-9090", Kind.SHARED_COST, "tel:4008109090;phone-context=+86", "a company's 400 number"),
    ("010-95555", Kind.NATIONAL_SERVICE, "tel:95555;phone-context=+8610", "招商银行, dialled in 北京"),
    ("110", Kind.EMERGENCY, "tel:110;phone-context=+86", "police"),
    ("13800138000", Kind.MOBILE, "tel:+8613800138000", "中国移动's own test number"),
    ("+852 2287 6767", Kind.INTERNATIONAL, "tel:+85222876767", "Hong Kong"),
)


def chapter(stage: Stage) -> Iterator[Step]:
    """Look up well-known numbers one at a time."""
    found = [(cell, kind, uri, who, parse(cell)) for cell, kind, uri, who in HOTLINES]
    stage.show("Numbers that everyone knows", [_row(cell, who, number) for cell, _, _, who, number in found])
    for cell, kind, uri, _, number in found:
        yield Step(f"{cell} is known", f"{kind} {uri}", f"{number.kind} {number.uri}")
    yield Step("a number masks itself when printed", "138****8000", str(parse("13800138000")))
    yield Step("95588 has no E.164 form", "none", parse("95588").e164 or "none")


def _row(cell: str, who: str, number: Number) -> dict[str, object]:
    place = number.issued_in
    where = (place.city or place.province) if place else None
    return {
        "written": cell,
        "kind": number.kind,
        "identity": number.uri,
        "issued_by": number.issued_by,
        "issued_in": where,
        "who": who,
    }
