"""Questions in other words come into a dataset beside the first ones, with the same answers; a bad file is named by its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.course import course_files
from app.training_rewording import WRITTEN, mark_of, read_rewordings
from finetune.base import PARTS, Example
from finetune.data.store import Datasets
from models.errors import InputError

Run = Callable[..., Any]


def question_of(example: Example) -> str:
    return example.messages[-2]["content"].rsplit("질문: ", 1)[1]


def written(path: Path, rows: list[tuple[str, str]]) -> Path:
    lines = [json.dumps({"question": question, "reworded": words}, ensure_ascii=False) for question, words in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_reworded_questions_keep_passages_and_answers(cli: Run, home: Path, tmp_path: Path) -> None:
    cli("ingest", *course_files()[5:8])
    order = ("finetune", "data", "make", "-n", "40", "--compact", "--json")
    assert cli(*order, "first").code == 0
    first = [example for part in PARTS for example in Datasets(home).find("first").examples(part)]
    asked = next(example for example in first if example.kind == "cite")
    words = "조교에게 물어보니 모른다는데, 이 개념을 풀어서 말해 줄 사람 있나요?"
    file = written(
        tmp_path / "words.jsonl", [(question_of(asked), words), ("어디에도 없는 질문인가요?", "아무도 묻지 않은 말")]
    )
    ended = cli(*order, "second", "--reworded", file)
    assert ended.code == 0, ended.err
    second = [example for part in PARTS for example in Datasets(home).find("second").examples(part)]
    anew = [example for example in second if example.origin == WRITTEN]
    assert {question_of(example) for example in anew} == {words}
    assert asked.messages[-1] in [example.messages[-1] for example in anew]
    assert {example.id for example in first} <= {example.id for example in second}
    assert ended.rows[0]["options"]["rewordings"] == ["words.jsonl"]


@pytest.mark.parametrize(
    "line",
    ["not json", '{"question": "무엇인가요?"}', '["무엇", "뭐"]', '{"question": "무엇인가요?", "reworded": "뭐"}'],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = written(tmp_path / "words.jsonl", [("무엇인가요?", "그게 뭔가요?")])
    with file.open("a", encoding="utf-8") as handle:
        handle.write(line + "\n")
    with pytest.raises(InputError, match="line 2"):
        read_rewordings([file])


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "words.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"words\.jsonl"):
        read_rewordings([file])


def test_a_question_may_be_named_by_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "words.jsonl"
    file.write_text(
        json.dumps({"of": mark_of("과적합이란 무엇인가요?"), "reworded": "외우기만 하는 건 뭐라고 해?"}),
        encoding="utf-8",
    )
    assert read_rewordings([file]) == {mark_of("과적합이란  무엇인가요?"): ["외우기만 하는 건 뭐라고 해?"]}


def test_what_ships_can_be_read() -> None:
    found = read_rewordings([Path(__file__).parents[2] / "data" / "training" / "rewordings.jsonl"])
    assert sum(map(len, found.values())) >= 600
