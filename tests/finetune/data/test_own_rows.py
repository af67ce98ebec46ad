"""Rows of one's own: three forms, two kinds of file, every bad row told by number, field and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from finetune.data import own
from finetune.data.own import read_own
from models.errors import InputError


def write(folder: Path, rows: list[object], name: str = "own.jsonl") -> Path:
    path = folder / name
    text = "\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_three_forms(tmp_path: Path) -> None:
    chat = [{"role": "user", "content": "안녕"}, {"role": "assistant", "content": "안녕하세요."}]
    found = read_own(write(tmp_path, [{"messages": chat, "document": "d"}]))
    assert (found.form, found.bad, found.examples[0].messages, found.examples[0].document) == (
        "messages",
        0,
        tuple(chat),
        "d",
    )
    found = read_own(write(tmp_path, [{"instruction": "번역", "input": "cat", "output": "고양이", "system": "규칙"}]))
    assert [message["content"] for message in found.examples[0].messages] == ["규칙", "번역\n\ncat", "고양이"]
    found = read_own(write(tmp_path, [{"question": "몇?", "context": "셋이다.", "answer": "셋"}]))
    assert found.examples[0].messages == (
        {"role": "user", "content": "셋이다.\n\n몇?"},
        {"role": "assistant", "content": "셋"},
    )
    assert found.examples[0].origin == "own:own.jsonl"


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("{", "", "not_json"),
        ("[1]", "", "not_object"),
        ({"question": "a"}, "answer", "missing"),
        ({"question": " ", "answer": "b"}, "question", "empty"),
        ({"question": "", "answer": "b"}, "question", "empty"),
        ({"question": "a", "answer": 3}, "answer", "not_text"),
        ({"question": "a", "answer": "b", "anwser": "c"}, "anwser", "unknown"),
        ({"question": "a", "answer": "b\ufffd"}, "answer", "encoding"),
        ({"question": "a", "answer": "x" * 40_001}, "answer", "too_long"),
        ({"question": "q", "answer": "a"}, "", "twice"),
    ],
)
def test_a_bad_row_is_told_and_the_sound_ones_stay(tmp_path: Path, row: object, field: str, reason: str) -> None:
    found = read_own(write(tmp_path, [{"question": "q", "answer": "a"}, row, {"question": "r", "answer": "b"}]))
    assert (found.bad, found.rows, len(found.examples)) == (1, 3, 2)
    assert (found.problems[0].row, found.problems[0].field, found.problems[0].reason) == (2, field, reason)


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ("hi", "no_messages"),
        ([], "no_messages"),
        (["hi"], "no_messages"),
        ([{"role": "bot", "content": "a"}, {"role": "assistant", "content": "b"}], "bad_role"),
        ([{"role": "user", "content": "a"}], "last_not_assistant"),
        ([{"role": "assistant", "content": "a"}], "no_user"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": ""}], "empty"),
        ([{"role": "user", "content": "a"}, {"role": "assistant"}], "empty"),
    ],
)
def test_a_conversation_must_end_with_an_answer(tmp_path: Path, messages: object, reason: str) -> None:
    found = read_own(write(tmp_path, [{"messages": messages}]))
    assert found.examples == ()
    assert found.problems[0].reason == reason


def test_tables_with_line_breaks_and_korean_encodings(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes('Instruction,Output\n"둘을\n더해","셋"\n,넷\n하나\n'.encode("cp949"))
    found = read_own(path)
    assert found.examples[0].messages[0]["content"] == "둘을\n더해"
    assert [(problem.row, problem.reason) for problem in found.problems] == [(2, "empty"), (3, "columns")]


def test_a_list_of_objects_is_read_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps([{"instruction": "a", "output": "b"}, 3]), encoding="utf-8")
    found = read_own(path)
    assert (len(found.examples), found.problems[0].reason) == (1, "not_object")


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "holds no row"), (b'{"a": 1}', "none of the forms"), (b"\xff\xfe\x00", "UTF-8")]
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_own(path)


def test_a_missing_file_and_one_with_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_own(tmp_path / "none.jsonl")
    monkeypatch.setattr(own, "MOST_ROWS", 2)
    rows: list[object] = [{"question": str(n), "answer": "a"} for n in range(3)]
    with pytest.raises(InputError, match="more than 2 rows"):
        read_own(write(tmp_path, rows))
