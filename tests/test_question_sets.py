"""The shipped question sets: sound enough to calibrate refusals and to measure answers with.

Run: pytest tests/test_question_sets.py
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
COURSE = DATA / "course"
SETS = sorted((DATA / "questions").glob("course-*.jsonl"))
TAGS = {
    "fact",
    "definition",
    "number",
    "comparison",
    "why",
    "paraphrase",
    "english",
    "code",
    "unanswerable",
}
KEYS = {"id", "question", "answerable", "documents", "must_include", "reference", "evidence", "tags"}

Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


ROWS = [row for path in SETS for row in read(path)]
ANSWERABLE = [row for row in ROWS if row["answerable"]]
UNANSWERABLE = [row for row in ROWS if not row["answerable"]]


def squeezed(text: str) -> str:
    """As answers are compared: case and white space don't count."""
    return re.sub(r"\s", "", text).lower()


def holds(text: str, must_include: list[list[str]]) -> bool:
    """True if the text has at least one alternative of every list."""
    flat = squeezed(text)
    return all(any(squeezed(alternative) in flat for alternative in group) for group in must_include)


def course_text(names: list[str]) -> str:
    return "\n".join((COURSE / name).read_text(encoding="utf-8") for name in names)


def test_there_are_enough_questions_of_each_kind() -> None:
    reworded = [row for row in ROWS if {"paraphrase", "english"} & set(row["tags"])]
    assert len(ROWS) >= 120
    assert len(UNANSWERABLE) * 4 >= len(ROWS)
    assert len(reworded) * 5 >= len(ROWS)


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_each_set_holds_its_share(path: Path) -> None:
    rows = read(path)
    assert sum(not row["answerable"] for row in rows) * 4 >= len(rows)
    assert sum(bool({"paraphrase", "english"} & set(row["tags"])) for row in rows) * 5 >= len(rows)


def test_ids_and_questions_are_unique() -> None:
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert len({squeezed(row["question"]) for row in ROWS}) == len(ROWS)


def test_every_chapter_is_asked_about() -> None:
    asked = {name for row in ANSWERABLE for name in row["documents"]}
    assert asked == {path.name for path in COURSE.glob("*.md")}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_row_has_its_fields(row: Row) -> None:
    assert set(row) == KEYS
    assert row["question"].strip() == row["question"] != ""
    assert row["tags"]
    assert set(row["tags"]) <= TAGS
    assert ("unanswerable" in row["tags"]) is not row["answerable"]
    assert bool(re.search("[가-힣]", row["question"])) is not ("english" in row["tags"])


@pytest.mark.parametrize("row", UNANSWERABLE, ids=lambda row: row["id"])
def test_an_unanswerable_row_names_no_answer(row: Row) -> None:
    assert not (row["documents"] or row["must_include"] or row["reference"] or row["evidence"])


@pytest.mark.parametrize("row", ANSWERABLE, ids=lambda row: row["id"])
def test_an_answerable_row_can_be_proved(row: Row) -> None:
    assert row["documents"]
    assert row["evidence"]
    assert row["evidence"] in course_text(row["documents"])
    assert row["must_include"]
    assert all(group and all(group) for group in row["must_include"])
    assert holds(row["reference"], row["must_include"])
    assert holds(row["evidence"], row["must_include"])


def test_no_question_is_copied_from_a_chapters_exercises() -> None:
    exercises: set[str] = set()
    for path in COURSE.glob("*.md"):
        section = path.read_text(encoding="utf-8").partition("## 확인 문제")[2].partition("\n## ")[0]
        exercises.update(squeezed(line) for line in re.findall(r"^\d+\. (.+)$", section, re.MULTILINE))
    assert exercises
    assert not exercises & {squeezed(row["question"]) for row in ROWS}
