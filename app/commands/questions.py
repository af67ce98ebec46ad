"""Questions of `search` and `ask`: one on the command line, or a JSON Lines file of them, read before any work starts."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.ui.i18n import text
from models.errors import InputError


@dataclass(frozen=True, slots=True)
class Asked:
    """id: "" for a question from the command line."""

    id: str
    question: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", metavar="Q", help=text("cli.question"))
    parser.add_argument("--questions", type=Path, metavar="FILE.jsonl", help=text("cli.questions_file"))
    parser.add_argument("--json", action="store_true", help=text("cli.json"))


def asked(arguments: argparse.Namespace) -> list[Asked]:
    """The questions in the order given. Raises InputError: none or two sources, or a file with a bad line."""
    given = (arguments.question or "").strip()
    if bool(given) == bool(arguments.questions):
        raise _wrong("cli.give_question")
    return read_file(arguments.questions) if arguments.questions else [Asked("", given)]


def read_file(path: Path) -> list[Asked]:
    """The file's questions. Raises InputError that names the line and the field."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _wrong("cli.questions_unreadable", path=str(path), why=error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise _wrong("cli.questions_unreadable", path=str(path), why="UTF-8") from None
    questions: dict[str, Asked] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            question = _parse(line, path, number)
            if question.id in questions:
                raise _wrong_line(path, number, "cli.field_twice", value=question.id)
            questions[question.id] = question
    if not questions:
        raise _wrong("cli.questions_empty", path=str(path))
    return list(questions.values())


def _parse(line: str, path: Path, number: int) -> Asked:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise _wrong_line(path, number, "cli.not_json") from None
    if not isinstance(row, dict):
        raise _wrong_line(path, number, "cli.not_object")
    name, question = row.get("id"), row.get("question")
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        raise _wrong_line(path, number, "cli.field_missing", field="id")
    if not isinstance(question, str) or not question.strip():
        raise _wrong_line(path, number, "cli.field_missing", field="question")
    return Asked(str(name), question.strip())


def _wrong(key: str, **params: Any) -> InputError:
    return InputError(detail=text(key, "en", **params), text_key=key, **params)


def _wrong_line(path: Path, number: int, reason: str, **params: Any) -> InputError:
    """Says line and reason; both languages are filled here because the reason is a text of its own."""
    place = {"path": str(path), "line": number}
    english = text("cli.questions_line", "en", **place, why=text(reason, "en", **params))
    return InputError(detail=english, text_key="cli.questions_line", **place, why=text(reason, "ko", **params))
