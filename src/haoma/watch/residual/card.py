"""The card of a corrector: what it was learnt from, and what it gains on weeks that it has not seen.

Rules held here:
- Every figure stands beside the one without the corrector; whether the series was simulated is said first.
- Where it gains nothing, the card says so, and nothing switches it on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec

from haoma.watch.residual.network import CELLS
from haoma.watch.residual.training import WEEK_MIN, Trained
from haoma.watch.residual.weighing import CASES, Gain
from haoma.watch.residual.window import BOUND, QUARTER_MIN, STEPS

__all__ = ["About", "as_json", "as_text", "verdict"]


class About(NamedTuple):
    """What a card tells: `source` is where the series came from, `digest` the SHA-256 of the model."""

    source: str
    simulated: bool
    weeks: float
    held_weeks: float
    trained: Trained
    gain: Gain
    digest: str


def verdict(gain: Gain) -> str:
    """One sentence."""
    if gain.gains:
        return "It finds diversions sooner than the plain detector, for no more false alarms."
    return "It gains nothing that chance would not explain: leave it off."


def as_json(about: About) -> bytes:
    """All of it, for programs."""
    gain, trained = about.gain, about.trained
    pair = ("without", "with")
    told = {
        "source": about.source,
        "simulated": about.simulated,
        "weeks": round(about.weeks, 2),
        "held_out_weeks": round(about.held_weeks, 2),
        "hotlines": gain.hotlines,
        "layers": CELLS,
        "looks_back_min": STEPS * QUARTER_MIN,
        "largest_factor": round(math.exp(BOUND), 3),
        "examples": trained.examples,
        "epochs": trained.epochs,
        "losses": [round(loss, 6) for loss in trained.losses],
        "seed": trained.seed,
        "sha256": about.digest,
        "error": dict(zip(pair, gain.error, strict=True)),
        "false_alarms": dict(zip(pair, gain.false_alarms, strict=True)),
        "diversions": [
            {
                "p": p,
                "q": q,
                "median_delay_min": dict(zip(pair, map(_finite, delay), strict=True)),
                "found": dict(zip(pair, found, strict=True)),
                "sooner_min": sooner[0],
                "standard_error_min": sooner[1],
            }
            for (p, q), delay, found, sooner in zip(CASES, gain.delays, gain.found, gain.sooner, strict=True)
        ],
        "gains": gain.gains,
    }
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


def as_text(about: About) -> str:
    """The same for people, as Markdown."""
    gain, trained = about.gain, about.trained
    kind = "simulated minutes" if about.simulated else "minutes as they were counted"
    rows = [
        ("mean absolute error of a minute", *(f"{one:.3f}" for one in gain.error)),
        ("false alarms", *(str(one) for one in gain.false_alarms)),
    ]
    for (p, q), delay, found in zip(CASES, gain.delays, gain.found, strict=True):
        what = f"{p:.0%} of calls gone, {q:.0%} of them report"
        rows.append((f"{what}: median delay", *(f"{one:.0f} min" if math.isfinite(one) else "–" for one in delay)))
        rows.append((f"{what}: found within four hours", *(f"{one:.0%}" for one in found)))
    table = "\n".join(f"| {what} | {without} | {with_} |" for what, without, with_ in rows)
    ahead = "; ".join(f"{minutes:+.1f} ± {error:.1f} min" for minutes, error in gain.sooner)
    return (
        f"# A corrector of expectations\n\n{verdict(gain)}\n\n"
        f"- Learnt from {about.source}: {kind}, {gain.hotlines} hotlines, {about.weeks - about.held_weeks:.1f} weeks; "
        f"{trained.examples:,} windows, {trained.epochs} times over, seed {trained.seed}.\n"
        f"- Weighed on the {gain.minutes / WEEK_MIN:.1f} weeks behind them, which it has not seen. Diversions are "
        "written in: calls thinned one by one.\n"
        f"- LSTM of {CELLS[0]} and {CELLS[1]} cells over the last {STEPS * QUARTER_MIN // 60} hours in quarters; moves "
        f"what is expected by {math.expm1(BOUND):.0%} at the most. "
        f"Moved here: {gain.factors[0]:.3f} to {gain.factors[1]:.3f} times.\n"
        f"- SHA-256 of the model: `{about.digest}`\n\n"
        f"| On the held-out weeks | without | with |\n|---|---|---|\n{table}\n\n"
        f"Sooner by (pair by pair, with standard error): {ahead}.\n"
    )


def _finite(minutes: float) -> float | None:
    return minutes if math.isfinite(minutes) else None
