"""The command line keeps its contract: what is printed where, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


def questions_file(tmp_path: Path, *questions: str) -> Path:
    path = tmp_path / "q.jsonl"
    rows = [{"id": str(n), "question": question} for n, question in enumerate(questions)]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_ingest_reports_each_file_and_what_failed(cli: Run, notes: Path) -> None:
    ended = cli("ingest", "--json", notes)
    assert ended.code == 0
    assert {Path(row["path"]).name: row["status"] for row in ended.rows} == {"dropout.md": "added", "conv.txt": "added"}
    assert all(row["chunks"] >= 1 and row["error"] is None for row in ended.rows)
    (notes / "broken.pdf").write_bytes(b"%PDF-1.7 not really")
    ended = cli("ingest", "--json", notes)
    rows = {Path(row["path"]).name: row for row in ended.rows}
    assert ended.code == 1
    assert rows["broken.pdf"]["status"] == "failed"
    assert "broken.pdf" in rows["broken.pdf"]["error"]
    assert {rows["dropout.md"]["status"], rows["conv.txt"]["status"]} == {"unchanged"}


def test_ingest_of_nothing_is_named(cli: Run, tmp_path: Path) -> None:
    ended = cli("ingest", "--json", tmp_path / "없는파일.pdf")
    assert ended.code == 1
    assert [row["status"] for row in ended.rows] == ["failed"]
    assert "없는파일.pdf" in ended.rows[0]["error"]


def test_people_read_words_and_machines_json(cli: Run, notes: Path) -> None:
    ended = cli("ingest", notes)
    assert "추가" in ended.out
    assert "추가 2" in ended.err
    ended = cli("docs", "list")
    assert "dropout.md" in ended.out
    assert {row["source"] for row in cli("docs", "list", "--json").rows} == {"dropout.md", "conv.txt"}


def test_docs_are_removed_all_or_none(cli: Run, notes: Path) -> None:
    cli("ingest", notes)
    ended = cli("docs", "remove", "dropout.md", "nothing.md")
    assert ended.code == 2
    assert "nothing.md" in ended.err
    assert len(cli("docs", "list", "--json").rows) == 2
    assert cli("docs", "remove", "dropout.md").code == 0
    assert [row["source"] for row in cli("docs", "--json").rows] == ["conv.txt"]
    assert cli("search", "--json", "드롭아웃 확률").rows[0]["hits"][0]["source"] == "conv.txt"


def test_search_answers_a_file_of_questions_in_order(cli: Run, notes: Path, tmp_path: Path) -> None:
    cli("ingest", notes)
    rows = cli("search", "--json", "-k", 1, "--questions", questions_file(tmp_path, "풀링은?", "은닉층 드롭아웃?")).rows
    assert [row["id"] for row in rows] == ["0", "1"]
    assert ["conv" in rows[0]["hits"][0]["source"], "dropout" in rows[1]["hits"][0]["source"]] == [True, True]
    assert all({"embed", "dense", "lexical", "total"} == set(row["timings_ms"]) for row in rows)
    hit = rows[1]["hits"][0]
    assert {"rank", "score", "source", "locator", "chunk_id", "text"} == set(hit)
    assert hit["locator"]["label"] == " › ".join(hit["locator"]["headings"])


@pytest.fixture
def real(cli: Run, weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same command line with the real embedder."""
    monkeypatch.setenv("COURSEMATE_EMBEDDER", "e5")
    monkeypatch.setenv("COURSEMATE_WEIGHTS", str(weights_dir))
    return cli


@pytest.mark.weights
def test_ask_cites_and_refuses(real: Run, notes: Path) -> None:
    real("ingest", notes)
    ended = real("ask", "--json", "드롭아웃은 은닉층에서 보통 얼마를 쓰나요?")
    (answer,) = ended.rows
    assert (ended.code, answer["backend"], answer["refused"]) == (0, "fake", False)
    assert answer["citations"][0]["source"] == "dropout.md"
    assert answer["citations"][0]["quote"]
    assert answer["sentences"][0]["support"] > 0.5
    (refusal,) = real("ask", "--json", "기숙사 식당은 몇 시에 문을 여나요?").rows
    assert (refusal["refused"], refusal["citations"]) == (True, [])


@pytest.mark.weights
def test_ask_for_a_person_shows_answer_then_sources(real: Run, notes: Path) -> None:
    real("ingest", notes)
    ended = real("ask", "드롭아웃은 은닉층에서 보통 얼마를 쓰나요?")
    answer, sources = ended.out.split("근거", 1)
    assert "0.5" in answer
    assert "[1] dropout.md · 드롭아웃" in sources
    assert "fake" in ended.err


def test_ask_without_documents_refuses(cli: Run) -> None:
    ended = cli("ask", "--json", "드롭아웃이란?")
    assert (ended.code, ended.rows[0]["refused"], ended.rows[0]["reason"]) == (0, True, "no_documents")
    assert "coursemate ingest" in cli("ask", "드롭아웃이란?").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "--json"), "--questions"),
        (("search", "q", "-k", "0"), "-k 0"),
        (("search", "q", "-k", "many"), "many"),
        (("ask", "q", "--backend", "opnai"), "openai"),
        (("ask", "q", "--speed", "warp"), "warp"),
        (("ask", "q", "--questions", "nowhere.jsonl"), "--questions"),
        (("ask", "--questions", "nowhere.jsonl"), "nowhere.jsonl"),
        (("dance",), "dance"),
        (("ingest",), "PATH"),
        (("--collection", "../up", "docs"), "../up"),
        (("models", "pull", "gpt-9"), "gpt-9"),
        (("models", "verify", "gpt-9"), "gpt-9"),
        (("ui", "--host", "0.0.0.0"), "--auth"),
        (("ui", "--auth", "user:short"), "--auth"),
        (("ui", "--port", "99999999"), "99999999"),
    ],
)
def test_bad_usage_is_named_and_ends_with_2(cli: Run, arguments: tuple[str, ...], said: str) -> None:
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert "Traceback" not in ended.err


def test_a_short_password_is_not_repeated(cli: Run) -> None:
    assert "hunter2" not in cli("ui", "--auth", "user:hunter2").err


def test_a_backend_without_its_key_names_the_variable(cli: Run, notes: Path) -> None:
    cli("ingest", notes)
    ended = cli("ask", "--backend", "openai", "드롭아웃은 은닉층에서 얼마?")
    assert (ended.code, ended.out) == (1, "")
    assert "OPENAI_API_KEY" in ended.err


def test_global_options_may_follow_the_command(cli: Run, notes: Path, tmp_path: Path) -> None:
    cli("ingest", notes)
    assert cli("docs", "--json", "--home", tmp_path / "other").rows == []
    assert cli("docs", "--json", "--collection", "second").rows == []


def test_collections_do_not_mix(cli: Run, notes: Path) -> None:
    cli("--collection", "second", "ingest", notes / "conv.txt")
    assert cli("docs", "--json").rows == []
    assert [row["source"] for row in cli("--collection", "second", "docs", "--json").rows] == ["conv.txt"]


def test_reindex_keeps_every_document(cli: Run, notes: Path) -> None:
    cli("ingest", notes)
    before = cli("search", "--json", "풀링은 무엇을 하나요?").rows[0]["hits"]
    assert cli("reindex").code == 0
    assert cli("search", "--json", "풀링은 무엇을 하나요?").rows[0]["hits"] == before


def test_models_are_listed_with_what_is_here(cli: Run) -> None:
    rows = {row["name"]: row for row in cli("models", "list", "--json").rows}
    assert rows["qwen2.5-coder-0.5b"]["size_bytes"] == 491_400_064
    assert rows["qwen2.5-coder-0.5b"]["path"] is None
    assert rows["multilingual-e5-small"]["licence"] == "MIT"


def test_offline_names_the_weights_that_lack(cli: Run, monkeypatch: pytest.MonkeyPatch, notes: Path) -> None:
    monkeypatch.setenv("COURSEMATE_EMBEDDER", "e5")
    monkeypatch.setenv("COURSEMATE_OFFLINE", "true")
    ended = cli("ingest", notes)
    assert ended.code == 1
    assert "multilingual-e5-small" in ended.err


def test_the_language_is_a_setting(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "쓸 수 없습니다" in cli("search", "q", "-k", "0").err
    monkeypatch.setenv("COURSEMATE_LANGUAGE", "en")
    assert "cannot be used" in cli("search", "q", "-k", "0").err


def child(home: Path, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    environment = os.environ | {"COURSEMATE_EMBEDDER": "fake", "COURSEMATE_BACKEND": "fake"}
    command = [sys.executable, "-m", "app.cli", "--home", str(home), *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment} | options
    # A shell that runs tests in the background has them ignore Ctrl-C, and what they start inherits that.
    pipes["preexec_fn"] = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(command, **pipes)


def test_a_reader_that_goes_away_is_no_news(home: Path) -> None:
    running = child(home, "models", "list")
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert (running.stderr.read(), running.wait(60)) == ("", 141)
    running.stderr.close()


def test_ctrl_c_ends_in_a_sentence(home: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "questions.jsonl"
    os.mkfifo(fifo)
    running = child(home, "search", "--questions", str(fifo))
    with fifo.open("w"):  # opens once the command reads it: it waits for questions now
        for _ in range(12):  # as a person would: once more where the first one came too early
            time.sleep(0.2)
            running.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                out, err = running.communicate(timeout=10)
                break
    assert (running.returncode, out) == (130, "")
    assert "중단했습니다" in err
    assert "Traceback" not in err


def test_korean_comes_out_right_under_any_locale(home: Path) -> None:
    running = child(
        home,
        "docs",
        env=os.environ | {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "COURSEMATE_EMBEDDER": "fake"},
        text=False,
    )
    _, err = running.communicate(timeout=60)
    assert "문서가 없습니다" in err.decode("utf-8")


def test_the_unforeseen_ends_in_a_sentence_and_a_log(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import app.commands.docs as d\ndef boom(*_):\n    raise ZeroDivisionError('sk-0123456789abcdef')\nd.COMMAND = d.Command('docs', d.configure, boom)\n"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).resolve().parents[2])])
    running = child(home, "docs", env=os.environ | {"PYTHONPATH": path})
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (1, "")
    assert "ZeroDivisionError" in err
    assert "Traceback" not in err
    log = (home / "coursemate.log").read_text()
    assert "Traceback" in log
    assert "sk-0123456789abcdef" not in log + err
