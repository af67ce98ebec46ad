"""Near copies, evaluation questions and the split by document."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from finetune.base import Example
from finetune.data.split import Screen, Shares, copies, split
from models.errors import InputError


def words(text: str) -> frozenset[str]:
    return frozenset(text.rstrip("?").split())


def example(number: int, document: str) -> Example:
    return Example(str(number), ({"role": "assistant", "content": str(number)},), "structure", document, "cite")


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("드롭아웃은 왜 쓰나요?", True),
        ("드롭아웃은 왜 쓰나요", True),
        ("드롭아웃을 왜 쓰나요?", True),
        ("배치 정규화의 평균은 어떻게 구하나요?", False),
    ],
)
def test_a_near_copy_of_a_held_question_is_found_by_its_letters(question: str, held: bool) -> None:
    screen = Screen(["드롭아웃은 왜 쓰나요?", "합성곱이란?"], words)
    assert screen.near([question]) == (["드롭아웃은 왜 쓰나요?"] if held else [""])


def test_words_in_another_order_are_a_near_copy() -> None:
    assert Screen(["학습률 크면 발산"], words).near(["발산 크면 학습률"]) == ["학습률 크면 발산"]


def test_the_same_meaning_in_other_words_is_a_near_copy_only_where_letters_are_shared() -> None:
    def alike(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.ones((len(texts), 1), dtype=np.float32)

    screen = Screen(["드롭아웃을 쓰는 까닭은 무엇인가요?"], words, alike)
    assert screen.near(["드롭아웃은 무엇 때문에 쓰나요?", "K-means?"]) == ["드롭아웃을 쓰는 까닭은 무엇인가요?", ""]


def test_nothing_held_holds_nothing_back() -> None:
    assert Screen([], words, None).near(["무엇인가요?"]) == [""]


def test_copies_say_the_same_twice_but_a_twin_is_none() -> None:
    asked = ["드롭아웃이란 무엇인가요?", "드롭아웃이란 무엇인가요", "드롭아웃이란 무엇인가요?"]
    assert copies(asked, ["뉴런을 끄는 방법입니다.", "뉴런을 끄는 방법입니다. [1]", "자료에서 찾을 수 없습니다."]) == {
        1
    }


def test_a_document_is_in_one_part_only() -> None:
    examples = [example(number, f"{number % 12}.md") for number in range(120)]
    parts = split(examples, Shares(0.2, 0.2), seed=3)
    documents = [{one.document for one in parts[part]} for part in ("train", "validation", "test")]
    assert not (documents[0] & documents[1] or documents[0] & documents[2] or documents[1] & documents[2])
    assert sum(map(len, parts.values())) == 120
    assert 12 <= len(parts["test"]) <= 36
    assert parts == split(list(reversed(examples)), Shares(0.2, 0.2), seed=3) or len(parts["train"]) >= 72


def test_one_document_is_trained_on_and_own_rows_are_split_one_by_one() -> None:
    assert len(split([example(n, "a.md") for n in range(9)], Shares(), 0)["train"]) == 9
    own = split([example(n, "") for n in range(100)], Shares(0.1, 0.1), 0)
    assert (len(own["validation"]), len(own["test"])) == (10, 10)


@pytest.mark.parametrize("shares", [Shares(0.5, 0.5), Shares(-0.1, 0), Shares(1.0, 0)])
def test_shares_that_leave_nothing_are_refused(shares: Shares) -> None:
    with pytest.raises(InputError, match="leave too little"):
        split([example(1, "a")], shares, 0)
