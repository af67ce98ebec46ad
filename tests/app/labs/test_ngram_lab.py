"""The lab on n-grams: what it claims comes true on the course notes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from app.labs.base import Desk, Event, Said, Score, Shown, Table, read_values
from app.labs.ngram import LAB, copied, tokens_of, written


@cache
def events(one: int) -> tuple[Event, ...]:
    """Of one of the lab's tries."""
    return tuple(LAB.compute(Desk(Path()), **read_values(LAB, LAB.tries[one].values)))


def block(found: tuple[Event, ...], kind: type, name: str) -> Said | Table:
    return next(
        e.block for e in reversed(found) if isinstance(e, Shown) and isinstance(e.block, kind) and e.block.name == name
    )


def test_without_smoothing_unseen_text_is_impossible() -> None:
    verdict = block(events(0), Said, "verdict")
    assert verdict.key == "infinite"
    assert 0 < verdict.values["unseen"] < verdict.values["tokens"]
    assert [row[1] for row in block(events(0), Table, "perplexity").rows[1:]] == ["∞"] * 4


def test_adding_one_gets_worse_with_longer_contexts() -> None:
    found = [row[2] for row in block(events(1), Table, "perplexity").rows]
    assert found[1] < found[2] < found[3] < found[4]


def test_what_was_learnt_seems_certain_and_what_was_not_does_not() -> None:
    said = block(events(2), Said, "entropy")
    assert float(said.values["last"]) < 1
    bits = next(e.value for e in events(2) if isinstance(e, Score) and e.name == "bits")
    assert bits > 2
    assert [e.name for e in events(2) if isinstance(e, Score) and e.outside] == []


def test_kneser_ney_is_the_best_of_the_four() -> None:
    for row in block(events(2), Table, "perplexity").rows[1:]:
        assert row[4] == min(value for value in row[1:] if isinstance(value, float))


def test_counts_of_a_context_are_those_of_the_text() -> None:
    values = {"corpus": "own", "own": "가나다라 가나마바. " * 20, "n": 3, "context": "가나", "smoothing": "none"}
    found = tuple(LAB.compute(Desk(Path()), **read_values(LAB, values)))
    rows = {row[0]: row[1:3] for row in block(found, Table, "context").rows}
    assert rows["다"][1] == rows["마"][1] == 0.5
    assert block(found, Said, "context").values == {"context": "가나", "seen": 2 * rows["다"][0], "kinds": 2}


@pytest.mark.parametrize("unit", ["character", "morpheme"])
def test_tokens_can_be_written_again(unit: str) -> None:
    text = "언어 모델은 말입니다."
    assert written(tokens_of(text, unit), unit).replace(" ", "").startswith("언어모델은말")


def test_copies_are_found() -> None:
    assert copied("가나다라마바사아자차카타", "…가나다라마바사아자차카타…") == 1
    assert copied("가나다", "가나다") == 0
