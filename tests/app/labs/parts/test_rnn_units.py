"""What a review is read as, and what is known of it."""

from __future__ import annotations

import pytest

from app.labs.data.catalog import find
from app.labs.data.made import reviews_ko
from app.labs.parts.rnn_units import LONGEST, UNITS, UNKNOWN, Vocabulary, cutter, readable

HARD = ("가", "🙂🙂", "?!\n\t..", " ", "a" * 3000, "값이 없다")


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ("jamo", ["ㅈ", "ㅐ", "ㅁ", "ㅣ", "␣", "ㅇ", "ㅓ", "ㅄ", "ㄷ", "ㅏ"]),
        ("syllable", ["재", "미", "␣", "없", "다"]),
        ("morpheme", ["재미", "없", "다"]),
        ("bpe", ["▁재미", "▁없다"]),
    ],
)
def test_one_review_in_each_unit(unit: str, wanted: list[str]) -> None:
    assert [readable(each, unit) for each in cutter(unit, ["재미 없다"] * 3)(["재미 없다"])[0]][: len(wanted)] == wanted


@pytest.mark.parametrize("unit", UNITS)
def test_any_text_is_read(unit: str) -> None:
    cut = cutter(unit, ["재미있다", "재미없다"])
    vocabulary = Vocabulary.of(cut(["재미있다", "재미없다"]))
    for units in cut(HARD):
        numbers = vocabulary.numbers(units)
        assert 1 <= len(numbers) <= LONGEST
        assert all(UNKNOWN <= number < len(vocabulary) for number in numbers)
        assert all(readable(each, unit) for each in units)


def test_letters_make_a_review_more_than_three_times_as_long_as_morphemes() -> None:
    """The third of the lab's tries."""
    texts = reviews_ko(find("reviews-ko"))[1].inputs
    letters, morphemes = (sum(map(len, cutter(unit, ())(texts))) for unit in ("jamo", "morpheme"))
    assert letters > 3 * morphemes


def test_the_vocabulary_holds_what_is_met_twice() -> None:
    vocabulary = Vocabulary.of([list("abcab"), list("ad")])
    assert vocabulary.known == ("a", "b")
    assert vocabulary.numbers(list("abz")) == [2, 3, UNKNOWN]
    assert vocabulary.numbers([]) == [UNKNOWN]
    assert vocabulary.unknown([list("abzz")]) == pytest.approx(0.5)
    assert vocabulary.unknown([]) == 0


def test_the_end_of_a_long_review_is_read() -> None:
    vocabulary = Vocabulary.of([["x", "x", "y", "y"]])
    assert vocabulary.numbers(["x"] * LONGEST + ["y"])[-1] == vocabulary.numbers(["y"])[0]
