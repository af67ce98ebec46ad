"""Prompting against RAG against fine-tuning, on the same questions: what each gets right, and how long one waits for it.

closed    the bare question                       prompt    with rules and two worked examples, but no documents
tuned     the bare question to the tuned model    rag       with the passages that the search finds (the chat as it is)
tuned_rag the passages, read by the tuned model

The questions are of our own sets and lie in data/lessons/ways-questions.jsonl. Shipped figures are of the 0.5B, the adapter that ships
and our course (`benchmarks/ways.py`); the button asks one question in every way that this machine can.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from app.lessons.base import Bench, Control, Metric, Progress, Result, Row, Sample, Value, folder
from chains.matching import holds
from models.errors import MissingError

WAYS = ("closed", "prompt", "tuned", "rag", "tuned_rag")
METRICS = (Metric("correct", "share", "high"), Metric("seconds", "seconds", "low"))


@dataclass(frozen=True, slots=True)
class Question:
    """must_include: every group needs one of its strings in a right answer; () where the documents hold no answer."""

    id: str
    question: str
    must_include: tuple[tuple[str, ...], ...]

    def right(self, text: str, refused: bool) -> bool:
        """Whether this answers it; a question without an answer is answered by a refusal."""
        if not self.must_include:
            return refused
        return not refused and all(holds(text, list(group)) for group in self.must_include)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer. seconds: until its last word."""

    text: str
    refused: bool
    seconds: float


Ask = Callable[[str, str], Said | None]
"""(way, question) -> the answer; None where this machine cannot ask so."""


def questions() -> list[Question]:
    """In the order of the file. Raises MissingError."""
    rows = map(json.loads, (folder() / "ways-questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [Question(r["id"], r["question"], tuple(map(tuple, r["must_include"]))) for r in rows]


class Ways:
    """See the module."""

    name, order, right, minutes, apart = "ways", 30, 3, 2.0, False

    @cached_property
    def controls(self) -> tuple[Control, ...]:
        """The questions, by number."""
        shown = tuple(q.question for q in questions())
        return (Control("question", tuple(range(1, len(shown) + 1)), 1, shown),)

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        if bench.ask is None:
            raise MissingError(what="a language model", fix="coursemate models pull")
        chosen = questions()[int(values["question"]) - 1]
        rows: list[Row] = []
        said: dict[str, str] = {}
        for number, way in enumerate(WAYS):
            yield Progress(number, len(WAYS), key=way)
            answer: Said | None = bench.ask(way, chosen.question)
            if answer is not None:
                right = float(chosen.right(answer.text, answer.refused))
                rows.append(Row(way, {"correct": right, "seconds": answer.seconds}))
                said[way] = answer.text
        verdict = "" if any(row.key.startswith("tuned") for row in rows) else "no_adapter"
        yield Result(METRICS, tuple(rows), samples=(Sample(chosen.question, said),), verdict=verdict)


LESSON = Ways()
