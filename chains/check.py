"""Makes a checked answer of a model's draft: sentences with support and citations, the documents' own words, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chains.answerable import draft_features, is_of_another_number, is_refusal
from chains.calibration import Calibration
from chains.cite import citations_of, cite
from chains.draft import best_sentence, claims_of, is_fragment
from chains.evidence import is_question
from chains.ground import MARK, Grounder, Support
from chains.prepare import Prepared, Preparer
from chains.prompts import REFUSAL_KO
from models.types import Answer, Citation, RefusalReason, Sentence

MOST_QUOTES = 3


class Checker:
    """Thread-safe; one serves all answers of an engine."""

    def __init__(self, preparer: Preparer, calibration: Calibration) -> None:
        self._preparer, self._calibration = preparer, calibration

    def check(self, prepared: Prepared, draft: str, *, small: bool, stopped: bool = False) -> Answer:
        """draft: the answer part alone. small: of a model whose words are kept only where they are faithful."""
        grounder = Grounder(prepared.passages, self._preparer.vectors, self._preparer.idf, self._calibration.support)
        parts = claims_of(draft, prepared)
        supports = [grounder.check(part, prepared.standalone) for part in parts]
        features = draft_features(draft, supports, prepared, grounder)
        answerable = self._calibration.answerable
        if not stopped and answerable.probability(features) < answerable.threshold:
            return self.refusal(prepared, "model_refused" if is_refusal(draft) else "unsupported")
        faithful = features["support"] >= self._calibration.citation.faithful
        broken = features["unsupported"] or features["number_elsewhere"] or is_fragment(parts[0])
        if is_refusal(draft) or (small and not stopped and (not faithful or broken)):
            answer = self._quoted(prepared, grounder, supports)
        else:
            answer = self._cited(prepared, parts, supports)
        return answer if stopped or self._answers(answer, prepared, small) else self.refusal(prepared, "unsupported")

    def refusal(self, prepared: Prepared, reason: RefusalReason) -> Answer:
        """A refusal, with the place nearest to the question."""
        nearest = _citation_of(prepared) if prepared.passages else None
        sentence = Sentence(REFUSAL_KO, 0.0)
        return Answer(prepared.question, (sentence,), refused=True, reason=reason, nearest=nearest)

    def _answers(self, answer: Answer, prepared: Prepared, small: bool) -> bool:
        """Whether what would be shown tells anything, and about the number that was asked about."""
        told = (
            answer.sentences[:1] if answer.sentences[0].quoted else answer.sentences
        )  # what the model leant on comes first
        if all(is_question(MARK.sub("", sentence.text)) for sentence in told):
            return False
        return not (small and is_of_another_number(prepared.standalone, answer))

    def _cited(self, prepared: Prepared, parts: Sequence[str], supports: Sequence[Support]) -> Answer:
        rule = self._calibration.citation
        checked = [cite(part, s, prepared.passages, rule) for part, s in zip(parts, supports, strict=True)]
        return Answer(prepared.question, tuple(checked), citations_of(checked, supports, prepared.passages))

    def _quoted(self, prepared: Prepared, grounder: Grounder, supports: Sequence[Support]) -> Answer:
        """The documents' own sentences where the model's words do not hold: those it leant on, and the best evidence."""
        least = self._calibration.citation.support
        held = [
            support for i, support in enumerate(supports) if support.by_passage and (i == 0 or support.score >= least)
        ]
        leant = [support.quotes[max(support.by_passage, key=support.by_passage.__getitem__)] for support in held]
        quotes = list(dict.fromkeys([*leant[:MOST_QUOTES], best_sentence(prepared)]))
        answer = self._cited(prepared, quotes, [grounder.check(q, prepared.standalone) for q in quotes])
        return replace(answer, sentences=tuple(replace(s, quoted=True) for s in answer.sentences))


def _citation_of(prepared: Prepared) -> Citation:
    best = prepared.passages[0]
    return Citation(best.n, best.chunk.source, best.chunk.locator, best_sentence(prepared), best.chunk.id)
