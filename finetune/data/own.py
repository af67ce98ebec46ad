"""One's own examples from JSON Lines or CSV, checked row by row: nothing is trained on that nobody could read.

    {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
    {"instruction": "…", "input": "…", "output": "…"}                 input may be left out
    {"question": "…", "context": "…", "answer": "…"}                  context may be left out

The first row with fields tells the form, and every row has it. `system` (before an instruction) and `document` (by which the split
keeps rows together) may stand in any form. What is wrong is reported for each row; the sound rows are there all the same.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from finetune.base import Example
from models.errors import InputError

Form = Literal["messages", "instruction", "question"]
Reason = Literal[
    "not_json", "not_object", "missing", "empty", "not_text", "unknown", "too_long", "encoding", "columns",
    "no_messages", "bad_role", "last_not_assistant", "no_user", "twice",
]  # fmt: skip
Messages = list[dict[str, str]]
Asks = Callable[
    [str, str, str], tuple[Messages, str]
]  # question, context, answer -> the whole conversation, and its kind

MOST_ROWS = 100_000
MOST_BYTES = 200_000_000
MOST_CHARACTERS = 40_000  # of one field
SHOWN_PROBLEMS = 50
ROLES = ("system", "user", "assistant")
FIELDS: Mapping[Form, tuple[str, ...]] = {
    "messages": ("messages",),
    "instruction": ("instruction", "input", "output"),
    "question": ("question", "context", "answer"),
}
_OPTIONAL = frozenset({"input", "context", "system", "document", "id", "kind"})
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row. row: from 1, a table's header not counted. value: what stands there, or what is wanted."""

    row: int
    field: str
    reason: Reason
    value: str = ""


@dataclass(frozen=True, slots=True)
class OwnData:
    """form: of the rows. examples: the sound ones, in order. rows: read in all. bad: rows that are not; problems: the first
    SHOWN_PROBLEMS things that are wrong."""

    form: Form
    examples: tuple[Example, ...]
    rows: int
    bad: int
    problems: tuple[Problem, ...]


def plainly(question: str, context: str, answer: str) -> tuple[Messages, str]:
    """A question under its context, without instructions: what is used where no other prompt is given."""
    asked = f"{context}\n\n{question}".strip()
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}], "chat"


def read_own(path: Path, asks: Asks = plainly, name: str = "") -> OwnData:
    """asks: how a question with its context is put. name: of the file where `path` is a copy of it. Raises InputError for a file that cannot be read, has no row or none of the forms."""
    rows = list(_rows(path))
    if not rows:
        raise _wrong("own_empty", f"{path.name} holds no row; write one example a line", path=path.name)
    form = next((found for _, row in rows if isinstance(row, dict) and (found := _form(row))), None)
    if form is None:
        detail = f"{path.name} has none of the forms messages, instruction/output, question/answer; rename its fields"
        raise _wrong("own_no_form", detail, path=path.name)
    reading = _Reading(name or path.name, form, asks)
    for number, row in rows:
        reading.read(number, row)
    return OwnData(form, tuple(reading.examples.values()), len(rows), len(reading.bad), tuple(reading.problems))


def _form(row: Mapping[str, Any]) -> Form | None:
    forms: tuple[Form, ...] = ("messages", "instruction", "question")
    return next((form for form in forms if FIELDS[form][0] in row), None)


@dataclass
class _Reading:
    """Reads rows of one form. examples: by what they say, so that the same row twice is told."""

    name: str
    form: Form
    asks: Asks
    examples: dict[str, Example] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)

    def read(self, number: int, row: dict[str, Any] | Problem) -> None:
        if isinstance(row, Problem):
            self._report(row.row, row.field, row.reason, row.value)
            return
        known = (*FIELDS[self.form], *sorted(_OPTIONAL))
        for name in row:
            if name not in known:
                self._report(number, str(name)[:40], "unknown", ", ".join(FIELDS[self.form]))
        messages, usual = self._messages(number, row)
        document, kind = (self._text(number, row, name) for name in ("document", "kind"))
        if number in self.bad:
            return
        said = json.dumps(messages, ensure_ascii=False)
        if said in self.examples:
            self._report(number, "", "twice", self.examples[said].id.removeprefix("own-"))
            return
        self.examples[said] = Example(f"own-{number}", tuple(messages), f"own:{self.name}", document, kind or usual)

    def _messages(self, number: int, row: Mapping[str, Any]) -> tuple[Messages, str]:
        if self.form == "messages":
            return self._conversation(number, row.get("messages")), "chat"
        asked, beside, answer = (self._text(number, row, name) for name in FIELDS[self.form])
        system = self._text(number, row, "system")
        if self.form == "instruction":
            messages, kind = plainly("", f"{asked}\n\n{beside}".strip(), answer)
        else:
            messages, kind = self.asks(asked, beside, answer)
        return [{"role": "system", "content": system}, *messages] if system else messages, kind

    def _text(self, number: int, row: Mapping[str, Any], name: str) -> str:
        value = row.get(name)
        if value is None or value == "":
            if name not in _OPTIONAL:
                self._report(number, name, "empty" if name in row else "missing")
            return ""
        return self._sound(number, name, value, required=name not in _OPTIONAL)

    def _sound(self, number: int, name: str, value: Any, required: bool = True) -> str:
        """The text in one Unicode form; what is wrong with it is reported."""
        if not isinstance(value, str):
            self._report(number, name, "not_text", json.dumps(value, ensure_ascii=False)[:40])
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        if required and not text:
            self._report(number, name, "empty")
        elif len(text) > MOST_CHARACTERS:
            self._report(number, name, "too_long", str(MOST_CHARACTERS))
        elif "\ufffd" in text or any(unicodedata.category(letter) == "Cs" for letter in text):
            self._report(number, name, "encoding")
        return text

    def _conversation(self, number: int, value: Any) -> Messages:
        if not isinstance(value, list) or not value or not all(isinstance(message, dict) for message in value):
            self._report(number, "messages", "no_messages")
            return []
        messages = []
        for at, message in enumerate(value, start=1):
            role = message.get("role")
            if role not in ROLES:
                self._report(number, f"messages[{at}]", "bad_role", str(role)[:40])
            content = self._sound(number, f"messages[{at}]", message.get("content", ""))
            messages.append({"role": str(role), "content": content})
        if messages[-1]["role"] != "assistant":
            self._report(number, "messages", "last_not_assistant")
        elif not any(message["role"] == "user" for message in messages):
            self._report(number, "messages", "no_user")
        return messages

    def _report(self, row: int, name: str, reason: Reason, value: str = "") -> None:
        self.bad.add(row)
        if len(self.problems) < SHOWN_PROBLEMS:
            self.problems.append(Problem(row, name, reason, value))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    text = _text_of(path)
    suffix = path.suffix.lower()
    found = _table(text, suffix) if suffix in _TABLES else _json_list(text) if suffix == ".json" else _json_rows(text)
    for count, row in enumerate(found, start=1):
        if count > MOST_ROWS:
            raise _wrong(
                "own_too_many", f"{path.name} has more than {MOST_ROWS} rows; split it", path=path.name, n=MOST_ROWS
            )
        yield row


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            yield number, Problem(number, "", "not_json", getattr(error, "msg", "nested too deeply"))
            continue
        yield number, row if isinstance(row, dict) else Problem(number, "", "not_object", line.strip()[:40])


def _json_list(text: str) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """One list of objects, as many tools write it; else the rows it holds line by line."""
    try:
        rows = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        yield from _json_rows(text)
        return
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], start=1):
        shown = json.dumps(row, ensure_ascii=False)[:40]
        yield number, row if isinstance(row, dict) else Problem(number, "", "not_object", shown)


def _table(text: str, suffix: str) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t" if suffix == ".tsv" else ",")
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                yield number, Problem(number, "", "columns", f"{len(cells)} != {len(header)}")
                continue
            yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        yield reader.line_num, Problem(reader.line_num, "", "columns", str(error)[:60])


def _text_of(path: Path) -> str:
    """The file as text: UTF-8, or CP949 as Korean spreadsheets write it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            detail = f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB; split it"
            raise _wrong("too_large", detail, path=path.name, mb=MOST_BYTES // 1_000_000)
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise _wrong("unreadable", f"{path} cannot be read ({why}); check the path", path=str(path), why=why) from None
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    raise _wrong("not_utf8", f"{path.name} is not UTF-8 text; save it as UTF-8", path=path.name)


def _wrong(key: str, detail: str, **params: Any) -> InputError:
    return InputError(detail=detail, text_key=f"dataset.{key}", **params)
