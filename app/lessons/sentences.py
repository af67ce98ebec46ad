"""Sentences of the course notes for the small language model: what it was pretrained on, and a task to adapt it to.

The task: of which kind is a sentence? One that holds figures, one with a term in Latin letters, one in plain words. The kind's
name is what the model has to write behind "→". The names begin with different pieces, so one forward pass compares all three.

data/lessons/language/sentences.jsonl has them: {"text", "topic", "part"}, part one of pretrain, test, general. Sentences of
`pretrain` with a topic (the kind) are the examples that fine-tuning draws from; `general` are of notes that were never trained
on: the loss on them tells what was forgotten. `benchmarks/lesson_models.py sentences` makes the file.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from app.lessons.base import folder

TOPICS = ("수치", "용어", "설명")
GENERAL_NOTES = ("07", "20", "21", "22")
MARK = "→"
Part = Literal["pretrain", "test", "general"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """topic: its kind; "" in notes that only measure what is forgotten."""

    text: str
    topic: str
    part: Part


def kind_of(text: str) -> str:
    """Figures weigh more than letters: a sentence with both holds figures."""
    if re.search(r"\d", text):
        return TOPICS[0]
    return TOPICS[1] if re.search(r"[A-Za-z]", text) else TOPICS[2]


@cache
def sentences() -> tuple[Sentence, ...]:
    """All of them, in the order of the notes. Raises MissingError."""
    path = folder("language") / "sentences.jsonl"
    return tuple(Sentence(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


@cache
def invented() -> tuple[Sentence, ...]:
    """Sentences made of patterns and a list of terms: synthetic data. Raises MissingError."""
    path = folder("language") / "invented.jsonl"
    return tuple(Sentence(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def examples(count: int, seed: int, pool: Sequence[Sentence] | None = None) -> list[Sentence]:
    """As many of each kind as `count` allows, drawn by the seed; a larger count holds the smaller one's."""
    chosen = sentences() if pool is None else pool
    by_kind = {topic: [s for s in chosen if s.topic == topic and s.part == "pretrain"] for topic in TOPICS}
    for topic in TOPICS:
        random.Random(f"{seed} {topic}").shuffle(by_kind[topic])  # noqa: S311
    turns = [s for column in zip(*(_padded(by_kind[topic], count) for topic in TOPICS), strict=True) for s in column]
    return [s for s in turns if s is not None][:count]


def _padded(found: list[Sentence], count: int) -> list[Sentence | None]:
    return [*found[:count], *([None] * (count - len(found)))]


def tests() -> list[Sentence]:
    """What scores are taken on; no training sees them."""
    return [s for s in sentences() if s.part == "test" and s.topic]


def general() -> list[str]:
    """Course text of other notes; no training sees it either."""
    return [s.text for s in sentences() if s.part == "general"]
