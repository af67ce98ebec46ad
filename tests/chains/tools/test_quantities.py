"""Numbers in running text with what they count."""

from __future__ import annotations

import pytest

from chains.tools.quantities import quantities, written


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("약 5만 2천 개의 지시문을 175개에서", [52_000, 175]),
        ("1억 1,700만 개", [117_000_000]),
        ("매개변수는 1,750억 개이고 층은 96개", [175e9, 96]),
        ("CIFAR-10은 10개 범주로 나눕니다(Krizhevsky, 2009). [1]", [10]),
        ("784-128-10 MLP는 float64로 101,770개", [101_770]),
        ("정답률은 17.9%였지만 56.9%가 되었습니다.", [17.9, 56.9]),
        ("| 헤드 수 | 8 |", [8]),
        ("수가 없습니다.", []),
    ],
)
def test_reads(text: str, values: list[float]) -> None:
    assert [one.value for one in quantities(text)] == values


def test_each_stands_in_its_own_phrase() -> None:
    found = quantities("이미지 60,000장 가운데, 훈련용 50,000장과 평가용 10,000장으로 이루어집니다.")
    assert [one.phrase for one in found] == [
        "이미지 60,000장 가운데",
        "훈련용 50,000장과",
        "평가용 10,000장으로 이루어집니다",
    ]


@pytest.mark.parametrize(("value", "text"), [(200_000, "200,000"), (0.75, "0.75"), (175e9, "175,000,000,000")])
def test_is_written_for_an_expression(value: float, text: str) -> None:
    assert written(value) == text
