"""What a sentence of an answer claims, as far as it can be checked without a judge, and whether its citations hold that.

A claim is the required strings that the sentence states, and its numbers. Where it states neither, half of its content
morphemes must be in a quote or in the quote's headings.
"""

from __future__ import annotations

from chains.matching import holds
from chains.numbers import claimed_numbers, numbers
from evals.base import Case
from ingest.morphemes import content_morphemes
from models.types import Answer, Sentence


def citations_hold(sentence: Sentence, case: Case, answer: Answer) -> bool:
    """Whether the quotes that the sentence cites hold what it claims; False for a sentence without citations."""
    quoted = [c for c in answer.citations if c.n in sentence.citations]
    text = " ".join(part for c in quoted for part in (*c.locator.headings, c.quote))
    stated = [group for group in case.must_include if holds(sentence.text, group)]
    wanted = set(claimed_numbers(sentence.text).values()) - numbers(case.question)
    if stated or wanted:
        return all(holds(text, group) for group in stated) and wanted <= numbers(text)
    words = set(content_morphemes(sentence.text))
    return bool(words) and len(words & set(content_morphemes(text))) / len(words) >= 0.5
