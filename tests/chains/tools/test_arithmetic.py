"""The calculator: what it works out exactly, and what it refuses before it costs anything."""

import pytest

from chains.tools.arithmetic import evaluate, shown
from models.errors import InputError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("(28 - 5 + 2×2) / 1 + 1", "28"),
        ("2^10 * 3 + 15%", "3072.15"),
        ("1,200의 15%", "180"),
        ("10 % 3", "1"),
        ("50% * 3", "1.5"),
        ("0.1 + 0.2", "0.3"),
        ("3.2억 / 2", "160000000"),
        ("5 MB * 3", "15000000"),
        ("2 KiB", "2048"),
        ("138,357,544 × 4 / 1,000,000", "553.430176"),
        ("-2 ** 2", "-4"),
        ("sqrt(16) + round(3.14159, 2)", "7.14"),
        ("3명 × 4개", "12"),
        ("3 × 4 = 12", "12"),
        ("1e-400", "0"),
        ("5e-5 * 1000", "0.05"),
    ],
)
def test_works_out(expression: str, value: str) -> None:
    assert shown(evaluate(expression)) == value


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("9**9**9", "too large"),
        ("2 ** 10 ** 50", "too large"),
        ("1e400", "too large"),
        ("1/0", "divides by zero"),
        ("(-2) ** 0.5", "no real value"),
        ("log(0)", "no value"),
        ("__import__('os').system('ls')", "is no number"),
        ("[1] * 999", "is no number"),
        ("'a' * 9", "is no number"),
        ("(lambda: 1)()", "is no number"),
        ("NSMC 리뷰의 수 * 2", "no arithmetic expression"),
        ("", "no arithmetic expression"),
        ("1+" * 90 + "1", "too long"),
        ("9" * 100_000, "100000 characters"),
        ("(" * 250 + "1" + ")" * 250, "characters"),
    ],
)
def test_refuses(expression: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        evaluate(expression)
