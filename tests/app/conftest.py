"""The command line in this process, with a fake embedder and a fake backend: quick, and every other part real."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.cli import main

NOTES = """# 드롭아웃
## 원리
드롭아웃은 학습할 때 뉴런을 확률 p로 무작위로 끈다. 은닉층에서는 보통 0.5를 쓴다.
## 시험할 때
시험할 때는 모든 뉴런을 켠다.
"""
OTHER = "# 합성곱\n합성곱 층은 작은 필터를 이미지 위로 움직이며 특징을 뽑는다. 풀링은 크기를 줄인다.\n"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ended]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A folder with two small documents, one of them in CP949."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "dropout.md").write_text(NOTES, encoding="utf-8")
    (folder / "conv.txt").write_text(OTHER, encoding="cp949")
    return folder


@pytest.fixture
def cli(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """cli("ingest", folder) runs a command over an empty home and tells how it ended."""
    monkeypatch.setenv("COURSEMATE_EMBEDDER", "fake")
    monkeypatch.setenv("COURSEMATE_BACKEND", "fake")
    hooks, handlers = (sys.excepthook, threading.excepthook), list(logging.getLogger().handlers)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        try:
            code = main(["--home", str(home), *map(str, arguments)])
        except SystemExit as end:  # argparse
            code = end.code if isinstance(end.code, int) else 1
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    yield run
    sys.excepthook, threading.excepthook = hooks
    root = logging.getLogger()
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
