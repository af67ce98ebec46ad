"""What becomes of files: added, unchanged, updated, renamed, copied, failed; and nothing of the rest is lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ingest import pipeline, upkeep
from ingest.base import Limits
from ingest.files import expand
from ingest.pipeline import FileReport, IngestProgress, ingest
from ingest.store import ChunkStore
from models.embedders.fake import FakeEmbedder
from models.errors import MissingError


class CountingEmbedder(FakeEmbedder):
    """Remembers what it was given to embed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
        self.texts += texts
        return super().embed_passages(texts)

    def embed_question(self, text: str) -> NDArray[np.float32]:
        return FakeEmbedder().embed_passages([text])[0]


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def store(tmp_path: Path, embedder: CountingEmbedder) -> Iterator[ChunkStore]:
    with ChunkStore.open(tmp_path / "store", embedder, write=True) as store:
        yield store


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "dropout.md").write_text(
        "# 드롭아웃\n뉴런을 무작위로 끈다.\n# 비율\n절반이 보통이다.\n" * 9, encoding="utf-8"
    )
    (folder / "conv.txt").write_text("합성곱 층은 필터를 움직인다. 풀링은 크기를 줄인다.", encoding="utf-8")
    return folder


def run(store: ChunkStore, *paths: Path) -> dict[str, FileReport]:
    return {report.path.name: report for report in ingest(paths, store, Limits())}


def sources(store: ChunkStore) -> list[str]:
    return [record.source for record in store.documents()]


def test_files_come_in_and_are_found(store: ChunkStore, docs: Path) -> None:
    reports = run(store, docs)
    assert {name: report.status for name, report in reports.items()} == {"dropout.md": "added", "conv.txt": "added"}
    assert sources(store) == ["conv.txt", "dropout.md"]
    record = store.documents()[1]
    assert (record.format, record.title, record.path) == ("md", "드롭아웃", docs / "dropout.md")
    assert record.chunks == reports["dropout.md"].chunks == len(store.chunks_of(record.id))
    (hit, *_) = store.search_lexical("풀링", 5)
    assert store.get([hit[0]])[0].source == "conv.txt"


def test_the_same_bytes_cost_a_hash(store: ChunkStore, docs: Path, embedder: CountingEmbedder) -> None:
    first = run(store, docs)
    embedder.texts.clear()
    os.utime(docs / "conv.txt")
    again = run(store, docs)
    assert {report.status for report in again.values()} == {"unchanged"}
    assert again["dropout.md"].chunks == first["dropout.md"].chunks
    assert embedder.texts == []


def test_a_changed_file_is_replaced_and_only_its_new_text_embedded(
    store: ChunkStore, docs: Path, embedder: CountingEmbedder
) -> None:
    text = "\n".join(f"# {n}장\n" + f"{n}번째 장의 내용이 여기에 길게 이어진다. " * 12 for n in range(6))
    (docs / "long.md").write_text(text, encoding="utf-8")
    run(store, docs)
    embedder.texts.clear()
    (docs / "long.md").write_text(text.replace("3번째 장의", "고친 장의"), encoding="utf-8")
    assert run(store, docs)["long.md"].status == "updated"
    assert embedder.texts
    assert all("고친 장의" in text for text in embedder.texts)
    record = next(r for r in store.documents() if r.source == "long.md")
    chunks = store.chunks_of(record.id)
    assert "고친 장의" in "".join(chunk.text for chunk in chunks)
    vectors = store.vectors([chunk.id for chunk in chunks])
    for chunk in chunks:
        fresh = FakeEmbedder().embed_passages([pipeline.indexed_text(chunk)])[0]
        assert vectors[chunk.id] == pytest.approx(fresh, abs=1e-6)
    assert store.check() == []


def test_a_renamed_file_keeps_its_chunks(store: ChunkStore, docs: Path, embedder: CountingEmbedder) -> None:
    run(store, docs)
    before = next(r for r in store.documents() if r.source == "conv.txt")
    embedder.texts.clear()
    (docs / "conv.txt").rename(docs / "합성곱.txt")
    report = run(store, docs)["합성곱.txt"]
    assert (report.status, report.renamed_from) == ("unchanged", str(docs / "conv.txt"))
    assert embedder.texts == []
    assert sources(store) == ["dropout.md", "합성곱.txt"]
    after = store.documents()[1]
    assert after.id == before.id
    assert store.chunks_of(after.id)[0].source == "합성곱.txt"
    # a new file under the old name is another document
    (docs / "conv.txt").write_text("전혀 다른 글이다.", encoding="utf-8")
    assert run(store, docs)["conv.txt"].status == "added"
    assert len({r.id for r in store.documents()}) == 3


def test_a_copy_is_told_and_not_stored_twice(store: ChunkStore, docs: Path) -> None:
    (docs / "copy.txt").write_bytes((docs / "conv.txt").read_bytes())
    reports = run(store, docs)  # original and copy in one run
    assert (reports["copy.txt"].status, reports["copy.txt"].same_as) == ("unchanged", "conv.txt")
    assert sources(store) == ["conv.txt", "dropout.md"]
    assert run(store, docs)["copy.txt"].same_as == "conv.txt"
    (docs / "conv.txt").unlink()
    assert run(store, docs)["copy.txt"].renamed_from == str(docs / "conv.txt")
    assert sources(store) == ["copy.txt", "dropout.md"]


def test_files_of_one_name_get_names_of_their_own(store: ChunkStore, docs: Path) -> None:
    for week in ("week1", "week2"):
        (docs / week).mkdir()
        (docs / week / "notes.md").write_text(f"{week}의 노트다.", encoding="utf-8")
    run(store, docs)
    assert sources(store) == ["conv.txt", "dropout.md", "notes.md", "week2/notes.md"]


def test_one_bad_file_fails_alone_and_its_old_version_stays(store: ChunkStore, docs: Path) -> None:
    run(store, docs)
    (docs / "conv.txt").write_bytes(b"")
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 not really")
    (docs / "new.md").write_text("새 문서다.", encoding="utf-8")
    reports = run(store, docs, docs / "missing.md")
    failed = {name: report.error.reason for name, report in reports.items() if report.status == "failed"}
    assert failed == {"conv.txt": "empty", "broken.pdf": "broken", "missing.md": "not_found"}
    assert reports["new.md"].status == "added"
    assert sources(store) == ["conv.txt", "dropout.md", "new.md"]
    assert store.search_lexical("풀링", 1)
    assert store.catalog.leftovers() == []


def test_a_file_that_breaks_off_leaves_nothing(store: ChunkStore, docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "WINDOW_CHUNKS", 2)
    (docs / "long.md").write_text("\n".join(f"# {n}\n" + "글이 이어진다. " * 40 for n in range(9)), encoding="utf-8")
    monkeypatch.setattr(pipeline, "has_changed", lambda path, before: path.name == "long.md")
    report = run(store, docs)["long.md"]
    assert report.error is not None
    assert "while it was read" in str(report.error)
    assert sources(store) == ["conv.txt", "dropout.md"]
    assert store.catalog.leftovers() == []
    assert store.check() == []


def test_progress_tells_files_chunks_and_time(store: ChunkStore, docs: Path) -> None:
    told: list[IngestProgress] = []
    list(ingest([docs], store, Limits(), told.append))
    assert (told[-1].files_done, told[-1].files_total) == (2, 2)
    assert told[-1].chunks_done == sum(record.chunks for record in store.documents())
    assert told[-1].chunks_per_s > 0
    assert told[-1].eta_s == pytest.approx(0)


def test_one_long_file_shows_its_time_left_while_it_is_read(
    store: ChunkStore, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WINDOW_CHUNKS", 4)
    (docs / "long.txt").write_text("긴 글이 계속 이어진다. " * 1_000, encoding="utf-8")
    told: list[IngestProgress] = []
    list(ingest([docs / "long.txt"], store, Limits(), told.append))
    assert told[0].chunks_total_of_file is None
    assert told[0].eta_s is not None
    assert told[0].eta_s > 0


def test_stopping_leaves_a_sound_store_and_the_next_run_goes_on(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WINDOW_CHUNKS", 2)
    for n in range(6):
        (docs / f"{n}.md").write_text(f"{n}번 문서다. " * 30, encoding="utf-8")

    class Stopping(FakeEmbedder):
        calls = 0

        def embed_passages(self, texts: list[str]) -> NDArray[np.float32]:
            self.calls += 1
            if self.calls == 4:
                raise KeyboardInterrupt
            return super().embed_passages(texts)

    with ChunkStore.open(tmp_path / "store", Stopping(), write=True) as store, pytest.raises(KeyboardInterrupt):
        list(ingest([docs], store, Limits()))
    with ChunkStore.open(tmp_path / "store", FakeEmbedder(), write=True) as store:
        assert 0 < len(store.documents()) < 8
        statuses = {report.status for report in ingest([docs], store, Limits())}
        assert statuses == {"added", "unchanged"}
        assert len(store.documents()) == 8
        assert store.check() == []


def test_closing_the_iterator_early_keeps_what_was_reported(store: ChunkStore, docs: Path) -> None:
    reports = ingest([docs], store, Limits())
    first = next(reports)
    reports.close()
    assert first.path.name in sources(store)


def test_many_windows_hold_one_long_document_together(
    store: ChunkStore, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WINDOW_CHUNKS", 3)
    sections = [f"# {n}절\n" + f"{n}절의 설명이 이어진다. " * 30 for n in range(20)]
    (docs / "long.md").write_text("\n".join(sections), encoding="utf-8")
    run(store, docs)
    record = next(r for r in store.documents() if r.source == "long.md")
    chunks = store.chunks_of(record.id)
    assert [chunk.ordinal for chunk in chunks] == list(range(record.chunks))
    assert [n for n in range(20) if any(f"{n}절의" in chunk.text for chunk in chunks)] == list(range(20))


def test_without_an_embedder_nothing_is_added(tmp_path: Path, docs: Path) -> None:
    with ChunkStore.open(tmp_path / "s", None, write=True) as store, pytest.raises(MissingError):
        list(ingest([docs], store, Limits()))


def test_folders_globs_and_files_are_expanded_once(docs: Path) -> None:
    (docs / ".hidden").mkdir()
    (docs / ".hidden" / "x.md").write_text("x", encoding="utf-8")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    found = expand([docs, docs / "*.md", docs / "conv.txt", docs / "nothing-*.md"], {".md", ".txt"})
    assert [path.name for path in found] == ["conv.txt", "dropout.md", "nothing-*.md"]
    assert [path.name for path in expand([docs / "picture.png"], {".md"})] == ["picture.png"]


def test_an_empty_folder_is_told(store: ChunkStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = run(store, tmp_path / "empty")["empty"]
    assert report.error is not None
    assert "no file of a supported format" in str(report.error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_a_pipe_is_refused_at_once(store: ChunkStore, docs: Path) -> None:
    os.mkfifo(docs / "pipe.md")
    report = run(store, docs)["pipe.md"]
    assert report.error is not None
    assert "not a regular file" in str(report.error)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_not_unicode_is_no_obstacle(store: ChunkStore, docs: Path) -> None:
    name = os.fsdecode("한글.txt".encode("cp949"))
    (docs / name).write_text("이름이 옛 인코딩인 파일이다.", encoding="utf-8")
    assert run(store, docs)[name].status == "added"
    assert run(store, docs)[name].status == "unchanged"
    assert all(source.encode() for source in sources(store))


def test_a_reader_sees_whole_documents_while_a_writer_writes(
    tmp_path: Path, store: ChunkStore, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WINDOW_CHUNKS", 4)
    monkeypatch.setattr(upkeep, "TAIL_CHUNKS", 8)

    def write(version: str) -> None:
        for n in range(6):
            sections = [f"# {m}절\n" + f"{version} {n}번 문서 {m}절의 설명이다. " * 20 for m in range(3 + n)]
            (docs / f"{n}.md").write_text("\n".join(sections), encoding="utf-8")
        run(store, docs)

    write("첫 판")
    writer = threading.Thread(target=write, args=("다음 판",))
    vector = FakeEmbedder().embed_question("문서의 설명")
    with ChunkStore.open(tmp_path / "store", FakeEmbedder()) as reader:
        writer.start()
        while writer.is_alive():
            for record in reader.documents():
                texts = [chunk.text for chunk in reader.chunks_of(record.id)]
                assert len({text.count("다음 판") > 0 for text in texts if "번 문서" in text}) <= 1
            assert len(reader.search_dense(vector, 10)) == 10
            assert len(reader.search_lexical("문서의 설명", 10)) == 10
        writer.join()
        everything = "".join(chunk.text for record in reader.documents() for chunk in reader.chunks_of(record.id))
        assert "첫 판" not in everything
        assert reader.check() == []
