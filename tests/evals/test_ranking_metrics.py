"""Ranking figures against values worked out by hand, among them the examples by which trec_eval's measures are taught."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from evals.base import Case, Outcome
from evals.metrics import evidence_packed, gold_passage_at_k, mrr, ndcg_at_k, precision_at_k, recall_at_k
from evals.relevance import dcg, gains, gold_items, ideal_gains, ndcg, packed_share, reciprocal_rank
from models.types import Answer, Chunk, Locator, Passage, Sentence

Build = Callable[..., Outcome]
DROPOUT = "드롭아웃은 뉴런을 무작위로 끈다."
ENSEMBLE = "이는 여러 신경망의 평균과 같다."
CASE = Case("d", "드롭아웃이 뭐예요?", documents=("06.md",), evidence=f"{DROPOUT} {ENSEMBLE}")
BY_DOCUMENT = Case("d", "?", documents=("a.md", "b.md"))


def at(metric: Any, k: int) -> Any:
    return metric.at(k)


def test_dcg_of_the_textbook() -> None:
    """Graded gains 3 2 3 0 1 2: 3 + 2/1.585 + 3/2 + 0 + 1/2.585 + 2/2.807 = 6.861; ideal 3 3 3 2 2 2 1 0 cut at 6."""
    found = [3, 2, 3, 0, 1, 2]
    assert dcg(found) == pytest.approx(6.861, abs=1e-3)
    assert ndcg(found, [3, 3, 3, 2, 2, 2, 1, 0], 6) == pytest.approx(6.861 / 8.740, abs=1e-3)


def test_reciprocal_ranks_of_the_textbook() -> None:
    """Ranks 3, 2 and 1: (1/3 + 1/2 + 1) / 3 = 11/18."""
    runs = [[False, False, True], [False, True, False], [True, False, False]]
    assert sum(map(reciprocal_rank, runs)) / 3 == pytest.approx(11 / 18)
    assert reciprocal_rank([False] * 9) == reciprocal_rank([]) == 0.0


def test_a_trec_style_run(ranked: Build) -> None:
    """qrels: a.md, b.md relevant. Run: c a c b. P@2 = 1/2, R@2 = 1/2, R@4 = 1, MRR = 1/2,
    nDCG@4 = (1/log2 3 + 1/log2 5) / (1 + 1/log2 3) = 0.6510."""
    run = ranked(("c.md", "…"), ("a.md", "…"), ("c.md", "…"), ("b.md", "…"))
    values = {
        (metric.name, k): at(metric, k).evaluate(BY_DOCUMENT, run)
        for metric in (precision_at_k.METRIC, recall_at_k.METRIC, ndcg_at_k.METRIC)
        for k in (2, 4)
    }
    assert values[("precision_at_5", 2)] == values[("recall_at_5", 2)] == 0.5
    assert values[("recall_at_5", 4)] == 1.0
    wanted = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert values[("ndcg_at_5", 4)] == pytest.approx(wanted) == pytest.approx(0.6510, abs=1e-4)
    assert mrr.METRIC.evaluate(BY_DOCUMENT, run) == 0.5


def test_a_document_found_twice_counts_once(ranked: Build) -> None:
    """Run: a a a. Recall stays 1/2; nDCG@3 = 1 / (1 + 1/log2 3); but all three hits are relevant."""
    run = ranked(*[("a.md", "…")] * 3)
    assert at(recall_at_k.METRIC, 3).evaluate(BY_DOCUMENT, run) == 0.5
    assert at(ndcg_at_k.METRIC, 3).evaluate(BY_DOCUMENT, run) == pytest.approx(1 / (1 + 1 / math.log2(3)))
    assert at(precision_at_k.METRIC, 3).evaluate(BY_DOCUMENT, run) == 1.0


def test_a_short_ranking_is_divided_by_k_all_the_same(ranked: Build) -> None:
    assert at(precision_at_k.METRIC, 10).evaluate(BY_DOCUMENT, ranked(("a.md", "…"))) == 0.1


def test_a_perfect_ranking_is_one_however_the_chunks_are_cut(ranked: Build) -> None:
    whole, cut = ranked(("06.md", f"{DROPOUT} {ENSEMBLE}")), ranked(("06.md", DROPOUT), ("06.md", ENSEMBLE))
    assert gains(CASE, whole.ranking) == [1.0]
    assert gains(CASE, cut.ranking) == [0.5, 0.5]
    for run in (whole, cut):
        assert at(ndcg_at_k.METRIC, 5).evaluate(CASE, run) == pytest.approx(1.0)
        assert at(recall_at_k.METRIC, 5).evaluate(CASE, run) == 1.0


def test_half_of_the_evidence_at_rank_two(ranked: Build) -> None:
    """Gains 0, 1/2; ideal 1/2, 1/2: (0.5/log2 3) / (0.5 + 0.5/log2 3) = 0.3869."""
    run = ranked(("06.md", "배치 정규화는 평균을 맞춘다."), ("06.md", DROPOUT))
    assert ideal_gains(CASE, gains(CASE, run.ranking)) == [0.5, 0.5]
    assert at(ndcg_at_k.METRIC, 5).evaluate(CASE, run) == pytest.approx(0.3869, abs=1e-4)
    assert at(recall_at_k.METRIC, 5).evaluate(CASE, run) == 0.5
    assert at(gold_passage_at_k.METRIC, 1).evaluate(CASE, run) == 0.0
    assert at(gold_passage_at_k.METRIC, 2).evaluate(CASE, run) == 1.0
    assert mrr.METRIC.evaluate(CASE, run) == 0.5


def test_evidence_is_found_through_spacing_emphasis_and_decomposed_hangul(ranked: Build) -> None:
    shown = unicodedata.normalize("NFD", "## 드롭아웃\n**드롭아웃**은  뉴런을\n무작위로 끈다. 다음 문장.")
    assert gains(CASE, ranked(("06.md", shown)).ranking) == [0.5]


def test_the_right_words_of_another_place_are_not_the_gold_document(ranked: Build) -> None:
    """Where no evidence is known the document decides; where it is known the sentence does."""
    assert at(recall_at_k.METRIC, 5).evaluate(BY_DOCUMENT, ranked(("z.md", DROPOUT))) == 0.0
    assert at(recall_at_k.METRIC, 5).evaluate(CASE, ranked(("z.md", DROPOUT))) == 0.5


@pytest.mark.parametrize("case", [Case("u", "?", answerable=False, documents=("a.md",)), Case("n", "?")])
def test_what_has_no_gold_has_no_figure(case: Case, ranked: Build) -> None:
    run = ranked(("a.md", "…"))
    assert gold_items(case) == ()
    for metric in (recall_at_k, precision_at_k, ndcg_at_k, gold_passage_at_k, mrr, evidence_packed):
        assert metric.METRIC.evaluate(case, run) is None


def test_nothing_found_is_zero_not_an_error(ranked: Build) -> None:
    for metric in (recall_at_k, precision_at_k, ndcg_at_k, gold_passage_at_k, mrr):
        assert metric.METRIC.evaluate(CASE, ranked()) == 0.0


def test_half_of_the_evidence_was_packed() -> None:
    packed = Passage(1, Chunk("c", DROPOUT, "06.md", Locator(), 0), DROPOUT, (DROPOUT,), 0, 0.9)
    answered = Answer("?", (Sentence("끈다.", 1.0),))
    assert packed_share(CASE, (packed,)) == 0.5
    assert evidence_packed.METRIC.evaluate(CASE, Outcome(answered, passages=(packed,))) == 0.5
    assert evidence_packed.METRIC.evaluate(CASE, Outcome(answered)) == 0.0
    assert evidence_packed.METRIC.evaluate(CASE, Outcome()) is None


def test_a_cutoff_is_in_the_name() -> None:
    assert [ndcg_at_k.METRIC.name, ndcg_at_k.METRIC.at(10).name] == ["ndcg_at_5", "ndcg_at_10"]
