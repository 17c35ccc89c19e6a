"""Our statistics beside SciPy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from haoma.guard.improve.stats import fisher, garwood, poisson_ratio, wilson

COUNTS = st.integers(0, 60)
SIZES = st.integers(1, 400)


@given(COUNTS, SIZES, COUNTS, SIZES)
def test_fisher_s_test_is_scipy_s(a: int, more_a: int, b: int, more_b: int) -> None:
    theirs = stats.fisher_exact([[a, more_a], [b, more_b]]).pvalue
    assert fisher(a, a + more_a, b, b + more_b) == pytest.approx(theirs, rel=1e-6, abs=1e-12)


@given(COUNTS, SIZES)
def test_wilson_s_interval_is_scipy_s(events: int, more: int) -> None:
    theirs = stats.binomtest(events, events + more).proportion_ci(method="wilson")
    ours = wilson(events, events + more)
    assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=1e-9), pytest.approx(theirs.high, abs=1e-9))


@given(COUNTS, SIZES)
def test_garwood_s_interval_is_that_of_the_chi_squared_distribution(events: int, exposure: int) -> None:
    ours = garwood(events, exposure)
    low = stats.chi2.ppf(0.025, 2 * events) / 2 / exposure if events else 0.0
    high = stats.chi2.ppf(0.975, 2 * events + 2) / 2 / exposure
    assert (ours.low, ours.high) == (pytest.approx(low, rel=1e-6, abs=1e-12), pytest.approx(high, rel=1e-6))


@given(COUNTS, SIZES, COUNTS, SIZES)
def test_two_rates_are_compared_as_scipy_compares_a_binomial(a: int, size_a: int, b: int, size_b: int) -> None:
    p_value, ratio = poisson_ratio(a, size_a, b, size_b)
    if not a + b:
        assert p_value == 1
        return
    theirs = stats.binomtest(b, a + b, size_b / (size_a + size_b))
    assert p_value == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-12)
    part = theirs.proportion_ci(method="exact")
    low = part.low / (1 - part.low) * size_a / size_b
    assert ratio.low == pytest.approx(low, rel=1e-5, abs=1e-9)
    if part.high < 1:
        assert ratio.high == pytest.approx(part.high / (1 - part.high) * size_a / size_b, rel=1e-5)
