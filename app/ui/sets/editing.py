"""What a person typed about a question, as an entry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evals.questions import Entry, normal


def edited(entry: Entry, fields: Mapping[str, Any]) -> Entry:
    """The entry with the form's fields. It counts as looked at; a question without an answer has no proof."""
    answer = _word(fields, "answerable")
    known = answer == "yes"
    case = replace(
        entry.case,
        question=_word(fields, "question"),
        answerable=answer != "no",
        documents=tuple(_parts(r"[;\n]", _word(fields, "documents"))) if known else (),
        must_include=_groups(_word(fields, "must_include")) if known else (),
        reference=_word(fields, "reference"),
        evidence=_word(fields, "evidence") if known else "",
        tags=tuple(_parts(r"[;,\n]", _word(fields, "tags"))),
    )
    return Entry(case, decided=answer in {"yes", "no"}, accepted=answer in {"yes", "no"}, note=entry.note)


def _word(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return normal(value.replace("\r\n", "\n")) if isinstance(value, str) else ""


def _parts(pattern: str, text: str) -> list[str]:
    return [part.strip() for part in re.split(pattern, text) if part.strip()]


def _groups(text: str) -> tuple[tuple[str, ...], ...]:
    groups = (tuple(_parts(r"\|", part)) for part in _parts(r"[;\n]", text))
    return tuple(group for group in groups if group)
