"""Reads question sets: JSON Lines, one case a line, at least `id` and `question`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.base import Case
from models.errors import InputError


def load_cases(paths: Sequence[Path]) -> list[Case]:
    """Cases of all files in order. Raises InputError with file, line and field for a malformed line or a repeated id."""
    cases, seen = [], set()
    for path in paths:
        for number, line in _lines(path):
            case = _case(line, f"{path.name}, line {number}")
            if case.id in seen:
                raise InputError(
                    detail=f"{path.name}, line {number}: the id {case.id!r} is used twice; give each its own"
                )
            seen.add(case.id)
            cases.append(case)
    return cases


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            detail=f"{path}: cannot be read as UTF-8 text ({error}); check the path and encoding"
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line


def _case(line: str, where: str) -> Case:
    try:
        row: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(detail=f"{where}: not JSON ({error.msg}); write one object a line") from error
    if not isinstance(row, dict):
        raise InputError(detail=f'{where}: {row!r} is not an object; write {{"id": …, "question": …}}')
    for name in ("id", "question"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            raise InputError(
                detail=f"{where}: the field {name!r} must be text that is not empty, not {row.get(name)!r}"
            )
    return Case(
        id=row["id"],
        question=row["question"],
        answerable=bool(row.get("answerable", True)),
        documents=tuple(row.get("documents", ())),
        must_include=tuple(tuple(group) for group in row.get("must_include", ())),
        reference=row.get("reference", ""),
        evidence=row.get("evidence", ""),
        tags=tuple(row.get("tags", ())),
    )
