"""Sentence ends in lecture notes, by rule and by Kiwi."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.morphemes import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["드롭아웃은 뉴런을 끈다.", "시험할 때는 켠다."],
        ["왜 그럴까요?", "이유는 간단해요!", "보겠습니다."],
        ["학습률은 0.001이다.", "보통 1e-3이라 쓴다."],
        ["PyTorch 2.5를 쓴다.", "GPT-3.5도 있다."],
        ["See Fig. 3 of He et al. (2016).", "It works."],
        ["e.g. 드롭아웃이 있다.", "i.e. 규제다."],
        ["그는 “끝났다.”", "그리고 떠났다."],
        ["값은 y = 3이다.", "(그림 2 참고)"],
        ["The loss falls.", "Then it rises."],
        ["파일은 data.csv이다.", "torch.nn을 불러온다."],
    ],
    ids=lambda parts: parts[0],
)
def test_sentences_are_told_apart(parts: list[str]) -> None:
    assert sentences(" ".join(parts)) == parts


def test_a_lost_space_does_not_hide_the_end() -> None:
    assert sentences("배워 보겠습니다.머신 러닝은 넓습니다.") == ["배워 보겠습니다.", "머신 러닝은 넓습니다."]


def test_list_items_and_paragraphs_end_sentences() -> None:
    text = "준비물\n- 파이썬 3.11\n- 노트북\n1. 설치한다\n\n다음 단락"
    assert sentences(text) == ["준비물", "- 파이썬 3.11", "- 노트북", "1. 설치한다", "다음 단락"]


def test_a_wrapped_line_is_one_sentence() -> None:
    assert sentences("드롭아웃은 학습할 때\n뉴런을 무작위로 끈다.") == ["드롭아웃은 학습할 때\n뉴런을 무작위로 끈다."]


def test_kiwi_finds_ends_without_full_stops() -> None:
    text = (
        "이 장에서는 신경망을 배웁니다 먼저 퍼셉트론을 설명합니다 그리고 여러 층을 쌓아 봅니다 마지막으로 학습을 시킵니다 "
        * 4
    )
    assert len(sentences(text)) > 8


@given(st.text("가다.요? \n!-1aA\"'()。", max_size=400))
@settings(max_examples=200, deadline=None)
def test_spans_hold_everything_in_order(text: str) -> None:
    spans = split_sentences(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(start < end for start, end in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
