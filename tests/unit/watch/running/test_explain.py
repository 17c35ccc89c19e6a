from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np

from haoma.watch.model import Channel
from haoma.watch.running.alerts import Alert
from haoma.watch.running.explain import _kept
from haoma.watch.running.shown import Hour, Shown, digest_of, document, text_of, totals
from haoma.watch.running.spans import State

OPENED = 29_808_000
NAMES = ["inquiries", "errors"]


def hour() -> Hour:
    seen = np.arange(120.0).reshape(60, 2)
    seen[7] = np.nan
    expected = np.full((60, 2), 3.25)
    expected[:5, 0] = np.nan
    return Hour(OPENED - 59, expected, seen)


def test_what_was_kept_with_an_alert_is_what_was_seen_then() -> None:
    shown = Shown(Channel.REPORTS, 0.99, hour(), None, 0.06)
    text = text_of(document("desk", NAMES, ("a", OPENED), shown, None))
    said = json.loads(text)
    assert said["fits"] == {"diverted_ppm": None, "reporting_ppm": 60_000}
    assert said["joined"] is None
    at = datetime(2026, 9, 4, tzinfo=UTC)
    alert = Alert("a", 1, OPENED, None, "reports", 1, State.OPEN, at, None, None, said, digest_of(text), 1)
    kept = _kept(alert, NAMES)
    assert kept is not None
    assert kept.since == OPENED - 59
    assert np.array_equal(kept.seen, hour().seen, equal_nan=True)
    assert np.array_equal(kept.expected, hour().expected, equal_nan=True)


def test_sums_are_of_minutes_that_were_counted() -> None:
    told = totals(hour(), NAMES)
    assert told["inquiries"]["minutes"] == told["errors"]["minutes"] == 59
    assert told["errors"]["expected_milli"] == 59 * 3_250
    assert told["inquiries"]["expected_milli"] == 54 * 3_250
