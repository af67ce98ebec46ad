"""Share of an answer's sentences that the engine's own check found supported: what a reader sees unmarked."""

from __future__ import annotations

from evals.base import Case, Group, Outcome


class SupportedSentences:
    """Mean over the sentences of one answer."""

    name = "supported_sentences"
    group: Group = "grounding"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for a refusal."""
        answer = outcome.answer
        if answer is None or answer.refused or not answer.sentences:
            return None
        return sum(s.supported for s in answer.sentences) / len(answer.sentences)


METRIC = SupportedSentences()
