"""Sentences of the course notes for the small language model: what it was pretrained on, and a task to adapt it to.

The task: which part of the course does a sentence come from? Six topics of three notes each; a topic's name is what the model
has to write behind "→". The names begin with different pieces, so one forward pass compares all six.

data/lessons/language/sentences.jsonl has them: {"text", "topic", "part"}, part one of pretrain, test, general. Sentences of
`pretrain` with a topic are the examples that fine-tuning draws from; `general` are of notes without a topic and were never
trained on: the loss on them tells what was forgotten. `benchmarks/lesson_models.py sentences` makes the file.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from app.lessons.base import folder

TOPICS = {"도구": "01 02 03", "신경망": "04 05 06", "낱말": "08 09 10", "어텐션": "11 12 13", "미세조정": "14 15 16", "프롬프트": "17 18 19"}  # fmt: skip
MARK = "→"
Part = Literal["pretrain", "test", "general"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """topic: "" for a note that belongs to none."""

    text: str
    topic: str
    part: Part


@cache
def sentences() -> tuple[Sentence, ...]:
    """All of them, in the order of the notes. Raises MissingError."""
    path = folder("language") / "sentences.jsonl"
    return tuple(Sentence(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


@cache
def invented() -> tuple[Sentence, ...]:
    """Sentences that the 0.5B wrote about each topic, told no more than its headings: synthetic data. Raises MissingError."""
    path = folder("language") / "invented.jsonl"
    return tuple(Sentence(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())


def examples(count: int, seed: int, pool: Sequence[Sentence] | None = None) -> list[Sentence]:
    """As many of each topic as `count` allows, drawn by the seed; a larger count holds the smaller one's."""
    chosen = sentences() if pool is None else pool
    by_topic = {topic: [s for s in chosen if s.topic == topic and s.part == "pretrain"] for topic in TOPICS}
    for topic in TOPICS:
        random.Random(f"{seed} {topic}").shuffle(by_topic[topic])  # noqa: S311
    turns = [s for column in zip(*(_padded(by_topic[topic], count) for topic in TOPICS), strict=True) for s in column]
    return [s for s in turns if s is not None][:count]


def _padded(found: list[Sentence], count: int) -> list[Sentence | None]:
    return [*found[:count], *([None] * (count - len(found)))]


def tests() -> list[Sentence]:
    """What scores are taken on; no training sees them."""
    return [s for s in sentences() if s.part == "test" and s.topic]


def general() -> list[str]:
    """Course text of other notes; no training sees it either."""
    return [s.text for s in sentences() if s.part == "general"]
