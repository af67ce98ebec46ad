"""What to know of a table before anything is learned from it; each result has the pandas code that gives it.

The code is the one that a reader would write; tests run it and hold its results to ours.
"""

from __future__ import annotations

import re
from typing import Any

NUMBER = r"[-+]?\d{1,3}(,\d{3})*(\.\d+)?\s*(원|%|명|개|점)?"  # 1,234원
DATE = r"\d{4}\s*[-./]\s*\d{1,2}\s*[-./]\s*\d{1,2}.*"
MOSTLY = 0.9  # of the values that are there, for a column to be taken as numbers or dates
FENCE, FAR = 1.5, 3.0  # Tukey 1977; standard deviations


def prepared(frame: Any) -> tuple[Any, list[str]]:
    """A copy whose texts that mean numbers or dates are such, and whose infinities are missing; and the lines of code that do it."""
    import pandas as pd

    made, lines = frame.copy(), []
    endless = [float("inf"), float("-inf")]
    if numbers(made).isin(endless).to_numpy().any():  # a mean or a quartile over them is none
        made = made.replace(endless, float("nan"))
        lines.append("df = df.replace([float('inf'), float('-inf')], float('nan'))")
    for column in made.columns:
        kept = made[column].dropna()
        if kept.empty or not (kept.dtype == object or isinstance(kept.dtype, pd.StringDtype)):
            continue
        said = kept.astype(str).str.strip()
        if said.str.fullmatch(NUMBER).mean() >= MOSTLY:
            digits = made[column].astype("string").str.replace(r"[^\d.+-]", "", regex=True)
            made[column] = pd.to_numeric(digits, errors="coerce").astype(float)
            lines.append(
                f"df[{column!r}] = pd.to_numeric(df[{column!r}].astype('string').str.replace(r'[^\\d.+-]', '', regex=True),"
                " errors='coerce').astype(float)"
            )
        elif said.str.fullmatch(DATE).mean() >= MOSTLY:
            made[column] = pd.to_datetime(made[column], errors="coerce", format="mixed")
            lines.append(f"df[{column!r}] = pd.to_datetime(df[{column!r}], errors='coerce', format='mixed')")
    return made, lines


def kind(series: Any) -> str:
    """number, date, yes_no or text."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(series):
        return "yes_no"
    if pd.api.types.is_numeric_dtype(series):
        return "number"
    return "date" if pd.api.types.is_datetime64_any_dtype(series) else "text"


def numbers(frame: Any) -> Any:
    """The columns of numbers that have at least one value."""
    chosen = frame.select_dtypes("number")
    return chosen.loc[:, chosen.notna().any()]


STATISTICS_CODE = """\
numbers = df.select_dtypes('number')
numbers = numbers.loc[:, numbers.notna().any()]
numbers.describe().T.assign(skew=numbers.skew())"""


def statistics(frame: Any) -> Any:
    """count, mean, std, min, quartiles, max and skew, a row for each column of numbers."""
    chosen = numbers(frame)
    return chosen.describe().T.assign(skew=chosen.skew())


MISSING_CODE = "pd.DataFrame({'missing': df.isna().sum(), 'share': df.isna().mean(), 'distinct': df.nunique()})"


def missing(frame: Any) -> Any:
    """How many values are missing, their share, and how many different ones there are, a row for each column."""
    import pandas as pd

    return pd.DataFrame({"missing": frame.isna().sum(), "share": frame.isna().mean(), "distinct": frame.nunique()})


CORRELATION_CODE = "varied = numbers.loc[:, numbers.nunique() > 1]\nvaried.corr(method={method!r})"


def correlation(frame: Any, method: str) -> Any:
    """Between the columns of numbers that vary: pearson, or spearman, which is Pearson's of the ranks."""
    chosen = numbers(frame)
    return chosen.loc[:, chosen.nunique() > 1].corr(method=method)


OUTLIER_CODE = {
    "iqr": "q1, q3 = numbers.quantile(0.25), numbers.quantile(0.75)\nlow, high = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)\n"
    "((numbers < low) | (numbers > high)).sum()",
    "zscore": "low, high = numbers.mean() - 3 * numbers.std(), numbers.mean() + 3 * numbers.std()\n"
    "((numbers < low) | (numbers > high)).sum()",
}


def outliers(frame: Any, method: str) -> Any:
    """low, high: the fences; count: values outside them, a row for each column of numbers."""
    import pandas as pd

    chosen = numbers(frame)
    if method == "iqr":
        first, third = chosen.quantile(0.25), chosen.quantile(0.75)
        low, high = first - FENCE * (third - first), third + FENCE * (third - first)
    else:
        low, high = chosen.mean() - FAR * chosen.std(), chosen.mean() + FAR * chosen.std()
    return pd.DataFrame({"low": low, "high": high, "count": ((chosen < low) | (chosen > high)).sum()})


def strongest(found: Any) -> tuple[str, str, float] | None:
    """The two columns that go together most, and how; None where there are none."""
    pairs = [
        (str(a), str(b), float(found.iloc[i, j]))
        for i, a in enumerate(found.columns)
        for j, b in enumerate(found.columns)
        if i < j and found.iloc[i, j] == found.iloc[i, j]
    ]
    return max(pairs, key=lambda pair: abs(pair[2]), default=None)


def plain_name(column: str) -> str:
    """A column's name as a figure can bear it: one line of at most 24 characters."""
    said = re.sub(r"\s+", " ", column).strip() or "?"
    return said if len(said) <= 24 else f"{said[:23]}…"
