"""A CSV file as people have it: in any usual encoding, with any usual separator, with rows too long or too short."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.labs.data.base import INSTALL
from models.errors import InputError, MissingError

MOST_BYTES = 300_000_000
MOST_ROWS = 1_000_000
MISSING = ("-", "?", "없음", "미상", "결측")  # besides what pandas takes for missing by itself
_SEPARATORS = ",;\t|"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 65_536


@dataclass(frozen=True, slots=True)
class Reading:
    """A table and how it was read. long_rows: left out, they have more fields than the header; short_rows: filled with missing
    values; cut: rows beyond MOST_ROWS were left away."""

    frame: Any
    name: str
    encoding: str
    separator: str
    long_rows: int
    short_rows: int
    cut: bool

    def code(self) -> str:
        """What reads the same file."""
        return (
            f"import pandas as pd\n\ndf = pd.read_csv({self.name!r}, encoding={self.encoding!r}, sep={self.separator!r},\n"
            f"                 na_values={list(MISSING)!r}, on_bad_lines='skip', low_memory=False)"
        )


def read_csv(path: Path) -> Reading:
    """Raises InputError for a file that is empty, too large, has no header, or is no text; MissingError without pandas."""
    if path.stat().st_size > MOST_BYTES:
        raise _refused("too_large", path.name, f"it is larger than {MOST_BYTES // 1_000_000} MB; give a part of it")
    return read_bytes(path.read_bytes(), path.name)


def read_bytes(data: bytes, name: str) -> Reading:
    """The same, of bytes that are here already."""
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingError(what="pandas", fix=INSTALL) from error
    if not data.strip():
        raise _refused("empty_file", name, "it is empty; give a file with a header and rows")
    encoding = find_encoding(data, name)
    text = data.decode(encoding)
    if "\0" in text:
        raise _refused("no_text", name, "it holds bytes that are no text; save it as CSV and give that")
    separator = find_separator(text)
    fields, rows, long_rows, short_rows = _counted(text, separator, name)
    if fields < 1 or rows < 1:
        raise _refused("no_rows", name, "it has no row under its header; give a file with a header and rows")
    try:
        frame = pd.read_csv(
            io.StringIO(_without_long(text, separator, fields) if long_rows else text),
            sep=separator,
            na_values=[*MISSING],
            on_bad_lines="skip",
            nrows=MOST_ROWS,
            low_memory=False,
        )
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _refused("unreadable", name, f"it cannot be read as a table ({error}); save it as CSV anew") from error
    names = [str(column).strip() for column in frame.columns]
    if len(set(names)) == len(names):
        frame.columns = names
    return Reading(frame, name, encoding, separator, long_rows, short_rows, rows > MOST_ROWS)


def find_encoding(data: bytes, name: str = "") -> str:
    """By its mark, else UTF-8, UTF-16 without a mark, or CP949, which Korean spreadsheets write. Raises InputError."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _tried(data, encoding, name)
    zeros = [data[start:_SAMPLE:2].count(0) for start in (0, 1)]
    if max(zeros) > len(data[:_SAMPLE]) / 8:  # Latin letters and separators in UTF-16 are half zeros
        return _tried(data, "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be", name)
    for encoding in ("utf-8", "cp949"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise _refused("no_text", name, "its encoding is neither UTF-8, UTF-16 nor CP949; save it as CSV (UTF-8)")


def _tried(data: bytes, encoding: str, name: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refused("no_text", name, f"it is damaged ({error}); save it as CSV (UTF-8)") from error
    return encoding


def find_separator(text: str) -> str:
    """The one that cuts the first rows into the most fields of one number; a comma where none cuts."""
    lines = text[:_SAMPLE].splitlines()[:50]

    def worth(separator: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) / len(counts) if usual > 1 else 0.0, usual)

    return max(_SEPARATORS, key=worth)


def _counted(text: str, separator: str, name: str) -> tuple[int, int, int, int]:
    """Fields of the header, rows, rows that are too long, rows that are too short. Blank lines do not count."""
    long_rows = short_rows = rows = 0
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        fields = len(next((row for row in reader if row), []))
        for row in reader:
            rows += bool(row)
            long_rows += len(row) > fields
            short_rows += 0 < len(row) < fields
    except csv.Error as error:
        raise _refused("unreadable", name, f"it cannot be read as a table ({error}); save it as CSV anew") from error
    return fields, rows, long_rows, short_rows


def _without_long(text: str, separator: str, fields: int) -> str:
    """Left out here and not by pandas, which takes a first row that is too long for one with an index."""
    out = io.StringIO()
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(row for row in rows if len(row) <= fields)
    return out.getvalue()


def _refused(key: str, name: str, why: str) -> InputError:
    return InputError(detail=f"{name}: {why}", text_key=key, file=name, why=why)
