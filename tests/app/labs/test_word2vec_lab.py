"""The lab on word vectors: what it claims comes true on the course notes, and unknown words are told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.labs.base import Desk, Event, Score, Shown, Table, Value, read_values  # noqa: E402
from app.labs.checkpoints import CONTROL, FILE, SHIPPED, TRAIN, write  # noqa: E402
from app.labs.parts.course_text import course_text  # noqa: E402
from app.labs.parts.word_pairs import nearest, pairs, ppmi, principal, sentences_of, words_of  # noqa: E402
from app.labs.word2vec import LAB  # noqa: E402
from models.errors import InputError  # noqa: E402


@cache
def course() -> tuple[Event, ...]:
    """A shorter training than the default, for both tries that need one."""
    torch.set_num_threads(1)
    return tuple(LAB.compute(Desk(Path()), **read_values(LAB, {**LAB.tries[0].values, **SHORTER, CONTROL: TRAIN})))


SHORTER = {"epochs": 8, "dimension": 32}


def run(**values: Value) -> list[Event]:
    torch.set_num_threads(1)
    return list(LAB.compute(Desk(Path()), **read_values(LAB, {**LAB.small, **values})))


def block(found: tuple[Event, ...] | list[Event], name: str) -> object:
    return next(e.block for e in reversed(found) if isinstance(e, Shown) and e.block.name == name)


def score(found: tuple[Event, ...] | list[Event], name: str) -> float:
    return next(e.value for e in found if isinstance(e, Score) and e.name == name)


def test_words_that_are_used_together_are_near() -> None:
    words = [row[0] for row in neighbours(course())]
    assert "디코더" in words
    assert not {"파이썬", "메모리"} & set(words)


def test_at_least_half_of_the_right_analogies_are_mere_neighbours() -> None:
    assert score(course(), "analogies_alone") * 2 >= score(course(), "analogies")


def test_one_careful_epoch_teaches_next_to_nothing() -> None:
    values = {**LAB.tries[2].values, "corpus": "course"}
    assert score(run(**values), "loss") > 0.95


def test_vectors_that_came_along_answer_as_those_that_were_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = {"epochs": 1, "dimension": 8}
    *_, made = LAB.make(Desk(Path()), **shorter)
    monkeypatch.setattr("app.course.CHECKOUT", tmp_path)  # the course notes are not there any more
    write(tmp_path / "labs" / LAB.name / FILE, made)
    asked = {"corpus": "course", "word": "인코더", "analogy": "numpy 배열 파이토치", "map": "umap"}
    along = run(**asked, weights=SHIPPED)
    assert block(along, CONTROL).key == "shipped" and block(along, "map").key == "map_umap"
    monkeypatch.undo()
    trained = run(**asked, **shorter, weights=TRAIN)
    assert score(along, "analogies_alone") == score(trained, "analogies_alone")
    assert score(along, "loss") == pytest.approx(score(trained, "loss"))
    ours, theirs = (neighbours(found) for found in (along, trained))
    assert len({row[0] for row in ours} & {row[0] for row in theirs}) >= 9, "but for half precision"
    assert [row[3] for row in ours] == [row[3] for row in theirs], "by counts: the same sentences"


def neighbours(found: Sequence[Event]) -> tuple[tuple[Any, ...], ...]:
    return next(
        e.block.rows
        for e in found
        if isinstance(e, Shown) and isinstance(e.block, Table) and e.block.name == "neighbours"
    )


def test_of_the_learners_own_text_no_vectors_came_along() -> None:
    assert block(run(weights=SHIPPED), CONTROL).key == "not_shipped"


def test_a_word_that_was_never_seen_has_no_vector() -> None:
    found = run(word="양자컴퓨터", analogy="하나 둘")
    assert block(found, "neighbours").key == "no_word"
    assert block(found, "analogy").key == "no_analogy"


def test_too_few_words_are_told() -> None:
    with pytest.raises(InputError) as caught:
        run(own="🙂 " * 40)
    assert caught.value.params["text_key"] == "few_words"


def test_content_words_of_a_sentence() -> None:
    assert sentences_of("경사 하강법은 CNN의 손실을 줄입니다.") == (("경사하강법", "cnn", "손실", "줄이다"),)


def test_pairs_lie_within_the_window_and_go_both_ways() -> None:
    sentence = np.arange(5)
    found = {tuple(pair) for pair in pairs([sentence], 2, np.ones(5, np.float32), np.random.default_rng(0)).tolist()}
    assert {(0, 1), (1, 0), (3, 4), (4, 3)} <= found
    assert max(abs(a - b) for a, b in found) <= 2
    assert pairs([sentence], 2, np.zeros(5, np.float32), np.random.default_rng(0)).shape == (0, 2)


def test_the_notes_have_words_enough() -> None:
    words = words_of(sentences_of(course_text()))
    assert len(words.words) > 500 and words.counts.min() == 3
    assert list(words.counts) == sorted(words.counts, reverse=True)
    assert words.number("경사 하강법") is not None and words.number("뷁") is None


def test_mutual_information_and_components() -> None:
    words = words_of([("가", "나"), ("가", "나"), ("다", "라")], least=1)
    found = ppmi(words, 1)
    a, b, c = (words.number(word) for word in "가나다")
    assert found[a, b] > 0 == found[a, c]
    places, shares = principal(np.array([[0.0, 0, 1], [3, 0, 1], [6, 0, 1]]))
    assert shares[0] == pytest.approx(1)
    assert np.abs(np.diff(places[:, 0])) == pytest.approx([3, 3])
    assert nearest(np.eye(3), np.array([0.1, 0.9, 0]), (), 1)[0][0] == 1
