"""The catalogue: all or nothing, one live version, keys that are never used twice."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.catalog import Catalog, DocumentDraft, Scope
from models.errors import StoreError
from models.types import Chunk, Locator

VECTOR = np.ones((1, 4), np.float32)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    yield catalog
    catalog.close()


def chunk(text: str, ordinal: int = 0) -> Chunk:
    locator = Locator(page=3, headings=("1장", "신경망"), rows=(2, 9))
    return Chunk(f"id-{text}", text, "a.md", locator, ordinal, "a", "md")


def publish(catalog: Catalog, text: str, document: str = "a") -> int:
    version = catalog.begin(document)
    (key,) = catalog.stage([(version, chunk(text))], VECTOR)
    with catalog.transaction():
        catalog.publish([(version, DocumentDraft(document, f"{document}.md", "md"))], "2026-01-01")
    return key


def test_a_chunk_comes_back_as_it_went_in(catalog: Catalog) -> None:
    key = publish(catalog, "본문")
    assert catalog.chunks("c.key = ?", (key,)) == {key: chunk("본문")}
    keys, vectors = catalog.live_vectors()
    assert keys == [key]
    assert vectors == pytest.approx(VECTOR)


def test_an_error_takes_the_whole_transaction_back(catalog: Catalog) -> None:
    with pytest.raises(KeyboardInterrupt), catalog.transaction():
        catalog.set_meta(name="value")
        with catalog.transaction():
            catalog.set_meta(other="value")
        raise KeyboardInterrupt
    assert catalog.meta() == {}


def test_only_the_newest_version_is_live(catalog: Catalog) -> None:
    publish(catalog, "옛 글")
    publish(catalog, "새 글")
    assert [c.text for c in catalog.chunks("1", ()).values()] == ["새 글"]
    assert len(catalog.leftovers("dead")) == 1
    with pytest.raises(sqlite3.IntegrityError):
        catalog.rows("UPDATE versions SET state = 'live'")


def test_keys_are_never_used_twice(catalog: Catalog) -> None:
    first = publish(catalog, "하나")
    with catalog.transaction():
        catalog.remove(["a"])
    catalog.sweep(catalog.leftovers())
    assert catalog.rows("SELECT count(*) FROM vectors") == [(0,)]
    assert publish(catalog, "둘") > first


def test_scopes_count_and_filter(catalog: Catalog) -> None:
    first, second = publish(catalog, "가", "a"), publish(catalog, "나", "b")
    assert catalog.live_count() == 2
    assert catalog.live_count(Scope(documents=frozenset({"a"}))) == 1
    assert catalog.live_count(Scope(formats=frozenset({"pdf"}))) == 0
    assert set(catalog.live_ids([first, second, 99], Scope(documents=frozenset({"b"})))) == {second}


def test_many_can_open_a_new_catalogue_at_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            Catalog(tmp_path / "new.sqlite").close()
        except (StoreError, sqlite3.Error) as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
