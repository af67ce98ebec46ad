"""Share of cited sentences whose quote holds what the sentence claims.

A claim is what can be checked without a judge: the required strings that the sentence states, and its numbers. Where it
states neither, half of its content morphemes must be in the quote or in the quote's headings.
"""

from __future__ import annotations

from chains.numbers import claimed_numbers, numbers
from evals.base import Case, Group, Outcome
from evals.matching import holds
from ingest.morphemes import content_morphemes
from models.types import Answer, Sentence


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
        return sum(self._held(s, case, answer) for s in cited) / len(cited)

    def _held(self, sentence: Sentence, case: Case, answer: Answer) -> bool:
        quoted = [c for c in answer.citations if c.n in sentence.citations]
        text = " ".join(part for c in quoted for part in (*c.locator.headings, c.quote))
        stated = [group for group in case.must_include if holds(sentence.text, group)]
        wanted = set(claimed_numbers(sentence.text).values()) - numbers(case.question)
        if stated or wanted:
            return all(holds(text, group) for group in stated) and wanted <= numbers(text)
        words = set(content_morphemes(sentence.text))
        return bool(words) and len(words & set(content_morphemes(text))) / len(words) >= 0.5


METRIC = CitationPrecision()
