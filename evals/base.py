"""What a case, an outcome and a metric are. A new metric is one file in evals/metrics that exports METRIC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.embedders.base import Embedder
from models.types import Answer, Hit, Passage

Group = Literal["retrieval", "answer", "grounding", "refusal", "cost"]


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system made of one case.

    answer: None where only retrieval was run. ranking: what the search found, best first. passages: what was packed into
    the prompt.
    """

    answer: Answer | None = None
    ranking: tuple[Hit, ...] = ()
    passages: tuple[Passage, ...] = ()


class Metric(Protocol):
    """A figure whose value for a set is the mean over its cases.

    name: as it stands in reports; the texts in evals/report say what it means. higher_is_better: for comparisons.
    """

    name: str
    group: Group
    higher_is_better: bool

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """The case's value, in [0, 1] unless the docstring gives a unit; None where the metric does not apply to it."""


@runtime_checkable
class SetMetric(Protocol):
    """A figure of a whole set that is no mean over its cases, such as F1 over all refusals.

    Exported as METRIC like the others. Each case adds its parts, the parts are summed over cases, and `combine` makes the
    figure of the sums; so a bootstrap can draw cases again without asking the metric anew.
    """

    name: str
    group: Group
    higher_is_better: bool

    def parts(self, case: Case, outcome: Outcome) -> tuple[float, ...] | None:
        """What one case adds, always as many numbers; None where the metric does not apply to it."""

    def combine(self, sums: NDArray[np.float64]) -> float | None:
        """The figure of summed parts, (parts,); None where it is undefined, as precision is without a single positive."""


AnyMetric = Metric | SetMetric


@runtime_checkable
class AtCutoff(Protocol):
    """A METRIC over the first k hits. It works as it stands, with k = 5; `at` gives it with another k."""

    k: int

    def at(self, k: int) -> AnyMetric:
        """The same metric over the first k hits, k in its name."""


@runtime_checkable
class NeedsEmbedder(Protocol):
    """A METRIC that compares meanings. Alone it applies to no case; `using` gives it with an embedder."""

    def using(self, embedder: Embedder) -> AnyMetric:
        """The same metric, ready."""
