"""A trace for the eye: a tree for the terminal, a picture for a report.

Rules held here:
- The tree begins at the value and goes back to what it was made of; what was drawn already is only named.
- Times are shown in Asia/Shanghai, which is said once. A value is shown where it is public; of any other only that it
  is sealed.
- No control character and no markup out of a value reaches terminal or picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from zoneinfo import ZoneInfo

from haoma.lineage.check import Checked
from haoma.lineage.model import Activity, Fact, Sealed

__all__ = ["HEADING", "svg", "tree"]

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADING = f"value · stage · time ({SHANGHAI.key}) · by · confidence · checks · fact"
BOX_W, BOX_H, GAP_X, GAP_Y, PAD = 300, 84, 60, 20, 20
COLOURS = {"collection": "#1b6e53", "storage": "#2b5c9e", "transport": "#8a5a00", "display": "#8c2f4b"}


def tree(facts: Sequence[Fact], activities: Mapping[int, Activity], checked: Mapping[int, Checked]) -> Iterator[str]:
    """The lines of the tree whose root is the last of these facts; `HEADING` says what stands in them."""
    known = {fact.fact_id: fact for fact in facts}
    drawn: set[int] = set()
    # A stack of its own: a path may be longer than Python's.
    waiting: list[tuple[int, str, str]] = [(max(known), "", "")] if known else []
    while waiting:
        fact_id, branch, trunk = waiting.pop()
        fact = known.get(fact_id)
        if fact is None or fact_id in drawn:
            yield f"{branch}fact:{fact_id} {'(above)' if fact else '(not shown)'}"
            continue
        drawn.add(fact_id)
        yield branch + " · ".join(_words(fact, activities, checked))
        last = len(fact.parents) - 1
        for place, parent in reversed(list(enumerate(fact.parents))):
            waiting.append(
                (parent, trunk + ("└─ " if place == last else "├─ "), trunk + ("   " if place == last else "│  "))
            )


def _words(fact: Fact, activities: Mapping[int, Activity], checked: Mapping[int, Checked]) -> Iterator[str]:
    marks = checked.get(fact.fact_id, Checked())
    activity = activities.get(fact.activity_id)
    yield f"{_printable(fact.name)} {_value(fact)}"
    yield str(fact.stage)
    yield _time(fact)
    yield _printable(f"{activity.name} on {activity.system}" if activity else fact.source)
    yield f"{fact.confidence / 10_000:.1f} %"
    yield f"digest {marks.digest}  commitment {marks.commitment}  proof {marks.proof}"
    yield f"fact:{fact.fact_id}" + (f" supersedes fact:{fact.supersedes}" if fact.supersedes else "")


def _value(fact: Fact) -> str:
    if isinstance(fact.value, Sealed):
        return "(sealed)"
    if fact.value is None:
        return f"({(fact.output_digest or '')[:12]}…)"
    return _printable(fact.value if len(fact.value) <= 60 else f"{fact.value[:59]}…")


def _time(fact: Fact) -> str:
    return fact.observed_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "�" for char in text)


def svg(facts: Sequence[Fact], activities: Mapping[int, Activity], checked: Mapping[int, Checked]) -> str:
    """A picture of these facts: sources on the left, the value on the right, an arrow for each parent."""
    places = _places(facts)
    width = PAD * 2 + (max((x for x, _ in places.values()), default=0) + 1) * (BOX_W + GAP_X) - GAP_X
    height = PAD * 2 + (max((y for _, y in places.values()), default=0) + 1) * (BOX_H + GAP_Y) - GAP_Y
    title = f"Trace of fact {facts[-1].fact_id}, times in {SHANGHAI.key}" if facts else "Trace"
    arrows = "".join(
        _arrow(places[parent], places[fact.fact_id]) for fact in facts for parent in fact.parents if parent in places
    )
    boxes = "".join(_box(fact, places[fact.fact_id], activities, checked) for fact in facts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" font-family="sans-serif" font-size="12"><title>{title}</title>'
        '<rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{PAD}" y="{PAD - 6}" fill="#555">{title}</text>'
        f'<g fill="none" stroke="#555">{arrows}</g>{boxes}</svg>\n'
    )


def _places(facts: Sequence[Fact]) -> dict[int, tuple[int, int]]:
    """Column (the longest way from a source) and row of each fact."""
    columns: dict[int, int] = {}
    rows: dict[int, int] = {}
    places = {}
    for fact in facts:
        column = max((columns[parent] + 1 for parent in fact.parents if parent in columns), default=0)
        columns[fact.fact_id] = column
        places[fact.fact_id] = (column, rows.setdefault(column, 0))
        rows[column] += 1
    return places


def _corner(place: tuple[int, int]) -> tuple[int, int]:
    return PAD + place[0] * (BOX_W + GAP_X), PAD + place[1] * (BOX_H + GAP_Y)


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = _corner(start), _corner(end)
    x1, y1, y2 = x1 + BOX_W, y1 + BOX_H // 2, y2 + BOX_H // 2
    bend = f"C{x1 + GAP_X // 2} {y1} {x2 - GAP_X // 2} {y2} {x2} {y2}"
    return f'<path d="M{x1} {y1}{bend}"/><path d="M{x2 - 7} {y2 - 4}L{x2} {y2}l-7 4"/>'


def _box(fact: Fact, place: tuple[int, int], activities: Mapping[int, Activity], checked: Mapping[int, Checked]) -> str:
    x, y = _corner(place)
    name, stage, time, system, confidence, marks, number = _words(fact, activities, checked)
    lines = (name, f"{stage} · {time} · {confidence}", system, f"{number} · {marks}")
    text = "".join(
        f'<text x="{x + 12}" y="{y + 20 + 17 * n}">{escape(line[:48])}</text>' for n, line in enumerate(lines)
    )
    return (
        f'<g><rect x="{x}" y="{y}" width="{BOX_W}" height="{BOX_H}" rx="4" fill="#fff" stroke="#999"/>'
        f'<rect x="{x}" y="{y}" width="5" height="{BOX_H}" fill="{COLOURS[fact.stage]}"/>{text}</g>'
    )
