"""A table as people have it is read or refused in words, and what is shown of it is what the shown code gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pd = pytest.importorskip("pandas")

from app.labs.base import Code, Desk, Event, Figure, Said, Score, Shown, Table, Used, read_values, to_row  # noqa: E402
from app.labs.eda import LAB  # noqa: E402
from app.labs.parts import exploring  # noqa: E402
from app.labs.parts.csv_reading import find_encoding, find_separator, read_bytes  # noqa: E402
from app.labs.parts.sample_table import sample_csv  # noqa: E402
from models.errors import InputError  # noqa: E402

TABLE = "이름,점수,반\n가람,80,1\n나래,,2\n다솜,95,1\n"


def look(home: Path, path: Path | None = None, **values: Any) -> list[Event]:
    given = {"file": str(path), **values} if path else values
    events = list(LAB.compute(Desk(home), **read_values(LAB, given)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    return events


def blocks(events: list[Event]) -> dict[tuple[str, str], Any]:
    return {(type(e.block).__name__, e.block.name): e.block for e in events if isinstance(e, Shown)}


def written(home: Path, data: bytes | str, name: str = "표.csv") -> Path:
    path = home / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_any_usual_encoding_and_separator_is_read(encoding: str, separator: str) -> None:
    reading = read_bytes(TABLE.replace(",", separator).encode(encoding), "표.csv")
    assert list(reading.frame.columns) == ["이름", "점수", "반"]
    assert reading.frame["이름"].tolist() == ["가람", "나래", "다솜"]
    assert reading.separator == separator


def test_quotes_and_ragged_rows_are_told(home: Path) -> None:
    text = 'a,b\n"1,5",2\n1,2,3,4\n\n7\n8,"두 줄\n글"\n'
    events = look(home, written(home, text))
    said = blocks(events)["Said", "ragged"].values
    assert said == {"long": "1", "short": "1"}
    assert next(event for event in events if isinstance(event, Used)).rows == 3
    assert find_separator('"a;b;c",d\n"e;f;g",h\n') == ","


def test_a_first_row_that_is_too_long_does_not_shift_the_columns() -> None:
    frame = read_bytes(b"a,b\n1,2,3\n4,5\n6,7\n", "x.csv").frame
    assert frame.to_dict("list") == {"a": [4, 6], "b": [5, 7]}


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "empty_file"),
        (b" \n\n ", "empty_file"),
        ("이름,점수\n".encode(), "no_rows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "no_text"),
        (b"\xff\xfea", "no_text"),
        (b"a,b\n1,\x002\n", "no_text"),
        (b"a,b\n" + b"x" * 200_000 + b",1\n", "unreadable"),
    ],
    ids=["empty", "blank", "header only", "picture", "half UTF-16", "zero byte", "endless field"],
)
def test_what_is_no_table_is_told(home: Path, data: bytes, key: str) -> None:
    with pytest.raises(InputError) as caught:
        look(home, written(home, data))
    assert caught.value.params["text_key"] == key


@pytest.mark.parametrize(
    "data",
    [
        "a\nx\ny\n",
        "a,b\n🙂,가\n🙂,나\n",
        "a,b\n1,inf\n2,-inf\n3,1\n",
        "a,a, a\n1,2,3\n4,5,6\n",
        "n\n1\n",
        "a,b\n,\n,\n",
        ",".join(f"c{n}" for n in range(300)) + "\n" + ",".join("7" * 300) + "\n",
        "참\nTrue\nFalse\n",
    ],
    ids=["one text column", "emoji", "infinite", "twice the name", "one row", "all missing", "300 columns", "booleans"],
)
def test_odd_tables_are_shown_without_a_stumble(home: Path, data: str) -> None:
    for outliers, correlation in (("iqr", "pearson"), ("zscore", "spearman")):
        events = look(home, written(home, data), outliers=outliers, correlation=correlation)
        assert any(isinstance(event, Score) for event in events)


def test_texts_that_mean_numbers_or_dates_become_such() -> None:
    reading = read_bytes(
        '값,날,글\n"1,200원",2025-01-03,가1\n-30%,2025. 2. 4,나\n없음,2025/03/05,3다\n'.encode(), "x.csv"
    )
    frame, lines = exploring.prepared(reading.frame)
    assert frame["값"].tolist()[:2] == [1200.0, -30.0]
    assert frame["값"].isna().sum() == 1
    assert [exploring.kind(frame[name]) for name in frame.columns] == ["number", "date", "text"]
    assert len(lines) == 2


@pytest.mark.parametrize(("outliers", "correlation"), [("iqr", "pearson"), ("zscore", "spearman")])
def test_the_code_that_is_shown_gives_what_is_shown(home: Path, outliers: str, correlation: str) -> None:
    found = blocks(look(home, written(home, sample_csv(), "cafe.csv"), outliers=outliers, correlation=correlation))
    codes = {name: block.source for (kind, name), block in found.items() if kind == "Code"}
    held: dict[str, Any] = {}

    def result(name: str) -> Any:
        """Runs the code as a notebook does: all lines, and the last one's value."""
        *lines, last = codes[name].rsplit("\n", 1)
        exec("\n".join(lines).replace("'cafe.csv'", repr(str(home / "cafe.csv"))), held)
        return eval(last, held)

    assert result("read").shape == (5, 10)
    shown = {row[0]: row for row in found["Table", "columns"].rows}
    assert result("missing")["missing"].to_dict() == {name: row[2] for name, row in shown.items()}
    statistics = result("statistics")
    for row in found["Table", "statistics"].rows:
        assert list(row[1:]) == [pytest.approx(value, rel=1e-5) for value in statistics.loc[row[0]]]
    matrix = found["Figure", "correlation"].data[0]["z"]
    wanted = result("correlation")
    assert matrix[0] == [pytest.approx(value, abs=1e-4) for value in wanted.iloc[0]]
    counts = result("outliers").to_dict()
    assert {row[0]: row[3] for row in found["Table", "outliers"].rows} == counts


def test_the_three_tries_come_out_as_told(home: Path) -> None:
    first, second, third = (blocks(look(home, **one.values)) for one in LAB.tries)
    counts = {row[0]: row[3] for row in first["Table", "outliers"].rows}
    assert max(counts, key=counts.__getitem__) == "강수량"
    assert counts["손님수"] > counts["매출"] > 0

    def guests_and_sales(found: dict[tuple[str, str], Any]) -> float:
        trace = found["Figure", "correlation"].data[0]
        names = found["Figure", "correlation"].layout["xaxis"]["ticktext"]
        return float(trace["z"][names.index("손님수")][names.index("매출")])

    assert guests_and_sales(second) < 0.6
    assert guests_and_sales(third) > 0.9


def test_a_million_rows_are_enough_and_more_are_cut(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.labs.parts.csv_reading.MOST_ROWS", 1000)
    events = look(home, written(home, "a,b\n" + "1,가\n2,나\n" * 2000))
    assert ("Said", "cut") in blocks(events)
    assert next(event for event in events if isinstance(event, Used)).rows == 1000


def test_a_histogram_counts_every_value(home: Path) -> None:
    events = look(home, written(home, "a\n" + "".join(f"{n}\n" for n in range(100))), bins=5)
    figure = blocks(events)["Figure", "numbers_1"]
    assert isinstance(figure, Figure)
    assert figure.data[0]["y"] == [20] * 5
    assert isinstance(blocks(events)["Code", "distributions"], Code)
    assert isinstance(blocks(events)["Table", "head"], Table)
    assert isinstance(blocks(events)["Said", "read"], Said)
    assert find_encoding("가나다".encode("cp949")) == "cp949"
