"""The same thing written in different ways becomes the same words."""

import pytest

from ingest.morphemes import content_morphemes


@pytest.mark.parametrize("text", ["3x3 합성곱", "3×3 합성곱", "3 × 3 합성곱", "3X3 합성곱"])
def test_times_signs_are_alike(text: str) -> None:
    assert content_morphemes(text) == ["합성곱", "3", "3"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("어텐션", "attention"),
        ("파인튜닝", "미세조정"),
        ("미세 조정", "fine-tuning"),
        ("트랜스포머", "Transformer"),
        ("과적합", "overfitting"),
        ("경사 하강법", "경사하강법"),
        ("드롭아웃", "dropout"),
    ],
)
def test_variants_of_a_term_meet(one: str, other: str) -> None:
    assert set(content_morphemes(one)) & set(content_morphemes(other))


def test_particles_and_endings_are_left_out() -> None:
    assert content_morphemes("드롭아웃은 과적합을 줄입니다.") == content_morphemes("드롭아웃이 과적합도 줄이고")
