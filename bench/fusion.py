"""Fusion of what sources say, beside two plain ways, for people who do not exist: log-loss, calibration, time.

Rules held here:
- All three answer for the same people. The plain ways know how often each source is right there; fusion does not.
- These figures compare ways to join sources. None of them is an accuracy: the people are made up.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.figure import Figure, best_cpu_s, require
from bench.fusion_people import NOW, World, people
from bench.fusion_scores import log_loss, most_precise, naive_bayes, rights, scores
from haoma.locate.fusion import fuse, known_cities, shipped_priors

__all__ = ["fusion"]

TIMED = 200


def fusion(count: int) -> Iterator[Figure]:
    """Figures for so many made-up people, and as many again to learn from for the plain ways."""
    cities, priors = known_cities(), shipped_priors()
    right = rights(list(people(World(), cities, count, 1)), cities)
    them = list(people(World(), cities, count, 2))
    ours = scores(them, cities, priors)
    require(ours.sure_right > 0.9, "answers stated at 0.9 are wrong more often than one in ten")
    what = "fusion, made-up people, log-loss"
    precise = log_loss([most_precise(who, cities, right) for who in them], them)
    yield Figure(what, "nats", ours.log_loss, "most precise source", precise)
    naive = log_loss([naive_bayes(who, cities, right) for who in them], them)
    yield Figure(what, "nats", ours.log_loss, "naive Bayes", naive)
    yield Figure("fusion, made-up people, calibration error", "share", ours.ece)
    yield Figure("fusion, made-up people, right of those stated at 0.9 or more", "share", ours.sure_right)
    yield Figure("fusion, made-up people, circle holds them (stated 0.90)", "share", ours.covered)
    some = them[:TIMED]
    taken = best_cpu_s(lambda: [fuse(who.observations, NOW, cities, priors) for who in some])
    yield Figure("fusion, one answer over 374 cities", "ms", taken / len(some) * 1000)
