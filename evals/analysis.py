"""Error analysis: where each wrong answer was lost, who was refused, and how the figures fall by tag.

The order is the order of the pipeline, and the first step that lost the answer is the one to mend. A text holds the evidence if
it holds every gold sentence, or every string that a right answer must hold: the same fact may stand in two places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from chains.matching import holds
from evals.base import Case, Outcome
from evals.metrics.correct import METRIC as CORRECT
from evals.relevance import gold_items, held
from evals.run_folder import Run

Loss = Literal["retrieval", "packing", "model", "grounding", "answered_unanswerable"]
LOSSES: tuple[Loss, ...] = get_args(Loss)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Questions by what they were and what became of them."""

    answered: int
    refused: int
    unanswerable_answered: int
    unanswerable_refused: int


def loss_of(case: Case, outcome: Outcome) -> Loss | None:
    """The step that lost the answer; None where it is right, or nobody can say because no right answer is known.

    retrieval: no hit holds the evidence. packing: a hit does, the prompt does not. model: the prompt holds it, the draft does
    not. grounding: the draft was right and was refused or replaced. answered_unanswerable: should have been refused.
    """
    answer = outcome.answer
    if answer is None:
        return None
    if not case.answerable:
        return None if answer.refused else "answered_unanswerable"
    if CORRECT.evaluate(case, outcome) != 0.0:
        return None
    if not _holds_evidence(case, [(hit.chunk.source, hit.chunk.text) for hit in outcome.ranking]):
        return "retrieval"
    if not _holds_evidence(case, [(p.chunk.source, p.text) for p in outcome.passages]):
        return "packing"
    return "grounding" if _says_all(case, answer.draft) else "model"


def losses(run: Run, system: str) -> dict[str, Loss]:
    """Case id -> what lost it, in the set's order; cases that lost nothing are left out."""
    found = {
        case.id: loss_of(case, run.outcomes[system][case.id]) for case in run.cases if case.id in run.outcomes[system]
    }
    return {case_id: loss for case_id, loss in found.items() if loss is not None}


def count(found: Mapping[str, Loss]) -> dict[Loss, int]:
    """How many each step lost; zeros included."""
    counted = Counter(found.values())
    return {loss: counted[loss] for loss in LOSSES}


def confusion(run: Run, system: str) -> Confusion | None:
    """None where the system gives no answers, as retrieval alone."""
    pairs = [
        (case.answerable, answer.refused)
        for case in run.cases
        if case.id in run.outcomes[system] and (answer := run.outcomes[system][case.id].answer) is not None
    ]
    counted = Counter(pairs)
    kinds = ((True, False), (True, True), (False, False), (False, True))
    return Confusion(*(counted[kind] for kind in kinds)) if pairs else None


def slices(cases: Sequence[Case], smallest: int = 3) -> dict[str, frozenset[str]]:
    """Tag -> ids of its cases, the most frequent tag first; tags of fewer than `smallest` cases are left out."""
    by_tag: dict[str, set[str]] = {}
    for case in cases:
        for tag in case.tags:
            by_tag.setdefault(tag, set()).add(case.id)
    kept = [(tag, frozenset(ids)) for tag, ids in by_tag.items() if len(ids) >= smallest]
    return dict(sorted(kept, key=lambda item: (-len(item[1]), item[0])))


def _holds_evidence(case: Case, texts: Sequence[tuple[str, str]]) -> bool:
    everything = frozenset[int]().union(*(held(case, source, text) for source, text in texts))
    gold = gold_items(case)
    return (bool(gold) and len(everything) == len(gold)) or _says_all(case, "\n".join(text for _, text in texts))


def _says_all(case: Case, text: str) -> bool:
    return bool(case.must_include) and all(holds(text, group) for group in case.must_include)
