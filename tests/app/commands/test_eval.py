"""`coursemate eval` and `coursemate eval diff`: the contract, dead servers, and the real small model."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SET = [
    {
        "id": "p",
        "question": "드롭아웃은 은닉층에서 보통 확률 얼마를 쓰나요?",
        "documents": ["dropout.md"],
        "must_include": [["0.5"]],
        "reference": "은닉층에서는 보통 0.5를 쓴다.",
        "evidence": "은닉층에서는 보통 0.5를 쓴다.",
        "tags": ["number"],
    },
    {
        "id": "t",
        "question": "드롭아웃은 시험할 때 뉴런을 어떻게 하나요?",
        "documents": ["dropout.md"],
        "must_include": [["켠다", "켭니다"]],
        "evidence": "시험할 때는 모든 뉴런을 켠다.",
    },
    {"id": "f", "question": "합성곱에서 필터는 무엇을 하나요?", "documents": ["conv.txt"], "must_include": [["특징"]]},
    {"id": "u", "question": "수강료는 얼마인가요?", "answerable": False},
]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    return write(tmp_path / "set.jsonl", SET)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def ready(cli: Any, notes: Path) -> Any:
    """The command line over a home with the two small documents."""
    assert cli("ingest", notes).code == 0
    return cli


def test_figures_on_stdout_and_a_report_in_the_folder(ready: Any, questions: Path, tmp_path: Path) -> None:
    ended = ready("eval", questions, "--backend", "fake,fake:zero_shot", "--out", tmp_path / "run", "--json")
    assert ended.code == 0, ended.err
    assert [row["name"] for row in ended.rows] == ["fake", "fake:zero_shot"]
    assert ended.rows[0]["answered"] == 4
    assert ended.rows[0]["metrics"]["correct"]["n"] == 3
    assert str(tmp_path / "run" / "report.html") in ended.err
    table = ready("eval", questions, "--backend", "fake", "--out", tmp_path / "run")
    assert (table.code, table.out.startswith("# set")) == (0, True)
    assert "| 정답률 |" in table.out


def test_retrieval_alone(ready: Any, questions: Path, tmp_path: Path) -> None:
    ended = ready("eval", questions, "--retrieval-only", "-k", 5, "--out", tmp_path / "run", "--json")
    assert ended.code == 0, ended.err
    (row,) = ended.rows
    assert row["metrics"]["mrr"]["n"] == 3
    assert "correct" not in row["metrics"]


def test_gold_documents_that_are_absent_are_named_before_anything_runs(ready: Any, tmp_path: Path) -> None:
    rows = [*SET, {"id": "x", "question": "다른 강의?", "documents": ["없는 문서.md"]}]
    questions = write(tmp_path / "set.jsonl", rows)
    ended = ready("eval", questions, "--out", tmp_path / "run")
    assert (ended.code, ended.out) == (2, "")
    assert "없는 문서.md" in ended.err
    assert "--allow-missing" in ended.err
    assert not (tmp_path / "run").exists()
    ended = ready("eval", questions, "--out", tmp_path / "run", "--allow-missing", "--json")
    assert (ended.code, ended.rows[0]["answered"]) == (0, 4)
    other = write(tmp_path / "other.jsonl", rows[-1:])
    ended = ready("eval", other, "--out", tmp_path / "o", "--allow-missing")
    assert (ended.code, "없는 문서.md" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{set}"], "--out"),
        (["{set}", "--out", "{out}", "--backend", "lokal"], "local"),
        (["{set}", "--out", "{out}", "-k", "0"], "-k 0"),
        (["{set}", "--out", "{out}", "--tokens", "-4"], "--tokens"),
        (["{set}", "--out", "{out}", "--retrieval-only", "--judge", "fake"], "--judge"),
        (["{empty}", "--out", "{out}"], "empty.jsonl"),
        (["{bad}", "--out", "{out}"], "bad.jsonl"),
        (["{out}", "--out", "{out}"], "out"),
        (["diff", "{out}"], "diff"),
        (["diff", "{out}", "{out}"], "--out"),
        (["diff", "{out}", "{out}", "--metric", "corect"], "correct"),
        (["diff", "{out}", "{out}", "--threshold", "nan"], "--threshold"),
    ],
)
def test_bad_usage_is_one_sentence_and_exit_2(
    ready: Any, questions: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    places = {
        "set": questions,
        "out": tmp_path / "out",
        "empty": write(tmp_path / "empty.jsonl", []),
        "bad": write(tmp_path / "bad.jsonl", [{"id": "a"}]),
    }
    ended = ready("eval", *(part.format(**places) for part in arguments))
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_diff_names_what_changed_and_fails_past_the_threshold(ready: Any, questions: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder, said in ((good, "보통 0.5를 쓴다."), (bad, "모릅니다.")):
        ready("eval", questions, "--out", folder)
        rows = [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]
        answer = next(row["outcome"]["answer"] for row in rows if row["case"] == "p")
        answer |= {"sentences": [{"text": said, "support": 0.1}], "refused": False}
        write(folder / "results.jsonl", rows)
    same = ready("eval", "diff", good, good)
    assert (same.code, "차이가 보이지 않음" in same.out) == (0, True)
    worse = ready("eval", "diff", good, bad, "--json")
    assert worse.code == 1
    assert [change["id"] for change in worse.rows[0]["worse"]] == ["p"]
    assert worse.rows[0]["difference"]["n"] == 3
    assert "0.02" in worse.err
    assert ready("eval", "diff", good, bad, "--threshold", 0.5).code == 0
    better = ready("eval", "diff", bad, good)
    assert (better.code, "나아짐" in better.out) == (0, True)


class Mortal(ThreadingHTTPServer):
    """An OpenAI-style server that answers `lives` questions and then breaks every connection."""

    daemon_threads = True

    def __init__(self, lives: int) -> None:
        super().__init__(("127.0.0.1", 0), _Speaks)
        self.lives, self.lock = lives, threading.Lock()


class _Speaks(BaseHTTPRequestHandler):
    server: Mortal

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.lives -= 1
            dead = self.server.lives < 0
        if dead:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for delta, reason in (
            ({"role": "assistant", "content": "은닉층에서는 보통 0.5를 쓴다. [1]"}, None),
            ({}, "stop"),
        ):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            piece = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mortal]:
    server = Mortal(2)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("COURSEMATE_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("COURSEMATE_COMPATIBLE_MODEL", "m")
    monkeypatch.setenv("COURSEMATE_MAX_RETRIES", "0")
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_that_dies_half_way(ready: Any, questions: Path, tmp_path: Path, mortal: Mortal) -> None:
    command = ("eval", questions, "--backend", "compatible,fake", "--out", tmp_path / "run", "--json")
    ended = ready(*command)
    assert ended.code == 1
    answered = {row["name"]: row["answered"] for row in ended.rows}
    assert answered == {"compatible": 2, "fake": 4}
    missing = next(row["missing"] for row in ended.rows if row["name"] == "compatible")
    assert len(missing) == 2
    assert all(case_id in ended.err for case_id in missing)
    mortal.lives = 100
    again = ready(*command)
    assert (again.code, [row["answered"] for row in again.rows]) == (0, [4, 4])
    assert mortal.lives == 98  # only what was missing was asked


@pytest.mark.weights
def test_the_small_model_is_graded_and_judges_itself(
    notes: Path, tmp_path: Path, weights_dir: Path, monkeypatch: pytest.MonkeyPatch, cli: Any
) -> None:
    for name, value in (
        ("EMBEDDER", "e5"),
        ("WEIGHTS", weights_dir),
        ("MODEL", "qwen2.5-coder-0.5b"),
        ("MAX_TOKENS", 48),
    ):
        monkeypatch.setenv(f"COURSEMATE_{name}", str(value))
    assert cli("ingest", notes).code == 0
    questions = write(tmp_path / "set.jsonl", [SET[0], SET[3]])
    command = ("eval", questions, "--backend", "local", "--judge", "local", "--out", tmp_path / "run", "--json")
    first = cli(*command)
    assert first.code == 0, first.err
    (row,) = first.rows
    assert (row["answered"], row["metrics"]["correct"]["n"], row["metrics"]["semantic_similarity"]["n"]) == (2, 1, 1)
    assert row["times"]["first_token_ms"]["p50"]["value"] > 0
    judge = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))["judge"]
    assert judge is None or judge["graded"] + judge["unreadable"] > 0
    assert cli(*command).rows == first.rows
