"""How figures read: 0.80, 1.24 s, $0.0031, and [low, high] behind them."""

from __future__ import annotations

from collections.abc import Callable

from evals.statistics import Difference, Estimate

NOTHING = "–"


def number(value: float, metric: str) -> str:
    """A metric's value in its unit."""
    if metric.endswith("_ms"):
        return f"{value / 1e3:.2f} s"
    if metric.endswith("_usd"):
        return f"${value:.4f}" if value else "$0"
    if metric.endswith(("_tokens", "_per_s")):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"
    return f"{value:.2f}"


def signed(value: float, metric: str) -> str:
    """With its sign; a typographic minus."""
    size = number(abs(value), metric)
    return f"±{size}" if value == 0 else f"{'+' if value > 0 else '−'}{size}"


def estimate(found: Estimate, metric: str) -> str:
    """`0.80 [0.74, 0.86]`."""
    if found.value is None:
        return NOTHING
    return number(found.value, metric) + interval(found.low, found.high, lambda value: number(value, metric))


def difference(found: Difference, metric: str) -> str:
    """`+0.05 [−0.01, +0.11]`."""
    return signed(found.value, metric) + interval(found.low, found.high, lambda value: signed(value, metric))


def interval(low: float | None, high: float | None, shown: Callable[[float], str]) -> str:
    """` [low, high]`, or nothing where there is none."""
    return "" if low is None or high is None else f" [{shown(low)}, {shown(high)}]"
