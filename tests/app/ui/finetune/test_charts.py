"""Curves and bars: every value within the frame, ticks that are round, and nothing that a text could do."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from app.ui.finetune.charts import Bar, Line, Plot, bars, nice, number, plot


def test_a_line_stays_within_its_frame() -> None:
    html = plot(Plot("손실", [Line("학습", [(1, 5.0), (2, float("nan")), (3, 1.0)], 1)], "스텝", last_x=10))
    xy = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", html.split('d="M')[1].split('"')[0])]
    assert len(xy) == 2
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in xy)
    assert 'aria-label="손실: 학습 1"' in html


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1e-5, 2e-4), (3.2, 3.3), (-4.0, 900.0)])
def test_ticks_are_round_and_few(low: float, high: float) -> None:
    inside = [tick for tick in nice(low, high) if low <= tick <= high]
    assert 2 <= len(inside) <= 6
    steps = {round((b - a) / (high - low), 6) for a, b in pairwise(inside)}
    assert len(steps) == 1


def test_nothing_is_drawn_of_nothing() -> None:
    assert plot(Plot("손실", [Line("학습", [])])) == ""
    assert bars("점수", "", [Bar("a", None, "–")]) == ""


def test_one_value_and_long_lines_are_drawn() -> None:
    assert "<path" in plot(Plot("손실", [Line("학습", [(0, 2.0)])]))
    long = plot(Plot("손실", [Line("학습", [(n, float(n % 7)) for n in range(10_000)])]))
    assert len(long) < 12_000


def test_texts_are_only_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    html = plot(Plot(evil, [Line(evil, [(0, 1.0), (1, 2.0)])], evil)) + bars(evil, evil, [Bar(evil, 1.0, "1")])
    assert "<img" not in html


def test_bars_share_one_scale_and_show_their_interval() -> None:
    html = bars("점수", "", [Bar("a", 0.5, "50%", low=0.4, high=0.6), Bar("b", 1.0, "100%")])
    assert 'style="width:50.0%"' in html
    assert 'style="left:40.0%;width:20.0%"' in html


def test_numbers_are_short() -> None:
    assert [number(v) for v in (0, 1.8349, 12.34, 4_400_000, 2e-5)] == ["0", "1.83", "12.3", "4.4M", "2e-5"]
    assert number(2e-4, "power") == "2.0e-4"
