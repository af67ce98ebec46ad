"""Share of cited sentences whose quote holds what the sentence claims."""

from __future__ import annotations

from evals.base import Case, Group, Outcome
from evals.claims import citations_hold


class CitationPrecision:
    """Mean over the cited sentences of one answer."""

    name = "citation_precision"
    group: Group = "grounding"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a refusal or an answer without citations."""
        answer = outcome.answer
        cited = [s for s in answer.sentences if s.citations] if answer else []
        if answer is None or answer.refused or not cited:
            return None
        return sum(citations_hold(s, case, answer) for s in cited) / len(cited)


METRIC = CitationPrecision()
