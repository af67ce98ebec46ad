"""`coursemate study`: every kind in every format, and bad input in one sentence."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import pytest

COURSE = Path(__file__).parents[3] / "data" / "course"
ENGLISH = """# Training
Dropout is a regularization technique that randomly sets activations to zero during training.
Backpropagation is an algorithm that computes gradients layer by layer with the chain rule.
"""


@pytest.fixture
def course(cli: Any, tmp_path: Path) -> Any:
    """The command over a home with one chapter, an English note, a line, and a French note."""
    (tmp_path / "english.md").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "line.txt").write_text("내일 시험을 봅니다.\n", encoding="utf-8")
    (tmp_path / "french.txt").write_text("Le dropout est une méthode de régularisation très utilisée.\n", "utf-8")
    files = (tmp_path / name for name in ("english.md", "line.txt", "french.txt"))
    assert cli("ingest", COURSE / "06-mlp-overfitting.md", *files).code == 0
    return cli


def test_each_kind_is_made_with_its_sources(course: Any, tmp_path: Path) -> None:
    for kind, rows in (("quiz", "items"), ("flashcards", "cards"), ("glossary", "entries"), ("guide", "weeks")):
        count = "1" if kind == "guide" else "4"
        ended = course("study", kind, "06-*.md", "-n", count, "--format", "json")
        assert ended.code == 0, ended.err
        assert len(json.loads(ended.out)[rows]) == int(count)
    markdown = course("study", "quiz", "06-*.md", "-n", "3").out
    assert markdown.startswith("# 퀴즈")
    assert markdown.count("06-mlp-overfitting.md · ") == 3
    english = course("study", "glossary", "english.md", "--format", "json")
    assert {entry["term"] for entry in json.loads(english.out)["entries"]} == {"Backpropagation", "Dropout"}
    assert "만들 수 있었습니다" in english.err  # two of the thirty that are usual


def test_files_open_where_they_are_meant_to(course: Any, tmp_path: Path) -> None:
    deck, table = tmp_path / "deck.apkg", tmp_path / "cards.csv"
    assert course("study", "flashcards", "06-*.md", "-n", "5", "--out", deck).code == 0
    assert course("study", "quiz", "06-*.md", "-n", "5", "--out", table).code == 0
    with zipfile.ZipFile(deck) as archive:
        archive.extract("collection.anki2", tmp_path)
    store = sqlite3.connect(tmp_path / "collection.anki2")
    try:
        assert store.execute("select count(*) from notes").fetchone() == (5,)
        assert store.execute("select count(*) from cards").fetchone() == (5,)
    finally:
        store.close()
    assert table.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 6
    assert {len(row) for row in rows} == {8}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quiz", "없는-문서.md"], "없는-문서.md"),
        (["quiz", "line.txt"], "line.txt"),
        (["glossary", "french.txt"], "한국어나 영어"),
        (["quiz", "-n", "0"], "1부터 300까지"),
        (["quiz", "-n", "9999"], "9999"),
        (["quiz", "--format", "apkg"], "--out deck.apkg"),
        (["quiz", "--out", "/no/such/folder/q.md"], "/no/such/folder/q.md"),
        (["quiz", "--backend", "opnai"], "openai"),
        (["riddles"], "riddles"),
        (["quiz", "--format", "pdf"], "pdf"),
    ],
)
def test_bad_input_ends_in_one_sentence(course: Any, arguments: list[str], said: str) -> None:
    ended = course("study", *arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_an_empty_collection_says_what_to_do(cli: Any) -> None:
    ended = cli("study", "quiz")
    assert ended.code == 2
    assert "coursemate ingest" in ended.err


@pytest.mark.weights
def test_the_real_small_model_rewords_only_what_holds(
    course: Any, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSEMATE_WEIGHTS", str(weights_dir))
    plain = json.loads(course("study", "quiz", "06-*.md", "-n", "2", "--format", "json").out)
    order = ["study", "quiz", "06-*.md", "-n", "2", "--format", "json", "--backend", "local"]
    ended = course(*order, "--model", "qwen2.5-coder-0.5b")
    assert ended.code == 0, ended.err
    made = json.loads(ended.out)
    assert "걸립니다" in ended.err
    for before, after in zip(plain["items"], made["items"], strict=True):
        assert {**after, "question": "", "explanation": "", "worded": 0} == {
            **before, "question": "", "explanation": "", "worded": 0,
        }  # fmt: skip
        assert after["worded"] or after == before
