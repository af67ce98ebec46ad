"""Keeps evaluation sets out of training data: their questions, near paraphrases of them, and the sentences that prove their answers.

The documents themselves may be trained on; what is asked of them in an evaluation may not, or its figures mean nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chains.matching import squeeze
from finetune.data.split import Screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.training_facts import Asked
    from app.wiring import Wiring
    from chains.making.base import Made
    from evals.base import Case


def held_cases(unlike: Sequence[Path] = ()) -> list[Case]:
    """The shipped question sets, and those named: nothing of them may be trained on."""
    from app.course import shipped
    from evals.questions import load_entries

    folder = shipped("questions")
    files = sorted(folder.glob("course-*.jsonl")) if folder else []
    return [entry.case for path in (*files, *unlike) for entry in load_entries(path)]


def screen(wiring: Wiring, cases: Sequence[Case]) -> Screen:
    """Over the cases' questions, with the words and the embedder of this home."""
    import numpy as np

    from ingest.morphemes import content_morphemes

    embedder = wiring.embedder()

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([embedder.embed_question(text) for text in texts])  # (N, D)

    return Screen([case.question for case in cases], lambda text: frozenset(content_morphemes(text)), embed)


class Gate:
    """Lets facts through that no evaluation set knows. near: over its questions; dropped: counts the others by reason."""

    def __init__(self, near: Screen, cases: Sequence[Case], dropped: Counter[str]) -> None:
        self._screen = near
        self._evidence = [squeeze(text) for case in cases for text in case.evidence.split("\n") if len(text) > 8]
        self._dropped = dropped

    def made(self, found: Sequence[Made]) -> list[Made]:
        """Questions that are no near copy of a held one and whose evidence proves none."""
        near = self._screen.near([made.question for made in found])
        kept = []
        for made, copy in zip(found, near, strict=True):
            if copy or self._proves(made):
                self._dropped["evaluation_question" if copy else "evaluation_evidence"] += 1
            else:
                kept.append(made)
        return kept

    def asked(self, one: Asked) -> bool:
        """Whether the question as it is worded may stay."""
        if self._screen.near([one.fact.question])[0]:
            self._dropped["evaluation_question"] += 1
            return False
        return True

    def span(self, one: Asked) -> bool:
        """Whether a short answer may stay."""
        if any(self._shares(text) for text in one.fact.evidence):
            self._dropped["evaluation_evidence"] += 1
            return False
        return self.asked(one)

    def _proves(self, made: Made) -> bool:
        return self._shares(squeeze(made.evidence))

    def _shares(self, squeezed: str) -> bool:
        return any(squeezed in held or held in squeezed for held in self._evidence)
