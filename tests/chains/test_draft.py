"""Where the answer proper begins in a draft that reasons first."""

from __future__ import annotations

import pytest

from chains.draft import Draft, final_part
from models.types import Usage


@pytest.mark.parametrize(
    ("draft", "answer"),
    [
        ("생각: [1]에 있다.\n답: 드롭아웃입니다. [1]", "드롭아웃입니다. [1]"),
        ("생각: 답: 이라고 쓰면 된다.\n\n**답:** 0.5입니다.", "0.5입니다."),
        ("답: 첫 답\n다시 생각: …\n답 : 둘째 답", "둘째 답"),
        ("답: 두 줄\n짜리 답", "두 줄\n짜리 답"),
        ("생각: 잊었다.\n\n드롭아웃입니다.", "드롭아웃입니다."),
        ("정답: 아님\n끝", "끝"),
        ("", ""),
    ],
)
def test_only_what_follows_the_last_mark_is_the_answer(draft: str, answer: str) -> None:
    assert final_part(draft, "답:") == answer


def test_without_a_mark_all_is_the_answer() -> None:
    assert final_part("생각: x\n답: y", "") == "생각: x\n답: y"
    assert final_part("a (b\nAnswer( y", "Answer(") == "Answer( y"


def test_speed_counts_from_the_first_word_to_the_last() -> None:
    assert Draft("x", Usage(10, 11), first=1.0, last=3.0).tokens_per_s == 5.0
    assert Draft("x", Usage(10, None), first=1.0, last=3.0).tokens_per_s is None
    assert Draft("x", Usage(10, 1), first=1.0, last=1.0).tokens_per_s is None
