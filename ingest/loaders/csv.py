"""CSV and TSV: pages of rows, each with the header above it, so that a row can be read where it is found.

Row numbers are those a spreadsheet shows: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest.base import Limits, Page
from ingest.loaders.markdown import read_text
from ingest.markup import table
from models.errors import DocumentError
from models.types import Locator

DELIMITERS = ",\t;|"
SAMPLE_LINES = 50
COLUMNS = 1_000
HEADER_CHARACTERS = 80
PAGE_CHARACTERS = 1_200  # about one chunk
RECORD_CHARACTERS = 400  # a longer row is written as lines of "column: value"
_NUMBER = re.compile(r"[-+]?[\d.,]+%?$")
Row = list[str]


class CsvLoader:
    """Rows of a table in text."""

    format = "csv"
    suffixes = (".csv", ".tsv")
    text_based = True

    def sniff(self, head: bytes, path: Path) -> bool:
        """Never: commas prove nothing."""
        return False

    def load(self, path: Path, limits: Limits) -> Iterator[Page]:
        """One page for each run of rows."""
        text = read_text(path, limits)
        delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
        quoting = _quoting(text, delimiter, path)
        numbered = enumerate(_rows(text, delimiter, quoting), start=1)
        rows = ((number, row) for number, row in numbered if any(cell.strip() for cell in row))
        number, first = next(rows, (1, []))
        if len(first) > COLUMNS:
            raise DocumentError(path.name, "too_large", f"{len(first)} columns, {COLUMNS} are read")
        if _is_header(first):
            yield from _pages(first, rows)
        else:
            names = [f"열 {index}" for index in range(1, len(first) + 1)]
            yield from _pages(names, itertools.chain([(number, first)], rows))


def _delimiter(text: str) -> str:
    """The delimiter that gives the most lines of the sample the same number of columns, more than one."""
    lines = "\n".join(text[:200_000].split("\n", SAMPLE_LINES)[:SAMPLE_LINES])
    scores = {}
    for delimiter in DELIMITERS:
        try:
            scores[delimiter] = _regularity(list(_rows(lines, delimiter, csv.QUOTE_MINIMAL, strict=False)))
        except csv.Error:
            scores[delimiter] = 0.0
    return max(scores, key=lambda delimiter: scores[delimiter])


def _quoting(text: str, delimiter: str, path: Path) -> int:
    """Whether quotes quote: not where they are unbalanced, or where reading them as quotes makes the rows less regular."""
    scores = {}
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
        try:
            scores[quoting] = _regularity(_rows(text, delimiter, quoting))
        except csv.Error:
            continue
    if not scores:
        raise DocumentError(path.name, "broken", f"a field is longer than {csv.field_size_limit()} characters")
    return max(scores, key=lambda quoting: scores[quoting])


def _regularity(rows: Iterator[Row] | Sequence[Row]) -> float:
    """Share of rows with the commonest number of columns; less than any other where that is one."""
    counts = Counter(len(row) for row in rows if row)
    if not counts:
        return 0.0
    width, seen = counts.most_common(1)[0]
    return seen / counts.total() if width > 1 else seen / counts.total() / 1_000


def _rows(text: str, delimiter: str, quoting: int, strict: bool = True) -> Iterator[Row]:
    if quoting == csv.QUOTE_NONE:
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _is_header(row: Row) -> bool:
    cells = [cell.strip() for cell in row]
    named = all(0 < len(cell) <= HEADER_CHARACTERS and not _NUMBER.match(cell) for cell in cells)
    return named and len(set(cells)) == len(cells)


def _pages(header: Row, rows: Iterator[tuple[int, Row]]) -> Iterator[Page]:
    """Tables of as many rows as fit a page; a long row alone, as lines of "column: value"."""
    waiting: list[tuple[int, Row]] = []
    size = 0
    for number, row in rows:
        length = sum(map(len, row)) + 3 * len(row)
        if waiting and (size + length > PAGE_CHARACTERS or length > RECORD_CHARACTERS):
            yield _table_page(header, waiting)
            waiting, size = [], 0
        if length > RECORD_CHARACTERS:
            yield Page(_record(header, row), Locator(rows=(number, number)))
        else:
            waiting.append((number, row))
            size += length
    if waiting:
        yield _table_page(header, waiting)


def _table_page(header: Row, rows: list[tuple[int, Row]]) -> Page:
    return Page(table([header, *(row for _, row in rows)]), Locator(rows=(rows[0][0], rows[-1][0])))


def _record(header: Row, row: Row) -> str:
    names = [*header, *(f"열 {index}" for index in range(len(header) + 1, len(row) + 1))]
    return "\n".join(f"{name}: {cell.strip()}" for name, cell in zip(names, row, strict=False) if cell.strip())


LOADER = CsvLoader()
