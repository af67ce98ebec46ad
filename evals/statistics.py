"""How sure a figure is: 95 % bootstrap intervals over cases, and paired differences between two systems.

Cases are drawn again with replacement (Efron 1979, percentile intervals), never answers or sentences: the questions are the
sample, and what comes from one question hangs together. Two systems are compared on the cases that both have, with the same
draws for both, so that hard questions cancel out.

    rows = [measure(metric, case, outcome) for case, outcome in pairs]     # once; then any slice of them
    estimate(metric, rows)                                                  # Estimate(0.80, 0.74, 0.86, 170)

A sample without any spread tells a bootstrap nothing, so it is not asked: see `_without_spread`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evals.base import AnyMetric, Case, Outcome, SetMetric

RESAMPLES = 2_000
TAIL = 0.025  # on each side of a 95 % interval
ENOUGH_EQUAL = 6  # values of one sign or size: by chance fewer than 5 % of samples look so (sign test, two-sided)
_DRAWS = 4_000_000  # counts held at once, 32 MB

Row = tuple[float, ...]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over n cases with its 95 % interval. value: None where no case has it; low, high: None where n tells nothing."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """b - a over the n cases that both have. shown: whether the 95 % interval excludes 0; else no difference is shown."""

    value: float
    low: float | None
    high: float | None
    n: int
    shown: bool


def measure(metric: AnyMetric, case: Case, outcome: Outcome) -> Row | None:
    """What one case adds to a figure; None where the metric does not apply to it."""
    if isinstance(metric, SetMetric):
        return metric.parts(case, outcome)
    value = metric.evaluate(case, outcome)
    return None if value is None else (value,)


def value_of(metric: AnyMetric, rows: Sequence[Row | None]) -> float | None:
    """The figure over these cases, without an interval; of one row, the case's own value."""
    table = _table(rows)
    return _combined(metric)(table.sum(axis=0), len(table)) if len(table) else None


def estimate(metric: AnyMetric, rows: Sequence[Row | None], seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """The figure over rows of `measure`, None among them left out."""
    table = _table(rows)
    n, value = len(table), value_of(metric, rows)
    if value is None:
        return Estimate(None, None, None, n)
    if _constant(table):
        return Estimate(value, *_without_spread(value, n, _bounded(metric)), n)
    figure = _combined(metric)
    drawn = [figure(sums, n) for sums in _resampled(table, seed, resamples)]
    return Estimate(value, *_interval(drawn), n)


def difference(
    metric: AnyMetric,
    a: Sequence[Row | None],
    b: Sequence[Row | None],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Difference | None:
    """b - a, paired by position; None where no case has the figure in both."""
    pairs = [(one, two) for one, two in zip(a, b, strict=True) if one is not None and two is not None]
    first, second = _table([one for one, _ in pairs]), _table([two for _, two in pairs])
    n, figure = len(pairs), _combined(metric)
    before, after = value_of(metric, first.tolist()), value_of(metric, second.tolist())
    if before is None or after is None:
        return None
    value, apart = after - before, second - first
    if _constant(apart):
        low, high = _gap_without_spread(value, n, _bounded(metric))
    else:
        both = _resampled(np.hstack([first, second]), seed, resamples)
        width = first.shape[1]
        drawn = [_minus(figure(sums[width:], n), figure(sums[:width], n)) for sums in both]
        low, high = _interval(drawn)
    shown = low is not None and high is not None and (low > 0 or high < 0)
    return Difference(value, low, high, n, shown)


def summarise(
    metric: AnyMetric, pairs: Sequence[tuple[Case, Outcome]], seed: int = 0, resamples: int = RESAMPLES
) -> Estimate:
    """The figure of one system over its cases."""
    return estimate(metric, [measure(metric, case, outcome) for case, outcome in pairs], seed, resamples)


def compare(
    metric: AnyMetric,
    a: Mapping[str, Outcome],
    b: Mapping[str, Outcome],
    cases: Sequence[Case],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Difference | None:
    """b - a over the cases whose id both have; None where there is none to which the metric applies."""
    shared = [case for case in cases if case.id in a and case.id in b]
    before, after = ([measure(metric, case, outcomes[case.id]) for case in shared] for outcomes in (a, b))
    return difference(metric, before, after, seed, resamples)


def quantile(values: Sequence[float], share: float, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """A quantile with its interval, e.g. the 0.95 quantile of the first token's milliseconds."""
    numbers = np.asarray(values, dtype=np.float64)
    n = len(numbers)
    if n == 0:
        return Estimate(None, None, None, 0)
    value = float(np.quantile(numbers, share))
    if _constant(numbers[:, None]):
        return Estimate(value, *_without_spread(value, n, bounded=False), n)
    draws = np.random.default_rng(seed).integers(0, n, (resamples, n)) if n * resamples <= _DRAWS else None
    if draws is None:  # too many to hold: the order statistics' binomial interval (Conover 1999) is as good here
        spread = 1.96 * np.sqrt(share * (1 - share) / n)
        low, high = np.quantile(numbers, [max(0.0, share - spread), min(1.0, share + spread)])
        return Estimate(value, float(low), float(high), n)
    return Estimate(value, *_interval(np.quantile(numbers[draws], share, axis=1).tolist()), n)


def _combined(metric: AnyMetric) -> Callable[[Array, int], float | None]:
    """(sums over cases, number of cases) -> the figure."""
    if isinstance(metric, SetMetric):
        return lambda sums, n: metric.combine(sums)
    return lambda sums, n: float(sums[0]) / n


def _bounded(metric: AnyMetric) -> bool:
    return metric.group != "cost" and not isinstance(metric, SetMetric)


def _table(rows: Sequence[Row | None]) -> Array:
    return np.asarray([row for row in rows if row is not None], dtype=np.float64)  # (cases, parts)


def _constant(table: Array) -> bool:
    return bool((table == table[0]).all())


def _resampled(table: Array, seed: int, resamples: int) -> Array:
    """Sums over cases drawn again, (resamples, parts)."""
    n = len(table)
    block = max(1, _DRAWS // n)
    if resamples <= block:
        return _draws(n, resamples, seed) @ table
    parts = range(0, resamples, block)
    return np.vstack([_draws(n, min(block, resamples - start), seed + start) @ table for start in parts])


@lru_cache(maxsize=8)
def _draws(n: int, resamples: int, seed: int) -> Array:
    """How often each case is drawn, (resamples, n); each line sums to n."""
    drawn = np.random.default_rng(seed).integers(0, n, (resamples, n))
    flat = (drawn + n * np.arange(resamples)[:, None]).ravel()
    counts: Array = np.bincount(flat, minlength=n * resamples).reshape(resamples, n).astype(np.float64)
    counts.setflags(write=False)
    return counts


def _interval(drawn: Sequence[float | None]) -> tuple[float | None, float | None]:
    """The middle 95 %; nothing where a figure is undefined for more than one draw in twenty."""
    defined = [value for value in drawn if value is not None]
    if len(defined) < 0.95 * len(drawn):
        return None, None
    low, high = np.quantile(defined, [TAIL, 1 - TAIL])
    return float(low), float(high)


def _minus(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _without_spread(value: float, n: int, bounded: bool) -> tuple[float | None, float | None]:
    """The interval where all n values are equal.

    All 1 (or 0) in [0, 1]: the exact binomial bound (Clopper, Pearson 1934); 20 right answers of 20 mean at least 0.83, not
    certainly 1. Elsewhere the value itself if there are `ENOUGH_EQUAL`, else nothing is known.
    """
    if bounded and value in (0.0, 1.0):
        reach = TAIL ** (1 / n)
        return (reach, 1.0) if value == 1.0 else (0.0, 1.0 - reach)
    return (value, value) if n >= ENOUGH_EQUAL else (None, None)


def _gap_without_spread(value: float, n: int, bounded: bool) -> tuple[float | None, float | None]:
    """The same for differences in [-1, 1]: a share of cases of which none was seen may be anything between -1 and 1."""
    unseen = 1.0 - TAIL ** (1 / n)
    if bounded and value == 0.0:
        return -unseen, unseen
    if bounded and abs(value) == 1.0:
        reach = 1.0 - 2.0 * unseen
        return (reach, 1.0) if value > 0 else (-1.0, -reach)
    return (value, value) if n >= ENOUGH_EQUAL else (None, None)
