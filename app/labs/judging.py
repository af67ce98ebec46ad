"""A classifier is judged: one threshold moves the confusion matrix, every metric and the marks on the curves; then its surest mistakes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from app.labs.base import Choice, Code, Desk, Event, Figure, Progress, Range, Said, Score, Shown, Table, Try, Value
from app.labs.data.loading import load
from app.labs.figures import Axes, bars, confusion, histogram, line, scatter
from app.labs.panels import panels, stepped
from app.labs.parts.judging_classifiers import Classifier, Logistic, NaiveBayes
from app.labs.parts.judging_metrics import (
    Calibration,
    Counts,
    Numbers,
    Sweep,
    area_under_roc,
    average_precision,
    best_threshold,
    brier,
    calibrate,
    cheapest,
    count,
    pairs_in_order,
    sweep,
)
from app.labs.parts.judging_rows import Rows, Task, task

TEST_ROWS, THRESHOLDS, POINTS, BINS = 2000, 101, 250, 10
MISTAKES, SHOWN_LETTERS = 10, 120
CLASSIFIERS: dict[str, type[Logistic] | type[NaiveBayes]] = {"logistic": Logistic, "bayes": NaiveBayes}
LEAST_AUC = {
    "breast-cancer": (0.97, 0),
    "nsmc": (0.80, 2000),
    "reviews-ko": (0.80, 1000),
}  # from so many training rows on
FORMULAS = {
    "accuracy": ("(TP + TN) / N", "({tp} + {tn}) / {all}"),
    "precision": ("TP / (TP + FP)", "{tp} / ({tp} + {fp})"),
    "recall": ("TP / (TP + FN)", "{tp} / ({tp} + {fn})"),
    "specificity": ("TN / (TN + FP)", "{tn} / ({tn} + {fp})"),
    "f1": ("2TP / (2TP + FP + FN)", "2·{tp} / (2·{tp} + {fp} + {fn})"),
}
AXES, SQUARE = ("xaxis", "yaxis"), ("scaleanchor", "constrain")
CODE = """\
from sklearn import metrics
said = scores >= {threshold}
metrics.confusion_matrix(truth, said, labels=[True, False])
metrics.precision_recall_fscore_support(truth, said, average="binary")
metrics.roc_auc_score(truth, scores), metrics.average_precision_score(truth, scores)
metrics.brier_score_loss(truth, scores)
"""


class JudgingLab:
    """See the module."""

    name, order = "judging", 140
    notes = ("19-evaluation.md",)
    network = ("app.labs.parts.judging_metrics", "app.labs.parts.judging_classifiers")
    controls = (
        Choice("data", ("breast-cancer", "nsmc"), "breast-cancer"),
        Choice("model", ("logistic", "bayes"), "logistic"),
        Choice("share", ("all", "0.2", "0.05", "0.02"), "all"),
        Range("rows", 200, 10_000, 3000, log=True),
        Range("threshold", 0.0, 1.0, 0.5, step=0.01, whole=False),
        Range("cost", 1, 50, 5),
    )
    tries = (
        Try(2, {"data": "breast-cancer", "threshold": 0.9}),
        Try(3, {"data": "nsmc", "share": "0.02"}),
        Try(1, {"data": "breast-cancer", "model": "bayes", "threshold": 0.9}),
    )
    small: ClassVar[dict[str, Value]] = {"data": "nsmc", "rows": 200}

    def seconds(self, **values: Value) -> float:
        """Reading the file is most of it."""
        return 2.0 + (0.0006 * float(values["rows"]) if values["data"] == "nsmc" else 0.0)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """Training, then everything that the scores of the test rows say."""
        rows = int(values["rows"]) if values["data"] == "nsmc" else 0
        found = load(desk, str(values["data"]), train=rows, test=TEST_ROWS)
        yield found.used()
        share = 0.0 if values["share"] == "all" else float(values["share"])
        made = task(found, share, desk.seed)
        model: Classifier = CLASSIFIERS[str(values["model"])]()
        for done in model.fit(made.train):
            yield Progress(done, 1, "training")
        scores = model.scores(made.test.inputs)
        threshold = round(float(values["threshold"]), 2)
        yield Shown(_setup(made))
        yield from _judged(made.test, scores, threshold, _least_auc(found.name, made, share))
        yield from _costs(made.test, scores, float(values["cost"]))
        yield from _mistakes(made.test, scores)
        yield Shown(Code("library", CODE.format(threshold=threshold)))


def _setup(made: Task) -> Said:
    positive = int(made.test.truth.sum())
    many = len(made.test.truth)
    rows: dict[str, str | int] = {"train": len(made.train.truth), "test": many, "positive": positive}
    return Said("setup", "setup", {**rows, "kind": made.kind, "share": f"{100 * positive / many:.1f}"})


def _least_auc(name: str, made: Task, share: float) -> float | None:
    """Where the AUC usually is at least; None where nobody can say."""
    least, rows = LEAST_AUC.get(name, (None, 0))
    return least if not share and len(made.train.truth) >= rows else None


def _judged(test: Rows, scores: Numbers, threshold: float, least: float | None) -> Iterator[Event]:
    """The figure with the slider, the scores at the threshold, and each metric with its numbers put in."""
    swept, calibrated = sweep(test.truth, scores), calibrate(test.truth, scores, BINS)
    here = count(test.truth, scores, threshold)
    yield Shown(_moving(test, scores, (swept, calibrated), threshold))
    for name in ("accuracy", "precision", "recall", "f1"):
        value = getattr(here, name)
        if math.isfinite(value):
            yield Score(name, value, unit="share")
    yield Score("auc", area_under_roc(swept), low=least, unit="loss")
    yield Score("ap", average_precision(swept), unit="loss")
    yield Score("ece", calibrated.error, unit="loss")
    yield Score("brier", brier(test.truth, scores), unit="loss")
    yield Shown(_formulas(here, threshold))
    pairs = {"auc": f"{pairs_in_order(test.truth, scores):.3f}", "share": f"{test.truth.mean():.3f}"}
    yield Shown(Said("areas", "areas", {**pairs, "ap": f"{average_precision(swept):.3f}"}))


def _moving(test: Rows, scores: Numbers, curves: tuple[Sweep, Calibration], threshold: float) -> Figure:
    """Six panels for each threshold of the slider, joined: what does not move is made once."""
    swept, calibrated = curves
    still = _curves(swept, calibrated, _heaps(test, scores))
    most = max(max(trace["y"]) for trace in still["scores"].data)
    steps = {}
    for at in np.linspace(0, 1, THRESHOLDS):
        here, cut = count(test.truth, scores, float(at)), ([float(at)] * 2, [0, 1])
        marks = {
            "roc": ([_or_none(1 - here.specificity)], [_or_none(here.recall)]),
            "pr": ([_or_none(here.recall)], [_or_none(here.precision)]),
            "calibration": cut,
            "scores": (cut[0], [0, most]),
        }
        moved = [_marked(figure, marks[name]) for name, figure in still.items()]
        steps[f"{at:.2f}"] = panels("threshold", [_matrix(here), _metrics(here), *moved])
    return stepped(steps, "threshold", f"{threshold:.2f}")


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _matrix(here: Counts) -> Figure:
    """Cells as wide as the panel, with what each is called."""
    made = confusion("matrix", [[here.tp, here.fn], [here.fp, here.tn]], ("positive", "negative"))
    named = [[f"TP {here.tp}", f"FN {here.fn}"], [f"FP {here.fp}", f"TN {here.tn}"]]
    free = {name: {key: made.layout[name][key] for key in made.layout[name] if key not in SQUARE} for name in AXES}
    return replace(made, data=[{**made.data[0], "text": named}], layout=free)


def _metrics(here: Counts) -> Figure:
    names = list(FORMULAS)
    values = [_or_none(getattr(here, name)) for name in names]
    made = bars("metrics", names, {"share": values}, Axes(span_y=(0, 1.12)))
    written = [f"{value:.2f}" if value is not None else "–" for value in values]
    look = {"text": written, "textposition": "outside", "cliponaxis": False, "width": 0.6}
    return replace(made, data=[{**made.data[0], **look}])


def _curves(swept: Sweep, calibrated: Calibration, heaps: Figure) -> dict[str, Figure]:
    """What the marks move on."""
    few = np.unique(np.linspace(0, len(swept.tp) - 1, POINTS).round().astype(int))
    luck, span = ([0, 1], [0, 1]), (-0.03, 1.05)
    share = float(swept.tp[-1] / (swept.tp[-1] + swept.fp[-1]))
    roc = line("roc", {"roc": (swept.fpr[few], swept.tpr[few]), "chance": luck}, Axes("fpr", "recall", span_y=span))
    pr = {"pr": (swept.tpr[few], swept.precision[few]), "chance": ([0, 1], [share, share])}
    fair = {"calibration": (calibrated.said, calibrated.true), "fair": luck}
    return {
        "roc": roc,
        "pr": line("pr", pr, Axes("recall", "precision", span_y=span)),
        "calibration": line("calibration", fair, Axes("said", "share_true", span_y=span), marks=True),
        "scores": heaps,
    }


def _heaps(test: Rows, scores: Numbers) -> Figure:
    return histogram("scores", {"positive": scores[test.truth], "negative": scores[~test.truth]}, Axes("said", "count"))


def _marked(figure: Figure, mark: tuple[Any, Any]) -> Figure:
    """A dot for one point; a line for two."""
    (dot,) = scatter("", {"threshold": mark}).data
    look = {"mode": "markers", "marker": {"color": "#b42318", "size": 12}}
    if len(mark[0]) > 1:
        look = {"mode": "lines", "line": {"color": "#b42318", "width": 2, "dash": "dot"}}
    return replace(figure, data=[*figure.data, {**dot, **look}])


def _formulas(here: Counts, threshold: float) -> Table:
    numbers = {"tp": here.tp, "fp": here.fp, "fn": here.fn, "tn": here.tn}
    filled = {"all": sum(numbers.values()), **numbers}
    rows = tuple(
        (name, formula, put.format(**filled), _told(getattr(here, name))) for name, (formula, put) in FORMULAS.items()
    )
    return Table("formulas", ("metric", "formula", f"t = {threshold:.2f}", "value"), rows)


def _told(value: float) -> float | str:
    return round(value, 4) if math.isfinite(value) else "none"


def _costs(test: Rows, scores: Numbers, cost: float) -> Iterator[Event]:
    """Where a missed positive costs `cost` false alarms: the threshold that is best on these rows, and the one theory names."""
    swept = sweep(test.truth, scores)
    best, least = cheapest(swept, cost)
    half, theory = (count(test.truth, scores, at) for at in (0.5, best_threshold(cost)))
    said = {
        "cost": f"{cost:g}",
        "best": f"{best:.3f}" if math.isfinite(best) else "∞",
        "least": f"{least:g}",
        "half": f"{half.fp + cost * half.fn:g}",
        "theory": f"{best_threshold(cost):.3f}",
        "theory_cost": f"{theory.fp + cost * theory.fn:g}",
    }
    yield Shown(Said("costs", "costs", said))


def _mistakes(test: Rows, scores: Numbers) -> Iterator[Event]:
    """Negative rows by falling score, and positive rows by rising score. Each is wrong on one side of its score, whatever the slider
    says: the column tells on which."""
    wrong = 0
    for name, rows, order, side in (
        ("false_positives", ~test.truth, -scores, "≤"),
        ("false_negatives", test.truth, scores, ">"),
    ):
        surest = [int(at) for at in np.argsort(order, kind="stable") if rows[at]][:MISTAKES]
        listed = [at for at in surest if (scores[at] >= 0.5) == (name == "false_positives")]
        wrong += len(listed)
        cells = tuple(
            (_short(test.shown[at]), round(float(scores[at]), 3), f"{side} {scores[at]:.3f}") for at in listed
        )
        yield Shown(Table(name, ("row", "said", "wrong_where"), cells))
    yield Shown(Said("mistakes", "mistakes" if wrong else "no_mistakes", tone="plain" if wrong else "good"))


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_LETTERS else f"{text[: SHOWN_LETTERS - 1]}…"


LAB = JudgingLab()
