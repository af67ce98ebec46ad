"""The store finds what is live, and only that, whoever writes beside it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from ingest import upkeep
from ingest.catalog import MIGRATIONS
from ingest.disk import is_disk_full
from ingest.store import ChunkStore, DocumentDraft, Scope
from models.embedders.fake import FakeEmbedder
from models.errors import DiskFull, EmbedderChanged, StoreError, StoreLocked
from models.types import Chunk, Locator, chunk_id

NOTES = {
    "dropout.md": [
        "드롭아웃은 뉴런을 무작위로 끈다.",
        "시험할 때는 모든 뉴런을 켠다.",
        "과적합을 줄이는 규제 기법이다.",
    ],
    "conv.pdf": ["합성곱 층은 필터를 움직인다.", "풀링은 특성 맵의 크기를 줄인다."],
    "rnn.md": ["순환 신경망은 은닉 상태를 넘긴다."],
}
EMBEDDER = FakeEmbedder()


class OtherEmbedder(FakeEmbedder):
    fingerprint = "other:1"

    def embed_passages(self, texts: list[str]) -> np.ndarray:
        return -super().embed_passages(texts)


def document(source: str, texts: list[str]) -> tuple[DocumentDraft, list[Chunk]]:
    kind = source.rsplit(".", 1)[1]
    chunks = [
        Chunk(chunk_id(source, n, text), text, source, Locator(page=n + 1), n, source, kind)
        for n, text in enumerate(texts)
    ]
    return DocumentDraft(source, source, kind), chunks


def add(store: ChunkStore, notes: dict[str, list[str]]) -> None:
    documents = [document(source, texts) for source, texts in notes.items()]
    store.add(documents, EMBEDDER.embed_passages([text for texts in notes.values() for text in texts]))


def dense(store: ChunkStore, question: str, k: int = 3, scope: Scope | None = None) -> list[str]:
    hits = store.search_dense(EMBEDDER.embed_question(question), k, scope)
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    return [chunk.text for chunk in store.get([chunk for chunk, _ in hits])]


def lexical(store: ChunkStore, question: str, k: int = 3, scope: Scope | None = None) -> list[str]:
    return [chunk.text for chunk in store.get([chunk for chunk, _ in store.search_lexical(question, k, scope)])]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with ChunkStore.open(tmp_path / "course", EMBEDDER, write=True) as store:
        add(store, NOTES)
    return tmp_path / "course"


def test_an_empty_collection_answers_with_nothing(tmp_path: Path) -> None:
    with ChunkStore.open(tmp_path / "new", EMBEDDER) as store:
        assert store.documents() == []
        assert dense(store, "드롭아웃") == lexical(store, "드롭아웃") == []
        assert store.document_frequencies(["드롭아웃"]) == [0]
        assert store.check() == []


def test_both_sides_find_the_chunk(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER) as store:
        assert dense(store, "드롭아웃은 뉴런을 끈다")[0] == NOTES["dropout.md"][0]
        assert lexical(store, "dropout")[0] == NOTES["dropout.md"][0]
        assert lexical(store, "What is convolution?") == [NOTES["conv.pdf"][0]]
        assert store.document_frequencies(["뉴런", "드롭아웃", "없는말"]) == [2, 1, 0]
        assert (folder / "chroma" / "1" / "chroma.sqlite3").exists()


def test_documents_chunks_and_neighbours_come_back_whole(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER) as store:
        assert [(d.source, d.format, d.chunks) for d in store.documents()] == [
            ("conv.pdf", "pdf", 2),
            ("dropout.md", "md", 3),
            ("rnn.md", "md", 1),
        ]
        first, middle, last = store.chunks_of("dropout.md")
        assert (middle.text, middle.source, middle.locator, middle.ordinal) == (
            NOTES["dropout.md"][1],
            "dropout.md",
            Locator(page=2),
            1,
        )
        assert store.neighbours(middle) == [first, middle, last]
        assert store.neighbours(first, before=2, after=0) == [first]
        assert store.get([last.id, "unknown", first.id]) == [last, first]
        vector = store.vectors([first.id])[first.id]
        assert vector == pytest.approx(EMBEDDER.embed_passages([first.text])[0])


@pytest.mark.parametrize("search", [dense, lexical])
def test_a_scope_keeps_the_rest_out(folder: Path, search: object) -> None:
    with ChunkStore.open(folder, EMBEDDER) as store:
        everything = [text for texts in NOTES.values() for text in texts]
        question = " ".join(everything)
        assert sorted(search(store, question, 9)) == sorted(everything)
        assert search(store, question, 9, Scope(documents=frozenset({"rnn.md"}))) == NOTES["rnn.md"]
        assert sorted(search(store, question, 9, Scope(formats=frozenset({"pdf"})))) == sorted(NOTES["conv.pdf"])
        assert search(store, question, 9, Scope(frozenset({"rnn.md"}), frozenset({"pdf"}))) == []


def test_a_large_scope_is_filtered_after_the_search(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.dense.EXACT_CHUNKS", 0)
    test_a_scope_keeps_the_rest_out(folder, dense)


def test_a_new_version_replaces_the_old_at_once(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER) as reader, ChunkStore.open(folder, EMBEDDER, write=True) as writer:
        assert lexical(reader, "뉴런")
        draft, chunks = document("dropout.md", ["드롭아웃 비율은 절반이 보통이다."])
        version = writer.begin(draft.id)
        writer.stage([(version, chunks[0])], EMBEDDER.embed_passages([chunks[0].text]))
        assert len(reader.chunks_of("dropout.md")) == 3  # staged is not seen
        assert lexical(reader, "절반") == []
        writer.publish([(version, draft)])
        assert [c.text for c in reader.chunks_of("dropout.md")] == [chunks[0].text]
        assert lexical(reader, "절반") == [chunks[0].text]
        assert lexical(reader, "뉴런 과적합") == []
        assert set(dense(reader, "뉴런을 무작위로 끈다", 9)) == {chunks[0].text, *NOTES["conv.pdf"], *NOTES["rnn.md"]}
        writer.settle()
        assert reader.check() == []


def test_removed_documents_are_gone_everywhere(folder: Path) -> None:
    with ChunkStore.open(folder, None, write=True) as store:
        assert store.remove(["dropout.md", "unknown"]) == 1
        assert store.check() == []
    with ChunkStore.open(folder, EMBEDDER) as store:
        assert "dropout.md" not in [d.source for d in store.documents()]
        assert lexical(store, "뉴런") == []
        assert sorted(dense(store, "뉴런", 9)) == sorted(NOTES["conv.pdf"] + NOTES["rnn.md"])
        assert store.catalog.rows("SELECT count(*) FROM chunks") == [(3,)]


def test_everything_can_be_removed_and_added_again(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER, write=True) as store:
        assert store.remove([d.id for d in store.documents()]) == 3
        assert dense(store, "뉴런") == lexical(store, "뉴런") == []
        add(store, NOTES)
        assert dense(store, "드롭아웃은 뉴런을 끈다")[0] == NOTES["dropout.md"][0]
        assert store.check() == []


def test_a_second_writer_is_turned_away_and_told_who_writes(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER, write=True):
        with pytest.raises(StoreLocked, match=r"process \d+"):
            ChunkStore.open(folder, EMBEDDER, write=True)
        with ChunkStore.open(folder, EMBEDDER) as reader:
            assert lexical(reader, "풀링")
    ChunkStore.open(folder, EMBEDDER, write=True).close()


def test_what_was_opened_for_reading_cannot_write(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER) as store, pytest.raises(StoreError, match="write=True"):
        add(store, {"x.md": ["새 글"]})


def test_leftovers_of_a_dead_writer_are_swept(folder: Path) -> None:
    store = ChunkStore.open(folder, EMBEDDER, write=True)
    draft, chunks = document("late.md", ["끝나지 못한 문서다."])
    store.stage([(store.begin(draft.id), chunks[0])], EMBEDDER.embed_passages([chunks[0].text]))
    store._words().commit()
    store.close()
    with ChunkStore.open(folder, EMBEDDER, write=True) as again:
        assert again.catalog.rows("SELECT count(*) FROM versions WHERE state != 'live'") == [(0,)]
        assert again.catalog.rows("SELECT count(*) FROM chunks") == [(6,)]
        assert again.document_frequencies(["문서"]) == [0]
        assert again.check() == []


def test_another_embedder_asks_for_reindex_and_gets_it(folder: Path) -> None:
    with pytest.raises(EmbedderChanged, match="reindex"):
        ChunkStore.open(folder, OtherEmbedder())
    told: list[tuple[int, int]] = []
    with ChunkStore.open(folder, EMBEDDER) as reader, ChunkStore.open(folder, None, write=True) as store:
        assert dense(reader, "풀링")
        assert store.reindex(OtherEmbedder(), lambda done, total: told.append((done, total))) == 6
        with pytest.raises(EmbedderChanged):
            reader.search_dense(EMBEDDER.embed_question("풀링"), 3)
    assert told[-1] == (6, 6)
    with ChunkStore.open(folder, OtherEmbedder()) as store:
        hits = store.search_dense(OtherEmbedder().embed_question("풀링은 크기를 줄인다"), 1)
        assert store.get([hits[0][0]])[0].text == NOTES["conv.pdf"][1]
        assert store.check() == []


def test_an_interrupted_reindex_goes_on_where_it_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "_EMBED_ROWS", 2)

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with ChunkStore.open(folder, None, write=True) as store, pytest.raises(KeyboardInterrupt):
        store.reindex(OtherEmbedder(), stop)
    with ChunkStore.open(folder, EMBEDDER) as store:
        assert dense(store, "드롭아웃은 뉴런을 끈다")[0] == NOTES["dropout.md"][0]
    told: list[int] = []
    with ChunkStore.open(folder, None, write=True) as store:
        store.reindex(OtherEmbedder(), lambda done, total: told.append(done))
    assert told == [6, 6]


@pytest.mark.parametrize("lost", ["lexical", "chroma"])
def test_a_lost_index_is_built_again_by_the_next_writer(folder: Path, lost: str) -> None:
    shutil.rmtree(folder / lost)
    with ChunkStore.open(folder, EMBEDDER, write=True) as store:
        assert dense(store, "드롭아웃은 뉴런을 끈다")[0] == NOTES["dropout.md"][0]
        assert lexical(store, "풀링") == [NOTES["conv.pdf"][1]]
        assert store.check() == []


@pytest.mark.parametrize("damaged", ["lexical/meta.json", "chroma/1/chroma.sqlite3"])
def test_reindex_heals_a_damaged_index_without_embedding(folder: Path, damaged: str) -> None:
    class Refusing(FakeEmbedder):
        def embed_passages(self, texts: list[str]) -> np.ndarray:
            raise AssertionError("the vectors are in the catalogue")

    (folder / damaged).write_bytes(b"{garbage")
    with ChunkStore.open(folder, EMBEDDER) as store, pytest.raises(StoreError, match="coursemate reindex"):
        dense(store, "풀링")
    with ChunkStore.open(folder, None, write=True) as store:
        assert store.reindex(Refusing()) == 6
    with ChunkStore.open(folder, EMBEDDER) as store:
        assert dense(store, "드롭아웃은 뉴런을 끈다")[0] == NOTES["dropout.md"][0]
        assert lexical(store, "풀링") == [NOTES["conv.pdf"][1]]
        assert store.check() == []


def test_a_word_index_of_another_vocabulary_is_told_and_renewed(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER, write=True) as store:
        store.catalog.set_meta(words="older")
        assert "another vocabulary" in store.check()[0]
    with ChunkStore.open(folder, EMBEDDER, write=True) as store:
        assert store.check() == []


def test_more_chunks_than_one_statement_takes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.catalog._MOST_VALUES", 2)
    with ChunkStore.open(folder, EMBEDDER) as store:
        chunks = [chunk for record in store.documents() for chunk in store.chunks_of(record.id)]
        ids = [chunk.id for chunk in chunks]
        assert store.get(ids) == chunks
        assert store.vectors(ids).keys() == set(ids)
        assert len(dense(store, "뉴런", 9)) == 6


def test_threads_share_a_store(folder: Path) -> None:
    wrong: list[object] = []

    def ask(store: ChunkStore) -> None:
        for _ in range(20):
            if dense(store, "드롭아웃은 뉴런을 끈다")[0] != NOTES["dropout.md"][0] or not lexical(store, "풀링"):
                wrong.append("missed")

    with ChunkStore.open(folder, EMBEDDER) as store:
        threads = [threading.Thread(target=ask, args=(store,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_full_disk_is_told_and_leaves_the_store_sound(folder: Path) -> None:
    with ChunkStore.open(folder, EMBEDDER, write=True) as store:
        (pages,) = store.catalog.rows("PRAGMA page_count")[0]
        store.catalog.rows(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(DiskFull, match="Free some space"):
            add(store, {"big.md": ["긴 문서 " * 2_000 + str(n) for n in range(20)]})
    with ChunkStore.open(folder, EMBEDDER, write=True) as store:
        assert len(store.documents()) == 3
        assert store.check() == []
        assert lexical(store, "풀링")


def test_a_full_disk_is_known_by_every_name() -> None:
    assert is_disk_full(OSError(28, "No space left on device"))
    assert is_disk_full(ValueError("An IO error occurred: 'No space left on device (os error 28)'"))
    assert is_disk_full(sqlite3.OperationalError("database or disk is full"))
    assert not is_disk_full(sqlite3.OperationalError("database is locked"))
    assert not is_disk_full(StoreError(detail="a chapter called: the disk is full"))


def test_a_catalogue_of_the_future_or_of_garbage_is_refused(folder: Path, tmp_path: Path) -> None:
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        ChunkStore.open(folder, EMBEDDER)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "catalog.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="cannot be read"):
        ChunkStore.open(tmp_path / "broken", EMBEDDER)
