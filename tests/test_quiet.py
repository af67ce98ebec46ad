"""Nothing calls home: with every connection beyond this machine refused and recorded, there is none to record.

A sitecustomize in the child's path stands in for the network: it lets loopback through and writes down all else, name
look-ups included. Both the page and an answer run under it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)  # fresh processes with a language model each

GUARD = """
import os, socket

def _loopback(address):
    host = address[0] if isinstance(address, tuple) else address
    return not isinstance(address, tuple) or host in ("localhost", "::1", "") or str(host).startswith("127.")

def _record(what):
    with open(os.environ["GUARD_LOG"], "a") as file:
        file.write(f"{what}\\n")
    raise OSError(101, f"refused by the test: {what}")

_connect, _connect_ex, _sendto, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto, socket.getaddrinfo

def connect(self, address):
    return _connect(self, address) if _loopback(address) else _record(address)

def connect_ex(self, address):
    return _connect_ex(self, address) if _loopback(address) else _record(address)

def sendto(self, data, *rest):
    return _sendto(self, data, *rest) if _loopback(rest[-1]) else _record(rest[-1])

def getaddrinfo(host, *rest, **options):
    name = host.decode() if isinstance(host, bytes) else host
    return _getaddrinfo(host, *rest, **options) if name is None or _loopback((name,)) or name == "0.0.0.0" else _record(name)

socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto, socket.getaddrinfo = connect, connect_ex, sendto, getaddrinfo
"""
NOTE = "# 풀링\n풀링은 특징 지도의 크기를 줄인다. 흔히 2×2 최댓값 풀링을 쓴다.\n"


@pytest.fixture
def guarded(tmp_path: Path, weights_dir: Path) -> dict[str, str]:
    """The environment of a child that may talk to this machine only."""
    (tmp_path / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    return os.environ | {
        "PYTHONPATH": str(tmp_path),
        "GUARD_LOG": str(tmp_path / "attempts.txt"),
        "COURSEMATE_WEIGHTS": str(weights_dir),
        "COURSEMATE_MODEL": "qwen2.5-coder-0.5b",
    }


def attempts(tmp_path: Path) -> list[str]:
    log = tmp_path / "attempts.txt"
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def command(home: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "app.cli", "--home", str(home), *arguments]


def test_the_guard_itself_works(tmp_path: Path, guarded: dict[str, str]) -> None:
    code = "import urllib.request; urllib.request.urlopen('http://example.com', timeout=5)"
    done = subprocess.run([sys.executable, "-c", code], env=guarded, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert attempts(tmp_path) == ["example.com"]


@pytest.mark.weights
def test_an_answer_talks_to_nobody(tmp_path: Path, home: Path, guarded: dict[str, str]) -> None:
    note = tmp_path / "풀링.md"
    note.write_text(NOTE, encoding="utf-8")
    for arguments in (("ingest", str(note)), ("ask", "--json", "풀링은 무엇을 줄이나요?"), ("doctor", "--json")):
        done = subprocess.run(command(home, *arguments), env=guarded, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        if arguments[0] == "ask":
            assert json.loads(done.stdout)["model"].startswith("qwen2.5-coder-0.5b")
    assert attempts(tmp_path) == []


@pytest.mark.weights
def test_the_page_talks_to_nobody(tmp_path: Path, home: Path, guarded: dict[str, str]) -> None:
    """From the start until the page is served whole, the course ingested and the model loaded."""
    running = subprocess.Popen(
        command(home, "ui", "--port", "0"), env=guarded, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert running.stderr is not None
        url = next(word for word in running.stderr.readline().split() if word.startswith("http://127.0.0.1:"))
        assert "gradio" in whole_page(url)
        assert "fonts.googleapis" not in whole_page(url)
        wait_for_the_course(home)
        assert running.poll() is None
    finally:
        running.terminate()
        running.communicate(timeout=60)
    assert attempts(tmp_path) == []


def whole_page(url: str, patience_s: float = 120) -> str:
    """The page once Gradio has taken over from the waiting page."""
    end = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                page = answer.read().decode()
        except urllib.error.HTTPError as error:
            page = error.read().decode()
        if "gradio" in page or time.monotonic() > end:
            return page
        time.sleep(0.3)


def wait_for_the_course(home: Path, patience_s: float = 240) -> None:
    end = time.monotonic() + patience_s
    while not (home / "collections" / "course" / "course-added").exists() and time.monotonic() < end:
        time.sleep(0.5)
    assert (home / "collections" / "course" / "course-added").exists()
