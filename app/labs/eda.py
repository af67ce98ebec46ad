"""A first look at a table: types, missing values, statistics, distributions, correlation and outliers, each with its pandas code."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Event,
    Figure,
    File,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Used,
    Value,
)
from app.labs.figures import Axes, Cells, bars, heatmap, histogram
from app.labs.parts import exploring
from app.labs.parts.csv_reading import MOST_ROWS, Reading, read_bytes, read_csv
from app.labs.parts.exploring import kind, plain_name
from app.labs.parts.sample_table import NAME, sample_csv

SHOWN_COLUMNS, SHOWN_FIGURES, HEAD, TOP = 40, 6, 5, 10


class Eda:
    """See the module."""

    name, order = "eda", 11
    notes = ("03-matplotlib-eda.md", "02-numpy-pandas.md")
    network: tuple[str, ...] = ()
    controls = (
        File("file", (".csv", ".tsv", ".txt")),
        Choice("outliers", ("iqr", "zscore"), "iqr"),
        Choice("correlation", ("pearson", "spearman"), "pearson"),
        Range("bins", 5, 60, 24),
    )
    tries = (
        Try(2, {"outliers": "iqr"}),
        Try(3, {"correlation": "pearson"}),
        Try(1, {"correlation": "spearman"}),
    )
    small: ClassVar[dict[str, Value]] = {"bins": 8}

    def seconds(self, **values: Value) -> float:
        """By the file's size: about a minute for a million rows."""
        path = str(values["file"])
        return 5.0 + (Path(path).stat().st_size / 1e6 if path else 0.0)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """Five looks, one after the other. Raises InputError for a file that is no table."""
        path = str(values["file"])
        reading = read_csv(Path(path)) if path else read_bytes(sample_csv(), NAME)
        frame, lines = exploring.prepared(reading.frame)
        yield Used(reading.name if path else "cafe", "folder" if path else "made", len(frame))
        looks = (
            _overview(reading, frame, lines),
            _missing(frame),
            _distributions(frame, int(values["bins"])),
            _correlation(frame, str(values["correlation"])),
            _outliers(frame, str(values["outliers"])),
        )
        for done, look in enumerate(looks):
            yield Progress(done, len(looks))
            yield from look
        yield Progress(len(looks), len(looks))


def _overview(reading: Reading, frame: Any, lines: list[str]) -> Iterator[Event]:
    """How it was read, its first rows, and each column's kind."""
    size = {"rows": f"{len(frame):,}", "columns": frame.shape[1], "encoding": reading.encoding}
    yield Shown(Said("read", "read_as", {**size, "separator": SEPARATORS[reading.separator]}))
    if reading.long_rows or reading.short_rows:
        ragged = {"long": f"{reading.long_rows:,}", "short": f"{reading.short_rows:,}"}
        yield Shown(Said("ragged", "ragged", ragged, "bad"))
    if reading.cut:
        yield Shown(Said("cut", "cut", {"most": f"{MOST_ROWS:,}"}, "bad"))
    yield Shown(Code("read", "\n".join([reading.code(), *lines, "", "df.head()"])))
    kept = list(frame.columns[:SHOWN_COLUMNS])
    head = reading.frame[kept].head(HEAD).astype("string").fillna("")
    rows = tuple(tuple(str(value)[:60] for value in row) for row in head.itertuples(index=False))
    yield Shown(Table("head", tuple(map(plain_name, kept)), rows))
    if len(kept) < frame.shape[1]:
        yield Shown(Said("columns_cut", "columns_cut", {"shown": len(kept), "columns": frame.shape[1]}))


SEPARATORS = {",": ",", ";": ";", "\t": "Tab", "|": "|"}


def _missing(frame: Any) -> Iterator[Event]:
    """Kind, missing values and distinct values by column."""
    found = exploring.missing(frame)
    rows = tuple(
        (plain_name(name), f"kind_{kind(frame[name])}", int(row.missing), f"{100 * row.share:.1f}%", int(row.distinct))
        for name, row in found.head(SHOWN_COLUMNS).iterrows()
    )
    yield Shown(Code("missing", f"df.dtypes\n{exploring.MISSING_CODE}"))
    yield Shown(Table("columns", ("column", "kind", "missing", "share", "distinct"), rows))
    lacking = found[found.missing > 0].sort_values("missing", ascending=False).head(SHOWN_COLUMNS)
    if lacking.empty:
        yield Shown(Said("missing", "none_missing", tone="good"))
    else:
        names = [plain_name(name) for name in lacking.index]
        yield Shown(bars("missing", names, {"share": lacking.share.to_numpy()}, Axes("share", ""), lying=True))
    yield Score("missing", float(frame.isna().to_numpy().mean()), high=0.2, unit="share")


def _distributions(frame: Any, bins: int) -> Iterator[Event]:
    """Statistics and a histogram of each column of numbers, and how often each value of a text occurs."""
    chosen = exploring.numbers(frame)
    if chosen.shape[1]:
        found = exploring.statistics(frame).head(SHOWN_COLUMNS)
        rows = tuple((plain_name(name), *(float(f"{value:.6g}") for value in row)) for name, *row in found.itertuples())
        yield Shown(Code("statistics", exploring.STATISTICS_CODE))
        yield Shown(Table("statistics", ("column", *map(str, found.columns)), _finite(rows)))
        yield Shown(Code("distributions", f"numbers.hist(bins={bins})"))
    else:
        yield Shown(Said("no_numbers", "no_numbers", tone="bad"))
    for at, name in enumerate(chosen.columns[:SHOWN_FIGURES], 1):
        values = chosen[name].dropna().to_numpy(dtype=float)
        yield Shown(_histogram(f"numbers_{at}", values[np.isfinite(values)], plain_name(name), bins))
    texts = [
        name for name in frame.columns if kind(frame[name]) == "text" and 1 < frame[name].nunique() <= len(frame) / 2
    ]
    for at, name in enumerate(texts[: SHOWN_FIGURES // 2], 1):
        counts = frame[name].astype(str).where(frame[name].notna()).value_counts().head(TOP)
        labels = [plain_name(str(value)) for value in counts.index]
        yield Shown(bars(f"texts_{at}", labels, {"count": counts.to_numpy()}, Axes(plain_name(name), "count")))


def _histogram(name: str, values: np.ndarray, column: str, bins: int) -> Figure:
    """Counted by NumPy, since a column may have a million rows."""
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    counts, _ = np.histogram(values, bins, (low, high if high > low else low + 1))
    made = histogram(name, {"count": [low, high]}, Axes(column, "count"), bins)
    return Figure(name, [{**made.data[0], "y": counts.tolist()}], made.layout, made.height)


def _finite(rows: tuple[tuple[Any, ...], ...]) -> tuple[tuple[Any, ...], ...]:
    """The skew of two rows is no number, and a file may say inf; JSON has neither."""
    return tuple(tuple("–" if isinstance(v, float) and not math.isfinite(v) else v for v in row) for row in rows)


def _correlation(frame: Any, method: str) -> Iterator[Event]:
    found = exploring.correlation(frame, method).iloc[: SHOWN_COLUMNS // 2, : SHOWN_COLUMNS // 2]
    pair = exploring.strongest(found)
    if pair is None:
        yield Shown(Said("correlation", "no_pairs"))
        return
    first, second, strength = pair
    names = [plain_name(name) for name in found.columns]
    yield Shown(Code("correlation", exploring.CORRELATION_CODE.format(method=method)))
    yield Shown(heatmap("correlation", found.to_numpy(), Cells(names, names, shown=len(names) <= 12, apart=True)))
    told = {"first": plain_name(first), "second": plain_name(second), "r": f"{strength:.2f}"}
    yield Shown(Said("correlation", "strongest", told))
    yield Score("strongest", abs(strength))


def _outliers(frame: Any, method: str) -> Iterator[Event]:
    """The fences of each column and what lies outside, with the values farthest off."""
    chosen = exploring.numbers(frame)
    if not chosen.shape[1]:
        return
    found = exploring.outliers(frame, method)
    rows = []
    for name, row in found.head(SHOWN_COLUMNS).iterrows():
        outside = chosen[name][(chosen[name] < row.low) | (chosen[name] > row.high)]
        farthest = outside.reindex((outside - chosen[name].median()).abs().sort_values(ascending=False).index)[:3]
        said = ", ".join(f"{value:,.4g}" for value in farthest) or "–"
        rows.append((plain_name(name), f"{row.low:,.4g}", f"{row.high:,.4g}", int(row["count"]), said))
    yield Shown(Code("outliers", exploring.OUTLIER_CODE[method]))
    yield Shown(Table("outliers", ("column", "low", "high", "outside_count", "farthest"), tuple(rows)))
    yield Score("outliers", int(found["count"].sum()), unit="count")


LAB = Eda()
