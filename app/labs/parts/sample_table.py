"""The sample for looking at data: a year of a café's sales, made up, with the faults that real tables have.

Missing temperatures, a column of prices written with commas and 원, a day whose sales were typed with a zero too many, and three
days on which the counter broke.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import numpy as np

NAME = "카페_판매.csv"
DAYS = 365
HEADER = ("날짜", "지점", "요일", "기온", "강수량", "손님수", "객단가", "매출", "만족도", "행사")
_BRANCHES, _WEEKDAYS = ("본점", "역전점", "대학점"), "월화수목금토일"


def sample_csv(seed: int = 7) -> bytes:
    """UTF-8 with a mark, as spreadsheets write it. The same bytes for the same seed."""
    draw = np.random.default_rng(seed)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for day in range(DAYS):
        writer.writerow(_row(draw, day))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _row(draw: np.random.Generator, day: int) -> tuple[object, ...]:
    """Warm days and weekends bring guests, rain keeps them away; satisfaction falls where it is crowded."""
    when = date(2025, 1, 1) + timedelta(days=day)
    warmth = 13 - 15 * np.cos(2 * np.pi * (day - 20) / 365) + draw.normal(0, 3)
    rain = max(0.0, draw.gamma(0.5, 12) - 4)
    event = draw.random() < 0.12
    weekend = when.weekday() >= 5
    guests = round(max(5, 90 + 2.2 * warmth - 1.1 * rain + 35 * weekend + 25 * event + draw.normal(0, 9)))
    price = round(draw.normal(5600, 320) / 10) * 10
    sales = guests * price
    content = round(float(np.clip(4.7 - guests / 260 + draw.normal(0, 0.18), 1, 5)), 1)
    if day == 211:
        sales *= 10  # a zero too many
    if day in (40, 41, 300):
        guests = 999  # the counter broke
    return (
        when.isoformat(),
        _BRANCHES[int(draw.integers(3))],
        _WEEKDAYS[when.weekday()],
        "" if draw.random() < 0.06 else round(float(warmth), 1),
        "-" if draw.random() < 0.03 else round(float(rain), 1),
        guests,
        f"{price:,}원",
        sales,
        "" if draw.random() < 0.09 else content,
        "예" if event else "아니요",
    )
