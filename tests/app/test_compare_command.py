"""`coursemate compare`: a line a contender for machines, answers and a table for people, the contract's exit codes."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
QUESTION = "드롭아웃은 은닉층에서 보통 얼마를 쓰나요?"


def contenders(*names: str) -> list[str]:
    return [part for name in names for part in ("--contender", name)]


def prompts(tmp_path: Path, *values: Any) -> Path:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def course(cli: Run, notes: Path) -> Run:
    cli("ingest", notes)
    return cli


def test_machines_get_a_line_for_each_contender_and_question(course: Run, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "a", "question": "드롭아웃이란?"}\n{"id": "b", "question": "풀링은?"}\n', encoding="utf-8")
    ended = course("compare", "--json", "--questions", path, *contenders("fake", "fake:zero_shot"))
    assert ended.code == 0
    assert {(row["id"], row["contender"]) for row in ended.rows} == {
        (name, who) for name in "ab" for who in ("fake", "fake:zero_shot")
    }
    assert [row["id"] for row in ended.rows] == ["a", "a", "b", "b"]
    for row in ended.rows:
        assert {"answer", "sentences", "citations", "usage", "timings_ms", "tokens_per_s", "agreement"} <= set(row)
        assert row["prompt"] == ("zero_shot" if ":" in row["contender"] else "few_shot")
        assert row["error"] is None


def test_people_get_answers_and_a_table(course: Run) -> None:
    ended = course("compare", QUESTION, *contenders("fake", "fake:self_consistency"))
    assert ended.code == 0
    first, last = ended.out.index(" fake ─"), ended.out.index(" fake:self_consistency ─")
    table = ended.out[max(first, last) :].splitlines()[-3:]
    assert "뒷받침" in table[0]
    assert [line.split()[0] for line in table[1:]] == ["fake", "fake:self_consistency"]
    assert "$0.0000" in table[1]


def test_a_contender_that_fails_is_named_and_the_rest_answer(
    course: Run, monkeypatch: pytest.MonkeyPatch, unused_port: int
) -> None:
    monkeypatch.setenv("COURSEMATE_BASE_URL", f"http://127.0.0.1:{unused_port}/v1")
    monkeypatch.setenv("COURSEMATE_COMPATIBLE_MODEL", "m")
    monkeypatch.setenv("COURSEMATE_MAX_RETRIES", "0")
    ended = course("compare", "--json", QUESTION, *contenders("compatible", "fake"))
    rows = {row["contender"]: row for row in ended.rows}
    assert ended.code == 1
    assert str(unused_port) in rows["compatible"]["error"]
    assert str(unused_port) in ended.err
    assert rows["fake"]["answer"]
    ended = course("compare", QUESTION, *contenders("compatible", "fake"))
    assert ended.code == 1
    assert "실패" in ended.out.splitlines()[-2]


def test_prompts_of_ones_own_are_read_from_a_file(course: Run, tmp_path: Path) -> None:
    path = prompts(
        tmp_path, {"name": "mine", "rules": "짧게."}, {"name": "yours", "human": "{passages}\n질문: {question}"}
    )
    ended = course("compare", "--json", QUESTION, "--prompts", path, *contenders("fake:mine", "fake:yours"))
    assert ended.code == 0
    assert {row["prompt"] for row in ended.rows} == {"mine", "yours"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "0개"),
        (["fake"], "1개"),
        (["fake", "fake"], "fake"),
        (["fake", "fkae"], "did you mean fake"),
        (["fake", "fake:zero-shot"], "zero_shot"),
    ],
)
def test_bad_usage_is_one_sentence(course: Run, names: list[str], said: str) -> None:
    ended = course("compare", QUESTION, *contenders(*names))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"), [("{", "JSON"), ('"x"', "JSON"), ('{"name": "a", "human": "{question}"}', "{passages}")]
)
def test_a_bad_file_of_prompts_is_named(course: Run, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(text, encoding="utf-8")
    ended = course("compare", QUESTION, "--prompts", path, *contenders("fake", "fake:a"))
    assert ended.code == 2
    assert said in ended.err
    assert course("compare", QUESTION, "--prompts", tmp_path / "none.json", *contenders("fake")).code == 2
