"""A fact: a question with its answer and the sentence that proves it, as a training example needs it.

Facts are made outside of this package (app/training_data.py), where documents, the retriever and the prompt are known; here they
become examples (compose.py) without knowing any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["cite", "refuse", "span"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer. evidence: what it was taken from, word for word; passage: number of the one that holds it."""

    text: str
    evidence: str
    passage: int


@dataclass(frozen=True, slots=True)
class Fact:
    """kind: "cite" answers with `claims`, "span" with the bare words of the only claim, "refuse" has none.

    way: how the question was made ("definition", "number", "twin", …). document: by which examples are split. passages: what
    the model is shown, by number from 1. origin: as `Example.origin`. licence: of the document; "" for one's own.
    """

    kind: Kind
    way: str
    question: str
    document: str
    passages: tuple[str, ...]
    claims: tuple[Claim, ...] = ()
    origin: str = "structure"
    licence: str = ""

    @property
    def evidence(self) -> tuple[str, ...]:
        """Of each claim, in order."""
        return tuple(claim.evidence for claim in self.claims)


def faults(fact: Fact, same: Sequence[str] = ()) -> tuple[str, ...]:
    """Why a fact must not be trained on, in a word each; () where it may.

    same: `fact.passages` in the form in which sentences are looked for, where that is not the text itself; `Claim.evidence` is
    then in that form too.
    """
    found = []
    texts = same or fact.passages
    if not fact.question.strip():
        found.append("no_question")
    if bool(fact.claims) == (fact.kind == "refuse") or any(not claim.text.strip() for claim in fact.claims):
        found.append("no_answer")
    if any(not 1 <= claim.passage <= len(texts) for claim in fact.claims):
        found.append("cites_nothing")
    elif any(claim.evidence not in texts[claim.passage - 1] for claim in fact.claims):
        found.append("not_in_passage")
    return tuple(found)
