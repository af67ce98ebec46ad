"""Question sets: JSON Lines, one case a line, read strictly and written in one step.

    {"id": "a001", "question": "드롭아웃은 왜 쓰나요?", "answerable": true, "documents": ["06-mlp.md"],
     "must_include": [["과적합", "overfitting"]], "reference": "…", "evidence": "…", "tags": ["why"]}

`id` and `question` are all that a line needs. A set that people still work on may say more: `"answerable": null` where
nobody has decided yet, `"accepted": false` where nobody has looked at a made question yet, and a `note` about where it
comes from. `load_cases` leaves out what is not decided. All bad rows are reported at once, the first `SHOWN_PROBLEMS` by name.
"""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.base import Case
from models.errors import InputError, QuestionSetError, RowProblem, RowReason
from models.files import write_atomic

MOST_ROWS = 20_000
MOST_BYTES = 50_000_000
QUESTION_CHARACTERS = 4_000
SHOWN_PROBLEMS = 20
FIELDS = (
    "id",
    "question",
    "answerable",
    "documents",
    "must_include",
    "reference",
    "evidence",
    "tags",
    "accepted",
    "note",
)
_SAYING_SOMETHING = ("documents", "must_include", "evidence")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A case in a set that people work on.

    decided: whether someone has said that a document answers it or none does; `case.answerable` means nothing before.
    accepted: whether a person has looked at it and kept it. note: why it is here, for that person.
    """

    case: Case
    decided: bool = True
    accepted: bool = True
    note: str = ""


# Reading


def load_cases(paths: Sequence[Path]) -> list[Case]:
    """Decided cases of all files in order; .csv and .xlsx are read as well (evals/importing.py).

    Raises QuestionSetError that names rows and fields, InputError for a file that cannot be read, an empty set, or an id
    that two files use.
    """
    cases: dict[str, Case] = {}
    for path in paths:
        decided = [entry.case for entry in load_entries(path) if entry.decided]
        if not decided:
            raise _wrong("questions.undecided", f"{path.name}: no question of it is decided yet", path=path.name)
        for case in decided:
            if case.id in cases:
                detail = f"{path.name}: the id {case.id!r} is used by another of the given sets"
                raise _wrong("questions.id_elsewhere", detail, path=path.name, id=case.id)
            cases[case.id] = case
    return list(cases.values())


def load_entries(path: Path) -> list[Entry]:
    """All of one file. Raises as `load_cases` does."""
    if path.suffix.lower() in {".csv", ".tsv", ".xlsx"}:
        from evals.importing import import_entries

        return import_entries(path)
    return parse(read_utf8(path), path.name)


def read_utf8(path: Path) -> str:
    """The file's text. Raises InputError: not there, too large, not UTF-8."""
    try:
        if path.stat().st_size > MOST_BYTES:
            most = MOST_BYTES // 1_000_000
            raise _wrong("questions.too_large", f"{path.name}: larger than {most} MB", path=path.name, limit=most)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        detail = f"{path.name}: is not UTF-8 text; save it as UTF-8"
        raise _wrong("questions.not_utf8", detail, path=path.name) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise _wrong("questions.unreadable", f"{path}: {why}; check the path", path=str(path), why=why) from None


def parse(text: str, name: str) -> list[Entry]:
    """Entries of JSON Lines. name: of the set, for errors. Raises QuestionSetError, InputError."""
    return entries_from_rows(_json_rows(text), name)


def cases_from_rows(rows: Iterable[tuple[int, Row | RowProblem]], name: str) -> list[Case]:
    """Decided cases of rows with their numbers. Raises as `entries_from_rows`."""
    return [entry.case for entry in entries_from_rows(rows, name) if entry.decided]


def entries_from_rows(rows: Iterable[tuple[int, Row | RowProblem]], name: str) -> list[Entry]:
    """Entries of rows, each with its number from 1; a row may be the problem that kept it from being read.

    Raises QuestionSetError with all bad rows, InputError for no row at all or more than MOST_ROWS.
    """
    reading = _Reading()
    entries: dict[str, Entry] = {}
    for count, (number, row) in enumerate(rows, start=1):
        if count > MOST_ROWS:
            detail = f"{name}: more than {MOST_ROWS} questions; split the set"
            raise _wrong("questions.too_many", detail, path=name, limit=MOST_ROWS)
        entry = reading.entry(number, row)
        if entry and entry.case.id in entries:
            reading.report(number, "id", "twice", repr(entry.case.id))
        elif entry:
            entries[entry.case.id] = entry
    if reading.bad:
        raise QuestionSetError.of(name, reading.problems, reading.bad)
    if not entries:
        raise _wrong("questions.empty", f"{name}: holds no question; write at least id and question", path=name)
    return list(entries.values())


def _json_rows(text: str) -> Iterator[tuple[int, Row | RowProblem]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=dict)
        except (json.JSONDecodeError, RecursionError) as error:
            yield number, RowProblem(number, "", "not_json", getattr(error, "msg", "nested too deeply"))
            continue
        shown = json.dumps(row, ensure_ascii=False)[:40] if not isinstance(row, dict) else ""
        yield number, RowProblem(number, "", "not_object", shown) if shown else row


@dataclass
class _Reading:
    """Checks rows and gathers what is wrong with them. bad: how many rows are."""

    problems: list[RowProblem] = field(default_factory=list)
    bad: int = 0
    _last: int = -1

    def report(self, row: int, name: str, reason: RowReason, value: str = "") -> None:
        self.bad += row != self._last
        self._last = row
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(RowProblem(row, name, reason, value))

    def entry(self, number: int, row: Row | RowProblem) -> Entry | None:
        """The row's entry, or None where something is wrong with it."""
        if isinstance(row, RowProblem):
            self.report(number, row.field, row.reason, row.value)
            return None
        before = self.bad
        for name in row:
            if name not in FIELDS:
                self.report(number, str(name)[:60], "unknown", _known(str(name)))
        values = {name: self._value(number, name, row) for name in FIELDS}
        if values["answerable"] is False:
            for name in _SAYING_SOMETHING:
                if values[name]:
                    self.report(number, name, "conflict")
        return _entry(values) if self.bad == before else None

    def _value(self, number: int, name: str, row: Row) -> Any:
        value = row.get(name)
        if name in {"id", "question"}:
            return self._required(number, name, value)
        if name == "answerable" and name in row and value is None:
            return None
        if value is None:
            return _CHECKS[name].default
        check = _CHECKS[name]
        if not check.fits(value):
            self.report(number, name, "type", check.wanted)
            return check.default
        if "\ufffd" in str(value):
            self.report(number, name, "encoding")
        return value

    def _required(self, number: int, name: str, value: Any) -> str:
        if name == "id" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None:
            self.report(number, name, "missing")
        elif not isinstance(value, str):
            self.report(number, name, "type", "text")
        elif not value.strip():
            self.report(number, name, "empty")
        elif len(value) > QUESTION_CHARACTERS:
            self.report(number, name, "too_long", str(QUESTION_CHARACTERS))
        elif "\ufffd" in value:
            self.report(number, name, "encoding")
        else:
            return normal(value)
        return ""


@dataclass(frozen=True, slots=True)
class _Check:
    """Whether a field's value fits. wanted: its type in words, see RowProblem.WANTED."""

    fits: Callable[[Any], bool]
    wanted: str
    default: Any


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)


def _is_groups(value: Any) -> bool:
    return isinstance(value, list) and all(_is_texts(group) and group for group in value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_CHECKS = {
    "answerable": _Check(_is_flag, "flag", True),
    "documents": _Check(_is_texts, "texts", []),
    "must_include": _Check(_is_groups, "groups", []),
    "reference": _Check(_is_text, "text", ""),
    "evidence": _Check(_is_text, "text", ""),
    "tags": _Check(_is_texts, "texts", []),
    "accepted": _Check(_is_flag, "flag", True),
    "note": _Check(_is_text, "text", ""),
}


def _known(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), FIELDS, n=1)
    return near[0] if near else ", ".join(FIELDS)


def _entry(values: Mapping[str, Any]) -> Entry:
    case = Case(
        id=values["id"],
        question=values["question"],
        answerable=values["answerable"] is not False,
        documents=tuple(normal(name) for name in values["documents"]),
        must_include=tuple(tuple(normal(word) for word in group) for group in values["must_include"]),
        reference=normal(values["reference"]),
        evidence=normal(values["evidence"]),
        tags=tuple(normal(tag) for tag in values["tags"]),
    )
    return Entry(case, values["answerable"] is not None, values["accepted"], normal(values["note"]))


def normal(text: str) -> str:
    """One form for the same letters (NFC), without space at the ends."""
    return unicodedata.normalize("NFC", text).strip()


# Writing


def save_cases(path: Path, cases: Sequence[Case]) -> None:
    """Writes a set in one step: a reader meets the old or the new one. Raises DiskFull, OSError."""
    save_entries(path, [Entry(case) for case in cases])


def save_entries(path: Path, entries: Sequence[Entry]) -> None:
    """The same for a set that people work on."""
    write_atomic(path, dump(entries).encode())


def dump(entries: Sequence[Entry]) -> str:
    """JSON Lines; `parse` reads them back."""
    return "".join(json.dumps(row_of(entry), ensure_ascii=False) + "\n" for entry in entries)


def row_of(entry: Entry) -> dict[str, Any]:
    """The entry as a JSON object. `accepted` and `note` only where they say something."""
    case = entry.case
    row: dict[str, Any] = {
        "id": case.id,
        "question": case.question,
        "answerable": case.answerable if entry.decided else None,
        "documents": list(case.documents),
        "must_include": [list(group) for group in case.must_include],
        "reference": case.reference,
        "evidence": case.evidence,
        "tags": list(case.tags),
    }
    return row | ({} if entry.accepted else {"accepted": False}) | ({"note": entry.note} if entry.note else {})


# Against a collection


def absent_documents(cases: Iterable[Case], known: Iterable[str]) -> dict[str, list[str]]:
    """Gold documents that `known` lacks, each with the ids of the cases that name it."""
    there = {normal(name) for name in known}
    absent: dict[str, list[str]] = {}
    for case in cases:
        for name in case.documents:
            if name not in there:
                absent.setdefault(name, []).append(case.id)
    return absent


def _wrong(key: str, detail: str, **params: Any) -> InputError:
    return InputError(detail=detail, text_key=key, **params)
