"""The contract of every metric there is."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from evals.base import AnyMetric, Case, Group, Outcome, SetMetric
from evals.statistics import estimate, measure
from evals.suite import suite
from models.discovery import discover
from models.embedders.fake import EMBEDDER
from models.types import Answer, Sentence


def everything() -> list[AnyMetric]:
    return suite(EMBEDDER.build("", Path()))


def test_every_file_exports_one_metric_and_names_are_their_own() -> None:
    found = everything()
    names = [metric.name for metric in found]
    assert len(names) == len(set(names))
    assert {metric.group for metric in found} == set(get_args(Group))
    assert len(discover("evals.metrics", "METRIC")) >= 27
    assert {"correct", "false_refusal", "refused_unanswerable", "citation_precision", "recall_at_10"} <= set(names)


def test_every_metric_takes_what_a_run_can_bring() -> None:
    """Nothing answered, an empty answer, a refusal, a case with nothing known: a figure or None, never an error."""
    outcomes = [
        Outcome(),
        Outcome(Answer("?", ())),
        Outcome(Answer("?", (Sentence("", 0.0),))),
        Outcome(Answer("?", (Sentence("자료에서 답을 찾을 수 없습니다.", 0.0),), refused=True)),
    ]
    cases = [Case("a", "?"), Case("b", "?", answerable=False), Case("c", "?", reference="답", documents=("a.md",))]
    for metric in everything():
        rows = [measure(metric, case, outcome) for case in cases for outcome in outcomes]
        assert all(row is None or all(isinstance(part, int | float) for part in row) for row in rows)
        assert not isinstance(metric, SetMetric) or len({len(row) for row in rows if row}) <= 1
        value = estimate(metric, rows).value
        assert value is None or 0 <= value <= 1


def test_what_needs_an_embedder_is_left_out_without_one() -> None:
    assert "semantic_similarity" not in {metric.name for metric in suite()}
    assert "semantic_similarity" in {metric.name for metric in everything()}


def test_cutoffs_can_be_chosen() -> None:
    names = {metric.name for metric in suite(cutoffs=(2,))}
    assert {"recall_at_2", "ndcg_at_2"} <= names
    assert "recall_at_5" not in names
