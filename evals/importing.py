"""Question sets from spreadsheets: CSV (UTF-8, UTF-16, CP949) and XLSX, with column names in Korean or English.

The first row names the columns. Only the question is needed; an id that is not given is `row-<number>`.

| column | Korean | what a cell holds |
| --- | --- | --- |
| id | 번호, 아이디 | any text, each once |
| question | 질문, 문제 | |
| answerable | 답변 가능, 답 있음 | true / false, yes / no, 1 / 0, 예 / 아니오, O / X; empty is true |
| documents | 문서, 출처 | file names, separated by `;` or line breaks |
| must_include | 필수 단어, 필수 표현 | groups separated by `;` or line breaks, alternatives in a group by `|`: `12시간|열두 시간; 무료` |
| reference | 모범 답안, 정답 | |
| evidence | 근거, 근거 문장 | the sentence of the document, word for word |
| tags | 태그, 유형 | separated by `;`, `,` or line breaks |

A formula counts by the value that the spreadsheet program has stored for it. Workbooks go through ingest/safe_archive.py
before anything is unpacked; python-calamine reads them (a Rust parser, some ten times faster than openpyxl).
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.questions import FIELDS, MOST_BYTES, MOST_ROWS, Entry, Row, entries_from_rows, normal
from ingest.base import Limits
from ingest.decoding import decode
from models.errors import InputError, RowProblem

CELL_CHARACTERS = 100_000
DELIMITERS = ",;\t|"
NAMES = {
    "id": "id 번호 아이디 no",
    "question": "question 질문 문제 q",
    "answerable": "answerable 답변가능 답있음 답변가능여부",
    "documents": "documents document source 문서 출처 자료",
    "must_include": "must_include mustinclude 필수단어 필수표현 필수어 포함할말",
    "reference": "reference answer 모범답안 정답 답",
    "evidence": "evidence 근거 근거문장",
    "tags": "tags tag 태그 유형",
    "accepted": "accepted 확인함",
    "note": "note 메모 비고",
}
_FIELD = {alias: name for name, aliases in NAMES.items() for alias in aliases.split()}
_YES = frozenset(["true", "yes", "y", "1", "1.0", "o", "○", "예", "네", "참", "있음", "가능"])
_NO = frozenset(["false", "no", "n", "0", "0.0", "x", "×", "아니오", "아니요", "거짓", "없음", "불가능"])
_OPEN = frozenset(["?", "미정", "undecided"])


def import_entries(path: Path) -> list[Entry]:
    """Entries of a .csv, .tsv or .xlsx file.

    Raises QuestionSetError with all bad rows, InputError for columns or a file that cannot be used, DocumentError for a
    workbook that is unsafe, encrypted or broken.
    """
    rows = _sheet_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)
    filled = ((number, row) for number, row in rows if any(cell.strip() for cell in row))
    _number, header = next(filled, (0, []))
    fields = _columns(header, path.name)
    return entries_from_rows(_table_rows(fields, filled), path.name)


def _columns(header: Sequence[str], name: str) -> list[str]:
    """The field of each column, "" for a column without a name. Raises InputError."""
    fields = [_FIELD.get(re.sub(r"[\s*]", "", cell).lower(), "") for cell in header]
    shown = ", ".join(cell.strip()[:40] for cell in header[:12] if cell.strip()) or "-"
    if "question" not in fields:
        raise _wrong("no_columns", f"{name}: it has no column `question`; there are {shown}", path=name, found=shown)
    strange = [cell.strip()[:40] for cell, field in zip(header, fields, strict=True) if cell.strip() and not field]
    if strange:
        known = ", ".join(FIELDS)
        detail = f"{name}: unknown columns {', '.join(strange)}; the columns are {known}"
        raise _wrong("unknown_columns", detail, path=name, found=", ".join(strange), known=known)
    twice = next((field for field in fields if field and fields.count(field) > 1), "")
    if twice:
        raise _wrong("column_twice", f"{name}: the column {twice} stands there twice", path=name, found=twice)
    return fields


def _table_rows(fields: Sequence[str], rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Row | RowProblem]]:
    for number, cells in rows:
        beyond = [cell for cell in cells[len(fields) :] if cell.strip()]
        if beyond:
            columns = f"{len(cells)} cells, {len(fields)} columns"
            yield number, RowProblem(number, "", "columns", columns)
            continue
        found = {field: cell for field, cell in zip(fields, cells, strict=False) if field}
        yield number, {"id": f"row-{number}"} | _values(found)


def _values(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row's fields with their types; an empty cell says nothing, except that a question is missing."""
    filled = {field: normal(cell) for field, cell in cells.items() if cell.strip() or field == "question"}
    return {field: _READERS.get(field, str)(cell) for field, cell in filled.items()}


def _flag(cell: str) -> Any:
    word = cell.replace(" ", "").lower()
    if word in _OPEN:
        return None
    return True if word in _YES else False if word in _NO else cell


def _parts(pattern: str) -> Callable[[str], list[str]]:
    return lambda cell: [part.strip() for part in re.split(pattern, cell) if part.strip()]


def _groups(cell: str) -> list[list[str]]:
    return [group for part in _parts(r"[;\n]")(cell) if (group := _parts(r"\|")(part))]


_READERS: dict[str, Callable[[str], Any]] = {
    "answerable": _flag,
    "accepted": _flag,
    "documents": _parts(r"[;\n]"),
    "must_include": _groups,
    "tags": _parts(r"[;,\n]"),
}


# Files


def _csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line each begins in."""
    text = _decoded(path)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise _broken(path, f"line {begins}: {error}") from None


def _decoded(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            most = MOST_BYTES // 1_000_000
            raise _wrong("too_large", f"{path.name}: larger than {most} MB", path=path.name, limit=most)
        return decode(path.read_bytes())
    except ValueError as error:
        raise _wrong("encoding", f"{path.name}: {error}; save it as UTF-8", path=path.name) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise _wrong("unreadable", f"{path}: {why}; check the path", path=str(path), why=why) from None


def _delimiter(text: str) -> str:
    """The one that stands most often in the first line."""
    header = text[:4_000].split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)


def _sheet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Rows of the first sheet that holds anything, numbered as the program shows them."""
    from python_calamine import CalamineError, CalamineWorkbook

    _judge(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = (book.get_sheet_by_index(index) for index in range(len(book.sheet_names)))
        sheet = next((sheet for sheet in sheets if sheet.height), None)
        if sheet is None:
            return
        for number, row in enumerate(itertools.islice(sheet.iter_rows(), MOST_ROWS + 2), start=1):
            yield number, [_cell(value) for value in row]
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise _broken(path, str(error)) from None


def _judge(path: Path) -> None:
    """Refuses what is no workbook, or one that unpacks to too much, before the reader sees it."""
    from ingest.safe_archive import SafeArchive
    from ingest.signatures import is_encrypted_office
    from models.errors import DocumentError

    try:
        with path.open("rb") as file:
            head = file.read(64 * 1024)
    except OSError as error:
        why = error.strerror or str(error)
        raise _wrong("unreadable", f"{path}: {why}; check the path", path=str(path), why=why) from None
    if is_encrypted_office(head, path):
        raise DocumentError(path.name, "encrypted")
    with SafeArchive(path, Limits()) as archive:
        if "xl/workbook.xml" not in archive:
            raise DocumentError(path.name, "broken", "it is no Excel workbook")


def _cell(value: Any) -> str:
    """A cell as text: 3.0 is 3, a truth value is true or false."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)[:CELL_CHARACTERS]


def _broken(path: Path, why: str) -> InputError:
    return _wrong("broken_table", f"{path.name}: the table cannot be read ({why})", path=path.name, why=why)


def _wrong(key: str, detail: str, **params: Any) -> InputError:
    return InputError(detail=detail, text_key=f"questions.{key}", **params)
