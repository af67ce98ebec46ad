"""Share of drafts in the form that was asked for: the exact refusal, or a text that ends in [n] of a passage that was shown.

Of the model's own words, before the check mends them: what training for the form is about.
"""

from __future__ import annotations

import re

from chains.prompts import REFUSAL_KO
from evals.base import Case, Group, Outcome

_LAST = re.compile(r"\[(\d{1,3})\]\s*[.。]?\s*\Z")


class CitationFormat:
    """1 or 0 a draft."""

    name = "citation_format"
    group: Group = "grounding"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None where no model wrote anything."""
        answer = outcome.answer
        if answer is None or not answer.draft.strip():
            return None
        if answer.draft.strip() == REFUSAL_KO:
            return 1.0
        mark = _LAST.search(answer.draft)
        return float(mark is not None and int(mark[1]) in {passage.n for passage in outcome.passages})


METRIC = CitationFormat()
