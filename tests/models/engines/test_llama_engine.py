"""The engine's process, with the real 0.5B."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest

from models.engines.llama import EngineSpec, LocalEngine
from models.errors import WeightsError

PASSAGES = "[1] 규제.md\n" + "드롭아웃은 학습 중 뉴런을 무작위로 꺼서 과적합을 줄인다. 비율은 보통 0.5이다. " * 3
LONG = "배치 정규화는 층의 입력을 정규화하여 학습을 안정시키고 빠르게 한다. " * 14


def until(condition: Callable[[], bool], limit_s: float = 60.0) -> bool:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def ask(engine: LocalEngine, text: str, **more: Any) -> dict[str, Any]:
    url, headers = engine.address()
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": 4, "temperature": 0, **more}
    with engine.asking():
        answer = httpx.post(url.join("/v1/chat/completions"), json=body, headers=headers, timeout=240)
    result: dict[str, Any] = answer.raise_for_status().json()
    return result


@pytest.mark.weights
def test_is_ready_and_says_what_it_runs(engine: LocalEngine, gguf: Path) -> None:
    assert engine.state == "ready"
    info = engine.info()
    assert info.path == gguf
    assert info.context_tokens == 2048
    assert 300e6 < info.memory_bytes < 1.2e9
    assert info.reading_rate > 0


@pytest.mark.weights
def test_counts_the_models_own_tokens(engine: LocalEngine) -> None:
    assert engine.count_tokens("") == 0
    assert engine.count_tokens("hello") == 1
    assert engine.tokenize("드롭아웃은 왜 쓰나요?") == engine.tokenize("드롭아웃은 왜 쓰나요?")
    assert 5 < engine.count_tokens("드롭아웃은 왜 쓰나요?") < 30


@pytest.mark.weights
def test_lets_nobody_else_in(engine: LocalEngine) -> None:
    url, headers = engine.address()
    assert url.host == "127.0.0.1"
    body = {"messages": [{"role": "user", "content": "안녕"}], "max_tokens": 1}
    for wrong in ({}, {"Authorization": "Bearer guess"}):
        assert httpx.post(url.join("/v1/chat/completions"), json=body, headers=wrong).status_code == 401
        assert httpx.get(url.join("/slots"), headers=wrong).status_code == 401
    foreign = httpx.get(url.join("/v1/models"), headers={**headers, "Origin": "https://evil.example"})
    assert foreign.headers["access-control-allow-origin"] not in {"*", "https://evil.example"}
    assert httpx.get(url, headers=headers).status_code == 404  # no page of llama.cpp's own


def command_line(process: psutil.Process) -> str:
    """Empty for one that has just ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""


@pytest.mark.weights
def test_the_key_stands_in_no_process_list(engine: LocalEngine) -> None:
    key = engine.address()[1]["Authorization"].removeprefix("Bearer ")
    children = psutil.Process().children(recursive=True)
    assert children
    assert not any(key in command_line(child) for child in children)


@pytest.mark.weights
def test_what_was_read_ahead_is_not_read_again(engine: LocalEngine) -> None:
    assert engine.warm([{"role": "user", "content": PASSAGES + "\n\n질문: "}])
    timings = ask(engine, PASSAGES + "\n\n질문: 드롭아웃은 왜 쓰나요?")["timings"]
    assert timings["cache_n"] > 60
    assert timings["prompt_n"] < 30


@pytest.mark.weights
def test_another_prompt_does_not_evict_the_passages(engine: LocalEngine) -> None:
    ask(engine, PASSAGES + "\n\n질문: 하나?")
    ask(engine, LONG[:100])
    assert ask(engine, PASSAGES + "\n\n질문: 둘?")["timings"]["cache_n"] > 60


@pytest.mark.weights
def test_a_real_question_goes_first_and_what_was_read_is_kept(engine: LocalEngine) -> None:
    done: list[bool] = []
    reading = threading.Thread(target=lambda: done.append(engine.warm([{"role": "user", "content": LONG}])))
    reading.start()
    assert until(lambda: not engine.idle())
    assert ask(engine, "안녕")["choices"]
    reading.join(60)
    assert done == [False]


@pytest.mark.weights
def test_a_dropped_draft_stops_reading(engine: LocalEngine) -> None:
    cancel, done = threading.Event(), []
    messages = [{"role": "user", "content": "가 " + LONG}]
    reading = threading.Thread(target=lambda: done.append(engine.warm(messages, cancel)))
    reading.start()
    assert until(lambda: not engine.idle())
    cancel.set()
    reading.join(60)
    assert done == [False]
    assert until(engine.idle)


@pytest.mark.weights
def test_learns_how_fast_it_reads(gguf: Path) -> None:
    engine = LocalEngine(EngineSpec(gguf))
    guess = engine.reading_rate
    engine.observe({"prompt_n": 3, "prompt_per_second": 1.0})
    assert engine.reading_rate == guess
    engine.observe({"prompt_n": 300, "prompt_per_second": 50.0})
    assert engine.reading_rate == 50.0
    assert engine.state == "stopped"


@pytest.mark.weights
def test_starts_once_survives_a_kill_and_says_nothing(gguf: Path, capfd: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    engine = LocalEngine(EngineSpec(gguf, context_tokens=512))
    starters = [threading.Thread(target=engine.start) for _ in range(3)]
    for starter in starters:
        starter.start()
    assert until(lambda: engine.state == "loading")
    for starter in starters:
        starter.join()
    assert engine.state == "ready"
    first = process_of(engine)
    os.kill(first, signal.SIGKILL)
    assert until(lambda: engine.state == "stopped")
    assert "memory" in str(engine.lost(httpx.ReadError("gone")))
    assert ask(engine, "안녕")["choices"]  # asking starts it
    second = process_of(engine)
    assert second != first
    engine.close()
    assert engine.state == "stopped"
    assert not psutil.pid_exists(second)
    assert capfd.readouterr() == ("", "")


@pytest.mark.weights
def test_the_engine_ends_with_its_parent(gguf: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from models.engines.llama import EngineSpec, LocalEngine;"
        f"engine = LocalEngine.of(EngineSpec(Path({str(gguf)!r}), context_tokens=512)); engine.start();"
        "print(engine._process._popen.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    assert until(lambda: not psutil.pid_exists(int(done.stdout)))


@pytest.mark.weights
def test_a_truncated_file_is_named(gguf: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    with gguf.open("rb") as whole:
        cut.write_bytes(whole.read(40_000_000))
    engine = LocalEngine(EngineSpec(cut))
    with pytest.raises(WeightsError, match=r"cut\.gguf.*(corrupted|incomplete)"):
        engine.start()
    assert engine.state == "failed"
    assert engine.error is not None


@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"<html>", os.urandom(5_000)], ids=["empty", "short", "html", "noise"]
)
def test_a_file_that_is_no_model_is_named(content: bytes, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(content)
    with pytest.raises(WeightsError, match=r"broken\.gguf could not be loaded"):
        LocalEngine(EngineSpec(broken)).start()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.gguf.*no such file"):
        LocalEngine(EngineSpec(tmp_path / "gone.gguf")).start()


def test_too_little_memory_is_said_before_it_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "large.gguf"
    model.write_bytes(b"GGUF")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=100_000_000))
    with pytest.raises(WeightsError, match="choose a smaller model"):
        LocalEngine(EngineSpec(model)).start()


def test_everyone_gets_the_same_engine(tmp_path: Path) -> None:
    spec = EngineSpec(tmp_path / "m.gguf")
    assert LocalEngine.of(spec) is LocalEngine.of(EngineSpec(tmp_path / "m.gguf"))
    assert LocalEngine.of(spec) is not LocalEngine.of(EngineSpec(tmp_path / "m.gguf", context_tokens=1024))


def process_of(engine: LocalEngine) -> int:
    process = engine._process
    assert process is not None
    return int(process._popen.pid)
