"""ROUGE-L over Kiwi's morphemes: the longest common subsequence of answer and reference (Lin 2004), as F1.

The usual packages keep [a-z0-9] only and give every Korean answer 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.base import Case, Group, Outcome
from evals.wording import compared, morphemes


class RougeL:
    """2 LCS / (length of the answer + length of the reference), in morphemes; 0 for a refusal."""

    name = "rouge_l"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None for an unanswerable question or a case without a reference."""
        texts = compared(case, outcome)
        if texts is None:
            return None
        said, wanted = (morphemes(text) for text in texts)
        common = longest_common_subsequence(said, wanted)
        return 2 * common / (len(said) + len(wanted)) if common else 0.0


def longest_common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """Its length, in O(len(a) len(b)) time and O(len(b)) memory."""
    row = [0] * (len(b) + 1)
    for word in a:
        before = 0
        for j, other in enumerate(b, start=1):
            before, row[j] = row[j], before + 1 if word == other else max(row[j], row[j - 1])
    return row[-1]


METRIC = RougeL()
