"""Question sets are read strictly: every bad row is named at once, and what is written is read back the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.ui.i18n import localize
from evals.base import Case
from evals.questions import (
    SHOWN_PROBLEMS,
    Entry,
    absent_documents,
    load_cases,
    load_entries,
    parse,
    save_cases,
    save_entries,
)
from models.errors import InputError, QuestionSetError

CASE = Case("a1", "드롭아웃은 왜 쓰나요?", True, ("06-mlp.md",), (("과적합", "overfitting"),), "과적합을 줄인다.", "과적합을 줄인다.", ("why",))  # fmt: skip


def lines(*rows: dict) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def problems(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(QuestionSetError) as caught:
        parse(text, "set.jsonl")
    return [(problem.row, problem.field, problem.reason) for problem in caught.value.params["problems"]]


def test_a_set_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    other = Case("a2", "수강료는 얼마인가요?", answerable=False)
    save_cases(tmp_path / "set.jsonl", [CASE, other])
    assert load_cases([tmp_path / "set.jsonl"]) == [CASE, other]
    assert [path.name for path in tmp_path.iterdir()] == ["set.jsonl"]


def test_what_is_not_decided_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    entries = [Entry(CASE), Entry(Case("b", "그건 왜죠?"), decided=False, accepted=False, note="👎")]
    save_entries(path, entries)
    assert load_cases([path]) == [CASE]
    assert load_entries(path) == entries
    save_entries(path, entries[1:])
    with pytest.raises(InputError, match="no question of it is decided"):
        load_cases([path])


def test_every_bad_row_is_named_at_once() -> None:
    rows = [
        {"id": "a"},
        {"id": "", "question": "q"},
        {"id": "b", "question": ["q"], "tags": "why"},
        {"id": "c", "question": "q", "answerable": "yes", "documents": [1]},
        {"id": "d", "question": "q", "must_include": ["word"], "tag": []},
        {"id": "e", "question": "q", "answerable": False, "evidence": "a sentence"},
        {"id": "f", "question": "q"},
        {"id": "f", "question": "r"},
        {"id": "g", "question": "깨\ufffd진 글자"},
    ]
    assert problems(lines(*rows) + "\nnonsense\n[1]\n\n" + "[" * 100_000) == [
        (1, "question", "missing"),
        (2, "id", "empty"),
        (3, "question", "type"),
        (3, "tags", "type"),
        (4, "answerable", "type"),
        (4, "documents", "type"),
        (5, "tag", "unknown"),
        (5, "must_include", "type"),
        (6, "evidence", "conflict"),
        (8, "id", "twice"),
        (9, "question", "encoding"),
        (10, "", "not_json"),
        (11, "", "not_object"),
        (13, "", "not_json"),
    ]


def test_a_long_list_of_problems_is_cut_and_counted() -> None:
    with pytest.raises(QuestionSetError) as caught:
        parse(lines(*({"id": str(number)} for number in range(50))), "set.jsonl")
    korean = localize(caught.value)
    assert korean.startswith("set.jsonl: 50개 행이 잘못되었습니다.")
    assert "1행: `question`이 없습니다" in korean
    assert korean.endswith(f"그 밖에 {50 - SHOWN_PROBLEMS}개")
    assert str(caught.value).count("\n") == SHOWN_PROBLEMS + 1


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "no question"), ("\n \n", "no question"), (lines({"id": 1, "question": "q"}) * 0, "no question")],
)
def test_an_empty_set_is_named(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "set.jsonl").write_text(content)
    with pytest.raises(InputError, match=words):
        load_cases([tmp_path / "set.jsonl"])


def test_too_many_questions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.questions.MOST_ROWS", 100)
    text = "\n".join(f'{{"id": {number}, "question": "q"}}' for number in range(101))
    with pytest.raises(InputError, match="more than"):
        parse(text, "set.jsonl")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "cp949.jsonl").write_bytes("질문".encode("cp949"))
    with pytest.raises(InputError, match=r"gone\.jsonl"):
        load_cases([tmp_path / "gone.jsonl"])
    with pytest.raises(InputError, match="UTF-8"):
        load_cases([tmp_path / "cp949.jsonl"])


def test_one_id_in_two_sets_is_named(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        save_cases(tmp_path / name, [CASE])
    with pytest.raises(InputError, match="a1"):
        load_cases([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])


def test_gold_documents_that_are_not_there_are_named() -> None:
    other = Case("a2", "q", documents=("별빛.pdf",))
    assert absent_documents([CASE, other], ["06-mlp.md"]) == {"별빛.pdf": ["a2"]}
    decomposed = "\u1107\u1167\u11af\u1107\u1175\u11be.pdf"  # 별빛 as macOS writes it
    assert absent_documents([CASE, other], ["06-mlp.md", decomposed]) == {}
