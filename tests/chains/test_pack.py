"""The best sentences go in, with what they lean on, and never more than the budget."""

import numpy as np
import pytest

from chains.evidence import Candidate
from chains.pack import Budget, estimate_tokens, pack
from chains.units import Unit
from models.types import Chunk, Locator


def candidates(*chunks: list[Unit], one_section: bool = False) -> list[Candidate]:
    found = []
    for h, units in enumerate(chunks):
        text = "\n".join(u.text for u in units)
        name, ordinal = ("doc.md", h) if one_section else (f"doc{h}.md", 0)
        heading = "제목" if one_section else f"제목 {h}"
        chunk = Chunk(f"id{h}", text, name, Locator(headings=(heading,)), ordinal)
        for p, unit in enumerate(units):
            found.append(Candidate(unit, chunk, h, p, frozenset(), np.zeros(2, np.float32), ()))
    return found


def sentence(text: str) -> Unit:
    return Unit(text, "sentence")


DROPOUT = [sentence("드롭아웃은 뉴런을 끕니다."), sentence("이는 과적합을 줄입니다."), sentence("모두 켭니다.")]
POOLING = [sentence("풀링은 크기를 줄입니다."), Unit("- 최대 풀링", "item", 0), Unit("- 평균 풀링", "item", 0)]


def test_a_sentence_that_points_back_brings_the_one_before() -> None:
    passages = pack(candidates(DROPOUT), np.array([0.1, 0.9, 0.2]), Budget(37, 3))
    assert passages[0].sentences == ("드롭아웃은 뉴런을 끕니다.", "이는 과적합을 줄입니다.")
    assert passages[0].best == 1
    assert passages[0].score == 0.9


def test_a_list_item_brings_its_lead_and_stands_on_its_own_line() -> None:
    passages = pack(candidates(POOLING), np.array([0.1, 0.2, 0.9]), Budget(32, 3))
    assert passages[0].text == "풀링은 크기를 줄입니다.\n- 평균 풀링"


def test_passages_are_numbered_by_their_best_sentence_and_keep_reading_order() -> None:
    passages = pack(candidates(DROPOUT, POOLING), np.array([0.5, 0.1, 0.4, 0.9, 0.0, 0.0]), Budget(500, 3))
    assert [(p.n, p.chunk.source) for p in passages] == [(1, "doc1.md"), (2, "doc0.md")]
    assert passages[1].sentences == tuple(u.text for u in DROPOUT)


def test_neighbours_that_touch_are_one_passage_in_reading_order() -> None:
    touching = candidates(DROPOUT, POOLING, one_section=True)
    passages = pack(touching, np.array([0.5, 0.1, 0.4, 0.9, 0.0, 0.0]), Budget(500, 3))
    assert len(passages) == 1
    assert passages[0].sentences == (*(u.text for u in DROPOUT), *(u.text for u in POOLING))
    assert passages[0].chunk.id == "id1"


@pytest.mark.parametrize("tokens", [30, 60, 120])
def test_the_budget_holds(tokens: int) -> None:
    many = [[sentence(f"{i}번째 문장은 꽤 긴 설명을 담고 있습니다.") for i in range(9)] for _ in range(4)]
    passages = pack(candidates(*many), np.linspace(1, 0, 36), Budget(tokens, 3))
    assert 0 < len(passages) <= 3
    assert sum(estimate_tokens(p.text) for p in passages) <= tokens


def test_the_best_sentence_goes_in_even_where_it_breaks_the_budget() -> None:
    long = sentence("가" * 500)
    assert pack(candidates([long]), np.array([0.9]), Budget(20, 3))[0].sentences == (long.text,)


def test_nothing_from_nothing() -> None:
    assert pack([], np.zeros(0), Budget(100, 3)) == ()


def test_sentences_far_behind_the_best_are_not_worth_the_reading() -> None:
    scores = np.array([0.9, 0.1, 0.4, 0.3, 0.0, 0.0])
    passages = pack(candidates(DROPOUT, POOLING), scores, Budget(500, 3, least_share=0.4))
    assert [p.sentences for p in passages] == [("드롭아웃은 뉴런을 끕니다.", "모두 켭니다.")]
