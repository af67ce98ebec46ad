"""The styles of summaries and their readers, from styles.toml: the one place where either is described."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from models.errors import InputError

AUDIENCE_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Style:
    """See styles.toml. task and part_task have the place {count}."""

    id: str
    name_ko: str
    name_en: str
    sentences: int
    tokens: int
    part_sentences: int
    part_tokens: int
    joined: bool
    prefer: Literal["centre", "definition"]
    form: Literal["line", "paragraph", "bullet"]
    task: str
    part_task: str

    def name(self, lang: str) -> str:
        """For people."""
        return self.name_ko if lang == "ko" else self.name_en


@dataclass(frozen=True, slots=True)
class Audience:
    """A reader that is offered; anyone else may be named in words. task: what the prompt says of them."""

    id: str
    name_ko: str
    name_en: str
    task: str

    def name(self, lang: str) -> str:
        """For people."""
        return self.name_ko if lang == "ko" else self.name_en


@cache
def _data() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    return tomllib.loads((files("chains.summaries") / "styles.toml").read_text(encoding="utf-8"))


@cache
def styles() -> tuple[Style, ...]:
    """In the order they are offered."""
    return tuple(Style(id=name, **values) for name, values in _data()["style"].items())


@cache
def audiences() -> tuple[Audience, ...]:
    """In the order they are offered."""
    return tuple(Audience(id=name, **values) for name, values in _data()["audience"].items())


def find_style(name: str) -> Style:
    """By id or by either name. Raises InputError with the names there are."""
    wanted = " ".join(name.split()).casefold()
    for style in styles():
        if wanted in {style.id, style.name_ko, style.name_en}:
            return style
    known = ", ".join(style.name_ko for style in styles())
    detail = f"There is no style {name!r}; choose one of {', '.join(style.id for style in styles())}"
    raise InputError(detail=detail, text_key="summary.bad_style", name=name, known=known)


def audience_task(name: str) -> str:
    """What the prompt says about a reader: of one that is offered, else their name as given. Raises InputError if too long."""
    words = " ".join(name.split())
    if len(words) > AUDIENCE_CHARACTERS:
        detail = (
            f"The audience has {len(words)} characters, {AUDIENCE_CHARACTERS} are the most; describe it in fewer words"
        )
        raise InputError(detail=detail, text_key="summary.long_audience", length=len(words), limit=AUDIENCE_CHARACTERS)
    for audience in audiences():
        if words.casefold() in {audience.id, audience.name_ko, audience.name_en}:
            return audience.task
    return f"{words}에게 맞게 씁니다." if words else ""
