"""A questions file is read whole before any work starts, and a bad line is named."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from app.commands.questions import Asked, asked, read_file
from app.ui.i18n import localize
from models.errors import InputError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "q.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_keeps_its_order_and_ids(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff{"id": "b", "question": " 둘? ", "gold": 1}\n\n{"id": 7, "question": "일곱?"}\r\n')
    assert read_file(path) == [Asked("b", "둘?"), Asked("7", "일곱?")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"id": "a", "question": "?"}\nnot json\n', 2, "JSON"),
        ('["a", "?"]\n', 1, "JSON object"),
        ('{"question": "?"}\n', 1, "`id`"),
        ('{"id": "a"}\n', 1, "`question`"),
        ('{"id": "a", "question": ""}\n', 1, "`question`"),
        ('{"id": "a", "question": 3}\n', 1, "`question`"),
        ('{"id": true, "question": "?"}\n', 1, "`id`"),
        ('{"id": "a", "question": "?"}\n{"id": "a", "question": "!"}\n', 2, "'a'"),
        ("[" * 100_000, 1, "JSON"),
    ],
)
def test_a_bad_line_is_named_in_both_languages(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_file(path)
    assert f"Line {line}" in str(caught.value)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert f"{line}번째 줄" in localize(caught.value, "ko")


def test_a_missing_an_empty_and_a_binary_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        read_file(tmp_path / "nowhere.jsonl")
    with pytest.raises(InputError, match="no question"):
        read_file(written(tmp_path, "\n \n"))
    binary = tmp_path / "b.jsonl"
    binary.write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(InputError, match=r"b\.jsonl"):
        read_file(binary)


@pytest.mark.parametrize(("question", "file"), [(None, None), ("", None), ("  ", None), ("q", Path("q.jsonl"))])
def test_a_question_or_a_file_and_not_both(question: str | None, file: Path | None) -> None:
    with pytest.raises(InputError):
        asked(Namespace(question=question, questions=file))
