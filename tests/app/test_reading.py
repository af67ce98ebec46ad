"""Reading comprehension: what counts as seen, how a short answer is scored, what is no such file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.reading import Item, drawn, load, scores, unseen
from models.errors import InputError

PARAGRAPH = "드롭아웃은 학습할 때 뉴런의 일부를 무작위로 끄는 방법이다. " * 4


def squad(path: Path, *answers: str) -> Path:
    asked = {
        "id": "q1",
        "question": "무엇을 끄는가?",
        "answers": [{"text": text, "answer_start": 0} for text in answers],
    }
    paragraphs = [{"context": PARAGRAPH, "qas": [asked, {"id": "q2", "question": "답 없음?", "answers": []}]}]
    path.write_text(json.dumps({"data": [{"title": "신경망", "paragraphs": paragraphs}]}), encoding="utf-8")
    return path


def test_questions_with_an_answer_are_read(tmp_path: Path) -> None:
    assert load(squad(tmp_path / "a.json", "뉴런", "뉴런의 일부", "뉴런")) == [
        Item("q1", "신경망", PARAGRAPH, "무엇을 끄는가?", ("뉴런", "뉴런의 일부"))
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"data": 3}', '{"data": [{"paragraphs": [{}]}]}', '{"data": []}'])
def test_what_is_no_such_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=r"a\.json is no question file in SQuAD's form"):
        load(tmp_path / "a.json")


def test_a_paragraph_of_the_training_is_left_out_however_it_was_set() -> None:
    item = Item("q", "", PARAGRAPH, "?", ("뉴런",))
    assert unseen([item], ["전혀 다른 글입니다."]) == [item]
    assert unseen([item], [f"[1] 제목\n{PARAGRAPH.replace(' ', '  ')}\n\n질문: ?"]) == []
    assert unseen([item], [PARAGRAPH[: len(PARAGRAPH) // 2]]) == []


def test_the_best_reference_counts() -> None:
    assert scores("뉴런의 일부.", ["뉴런", "뉴런의 일부"]) == (1.0, 1.0)
    exact, f1 = scores("뉴런", ["뉴런의 일부"])
    assert (exact, round(f1, 3)) == (0.0, 0.571)
    assert scores("", ["뉴런"]) == (0.0, 0.0)


def test_the_same_seed_draws_the_same() -> None:
    items = [Item(str(n), "", "", "?", ("a",)) for n in range(20)]
    assert drawn(items, 5) == drawn(items, 5) != drawn(items, 5, seed=1)
    assert drawn(items, 50) == items
