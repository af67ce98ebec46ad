"""Share of an answer's sentences that a citation holds up (ALCE's citation recall, Gao et al. 2023, without a judge)."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.claims import citations_hold


class CitationRecall:
    """Mean over all sentences of one answer; a sentence without a citation counts as 0."""

    name = "citation_recall"
    group: Group = "grounding"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a refusal."""
        answer = outcome.answer
        if answer is None or answer.refused or not answer.sentences:
            return None
        return sum(citations_hold(s, case, answer) for s in answer.sentences) / len(answer.sentences)


METRIC = CitationRecall()
