"""The command line's contract, as other programs rely on it: keys, exit codes, stdout for machines only.

The checks beside the checkout run where they are there; what they look at most is looked at here too, always.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(900)  # a dozen fresh processes, two of them with a language model

CLI = Path(sys.executable).with_name("coursemate")
SMALL = "qwen2.5-coder-0.5b"
ANSWER_KEYS = {
    "id",
    "question",
    "answer",
    "refused",
    "sentences",
    "citations",
    "backend",
    "model",
    "usage",
    "timings_ms",
}
HIT_KEYS = {"rank", "score", "source", "locator", "chunk_id", "text"}
NOTE = """# 학습률
학습률은 한 번에 가중치를 얼마나 옮길지 정한다. 너무 크면 발산하고, 너무 작으면 더디다. 흔히 0.001에서 시작한다.
"""


def run(home: Path, *arguments: object, code: int = 0, **variables: str) -> list[dict[str, Any]]:
    command = [str(CLI), "--home", str(home), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | variables, timeout=600)
    assert done.returncode == code, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "학습률.md"
    path.write_text(NOTE, encoding="utf-8")
    return path


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "lr", "question": "학습률은 흔히 얼마에서 시작하나요?"}\n', encoding="utf-8")
    return path


def test_a_round_through_the_contract(home: Path, note: Path, questions: Path) -> None:
    """Ingest, search and ask through the installed command, with fakes for the two models and all else real."""
    fakes = {"COURSEMATE_EMBEDDER": "fake"}
    (row,) = run(home, "ingest", "--json", note, **fakes)
    assert (row["path"], row["status"], row["error"]) == (str(note), "added", None)
    (row,) = run(home, "ingest", "--json", note, **fakes)
    assert row["status"] == "unchanged"
    (found,) = run(home, "search", "--json", "--questions", questions, **fakes)
    assert set(found) == {"id", "question", "hits", "timings_ms"}
    assert [set(hit) for hit in found["hits"]] == [HIT_KEYS]
    assert (found["hits"][0]["rank"], found["hits"][0]["source"]) == (1, "학습률.md")
    (answer,) = run(home, "ask", "--json", "--backend", "fake", "--questions", questions, **fakes)
    assert set(answer) >= ANSWER_KEYS
    assert (answer["id"], answer["backend"]) == ("lr", "fake")
    assert set(answer["usage"]) >= {"prompt_tokens", "completion_tokens"}
    assert set(answer["timings_ms"]) >= {"retrieve", "first_token", "total"}
    run(home, "search", "--json", code=2)


@pytest.mark.weights
def test_citations_say_where(home: Path, note: Path, questions: Path, weights_dir: Path) -> None:
    real = {"COURSEMATE_WEIGHTS": str(weights_dir)}
    run(home, "ingest", note, "--json", **real)
    (answer,) = run(home, "ask", "--json", "--backend", "fake", "--questions", questions, **real)
    assert answer["refused"] is False
    assert all({"text", "support", "citations"} <= set(sentence) for sentence in answer["sentences"])
    assert answer["citations"][0]["quote"] in NOTE
    assert answer["citations"][0]["locator"] == {"headings": ["학습률"], "label": "학습률"}


@pytest.mark.parametrize("backend", ["fake", pytest.param("local", marks=pytest.mark.slow)])
@pytest.mark.shared
@pytest.mark.weights
def test_the_checks_beside_the_checkout_pass(shared: Path, weights_dir: Path, backend: str) -> None:
    checks = shared / "contract_check.py"
    variables = {"COURSEMATE_WEIGHTS": str(weights_dir), "COURSEMATE_MODEL": SMALL}
    command = [sys.executable, str(checks), str(CLI), backend]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | variables)
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if not line.startswith("ok"))
    assert done.stdout.count("ok ") > 20
