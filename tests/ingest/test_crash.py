"""A process killed (SIGKILL) at any moment of ingestion leaves a sound store, and the next run ends as if nothing had been."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.base import Limits
from ingest.pipeline import ingest
from ingest.store import ChunkStore
from models.embedders.fake import FakeEmbedder
from models.types import Chunk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL"),
]

COURSE = Path(__file__).parents[2] / "data" / "course"
FILES = 10
KILLS = 50
QUESTIONS = ("드롭아웃은 왜 쓰나요?", "gradient descent", "코랩에서 GPU 확인", "손실 함수", "NumPy 배열", "학습률")


class Nursery:
    """The process that forks children; `run` lets one live for a while."""

    def __init__(self, documents: Path) -> None:
        script = Path(__file__).with_name("crash_nursery.py")
        self._process = subprocess.Popen(
            [sys.executable, script, documents], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._answer() == "ready"

    def run(self, folder: Path, kill_after_s: float | None = None) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        child = int(self._answer())
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            with suppress(ProcessLookupError):  # it had ended already
                os.kill(child, signal.SIGKILL)
        assert self._answer() == "ended"

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first notes of the shipped course."""
    folder = tmp_path_factory.mktemp("documents")
    for path in sorted(COURSE.glob("*.md"))[:FILES]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def nursery(documents: Path) -> Iterator[Nursery]:
    nursery = Nursery(documents)
    yield nursery
    nursery.close()


def contents(store: ChunkStore) -> dict[str, list[Chunk]]:
    return {record.source: store.chunks_of(record.id) for record in store.documents()}


def results(store: ChunkStore) -> list[list[tuple[str, float]]]:
    """Chunk ids and scores of every question, lexical and dense."""
    vectors = [FakeEmbedder().embed_question(question) for question in QUESTIONS]
    lexical = [store.search_lexical(question, 10) for question in QUESTIONS]
    dense = [store.search_dense(vector, 10) for vector in vectors]
    return lexical + dense


def assert_same(found: list[list[tuple[str, float]]], expected: list[list[tuple[str, float]]]) -> None:
    """The same chunks in the same order, scores equal up to rounding."""
    for hits, wanted in zip(found, expected, strict=True):
        assert [score for _, score in hits] == pytest.approx([score for _, score in wanted], abs=1e-5)
        assert [chunk_id for chunk_id, _ in hits] == [chunk_id for chunk_id, _ in wanted]


def finish(folder: Path, documents: Path) -> tuple[dict[str, list[Chunk]], list[list[tuple[str, float]]]]:
    """Completes a run in this process; gives what is stored and found then."""
    with ChunkStore.open(folder, FakeEmbedder(), write=True) as store:
        reports = list(ingest([documents], store, Limits()))
        assert all(report.error is None for report in reports)
        assert store.check() == []
        return contents(store), results(store)


def test_a_new_collection_survives_being_killed(nursery: Nursery, documents: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    nursery.run(tmp_path / "undisturbed")
    spent = time.monotonic() - started
    expected, found = finish(tmp_path / "undisturbed", documents)
    assert len(expected) == FILES
    dice = random.Random(1)
    seen = set()
    for number in range(KILLS // 2):
        folder = tmp_path / str(number)
        nursery.run(folder, dice.uniform(0, spent))
        with ChunkStore.open(folder, FakeEmbedder()) as store:
            present = contents(store)
            results(store)  # a reader finds its way in whatever lies there
        assert present == {source: expected[source] for source in present}
        seen.add(len(present))
        stored, again = finish(folder, documents)
        assert stored == expected
        assert_same(again, found)
        shutil.rmtree(folder)
    assert len(seen) > 2  # it was killed early, in the middle and late


def test_a_changed_collection_survives_being_killed(nursery: Nursery, documents: Path, tmp_path: Path) -> None:
    old, _ = finish(tmp_path / "before", documents)
    for path in sorted(documents.glob("*.md"))[::2]:
        text = path.read_text(encoding="utf-8")
        path.write_text("# 새 판\n" + text[len(text) // 2 :], encoding="utf-8")
    shutil.copytree(tmp_path / "before", tmp_path / "undisturbed")
    started = time.monotonic()
    nursery.run(tmp_path / "undisturbed")
    spent = time.monotonic() - started
    new, found = finish(tmp_path / "undisturbed", documents)
    dice = random.Random(2)
    seen = set()
    for number in range(KILLS - KILLS // 2):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "before", folder)
        nursery.run(folder, dice.uniform(0, spent))
        with ChunkStore.open(folder, FakeEmbedder()) as store:
            present = contents(store)
            results(store)
        assert all(present[source] in (old[source], new[source]) for source in old)
        assert len(present) == FILES
        seen.add(sum(present[source] == new[source] for source in new))
        stored, again = finish(folder, documents)
        assert stored == new
        assert_same(again, found)
        shutil.rmtree(folder)
    assert len(seen) > 2
