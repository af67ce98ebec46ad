"""The pieces of Markdown that loaders write: tables, fences, and the path of headings above a text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TABLE_ROWS, TABLE_COLUMNS = 5_000, 200  # a larger table is not for reading; what lies beyond is left out
REPEATED_CHARACTERS = 60
DEEPEST_INDENT = 8  # levels of a list; files may claim any number
_FENCE = re.compile(r"(?m)^[ \t]*(`{3,60}(?!`)|~{3,60}(?!~))([^\n]*)$")
_RULER = re.compile(r"\|(?: --- \|)+$")
_BACKTICKS = re.compile(r"`{3,}")


class HeadingPath:
    """The headings above the place being read. Levels only order: a heading closes all of its own level and below."""

    def __init__(self, title: str = "") -> None:
        self._stack: list[tuple[int, str]] = [(0, title)] if title else []

    def push(self, level: int, text: str) -> None:
        """Enter the heading `text`; level: 1 is the outermost."""
        while self._stack and self._stack[-1][0] >= level:
            self._stack.pop()
        if text and self._stack[:1] != [(0, text)]:  # a first heading that repeats the title is the title
            self._stack.append((level, text))

    @property
    def path(self) -> tuple[str, ...]:
        """From the outermost heading to the innermost."""
        return tuple(text for _, text in self._stack)


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first row is the header; short rows are filled, newlines become spaces, `|` is escaped.

    Empty rows and columns are left out; "" where nothing is left.
    """
    cells = [[_cell_words(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(len(row) for row in cells)
    filled = [row + [""] * (width - len(row)) for row in cells]
    kept = [column for column in range(width) if any(row[column] for row in filled)]
    lines = ["| " + " | ".join(row[column] for column in kept) + " |" for row in filled]
    lines.insert(1, "|" + " --- |" * len(kept))
    return "\n".join(lines)


def _cell_words(text: str) -> str:
    """A cell's text in one line; a table inside it row by row, its cells apart by `/`."""
    lines = (line.strip() for line in text.split("\n"))
    rows = (
        line.strip("| ").replace(" | ", " / ") if line.startswith("| ") else line
        for line in lines
        if not _RULER.match(line)
    )
    return " ".join(" ".join(rows).split())


def fence(code: str, language: str = "") -> str:
    """`code` in a fence that its own backticks cannot close."""
    longest = max((len(run) for run in _BACKTICKS.findall(code)), default=2)
    marks = "`" * (longest + 1)
    return f"{marks}{language}\n{code}\n{marks}"


def open_fence(text: str) -> str:
    """The marks of the fence that is still open where `text` ends, or ""."""
    marks = ""
    for match in _FENCE.finditer(text):
        if not marks:
            marks = match.group(1)
        elif match.group(1).startswith(marks) and not match.group(2).strip():
            marks = ""
    return marks


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table with merged cells; row and column count from 0, spans from 1."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1


def merged_table(cells: Iterable[Cell]) -> str:
    """A Markdown table in which a merged cell's text stands in every row and column it covers, so that each row can be read
    alone. Long texts, and a cell as wide as the table, stand once; one column is no table but paragraphs.

    Rows and columns in which no cell begins are left out, so that sizes a file merely claims cost nothing.
    """
    kept = list(cells)
    rows = sorted({cell.row for cell in kept})[:TABLE_ROWS]
    columns = sorted({cell.column for cell in kept})[:TABLE_COLUMNS]
    if len(columns) < 2:  # a frame around text rather than a table
        return "\n\n".join(cell.text for cell in kept)
    starts = Counter(cell.row for cell in kept)
    grid = [[""] * len(columns) for _ in rows]
    for cell in kept:
        if cell.row > rows[-1] or cell.column > columns[-1]:
            continue
        top, left = bisect_left(rows, cell.row), bisect_left(columns, cell.column)
        bottom = max(bisect_left(rows, cell.row + cell.row_span), top + 1)
        right = max(bisect_left(columns, cell.column + cell.column_span), left + 1)
        if len(cell.text) > REPEATED_CHARACTERS or right - left == len(columns):
            bottom, right = top + 1, left + 1
        if top > 0 and starts[cell.row] <= 2:  # a label and its value, not columns
            right = left + 1
        for line in grid[top:bottom]:
            line[left:right] = [old or cell.text for old in line[left:right]]
    return table(grid)
