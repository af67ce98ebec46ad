"""Fits chains/calibration.toml on the question sets, and says with cross-validation how good the fit is.

    python -m evals.calibrate --home HOME --model qwen2.5-coder-1.5b data/questions/course-*.jsonl --write

    python -m evals.calibrate --home HOME --model qwen2.5-coder-0.5b --adapter FOLDER data/questions/course-*.jsonl --write FILE

With an adapter only [answerable] is fitted, on its drafts with its own prompt: FILE is its calibration.toml, which says what differs.
HOME holds the weights and the ingested course (`coursemate --home HOME ingest data/course`). The model's drafts are kept in
HOME/drafts.jsonl by prompt, so that only changed prompts cost a run of the model. Folds are cut by document, never by
question: what is learned on one chapter is tested on others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chains.answerable import draft_features
from chains.budget import local_budget
from chains.calibration import Calibration, Logistic, dump, dump_answerable, load
from chains.draft import claims_of
from chains.evidence import FEATURES
from chains.ground import Grounder
from chains.matching import squeeze
from chains.pack import Budget
from chains.prepare import Prepared, Preparer
from chains.templates import find
from evals.base import Case

log = logging.getLogger(__name__)

ANSWERABLE = (
    "model_refused",
    "refused_uncovered",
    "support",
    "unsupported",
    "number_elsewhere",
    "number_uncovered",
    "number_of_another",
    "unknown_names",
)
# The 1.5B refuses hardly any question it could answer, too few to weigh its refusals by: these stay as fitted on more of them.
KEPT = ("model_refused", "refused_uncovered")
FALSE_REFUSALS = 0.06
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A case with its retrieved sentences. labels: 1 where the sentence is (part of) the gold evidence."""

    case: Case
    prepared: Prepared
    features: Matrix
    labels: NDArray[np.int64]


class Drafts:
    """Model answers by prompt, kept on disk so that an interrupted run goes on."""

    def __init__(self, path: Path, ask: Callable[[Prepared], str], model: str, prompt: str = "") -> None:
        self._path, self._ask, self._model, self._template = path, ask, model, find(prompt)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._kept: dict[str, str] = dict(json.loads(line) for line in lines)

    def of(self, prepared: Prepared) -> str:
        """The model's draft for this prompt, from the file if it is there."""
        prompt = "\n".join(str(m.content) for m in self._template.messages(prepared.variables()))
        key = hashlib.sha256(f"{self._model}\0{prompt}".encode()).hexdigest()
        if key not in self._kept:
            self._kept[key] = self._ask(prepared)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self._kept[key]], ensure_ascii=False) + "\n")
        return self._kept[key]


def examples(cases: Sequence[Case], preparer: Preparer, budget: Budget) -> list[Example]:
    """Retrieves for every case and labels the sentences."""
    found = []
    for case in cases:
        prepared = preparer.prepare(case.question, (), budget)
        features = np.asarray([c.features for c in prepared.candidates]).reshape(-1, len(FEATURES))
        labels = np.asarray([is_evidence(c.unit.text, case) for c in prepared.candidates], dtype=np.int64)
        found.append(Example(case, prepared, features, labels))
    return found


def is_evidence(text: str, case: Case) -> bool:
    """Whether a sentence is the gold evidence, a part of it, or holds it."""
    sentence, gold = squeeze(text), squeeze(case.evidence)
    return bool(gold) and len(sentence) > 5 and (sentence in gold or gold in sentence)


def fit_evidence(found: Sequence[Example], penalty: float = 0.02) -> Matrix:
    """Coefficients of FEATURES that put gold sentences first: listwise softmax likelihood, L2-penalised. (F,)"""
    from scipy.optimize import minimize

    ranked = [(e.features, e.labels) for e in found if e.labels.any()]

    def loss(w: Matrix) -> tuple[float, Matrix]:
        total, gradient = penalty * float(w @ w), 2 * penalty * w
        for features, labels in ranked:
            scores = features @ w
            share = np.exp(scores - scores.max())
            share /= share.sum()
            gold = share * labels
            total -= float(np.log(gold.sum() + 1e-12))
            gradient = gradient - features.T @ (gold / (gold.sum() + 1e-12) - share)
        return total, gradient

    return np.asarray(minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x)


def with_bias(w: Matrix, found: Sequence[Example]) -> Matrix:
    """The softmax leaves the bias free; set so that the score is 0.5 for the median best gold sentence's margin."""
    gold = [float((e.features @ w)[e.labels == 1].max()) for e in found if e.labels.any()]
    shifted = w.copy()
    shifted[FEATURES.index("bias")] -= float(np.quantile(gold, 0.25))
    return shifted


def fit_logistic(rows: Sequence[dict[str, float]], truth: Sequence[bool], names: Sequence[str]) -> dict[str, float]:
    """Coefficients by name, `bias` among them."""
    from sklearn.linear_model import LogisticRegression

    table = np.asarray([[row[name] for name in names] for row in rows])
    spread = table.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1_000).fit(table / spread, truth)
    coefficients = dict(zip(names, (model.coef_[0] / spread).tolist(), strict=True))
    return {name: round(value, 4) for name, value in (coefficients | {"bias": float(model.intercept_[0])}).items()}


def threshold_for(probabilities: Sequence[float], answerable: Sequence[bool], false_refusals: float) -> float:
    """The highest threshold at which at most this share of the answerable questions is refused."""
    kept = sorted(p for p, is_answerable in zip(probabilities, answerable, strict=True) if is_answerable)
    return round(kept[int(false_refusals * len(kept))] - 1e-6, 4)


def folds(cases: Sequence[Case], count: int = 5) -> Iterator[tuple[list[int], list[int]]]:
    """(train, test) positions; all questions on one document fall into one fold, unanswerable ones are spread evenly."""
    documents = sorted({case.documents[0] for case in cases if case.documents})
    fold_of = {document: i % count for i, document in enumerate(documents)}
    place = [fold_of[c.documents[0]] if c.documents else i % count for i, c in enumerate(cases)]
    for fold in range(count):
        yield [i for i, f in enumerate(place) if f != fold], [i for i, f in enumerate(place) if f == fold]


def cross_validated(rows: Sequence[dict[str, float]], cases: Sequence[Case], names: Sequence[str]) -> list[float]:
    """Each case's probability from a model that has not seen its document."""
    held_out = [0.0] * len(cases)
    for train, test in folds(cases):
        model = Logistic(fit_logistic([rows[i] for i in train], [cases[i].answerable for i in train], names))
        for i in test:
            held_out[i] = model.probability(rows[i])
    return held_out


def draft_rows(
    found: Sequence[Example], drafts: Drafts, preparer: Preparer, calibration: Calibration
) -> list[dict[str, float]]:
    """Features after the model's draft, one row an example."""
    rows = []
    for number, example in enumerate(found, start=1):
        prepared, text = example.prepared, drafts.of(example.prepared)
        grounder = Grounder(prepared.passages, preparer.vectors, preparer.idf, calibration.support)
        supports = [grounder.check(part, prepared.standalone) for part in claims_of(text, prepared)]
        rows.append(draft_features(text, supports, prepared, grounder))
        log.info("%d/%d %s", number, len(found), example.case.id)
    return rows


def calibrate(
    cases: Sequence[Case], preparer: Preparer, drafts: Drafts, budget: Budget
) -> tuple[Calibration, dict[str, Any]]:
    """The fitted calibration and the cross-validated figures."""
    shipped = load()
    found = examples(cases, preparer, budget)
    ranks = []
    for train, test in folds(cases):
        w = fit_evidence([found[i] for i in train])
        ranks += [_rank(found[i], w) for i in test if found[i].labels.any()]
    evidence = with_bias(fit_evidence(found), found)
    named = dict(zip(FEATURES, evidence.round(4).tolist(), strict=True))
    fitted = preparer.with_evidence(named)
    model, refused = calibrate_answerable(cases, fitted, drafts, budget)
    kept = {name: shipped.answerable.coefficients[name] for name in KEPT}
    figures = {
        "gold_first": float(np.mean([r == 1 for r in ranks])),
        "gold_in_pool": len(ranks) / sum(case.answerable for case in cases),
        "refused": refused,
    }
    return replace(
        shipped, evidence=named, answerable=replace(model, coefficients={**model.coefficients, **kept})
    ), figures


def calibrate_answerable(
    cases: Sequence[Case], preparer: Preparer, drafts: Drafts, budget: Budget, false_refusals: float = FALSE_REFUSALS
) -> tuple[Logistic, dict[str, float]]:
    """When an answer is given, fitted on these drafts; the cross-validated shares refused of each kind of question."""
    rows = draft_rows(examples(cases, preparer, budget), drafts, preparer, load())
    answerable = [case.answerable for case in cases]
    held_out = cross_validated(rows, cases, ANSWERABLE)
    threshold = threshold_for(held_out, answerable, false_refusals)
    return Logistic(fit_logistic(rows, answerable, ANSWERABLE), threshold), _refused(held_out, answerable, threshold)


def _rank(example: Example, w: Matrix) -> int:
    scores = example.features @ w
    return int((scores > scores[example.labels == 1].max()).sum()) + 1


def _refused(probabilities: Sequence[float], answerable: Sequence[bool], threshold: float) -> dict[str, float]:
    pairs = list(zip(probabilities, answerable, strict=True))
    return {
        "answerable": float(np.mean([p < threshold for p, a in pairs if a])),
        "unanswerable": float(np.mean([p < threshold for p, a in pairs if not a])),
    }


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="+", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--model", default="qwen2.5-coder-1.5b")
    parser.add_argument("--tokens", type=int, default=160, help="packing budget, as `normal` has it on two cores")
    parser.add_argument("--write", type=Path, help="the calibration.toml to write")
    parser.add_argument("--weights", type=Path, help="the weights, where they do not lie in HOME")
    parser.add_argument("--false-refusals", type=float, default=FALSE_REFUSALS, help="share that an adapter may refuse")
    parser.add_argument("--adapter", type=Path, help="folder of an adapter with its adapter.gguf and serving.json")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    from evals.bench import GGUF, open_bench
    from evals.questions import load_cases

    cases, budget = load_cases(arguments.questions), local_budget(arguments.tokens)
    kept = arguments.home / "drafts.jsonl"
    figures: dict[str, Any]
    if arguments.adapter:
        name = f"{arguments.model}+{hashlib.sha256((arguments.adapter / GGUF).read_bytes()).hexdigest()}"
        with open_bench(arguments.home, arguments.model, arguments.adapter, arguments.weights) as bench:
            drafts = Drafts(kept, bench.draft, name, bench.models.manner("local").prompt)
            own, figures = calibrate_answerable(cases, bench.preparer, drafts, budget, arguments.false_refusals)
        text = dump_answerable(own)
    else:
        with open_bench(arguments.home, arguments.model, weights=arguments.weights) as bench:
            fitted, figures = calibrate(cases, bench.preparer, Drafts(kept, bench.draft, arguments.model), budget)
        text = dump(fitted)
    log.info(json.dumps(figures, indent=1))
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
