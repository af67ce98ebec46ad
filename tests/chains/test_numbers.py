"""Numbers and names are compared by value, however they are written."""

import pytest

from chains.numbers import claimed_numbers, names, numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,750억 개의 파라미터", 175_000_000_000.0),
        ("학습률 1e-3", 0.001),
        ("학습률 0.001", 0.001),
        (r"$2 \times 10^{-5}$", 0.00002),
        ("2×10⁻⁵", 0.00002),
        ("두 가지 목표", 2.0),
        ("2.5%를", 2.5),
        ("28×28 이미지", 28.0),
        ("2017년", 2017.0),
        ("3천 개", 3000.0),
    ],
)
def test_value_of_a_written_number(text: str, value: float) -> None:
    assert value in numbers(text)


def test_a_claim_is_a_number_in_digits_without_marks() -> None:
    assert claimed_numbers("은닉층은 0.5를 씁니다 [1]. 모두 1,750억 개") == {"0.5": 0.5, "1,750억": 1.75e11}
    assert claimed_numbers("1. 첫째 항목입니다") == {}


def test_a_name_with_a_number_is_a_name() -> None:
    assert claimed_numbers("GPT-3와 ResNet50은") == {}
    assert names("GPT-3와 nn.Linear, ResNet-50은") == {
        "GPT-3": "gpt3",
        "nn.Linear": "nnlinear",
        "ResNet-50": "resnet50",
    }
