"""What a case and a metric are. A new metric is one file in evals/metrics that exports METRIC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from models.types import Answer


@dataclass(frozen=True, slots=True)
class Case:
    """One question with what is known about its answer.

    must_include: groups of strings; a right answer holds at least one of each group (white space and case ignored).
    documents: file names that hold the answer. evidence: the sentence there. answerable: whether any document does.
    """

    id: str
    question: str
    answerable: bool = True
    documents: tuple[str, ...] = ()
    must_include: tuple[tuple[str, ...], ...] = ()
    reference: str = ""
    evidence: str = ""
    tags: tuple[str, ...] = ()


class Metric(Protocol):
    """name: as it stands in reports. higher_is_better: for comparisons."""

    name: str
    higher_is_better: bool

    def evaluate(self, case: Case, answer: Answer) -> float | None:
        """The answer's value in [0, 1], or None where the metric does not apply to this case."""
