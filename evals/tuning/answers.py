"""The part of a search that needs a model: prompt technique and refusal threshold, on the evidence that is settled already.

Each technique costs one draft a question, kept on disk by prompt, so that a search that is stopped goes on; every threshold is
then judged on the same drafts. A case is handled right if its answer holds what it must, or if it has none and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
from langchain_core.language_models import BaseChatModel
from numpy.typing import NDArray

from chains.answerable import draft_features
from chains.calibration import Calibration
from chains.check import Checker
from chains.draft import claims_of, final_part
from chains.ground import Grounder
from chains.prepare import Prepared, Preparer
from chains.templates import PromptTemplateText
from evals.base import Case, Group, Outcome
from evals.calibrate import Drafts, folds
from evals.metrics.correct import METRIC as CORRECT
from evals.statistics import Difference, Estimate, difference, estimate
from evals.tuning.search import CLEAR

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True, order=True)
class Asking:
    """prompt: a technique of chains/variants by name. refusal_threshold: of the answer's probability to hold."""

    prompt: str
    refusal_threshold: float


@dataclass(frozen=True, slots=True)
class Judged:
    """A technique's drafts on a set. chances: that the documents answer the question, by the draft; right: whether the checked
    answer is, were it not refused; both (cases,)."""

    chances: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]

    def handled(self, threshold: float) -> NDArray[np.float64]:
        """1 for each case that is handled right at this threshold, (cases,)."""
        refused = self.chances < threshold
        return np.where(self.answerable, ~refused & self.right, refused).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Settled:
    """chosen: on all cases. default, tuned, gain: share handled right with each fold's documents held out."""

    chosen: Asking
    default: Estimate
    tuned: Estimate
    gain: Difference | None
    figures: dict[str, float]


class Handled:
    """The searched figure, for evals.statistics; its rows are made here."""

    name = "handled"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """Never asked: rows come from Judged."""
        return None


def judge(
    prepared: Sequence[tuple[Case, Prepared]],
    template: PromptTemplateText,
    drafts: Callable[[Prepared], str],
    preparer: Preparer,
    calibration: Calibration,
) -> Judged:
    """Drafts and checks every case as the engine of a small model would, refusals by chance left open."""
    never = replace(calibration, answerable=replace(calibration.answerable, threshold=0.0))
    checker, chances, right = Checker(preparer, never), [], []
    for case, evidence in prepared:
        text = final_part(drafts(evidence), template.final)
        grounder = Grounder(evidence.passages, preparer.vectors, preparer.idf, calibration.support)
        supports = [grounder.check(part, evidence.standalone) for part in claims_of(text, evidence)]
        features = draft_features(text, supports, evidence, grounder)
        chances.append(calibration.answerable.probability(features))
        held = CORRECT.evaluate(case, Outcome(checker.check(evidence, text, small=True)))
        right.append(held is None or held == 1.0)
    answerable = [case.answerable for case, _ in prepared]
    return Judged(np.array(chances), np.array(right, dtype=bool), np.array(answerable, dtype=bool))


def kept_drafts(path: Path, model: BaseChatModel, name: str, template: PromptTemplateText) -> Callable[[Prepared], str]:
    """Drafts of one technique, from the file where they are there. name: of the model, with its adapter."""
    asked = f"{name}\0{sha256(template.text.encode()).hexdigest()}"
    return Drafts(path, lambda prepared: str(model.invoke(template.messages(prepared.variables())).text), asked).of


def settle(start: Asking, judged: dict[str, Judged], cases: Sequence[Case]) -> Settled:
    """Technique and threshold of most cases handled right, kept at `start` unless the gain is clear of its noise."""
    everything = np.arange(len(cases))
    before, after = judged[start.prompt].handled(start.refusal_threshold), np.zeros(len(cases))
    for train, test in folds(cases):
        if test:
            won = _choose(start, judged, np.asarray(train)) if train else start
            after[test] = judged[won.prompt].handled(won.refusal_threshold)[test]
    chosen, metric = _choose(start, judged, everything), Handled()
    default, tuned = ([(value,) for value in shares.tolist()] for shares in (before, after))
    figures = {name: float(one.handled(_best(name, judged, everything)).mean()) for name, one in judged.items()}
    return Settled(
        chosen, estimate(metric, default), estimate(metric, tuned), difference(metric, default, tuned), figures
    )


def _choose(start: Asking, judged: dict[str, Judged], cases: NDArray[np.int64]) -> Asking:
    here = judged[start.prompt].handled(start.refusal_threshold)[cases]
    best, most = start, 0.0
    for name, one in judged.items():
        for threshold in sorted(THRESHOLDS, key=lambda t: abs(t - start.refusal_threshold)):
            gains = one.handled(threshold)[cases] - here
            gain, error = float(gains.mean()), float(gains.std()) / np.sqrt(len(gains))
            if gain > max(most, CLEAR * error):
                best, most = Asking(name, threshold), gain
    return best


def _best(name: str, judged: dict[str, Judged], cases: NDArray[np.int64]) -> float:
    return max(THRESHOLDS, key=lambda threshold: float(judged[name].handled(threshold)[cases].mean()))
