"""`coursemate agent`: steps and the checked answer as JSON Lines with the real 0.5B, and bad usage in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  "], "비어 있습니다"),
        (["가" * 9_000], "9000자"),
        (["일", "--max-steps", "0"], "1에서 20 사이"),
        (["일", "--max-seconds", "nan"], "쓸 수 없습니다"),
        (["일", "--thread", "x" * 200], "120자 이하"),
        (["일", "--backend", "opnai"], "openai"),
        (["일", "--backend", "fake"], "도구를 부를 수 없습니다"),
    ],
)
def test_bad_usage_is_said_in_one_sentence(cli: Any, notes: Path, arguments: list[str], said: str) -> None:
    ended = cli("agent", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.weights
def test_steps_and_the_answer_are_json_lines(
    cli: Any, notes: Path, weights_dir: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("COURSEMATE_WEIGHTS", str(weights_dir))
    monkeypatch.setenv("COURSEMATE_BACKEND", "local")
    cli("ingest", notes)
    model = ["--model", "qwen2.5-coder-0.5b", "--json", "--thread", "mine"]
    ended = cli("agent", "12 곱하기 12를 계산해 줘: 12*12", *model)
    *steps, last = ended.rows
    assert (ended.code, steps[0]["step"]["tool"], steps[0]["step"]["status"]) == (0, "calculate", "done")
    assert "144" in last["answer"] and last["citations"][0]["source"] == "계산"
    assert last["steps"] == [row["step"] for row in steps]
    assert (home / "agent.sqlite").stat().st_mode & 0o077 == 0
    assert str(home) not in ended.out
