"""Every sentence a person reads, Korean first and English beside it: ko.toml and en.toml, the same keys in both.

    text("chat.send", "ko")                        one text; {placeholders} are filled from the keyword arguments
    localize(error, "ko")                          what went wrong and what to do, for any CourseMateError
    locator_label(locator, "ko")                   "12쪽 · 하이퍼파라미터"

Keys are `table.name`; a new page adds its own table to both files. tests/app/test_i18n.py holds the two files to the same
keys and placeholders, and every error code to a text.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from ingest.particles import choose_particles
from models.errors import CourseMateError, DocumentError, QuestionSetError, RowProblem
from models.types import Locator

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def catalog(lang: Language) -> dict[str, str]:
    """All texts of a language, dotted key -> text with `{placeholders}`. Raises TypeError where a value is no string."""
    with (Path(__file__).parent / f"{lang}.toml").open("rb") as file:
        return _flatten(tomllib.load(file))


def _flatten(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{name}.")
        elif isinstance(value, str):
            flat[prefix + name] = value
        else:
            raise TypeError(f"{prefix}{name} is {type(value).__name__}, not a string")
    return flat


def text(key: str, lang: Language = "ko", /, **params: Any) -> str:
    """The text of `key`, filled. Raises KeyError where the key or a placeholder's value is missing: a bug, not a state."""
    template = catalog(lang)[key]
    if not params:
        return template
    filled = template.format(**params)
    return choose_particles(filled) if lang == "ko" else filled


def localize(error: CourseMateError, lang: Language = "ko") -> str:
    """The error as one sentence for a person: English is the error's own, Korean comes from ko.toml.

    A `text_key` among the error's params names a text of its own, for errors whose code is too general (InputError).
    """
    key = error.params.get("text_key")
    if key:
        return text(key, lang, **error.params)
    if lang == "en":
        return str(error)
    if isinstance(error, DocumentError):
        return _localize_document(error, lang)
    if isinstance(error, QuestionSetError) and "problems" in error.params:
        return _localize_rows(error, lang)
    return text(_error_key(type(error)), lang, **error.params)


def _error_key(kind: type[CourseMateError]) -> str:
    """The text key of the nearest ancestor that has one, so that a new leaf says at least what its branch says."""
    codes = (f"error.{cls.code}" for cls in kind.__mro__ if issubclass(cls, CourseMateError))
    return next(key for key in codes if key in catalog("ko"))


def _localize_document(error: DocumentError, lang: Language) -> str:
    sentence = text(f"document.{error.reason}", lang)
    detail = f" ({error.detail})" if error.detail else ""
    return f"{error.path}: {sentence}{detail}"


def row_problem(problem: RowProblem, lang: Language) -> str:
    """One bad row of a question set."""
    if lang == "en":
        return str(problem)
    value = text(f"error.row.{problem.value}", lang) if problem.reason == "type" else problem.value
    why = text(f"error.row.{problem.reason}", lang, field=problem.field, value=value)
    return text("error.row.at", lang, row=problem.row, why=why)


def _localize_rows(error: QuestionSetError, lang: Language) -> str:
    lines = "".join(f"\n  {row_problem(problem, lang)}" for problem in error.params["problems"])
    unnamed = error.params["unnamed"]
    more = "\n  " + text("error.row.more", lang, count=unnamed) if unnamed else ""
    return text("error.row.wrong", lang, path=error.params["path"], total=error.params["total"]) + lines + more


def locator_label(locator: Locator, lang: Language = "ko") -> str:
    """Where a text stands, for people: '12쪽 · 하이퍼파라미터'; "" where the format knows no place."""
    places = [
        text(f"locator.{name}", lang, n=number)
        for name in ("page", "slide", "cell", "table")
        if (number := getattr(locator, name)) is not None
    ]
    if locator.rows:
        places.append(text("locator.rows", lang, first=locator.rows[0], last=locator.rows[1]))
    if locator.headings:
        places.append(" › ".join(locator.headings))
    return " · ".join(places)
