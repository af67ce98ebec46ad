"""The text a lab on language learns from: the course notes, or what the learner wrote.

A lab offers CORPUS and OWN among its controls and begins with

    text, used = corpus(str(values["corpus"]), str(values["own"]))
"""

from __future__ import annotations

from collections.abc import Mapping

from app.labs.base import LONGEST_TEXT, Choice, Used, Value, Words
from app.labs.checkpoints import CONTROL, SHIPPED
from app.labs.parts.course_text import course_text
from models.errors import InputError

CORPUS = Choice("corpus", ("course", "own"), "course")
OWN = Words(
    "own",
    "봄이 오면 산에 들에 꽃이 핍니다. 봄이 오면 강에 들에 새가 웁니다. 가을이 오면 산에 들에 단풍이 듭니다. "
    "가을이 오면 강에 들에 바람이 붑니다. 겨울이 오면 산에 들에 눈이 옵니다.",
    longest=LONGEST_TEXT,
    lines=4,
)
SHORTEST = 20  # characters, below which there is nothing to count


def along(values: Mapping[str, Value]) -> bool:
    """Whether weights that came along are asked for; they know the course notes and no other text."""
    return values[CONTROL] == SHIPPED and values["corpus"] == "course"


def corpus(choice: str, own: str, shortest: int = SHORTEST) -> tuple[str, Used]:
    """The text and what to say of it. Raises InputError for too short a text, MissingError where the notes are not there."""
    if choice == "course":
        text = course_text()
        return text, Used("course", "package", len(text))
    text = own.strip()
    if len(text) < shortest:
        detail = f"own has {len(text)} characters; write at least {shortest}, or choose the course notes"
        raise InputError(detail=detail, text_key="too_short", name="own", count=len(text), least=shortest)
    return text, Used("own", "own", len(text))
