"""Trains what tells whose a number on a page is, `src/haoma/guard/extract/model.json`, and prints how well it does.

Sources: pages with truth in the form of ../shared/data/guard (its `spans` and `binding` sets; never `swde`) and the
parts of tests/pages_zh that may be trained on (`HANDS`). More pages are composed out of them: a page of one organisation
with a contact block of another put after one of its blocks. What enters the model are numbers alone
(haoma.guard.extract.features), no word of a page.

Figures are of hosts that the model of a fold has not seen: pages that share a host, a number or an organisation stay
together. Of Chinese pages also by hand: trees grown on the pages of all other authors judge those of one, which is the
nearest to what a stranger's page is. Run it as `.venv/bin/python tools/train_extract.py ../shared/data/guard`; it takes
some minutes; with `--chinese` behind it the trees of Chinese names alone are grown anew, which takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import exp
from pathlib import Path
from urllib.parse import urlsplit

import lightgbm
import numpy as np
from lxml import etree

from haoma.guard.extract.bind import among, chinese_name, clipped, ruled
from haoma.guard.extract.bind import rows_of as features_of
from haoma.guard.extract.charset import decode
from haoma.guard.extract.features import ALL
from haoma.guard.extract.found import Found
from haoma.guard.extract.names import Target
from haoma.guard.extract.scene import scene_of
from haoma.guard.extract.service import understood
from haoma.guard.extract.witness import WITNESSES
from haoma.guard.model import Names

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/haoma/guard/extract/model.json"
CHINESE = ROOT / "tests/pages_zh"
HANDS = {  # parts of tests/pages_zh, each by an author of its own, and how much a number of each weighs
    "seen": 1.0, "firms": 1.0, "apps": 1.0, "press": 1.0,
    # Rules were written with all of those in sight; of these, with some: they show how far a rule can be trusted.
    **dict.fromkeys(("finance", "platforms", "sites", "fixtures", "wrong", "mixed"), 2.0),
    **dict.fromkeys(("brands", "bodies", "lines", "media", "houses", "cases"), 2.0),
    **dict.fromkeys(("contacts", "prose", "offices", "listings", "groups", "search", "notices", "results"), 2.0),
    **dict.fromkeys(("bulletins", "dealers", "assorted", "institutes", "funds", "makers", "locals", "directories"), 2.0),
    **dict.fromkeys(("announcements", "reports", "agents", "publics", "families", "homepages", "portals"), 2.0),
    "securities": 2.0,
}  # fmt: skip
FOLDS, SEED, COMPOSED_FROM_ONE = 5, 5, 4
ACCEPT, ACCEPT_CHINESE, REFUSE = 0.65, 0.65, 0.3
SHARED = 136  # Chinese pages that the trees of other names learn from too: more of them made these worse at English
WEIGHTS = {"binding": 1.0, "spans": 1.0, "zh": 2.0, "composed": 0.3}
GROW = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.04, "min_data_in_leaf": 12, "feature_fraction": 0.5,
        "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5, "verbose": -1, "num_threads": 1, "seed": 7, "deterministic": True}  # fmt: skip
GROW_AMONG = {**GROW, "num_leaves": 6, "learning_rate": 0.05, "min_data_in_leaf": 40, "feature_fraction": 0.8,
              "monotone_constraints": [1, 1, -1, -1, 0, 1]}  # fmt: skip
GROW_CHINESE = {**GROW, "num_leaves": 30, "min_data_in_leaf": 5, "learning_rate": 0.1}
ROUNDS, ROUNDS_AMONG, ROUNDS_CHINESE = 300, 100, 120
MORE = ("target_in_", "own_link_in_", "title_like", "owner_like", "elsewhere", "shared_", "named_before", "named_behind", "named_last",
        "target_alone", "same_", "page_host", "page_target", "ours_in", "class_shared", "title_end", "copyright_own", "reading",
        "named_by_title", "named_for_sure", "framed", "page_mine")  # fmt: skip
LESS = ("subject", "target_above", "target_below", "nearer", "rival_in_", "foreign_link_in_", "fake", "platform", "public", "brand", "rival_alone",
        "advert_in", "others_titled", "claimed", "copyright_other", "page_rivals")  # fmt: skip
TITLED = (
    *WITNESSES,
    "named_by_title",
    "named_for_sure",
    "title_level",
    "others_titled",
    "claimed",
    "framed",
    "rivalled",
    "page_mine",
)  # for Chinese names
FREE = ("named_before_far", "named_last_far", "page_host_known", "branded")
KINDS = ("numbers", "others", "fax", "others_fax", "hidden", "optional")
LABELS = {"numbers": 1, "fax": 1, "others": 0, "others_fax": 0}
BLOCKS = frozenset("p div table ul ol h1 h2 h3 h4 section article dl form blockquote center hr li".split())
LOOSE = frozenset("html body head script style a span b strong br tr td li em i font".split())


@dataclass(slots=True)
class Page:
    """A page, what is true of it, and what was measured on it."""

    row: dict[str, object]
    html: str
    part: str
    hosts: tuple[int, ...] = ()
    found: list[Found] = field(default_factory=list)
    vectors: list[list[float]] = field(default_factory=list)
    named: bool = True
    said: dict[int, int] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)

    def of(self, *kinds: str) -> list[str]:
        """The numbers that truth lists under some kinds."""
        return [str(number) for kind in kinds for number in self.row.get(kind) or []]

    def measure(self) -> None:
        """Find the page's numbers, and keep what is measured of each and what truth says."""
        _, regions, self.found = understood_page = understood(self.html, self.row["url"])
        scene = scene_of(understood_page[0], self.found, Target(Names(str(self.row["org"]))), self.row["url"], ())
        self.vectors = features_of(scene, regions)
        self.named = not chinese_name(str(self.row["org"])) or scene.names_target
        self.said = scene.said
        known = [(kind, keys(number)) for kind in KINDS for number in self.of(kind)]
        known += [
            (kind, keys(other))
            for kind in KINDS
            for number in self.of(kind)
            for other in (self.row.get("alt") or {}).get(number, [])
        ]
        self.kinds = [
            next((kind for kind, forms in known if forms & keys(one.one.digits)), "unknown") for one in self.found
        ]


def keys(digits: str) -> set[str]:
    """The last digits of a number, in the lengths that tell it: country codes and zeros are forgiven."""
    digits = re.sub(r"\D", "", digits).lstrip("0")
    return {digits} | ({digits[-9:]} if len(digits) > 9 else set()) | ({digits[-10:]} if len(digits) > 10 else set())


def load(folder: Path) -> list[Page]:
    """The pages that a model may be trained on: an organisation is named on each."""
    pages = []
    for place, parts in ((folder, ("spans", "binding")), (CHINESE, ("zh",))):
        for line in (place / "truth.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["set"] in parts and row["org"] and row.get("part", "seen") in HANDS:
                many = sum(page.part == "zh" for page in pages) >= SHARED
                part = "zh alone" if row["set"] == "zh" and many else row["set"]
                pages.append(Page(row, decode((place / row["page"]).read_bytes()), part))
    return pages


def groups(pages: Sequence[Page]) -> list[int]:
    """The fold of each page: those that share a host, a number or an organisation have the same."""
    parent: dict[object, object] = {}

    def root(one: object) -> object:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    for at, page in enumerate(pages):
        host = urlsplit(str(page.row["url"] or "")).hostname
        shared = [
            ("org", str(page.row["org"]).lower()),
            *(("number", number.lstrip("0")[-9:]) for number in page.of("numbers", "fax")),
        ]
        for one in [*shared, *([("host", host.removeprefix("www."))] if host else [])]:
            parent[root(("page", at))] = root(one)
    return [int(hashlib.sha256(str(root(("page", at))).encode()).hexdigest(), 16) % FOLDS for at in range(len(pages))]


def composed(pages: Sequence[Page], folds: Sequence[int]) -> Iterable[Page]:
    """Pages of one organisation with a contact block of another; each remembers the folds of both."""
    chance = random.Random(SEED)  # noqa: S311 - the same pages every time
    whole = [
        at
        for at, page in enumerate(pages)
        if page.part != "zh alone" and page.of("numbers") and not page.of("others", "others_fax")
        if len(page.of("numbers")) <= 8
    ]
    blocks = {at: block for at in whole if (block := _block(pages[at], chance))}
    for host in whole:
        alike = [at for at in blocks if not _shared(pages[at], pages[host])]
        for _ in range(COMPOSED_FROM_ONE):
            giver = chance.choice(alike)
            html = _with_block(pages[host], blocks[giver], chance)
            if html is None:
                continue
            row = dict(pages[host].row, others=pages[giver].of("numbers"), others_fax=pages[giver].of("fax"))
            row["url"] = row["url"] if chance.random() < 0.75 else None
            row["alt"] = {**(pages[host].row.get("alt") or {}), **(pages[giver].row.get("alt") or {})}
            yield Page(row, html, "composed", (folds[host], folds[giver]))


def _shared(one: Page, other: Page) -> bool:
    return one.row["org"] == other.row["org"] or not {n.lstrip("0")[-8:] for n in one.of(*KINDS)}.isdisjoint(
        n.lstrip("0")[-8:] for n in other.of(*KINDS)
    )


def _parsed(html: str) -> etree._Element:
    return etree.fromstring(html.encode(), etree.HTMLParser(encoding="utf-8", huge_tree=True))


def _size(element: etree._Element) -> int:
    return len(" ".join("".join(element.itertext()).split()))


def _holds(element: etree._Element, numbers: Sequence[str]) -> bool:
    digits = re.sub(r"\D", "", "".join(element.itertext()))
    return any(number.lstrip("0")[-9:] in digits for number in numbers)


def _block(page: Page, chance: random.Random) -> str | None:
    """A block of a page with its numbers, of the size of a contact block."""
    numbers = page.of("numbers", "fax")
    fit = [(_size(element), element) for element in _parsed(page.html).iter() if _fits(element, numbers)]
    if not fit:
        return None
    element = max(fit, key=lambda pair: pair[0])[1] if chance.random() < 0.7 else chance.choice(fit)[1]
    element.tail = None
    return re.sub(r'\sid="[^"]*"', "", etree.tostring(element, encoding="unicode", method="html"))


def _fits(element: etree._Element, numbers: Sequence[str]) -> bool:
    known = isinstance(element.tag, str) and element.tag not in LOOSE
    return known and 15 <= _size(element) <= 500 and _holds(element, numbers)


def _with_block(page: Page, block: str, chance: random.Random) -> str | None:
    """The page with a block after one of its own: never in a menu, in what is hidden, or in its own contact block."""
    root, numbers = _parsed(page.html), page.of(*KINDS)
    spots = [element for element in root.iter(*BLOCKS) if _size(element) >= 2 and _open(element, numbers)]
    given = _parsed(f"<div>{block}</div>").find(".//div")
    if not spots or given is None or not len(given):
        return None
    spot, new = chance.choice(spots), given[0]
    new.tail, spot.tail = spot.tail, None
    spot.addnext(new)
    return etree.tostring(root, encoding="unicode", method="html")


def _open(element: etree._Element, numbers: Sequence[str]) -> bool:
    for around in (element, *element.iterancestors()):
        told = around.get("class", "") + around.get("id", "")
        hidden = "display:none" in around.get("style", "").replace(" ", "").lower()
        if (
            around.tag in ("nav", "head", "noscript", "template")
            or hidden
            or re.search(r"nav|menu", told, re.IGNORECASE)
        ):
            return False
    return not any(
        around.tag not in ("html", "body") and _size(around) < 500 and _holds(around, numbers)
        for around in element.iterancestors()
    )


def _sign(name: str) -> int:
    if name.startswith(FREE):
        return 0
    return 1 if name.startswith(MORE) else -1 if name.startswith(LESS) else 0


def _how_alone() -> dict[str, object]:
    """How the first pass is grown: it has no use for titles, which are read of Chinese names alone."""
    signs = [_sign(name) for name in ALL]
    return {
        **GROW,
        "monotone_constraints": signs,
        "feature_contri": [0 if name.startswith(TITLED) else 1 for name in ALL],
    }


@dataclass(slots=True)
class Trained:
    """Both passes of a model, and the one of who has a Chinese name."""

    alone: lightgbm.Booster
    second: lightgbm.Booster
    chinese: lightgbm.Booster

    def logits(self, page: Page) -> list[float]:
        """The logit of each number of a page, rules applied: what `bind.bound` computes."""
        if chinese_name(str(page.row["org"])):
            raw = self.chinese.predict(np.array(page.vectors), raw_score=True)
        else:
            raw = self.second.predict(np.array(among(first_of(self.alone, page), page.found)), raw_score=True)
        return [
            float(logit) + ruled(one, row, str(page.row["org"]), named=page.named, said=page.said.get(id(one), 0))
            for logit, one, row in zip(raw, page.found, page.vectors, strict=True)
        ]


def first_of(alone: lightgbm.Booster, page: Page) -> list[float]:
    """The first pass on a page: a logit a number."""
    return [clipped(float(logit)) for logit in alone.predict(np.array(page.vectors), raw_score=True)]


def grow(
    pages: Sequence[Page],
    rows: Sequence[Sequence[Sequence[float]]],
    how: dict[str, object],
    rounds: int,
    worth: dict[str, float] = WEIGHTS,
    *,
    by_hand: bool = False,
) -> lightgbm.Booster:
    """Trees over the numbers of pages whose owner is known; `rows` are each page's vectors, weighed `by_hand` or alike."""
    vectors, labels, weights = [], [], []
    for page, measured in zip(pages, rows, strict=True):
        for one, kind, vector in zip(page.found, page.kinds, measured, strict=True):
            if kind in LABELS and not one.hidden and page.part in worth:
                vectors.append(vector)
                labels.append(LABELS[kind])
                weights.append(
                    worth[page.part] * HANDS.get(str(page.row.get("part")), 1.0) if by_hand else worth[page.part]
                )
    return lightgbm.train(how, lightgbm.Dataset(np.array(vectors), np.array(labels), weight=np.array(weights)), rounds)


def grow_chinese(pages: Sequence[Page]) -> lightgbm.Booster:
    """Trees over the numbers of pages whose organisation has a Chinese name.

    No sign is fixed: with hands that rules were not written for there is enough to learn them from. What a rule of
    thumb reads out of the same measures (`reading`) is left out: it was right too often where it was made.
    """
    how = {**GROW_CHINESE, "feature_contri": [0 if name.startswith("reading") else 1 for name in ALL]}
    worth = {page.part: 1.0 for page in pages}
    return grow(pages, [page.vectors for page in pages], how, ROUNDS_CHINESE, worth, by_hand=True)


def train(pages: Sequence[Page], inner: Sequence[lightgbm.Booster | None]) -> Trained:
    """Both passes; the second learns from first passes (`inner`, a page each) that had not seen the page."""
    alone = grow(pages, [page.vectors for page in pages], _how_alone(), ROUNDS)
    rows = [among(first_of(model or alone, page), page.found) for page, model in zip(pages, inner, strict=True)]
    return Trained(
        alone, grow(pages, rows, GROW_AMONG, ROUNDS_AMONG), grow_chinese([page for page in pages if _of_chinese(page)])
    )


def cross_validated(pages: Sequence[Page]) -> tuple[dict[int, lightgbm.Booster], dict[int, list[float]]]:
    """First passes that have not seen a fold, and each page's logits by a model that has not seen its host."""
    without = {}
    for fold in range(FOLDS):
        kept = [page for page in pages if fold not in page.hosts]
        without[fold] = grow(kept, [page.vectors for page in kept], _how_alone(), ROUNDS)
    logits: dict[int, list[float]] = {}
    for fold in range(FOLDS):
        kept = [page for page in pages if fold not in page.hosts]
        rows = [among(first_of(without[page.hosts[0]], page), page.found) for page in kept]
        model = Trained(without[fold], grow(kept, rows, GROW_AMONG, ROUNDS_AMONG), _grown_without(fold, pages))
        logits.update({at: model.logits(page) for at, page in enumerate(pages) if page.hosts == (fold,)})
    return without, logits


def by_hands(pages: Sequence[Page]) -> None:
    """Print how well trees grown on the pages of all other authors judge those of one."""
    for hand in HANDS:
        model = grow_chinese([page for page in pages if _of_chinese(page) and page.row["part"] != hand])
        judge = Trained(model, model, model)
        own = {
            at: judge.logits(page) for at, page in enumerate(pages) if _of_chinese(page) and page.row["part"] == hand
        }
        for accept in (0.5, 0.6, ACCEPT_CHINESE, 0.7, 0.8):
            print(f"{hand} by the others, accepted from {accept}: {figures(pages, own, accept).get('zh')}", flush=True)


def _of_chinese(page: Page) -> bool:
    return page.part.startswith("zh") and chinese_name(str(page.row["org"]))


def _grown_without(fold: int, pages: Sequence[Page]) -> lightgbm.Booster:
    return grow_chinese([page for page in pages if _of_chinese(page) and fold not in page.hosts])


def figures(pages: Sequence[Page], logits: dict[int, list[float]], accept: float) -> dict[str, str]:
    """How well numbers are bound, by set: precision, recall, F1, and how many of others' numbers were accepted."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for at, values in logits.items():
        page, count = pages[at], counts[pages[at].part.split()[0]]
        told: dict[str, list[tuple[float, str, bool, bool]]] = defaultdict(list)
        for one, kind, logit in zip(page.found, page.kinds, values, strict=True):
            told[one.one.digits.lstrip("0")[-8:]].append(
                (logit, kind, one.role == "voice" and not one.hidden, one.dead)
            )
        accepted: dict[str, str] = {}
        for key, ones in told.items():
            shown = [logit for logit, _, voice, _ in ones if voice]
            if shown and not any(dead for *_, dead in ones) and 1 / (1 + exp(-sum(shown) / len(shown))) >= accept:
                accepted[key] = ones[0][1]
        right = sum(kind == "numbers" for kind in accepted.values())
        count["right"] += right
        count["missed"] += max(0, len(page.of("numbers")) - right)
        count["false"] += sum(kind not in ("numbers", "optional") for kind in accepted.values())
        count["wrong"] += sum(kind in ("others", "others_fax") for kind in accepted.values())
        count["others"] += len(page.of("others", "others_fax"))
    return {part: _told(count) for part, count in counts.items()}


def _told(count: Counter[str]) -> str:
    precision, recall = (
        count["right"] / max(1, count["right"] + count["false"]),
        count["right"] / max(1, count["right"] + count["missed"]),
    )
    f1 = 2 * precision * recall / max(0.001, precision + recall)
    return f"P {precision:.3f} R {recall:.3f} F1 {f1:.3f}, {count['wrong']} of {count['others']} of others accepted"


def packed(booster: lightgbm.Booster) -> dict[str, list[float]]:
    """A booster as the lists of `haoma.guard.extract.trees.Forest`."""
    out: dict[str, list[float]] = {name: [] for name in ("roots", "feature", "bound", "left", "right", "leaf")}

    def put(node: dict[str, object]) -> int:
        if "leaf_value" in node:
            out["leaf"].append(float(f"{node['leaf_value']:.5g}"))
            return -len(out["leaf"])
        at = len(out["feature"])
        for name, value in (
            ("feature", node["split_feature"]),
            ("bound", float(f"{node['threshold']:.6g}")),
            ("left", 0),
            ("right", 0),
        ):
            out[name].append(value)
        out["left"][at] = put(node["left_child"])
        out["right"][at] = put(node["right_child"])
        return at

    for tree in booster.dump_model()["tree_info"]:
        out["roots"].append(put(tree["tree_structure"]))
    return out


def main() -> None:
    """Measure, cross-validate, train on everything, write."""
    pages = load(Path(sys.argv[1]))
    folds = groups(pages)
    for page, fold in zip(pages, folds, strict=True):
        page.hosts = (fold,)
    pages += composed(pages, folds)
    for page in pages:
        page.measure()
    pages = [page for page in pages if page.found]
    print(len(pages), "pages,", sum(len(page.found) for page in pages), "numbers", flush=True)
    without, logits = cross_validated(pages)
    told(pages, logits)
    by_hands(pages)
    model = train(pages, [without[page.hosts[0]] for page in pages])
    made = f"lightgbm {lightgbm.__version__}, {_counted(pages)}; Chinese names: {_counted(list(filter(_of_chinese, pages)))}"
    row = {"made": made, "alone": packed(model.alone), "among": packed(model.second), "chinese": packed(model.chinese)}
    write(row)


def again() -> None:
    """Grow the trees of Chinese names alone anew: what `main` makes of them, without the rest."""
    every = load(Path(sys.argv[1]))
    pages = [page for page in every if _of_chinese(page)]
    for page, fold in zip(every, groups(every), strict=True):
        page.hosts = (fold,)
    for page in pages:
        page.measure()
    pages = [page for page in pages if page.found]
    without = {fold: _grown_without(fold, pages) for fold in range(FOLDS)}
    one = Trained(without[0], without[0], without[0])
    told(pages, {at: replace(one, chinese=without[page.hosts[0]]).logits(page) for at, page in enumerate(pages)})
    by_hands(pages)
    old = json.loads(TARGET.read_text(encoding="utf-8"))
    made = f"{old['made'].partition(';')[0]}; Chinese names: {_counted(pages)}"
    places = {at: ALL.index(name) for at, name in enumerate(old["features"]) if name in ALL}  # as they asked before
    alone = {**old["alone"], "feature": [places[at] for at in old["alone"]["feature"]]}
    write({"made": made, "alone": alone, "among": old["among"], "chinese": packed(grow_chinese(pages))})


def _counted(pages: Sequence[Page]) -> str:
    return f"{len(pages)} pages, {sum(len(page.found) for page in pages)} numbers"


def told(pages: Sequence[Page], logits: dict[int, list[float]]) -> None:
    """Print the figures of some thresholds."""
    for accept in (0.4, 0.5, 0.6, 0.7, ACCEPT, 0.8, 0.85, 0.9):
        for part, figure in sorted(figures(pages, logits, accept).items()):
            print(f"accepted from {accept}: {part}: {figure}", flush=True)


def write(forests: dict[str, object]) -> None:
    """Write the model's file."""
    answers = {"accept": ACCEPT, "accept_chinese": ACCEPT_CHINESE, "refuse": REFUSE, "features": ALL}
    TARGET.write_text(json.dumps({**answers, **forests}, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    again() if sys.argv[2:] == ["--chinese"] else main()
